//! A food with its counter.

use chrono::{Days, NaiveDate};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Result,
    db::{Results, Select, id},
    diary::{
        day::Date,
        streak::{Counter, Counting, History},
    },
};

/// A food with its counter: what its numbers follow from, besides what was recorded since the counter was closed.
#[derive(Clone, FromRow)]
pub struct CountedFood {
    pub user_id: Uuid,
    pub id: Uuid,
    pub start_date: NaiveDate,
    pub counting: Counting,
    pub goal_days: Option<u32>,
    pub price_per_day: Option<String>,
    pub currency: Option<String>,
    pub archived_on: Option<NaiveDate>,
    #[sqlx(flatten)]
    pub counter: Counter,
}

/// SELECT: the foods of a person that are not deleted, in their order.
pub struct Foods {
    pub user_id: Uuid,
}

impl Select for Foods {
    type Rows = Vec<CountedFood>;

    fn sql(&self) -> String {
        let (select, user_id) = (CountedFood::select(""), id(self.user_id));
        format!("{select} WHERE foods.user_id = {user_id} AND deleted_at IS NULL ORDER BY position, id")
    }

    fn rows(&self, results: &mut Results) -> Result<Vec<CountedFood>> {
        results.take()
    }
}

/// SELECT: one of them, archived or not.
pub struct OneFood {
    pub user_id: Uuid,
    pub food_id: Uuid,
}

impl Select for OneFood {
    type Rows = Option<CountedFood>;

    fn sql(&self) -> String {
        let (select, user_id, food_id) = (CountedFood::select(""), id(self.user_id), id(self.food_id));
        format!("{select} WHERE foods.user_id = {user_id} AND foods.id = {food_id} AND deleted_at IS NULL")
    }

    fn rows(&self, results: &mut Results) -> Result<Option<CountedFood>> {
        Ok(results.take()?.pop())
    }
}

impl CountedFood {
    /// SELECT list and FROM for counted foods. `more` columns of `foods` are appended to the list, each after a comma;
    /// the caller appends WHERE. The join is straight, so that foods are sorted before their counters are joined:
    /// MariaDB sorts rows with JSON in them on disk.
    pub fn select(more: &str) -> String {
        format!(
            "SELECT foods.user_id, id, start_date, counting, goal_days, price_per_day, currency, archived_on,
                    {} {more}
             FROM foods STRAIGHT_JOIN counters ON counters.user_id = foods.user_id AND food_id = foods.id",
            Counter::COLUMNS
        )
    }

    /// A food of which nothing is counted yet.
    pub fn new(user_id: Uuid, id: Uuid, start_date: NaiveDate, counting: Counting, goal_days: Option<u32>) -> Self {
        Self {
            user_id,
            id,
            start_date,
            counting,
            goal_days,
            price_per_day: None,
            currency: None,
            archived_on: None,
            counter: Counter::new(start_date),
        }
    }

    /// Today, or for an archived food the day it was archived.
    pub fn as_of(&self, today: NaiveDate) -> NaiveDate {
        self.archived_on.map_or(today, |archived_on| archived_on.min(today))
    }

    /// The last date that is ever closed: the one before an archived food was archived on.
    pub fn closes_through(&self) -> NaiveDate {
        self.archived_on.map_or(Date::LAST, |archived_on| archived_on - Days::new(1))
    }

    /// Whether the stored fold has counted `date` as over.
    pub fn has_closed(&self, date: NaiveDate) -> bool {
        date <= self.counter.closed_through
    }

    /// Counts every date to `until`, all of which are over; of an archived food none that is not its own.
    pub fn close(&mut self, history: &History, until: NaiveDate) {
        self.counter.advance(history, self.counting, self.goal_days, until.min(self.closes_through()));
    }
}

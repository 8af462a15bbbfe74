//! The outcomes, slips and days off of foods, for the fold: SELECTs of [`History`].

use std::{collections::HashMap, ops::RangeInclusive};

use chrono::NaiveDate;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Result,
    db::{Results, Select, id},
    diary::{
        compact,
        day::Date,
        streak::{History, Outcome},
    },
};

/// The history of each food that has one.
pub type Histories = HashMap<Uuid, History>;

/// SELECT: what is recorded for each food after a date.
pub struct HistoriesAfter {
    pub user_id: Uuid,
    pub after: NaiveDate,
}

impl Select for HistoriesAfter {
    type Rows = Histories;

    fn sql(&self) -> String {
        let (id, after) = (id(self.user_id), self.after);
        let skips = SkipsTouching { user_id: self.user_id, dates: after..=Date::LAST }.sql();
        format!(
            "SELECT food_id, date, outcome FROM outcomes FORCE INDEX (by_date)
             WHERE user_id = {id} AND date > DATE'{after}' AND outcome IS NOT NULL;
             SELECT food_id, date, CAST(COUNT(*) AS UNSIGNED INTEGER) FROM slips FORCE INDEX (by_date)
             WHERE user_id = {id} AND date > DATE'{after}' GROUP BY food_id, date;
             {skips}"
        )
    }

    fn rows(&self, results: &mut Results) -> Result<Histories> {
        let mut histories = Histories::new();
        for (food_id, date, outcome) in results.take::<(Uuid, NaiveDate, Outcome)>()? {
            histories.entry(food_id).or_default().set_outcome(date, outcome);
        }
        for (food_id, date, count) in results.take::<(Uuid, NaiveDate, u32)>()? {
            histories.entry(food_id).or_default().set_slips(date, count);
        }
        for skip in results.take::<FoodSkip>()? {
            histories.entry(skip.food_id).or_default().skip(skip.from_date, skip.to_date);
        }
        Ok(histories)
    }
}

/// SELECT: what is recorded for each food on `dates`. A year of many foods has tens of thousands of outcomes, so they come
/// as one row a food.
pub struct HistoriesOn {
    pub user_id: Uuid,
    pub dates: RangeInclusive<NaiveDate>,
}

impl Select for HistoriesOn {
    type Rows = Histories;

    fn sql(&self) -> String {
        let (user_id, outcomes) = (id(self.user_id), compact::OUTCOMES);
        let (from, to) = (self.dates.start(), self.dates.end());
        let skips = SkipsTouching { user_id: self.user_id, dates: self.dates.clone() }.sql();
        format!(
            "SELECT food_id, {outcomes} FROM outcomes FORCE INDEX (by_date)
             WHERE user_id = {user_id} AND date BETWEEN DATE'{from}' AND DATE'{to}' AND outcome IS NOT NULL
             GROUP BY food_id;
             SELECT food_id, TO_DAYS(date), CAST(COUNT(*) AS UNSIGNED INTEGER) FROM slips FORCE INDEX (by_date)
             WHERE user_id = {user_id} AND date BETWEEN DATE'{from}' AND DATE'{to}' GROUP BY food_id, date;
             {skips}"
        )
    }

    fn rows(&self, results: &mut Results) -> Result<Histories> {
        let mut histories = Histories::new();
        for (food_id, text) in results.take::<(Uuid, Option<String>)>()? {
            let history = histories.entry(food_id).or_default();
            for entry in compact::outcomes(text.as_deref()) {
                let (date, outcome) = entry?;
                history.set_outcome(date, outcome);
            }
        }
        for (food_id, days, count) in results.take::<(Uuid, i32, u32)>()? {
            histories.entry(food_id).or_default().set_slips(compact::date(days), count);
        }
        for skip in results.take::<FoodSkip>()? {
            histories.entry(skip.food_id).or_default().skip(skip.from_date, skip.to_date);
        }
        Ok(histories)
    }
}

/// SELECT: what is recorded for one food on `dates`.
pub struct HistoryOf {
    pub user_id: Uuid,
    pub food_id: Uuid,
    pub dates: RangeInclusive<NaiveDate>,
}

impl Select for HistoryOf {
    type Rows = History;

    fn sql(&self) -> String {
        let (user_id, food_id, outcomes) = (id(self.user_id), id(self.food_id), compact::OUTCOMES);
        let (from, to) = (self.dates.start(), self.dates.end());
        format!(
            "SELECT {outcomes} FROM outcomes
             WHERE user_id = {user_id} AND food_id = {food_id} AND date BETWEEN DATE'{from}' AND DATE'{to}'
                 AND outcome IS NOT NULL;
             SELECT TO_DAYS(date), CAST(COUNT(*) AS UNSIGNED INTEGER) FROM slips
             WHERE user_id = {user_id} AND food_id = {food_id} AND date BETWEEN DATE'{from}' AND DATE'{to}'
             GROUP BY date;
             SELECT food_id, from_date, to_date FROM skip_foods
             JOIN skips ON skips.user_id = skip_foods.user_id AND skips.id = skip_id
             WHERE skip_foods.user_id = {user_id} AND food_id = {food_id}
                 AND to_date >= DATE'{from}' AND from_date <= DATE'{to}'"
        )
    }

    fn rows(&self, results: &mut Results) -> Result<History> {
        let mut history = History::default();
        for (text,) in results.take::<(Option<String>,)>()? {
            for entry in compact::outcomes(text.as_deref()) {
                let (date, outcome) = entry?;
                history.set_outcome(date, outcome);
            }
        }
        for (days, count) in results.take()? {
            history.set_slips(compact::date(days), count);
        }
        for skip in results.take::<FoodSkip>()? {
            history.skip(skip.from_date, skip.to_date);
        }
        Ok(history)
    }
}

/// SELECT: the ranges of days off that touch `dates`, one row for each of their foods.
pub(super) struct SkipsTouching {
    pub user_id: Uuid,
    pub dates: RangeInclusive<NaiveDate>,
}

/// A food's part of a range of days off; both ends belong to it.
#[derive(Clone, Copy, FromRow)]
pub(super) struct FoodSkip {
    pub food_id: Uuid,
    pub from_date: NaiveDate,
    pub to_date: NaiveDate,
}

impl Select for SkipsTouching {
    type Rows = Vec<FoodSkip>;

    fn sql(&self) -> String {
        let (user_id, from, to) = (id(self.user_id), self.dates.start(), self.dates.end());
        format!(
            "SELECT food_id, from_date, to_date FROM skips
             STRAIGHT_JOIN skip_foods ON skip_foods.user_id = skips.user_id AND skip_id = skips.id
             WHERE skips.user_id = {user_id} AND to_date >= DATE'{from}' AND from_date <= DATE'{to}'"
        )
    }

    fn rows(&self, results: &mut Results) -> Result<Vec<FoodSkip>> {
        results.take()
    }
}

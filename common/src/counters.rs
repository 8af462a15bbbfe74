//! The stored fold of each food, and the numbers it gives.
//!
//! `counters` is a cache: foods, outcomes and slips are the truth. A read advances the fold in
//! memory to today, so the number is right even if no tick ever comes; a write on a date that is
//! already closed folds the food again in its transaction.

use std::{collections::HashMap, ops::RangeInclusive};

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::{FromRow, MySqlConnection};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    Result,
    day::Date,
    streak::{Counter, Counting, History, Milestone, Outcome, Status, milestone_after},
};

/// The numbers of one food as of one date.
#[derive(Serialize, ToSchema)]
pub struct Streak {
    pub food_id: Uuid,
    /// The date the numbers are for: today, or the day the food was archived.
    pub as_of: NaiveDate,
    /// The status of that date; null before the food starts.
    pub today: Option<Status>,
    /// Days since the start, the start being day 1; it does not start over after a slip.
    pub day_number: u32,
    pub kept_days: u32,
    pub confirmed_days: u32,
    pub slip_days: u32,
    pub skipped_days: u32,
    pub missing_days: u32,
    pub current_streak: u32,
    /// Null unless yesterday is missing: the streak if it were reviewed as kept.
    pub current_if_yesterday_kept: Option<u32>,
    pub longest_streak: u32,
    /// Kept of all counted days, to 4 decimals; null where nothing counts yet.
    pub success_rate: Option<f64>,
    pub last_slip_on: Option<NaiveDate>,
    pub saved: Option<Saved>,
    pub goal_reached_on: Option<NaiveDate>,
    pub next_milestone: NextMilestone,
    pub milestones: Vec<Milestone>,
}

/// The price of a day times the days kept.
#[derive(Serialize, ToSchema)]
pub struct Saved {
    #[schema(examples("129000"))]
    pub amount: String,
    #[schema(examples("KRW"))]
    pub currency: String,
}

#[derive(Serialize, ToSchema)]
pub struct NextMilestone {
    pub days: u32,
    /// Days still to keep.
    pub remaining: u32,
    /// The date it is reached on if every day from now is kept.
    pub on: NaiveDate,
}

/// A food with its counter: what its numbers are made of.
#[derive(Clone, FromRow)]
pub struct Tracked {
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

impl Tracked {
    /// Today, or for an archived food the day it was archived.
    pub fn as_of(&self, today: NaiveDate) -> NaiveDate {
        self.archived_on.map_or(today, |archived_on| archived_on.min(today))
    }

    /// Whether the stored fold has counted `date` as over.
    pub fn has_closed(&self, date: NaiveDate) -> bool {
        date <= self.counter.closed_through
    }

    /// Counts every date that is over on the day `as_of`.
    pub fn close(&mut self, history: &History, as_of: NaiveDate) {
        self.counter.advance(history, self.counting, self.goal_days, as_of - Days::new(1));
    }

    /// The numbers on the day `as_of`, when `history` holds everything after `closed_through`.
    fn streak(mut self, history: &History, as_of: NaiveDate) -> Streak {
        let begun = as_of >= self.start_date;
        let (counter, status, if_kept) = if begun {
            self.close(history, as_of);
            let (counter, status, if_kept) = self.counter.with_today(history, self.counting, self.goal_days, as_of);
            (counter, Some(status), if_kept)
        } else {
            (Counter::new(self.start_date), None, None)
        };
        let counted = counter.kept_days + counter.slip_days + counter.missing_days;
        let next = milestone_after(counter.current_run, self.goal_days);
        let remaining = next - counter.current_run;
        // An open today is the first of the days still to keep.
        let from =
            if status == Some(Status::Open) { as_of - Days::new(1) } else { as_of.max(self.start_date - Days::new(1)) };
        let price = self.price_per_day.as_deref().and_then(|price| price.parse::<Decimal>().ok());
        Streak {
            food_id: self.id,
            as_of,
            today: status,
            day_number: if begun {
                u32::try_from((as_of - self.start_date).num_days() + 1).unwrap_or_default()
            } else {
                0
            },
            kept_days: counter.kept_days,
            confirmed_days: counter.confirmed_days,
            slip_days: counter.slip_days,
            skipped_days: counter.skipped_days,
            missing_days: counter.missing_days,
            current_streak: counter.current_run,
            current_if_yesterday_kept: if_kept,
            longest_streak: counter.longest_run,
            success_rate: (counted > 0)
                .then(|| (f64::from(counter.kept_days) / f64::from(counted) * 1e4).round() / 1e4),
            last_slip_on: counter.last_slip_on,
            saved: price.zip(self.currency).map(|(price, currency)| Saved {
                amount: (price * Decimal::from(counter.kept_days)).to_string(),
                currency,
            }),
            goal_reached_on: counter
                .milestones
                .iter()
                .find(|milestone| Some(milestone.days) == self.goal_days)
                .map(|milestone| milestone.reached_on),
            next_milestone: NextMilestone { days: next, remaining, on: from + Days::new(remaining.into()) },
            milestones: counter.milestones,
        }
    }
}

/// The foods of a person that are not deleted, in their order.
pub async fn tracked(db: &mut MySqlConnection, user_id: Uuid) -> Result<Vec<Tracked>> {
    let foods = sqlx::query_as(
        "SELECT id, start_date, counting, goal_days, price_per_day, currency, archived_on, closed_through, kept_days,
                confirmed_days, slip_days, skipped_days, missing_days, current_run, longest_run, waiting_run,
                last_slip_on, milestones
         FROM foods JOIN counters ON counters.user_id = foods.user_id AND counters.food_id = foods.id
         WHERE foods.user_id = ? AND deleted_at IS NULL
         ORDER BY position, id",
    );
    Ok(foods.bind(user_id).fetch_all(db).await?)
}

/// The numbers of `foods` on the day `today`, in the same order.
pub async fn streaks(
    db: &mut MySqlConnection,
    user_id: Uuid,
    foods: Vec<Tracked>,
    today: NaiveDate,
) -> Result<Vec<Streak>> {
    let Some(oldest) = foods.iter().map(|food| food.counter.closed_through).min() else { return Ok(Vec::new()) };
    let mut recent = recent(db, user_id, oldest).await?;
    let mut streaks = Vec::with_capacity(foods.len());
    for mut food in foods {
        let as_of = food.as_of(today);
        let history = if food.has_closed(as_of) {
            // The day came again (a flight west, an earlier day start): the fold has gone too far.
            food.counter = Counter::new(food.start_date);
            history(db, user_id, food.id, food.start_date..=Date::LAST).await?
        } else {
            recent.remove(&food.id).unwrap_or_default()
        };
        streaks.push(food.streak(&history, as_of));
    }
    Ok(streaks)
}

/// What is recorded after `date`, by food.
async fn recent(db: &mut MySqlConnection, user_id: Uuid, date: NaiveDate) -> Result<HashMap<Uuid, History>> {
    let mut histories: HashMap<Uuid, History> = HashMap::new();
    let outcomes: Vec<(Uuid, NaiveDate, Outcome)> = sqlx::query_as(
        "SELECT food_id, date, outcome FROM outcomes WHERE user_id = ? AND date > ? AND outcome IS NOT NULL",
    )
    .bind(user_id)
    .bind(date)
    .fetch_all(&mut *db)
    .await?;
    for (food_id, date, outcome) in outcomes {
        histories.entry(food_id).or_default().set_outcome(date, outcome);
    }
    let slips: Vec<(Uuid, NaiveDate, u32)> = sqlx::query_as(
        "SELECT food_id, date, CAST(COUNT(*) AS UNSIGNED INTEGER) FROM slips WHERE user_id = ? AND date > ? GROUP BY food_id, date",
    )
    .bind(user_id)
    .bind(date)
    .fetch_all(db)
    .await?;
    for (food_id, date, count) in slips {
        histories.entry(food_id).or_default().set_slips(date, count);
    }
    Ok(histories)
}

/// What is recorded for one food on `dates`.
pub async fn history(
    db: &mut MySqlConnection,
    user_id: Uuid,
    food_id: Uuid,
    dates: RangeInclusive<NaiveDate>,
) -> Result<History> {
    let mut history = History::default();
    let outcomes: Vec<(NaiveDate, Outcome)> = sqlx::query_as(
        "SELECT date, outcome FROM outcomes
         WHERE user_id = ? AND food_id = ? AND date BETWEEN ? AND ? AND outcome IS NOT NULL",
    )
    .bind(user_id)
    .bind(food_id)
    .bind(dates.start())
    .bind(dates.end())
    .fetch_all(&mut *db)
    .await?;
    for (date, outcome) in outcomes {
        history.set_outcome(date, outcome);
    }
    let slips: Vec<(NaiveDate, u32)> = sqlx::query_as(
        "SELECT date, CAST(COUNT(*) AS UNSIGNED INTEGER) FROM slips
         WHERE user_id = ? AND food_id = ? AND date BETWEEN ? AND ? GROUP BY date",
    )
    .bind(user_id)
    .bind(food_id)
    .bind(dates.start())
    .bind(dates.end())
    .fetch_all(db)
    .await?;
    for (date, count) in slips {
        history.set_slips(date, count);
    }
    Ok(history)
}

/// Folds foods again from their start, after their rules or a closed date have changed.
/// The caller holds the lock of [`crate::db::write`].
pub async fn recompute(db: &mut MySqlConnection, user_id: Uuid, food_ids: &[Uuid], today: NaiveDate) -> Result<()> {
    for mut food in tracked(db, user_id).await?.into_iter().filter(|food| food_ids.contains(&food.id)) {
        food.counter = Counter::new(food.start_date);
        food.close(&history(db, user_id, food.id, food.start_date..=Date::LAST).await?, food.as_of(today));
        store(db, user_id, food.id, &food.counter).await?;
    }
    Ok(())
}

/// The numbers after a write: of the active foods, and of those `named` by it.
pub async fn after_write(
    db: &mut MySqlConnection,
    user_id: Uuid,
    named: &[Uuid],
    today: NaiveDate,
) -> Result<Vec<Streak>> {
    let mut foods = tracked(db, user_id).await?;
    foods.retain(|food| food.archived_on.is_none() || named.contains(&food.id));
    streaks(db, user_id, foods, today).await
}

/// Writes the counter of a food.
pub async fn store(db: &mut MySqlConnection, user_id: Uuid, food_id: Uuid, counter: &Counter) -> Result<()> {
    let upsert = sqlx::query(
        "INSERT INTO counters (user_id, food_id, closed_through, kept_days, confirmed_days, slip_days, skipped_days,
                               missing_days, current_run, longest_run, waiting_run, last_slip_on, milestones)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE
             closed_through = VALUE(closed_through), kept_days = VALUE(kept_days),
             confirmed_days = VALUE(confirmed_days), slip_days = VALUE(slip_days),
             skipped_days = VALUE(skipped_days), missing_days = VALUE(missing_days),
             current_run = VALUE(current_run), longest_run = VALUE(longest_run),
             waiting_run = VALUE(waiting_run), last_slip_on = VALUE(last_slip_on), milestones = VALUE(milestones)",
    );
    upsert
        .bind(user_id)
        .bind(food_id)
        .bind(counter.closed_through)
        .bind(counter.kept_days)
        .bind(counter.confirmed_days)
        .bind(counter.slip_days)
        .bind(counter.skipped_days)
        .bind(counter.missing_days)
        .bind(counter.current_run)
        .bind(counter.longest_run)
        .bind(counter.waiting_run)
        .bind(counter.last_slip_on)
        .bind(sqlx::types::Json(&counter.milestones))
        .execute(db)
        .await?;
    Ok(())
}

//! The stored fold of each food, and the numbers it gives.
//!
//! `counters` is a cache: foods, outcomes and slips are the truth. A read advances the fold in
//! memory to today, so the number is right even if no tick ever comes; a write on a date that is
//! already closed folds the food again in its transaction.

use std::{collections::HashMap, ops::RangeInclusive};

use chrono::NaiveDate;
use sqlx::MySqlConnection;
use uuid::Uuid;

pub use crate::tracked::{Streak, Tracked};
use crate::{
    Result,
    day::Date,
    streak::{Counter, History, Outcome, milestone_after},
};

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
    .fetch_all(&mut *db)
    .await?;
    for (food_id, date, count) in slips {
        histories.entry(food_id).or_default().set_slips(date, count);
    }
    for (food_id, from, to) in skips(db, user_id, date..=Date::LAST).await? {
        histories.entry(food_id).or_default().skip(from, to);
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
    .fetch_all(&mut *db)
    .await?;
    for (date, count) in slips {
        history.set_slips(date, count);
    }
    for (_, from, to) in skips(db, user_id, dates).await?.into_iter().filter(|skip| skip.0 == food_id) {
        history.skip(from, to);
    }
    Ok(history)
}

/// The ranges of days off that touch `dates`, for each of their foods.
pub async fn skips(
    db: &mut MySqlConnection,
    user_id: Uuid,
    dates: RangeInclusive<NaiveDate>,
) -> Result<Vec<(Uuid, NaiveDate, NaiveDate)>> {
    let skips = sqlx::query_as(
        "SELECT food_id, from_date, to_date FROM skips
         JOIN skip_foods ON skip_foods.user_id = skips.user_id AND skip_id = skips.id
         WHERE skips.user_id = ? AND to_date >= ? AND from_date <= ?",
    );
    Ok(skips.bind(user_id).bind(dates.start()).bind(dates.end()).fetch_all(db).await?)
}

/// Folds foods again from their start, after their rules or a closed date have changed.
/// The caller holds the lock of [`crate::db::write`].
pub async fn recompute(db: &mut MySqlConnection, user_id: Uuid, food_ids: &[Uuid], today: NaiveDate) -> Result<()> {
    let mut folded = Vec::with_capacity(food_ids.len());
    for mut food in tracked(db, user_id).await?.into_iter().filter(|food| food_ids.contains(&food.id)) {
        food.counter = Counter::new(food.start_date);
        food.close(&history(db, user_id, food.id, food.start_date..=Date::LAST).await?, food.as_of(today));
        folded.push((user_id, food.id, food.counter, food.goal_days));
    }
    store_all(db, &folded).await
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

/// Writes counters, each with the ids of its person and food and the food's goal, in one statement.
pub async fn store_all(db: &mut MySqlConnection, counters: &[(Uuid, Uuid, Counter, Option<u32>)]) -> Result<()> {
    let rows = counters.iter().map(|(user_id, food_id, counter, goal)| {
        serde_json::json!({
            "user_id": user_id.simple().to_string(),
            "food_id": food_id.simple().to_string(),
            "counter": counter,
            "next_milestone": milestone_after(counter.longest_run, *goal),
        })
    });
    let upsert = sqlx::query(
        "INSERT INTO counters (user_id, food_id, closed_through, kept_days, confirmed_days, slip_days, skipped_days,
                               missing_days, current_run, longest_run, next_milestone, waiting_run, last_slip_on,
                               milestones)
         SELECT UNHEX(user_id), UNHEX(food_id), closed_through, kept_days, confirmed_days, slip_days, skipped_days,
                missing_days, current_run, longest_run, next_milestone, waiting_run, last_slip_on, milestones
         FROM JSON_TABLE(?, '$[*]' COLUMNS (
             user_id CHAR(32) PATH '$.user_id', food_id CHAR(32) PATH '$.food_id',
             closed_through DATE PATH '$.counter.closed_through', kept_days INT PATH '$.counter.kept_days',
             confirmed_days INT PATH '$.counter.confirmed_days', slip_days INT PATH '$.counter.slip_days',
             skipped_days INT PATH '$.counter.skipped_days', missing_days INT PATH '$.counter.missing_days',
             current_run INT PATH '$.counter.current_run', longest_run INT PATH '$.counter.longest_run',
             next_milestone INT PATH '$.next_milestone', waiting_run INT PATH '$.counter.waiting_run',
             last_slip_on DATE PATH '$.counter.last_slip_on', milestones JSON PATH '$.counter.milestones'
         )) AS folded
         ON DUPLICATE KEY UPDATE
             closed_through = VALUE(closed_through), kept_days = VALUE(kept_days),
             confirmed_days = VALUE(confirmed_days), slip_days = VALUE(slip_days),
             skipped_days = VALUE(skipped_days), missing_days = VALUE(missing_days),
             current_run = VALUE(current_run), longest_run = VALUE(longest_run),
             next_milestone = VALUE(next_milestone), waiting_run = VALUE(waiting_run),
             last_slip_on = VALUE(last_slip_on), milestones = VALUE(milestones)",
    );
    upsert.bind(sqlx::types::Json(rows.collect::<Vec<_>>())).execute(db).await?;
    Ok(())
}

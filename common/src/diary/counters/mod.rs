//! The stored fold of each food, and the numbers it gives.
//!
//! `counters` is a cache: foods, outcomes, slips and days off are the truth. A read advances the fold in
//! memory to today, so the number is right even if no tick ever comes; a write on a date that is
//! already closed folds the food again in its transaction.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use sqlx::{MySql, MySqlConnection, pool::PoolConnection};
use uuid::Uuid;

pub use crate::diary::counted_food::{CountedFood, Streak, select_counted};
use crate::{
    Result,
    db::{self, Results, Transaction},
    diary::{
        day::Date,
        history,
        streak::{Counter, Counting, History, Milestone, milestone_after},
    },
};

/// Begins [`db::write`], with the foods of the person that are not deleted, in their order.
pub async fn write(db: PoolConnection<MySql>, user_id: Uuid) -> Result<(Transaction, Vec<CountedFood>)> {
    let (db, mut read) = db::write_after(db, user_id, &[select_foods(user_id, "")]).await?;
    Ok((db, read.rows()?))
}

/// The same foods, in a transaction.
pub async fn counted(db: &mut MySqlConnection, user_id: Uuid) -> Result<Vec<CountedFood>> {
    db::read(db, &[select_foods(user_id, "")]).await?.rows()
}

/// The SELECT of [`counted`], before it `more` columns.
pub fn select_foods(user_id: Uuid, more: &str) -> String {
    let (select, user_id) = (select_counted(more), db::id(user_id));
    format!("{select} WHERE foods.user_id = {user_id} AND deleted_at IS NULL ORDER BY position, id")
}

/// A SELECT of one of them.
pub fn select_food(user_id: Uuid, food_id: Uuid) -> String {
    let (select, user_id, food_id) = (select_counted(""), db::id(user_id), db::id(food_id));
    format!("{select} WHERE foods.user_id = {user_id} AND foods.id = {food_id} AND deleted_at IS NULL")
}

/// The last date that is closed for all of `foods`.
pub fn closed_through<'a>(foods: impl IntoIterator<Item = &'a CountedFood>) -> NaiveDate {
    foods.into_iter().map(|food| food.counter.closed_through).min().unwrap_or(Date::LAST)
}

/// The numbers of `foods` on the day `today`, in the same order; `recent` is what is recorded since
/// they were closed.
pub async fn streaks(
    db: &mut MySqlConnection,
    user_id: Uuid,
    foods: Vec<CountedFood>,
    mut recent: HashMap<Uuid, History>,
    today: NaiveDate,
) -> Result<Vec<Streak>> {
    let mut streaks = Vec::with_capacity(foods.len());
    for mut food in foods {
        let as_of = food.as_of(today);
        let history = if food.has_closed(as_of) {
            // The day came again (a flight west, an earlier day start): the fold has gone too far.
            food.counter = Counter::new(food.start_date);
            history::load(db, user_id, food.id, food.start_date..=Date::LAST).await?
        } else {
            recent.remove(&food.id).unwrap_or_default()
        };
        streaks.push(food.streak(&history, as_of));
    }
    Ok(streaks)
}

/// The SELECTs of [`read_current`], for a person of whom a tick has closed yesterday.
pub fn select_current(user_id: Uuid, today: NaiveDate) -> [String; 2] {
    [select_foods(user_id, ""), history::select_after(user_id, today - Days::new(1))]
}

/// The active foods of a person and those `named`, and what is recorded since they were closed, by food.
/// If that was not yesterday, it is read again from when it was.
pub async fn read_current(
    db: &mut MySqlConnection,
    user_id: Uuid,
    mut read: Results,
    named: &[Uuid],
    today: NaiveDate,
) -> Result<(Vec<CountedFood>, HashMap<Uuid, History>)> {
    let mut foods: Vec<CountedFood> = read.rows()?;
    foods.retain(|food| food.archived_on.is_none() || named.contains(&food.id));
    let closed = closed_through(&foods);
    if closed < today - Days::new(1) {
        read = db::read(db, &[history::select_after(user_id, closed)]).await?;
    }
    Ok((foods, history::read_each(&mut read)?))
}

/// Folds foods again from their start, after their rules or a closed date have changed.
/// The caller holds the lock of [`crate::db::write`].
pub async fn recompute(db: &mut MySqlConnection, user_id: Uuid, food_ids: &[Uuid], today: NaiveDate) -> Result<()> {
    let mut foods = counted(db, user_id).await?;
    foods.retain(|food| food_ids.contains(&food.id));
    for food in &mut foods {
        let over = food.closes_through().min(today - Days::new(1));
        food.counter = folded_again(db, food, over).await?;
    }
    store_again(db, &foods).await
}

/// The counter of `food` from its start to `until`, whatever is stored of it.
pub async fn folded_again(db: &mut MySqlConnection, food: &CountedFood, until: NaiveDate) -> Result<Counter> {
    let mut counter = Counter::new(food.start_date);
    let history = history::load(db, food.user_id, food.id, food.start_date..=Date::LAST).await?;
    counter.advance(&history, food.counting, food.goal_days, until);
    Ok(counter)
}

/// The numbers after a write: of the active foods, and of those `named` by it.
pub async fn after_write(
    db: &mut MySqlConnection,
    user_id: Uuid,
    named: &[Uuid],
    today: NaiveDate,
) -> Result<Vec<Streak>> {
    let read = db::read(db, &select_current(user_id, today)).await?;
    let (foods, recent) = read_current(db, user_id, read, named, today).await?;
    streaks(db, user_id, foods, recent, today).await
}

/// Writes the counters of `foods`, and remembers which milestones they reached lately: those are to
/// be announced, once for ever.
pub async fn store_all(db: &mut MySqlConnection, foods: &[CountedFood]) -> Result<()> {
    let rows = foods.iter().map(|food| row(food, &serde_json::json!(food.counter.milestones).to_string()));
    upsert(db, rows.collect(), ", milestones = VALUE(milestones)").await?;
    let reached: Vec<_> = foods.iter().flat_map(reached_lately).collect();
    if !reached.is_empty() {
        let insert = "INSERT IGNORE INTO milestones (user_id, food_id, days, reached_on) VALUES ";
        sqlx::raw_sql(db::safe(insert.to_owned() + &reached.join(","))).execute(db).await?;
    }
    Ok(())
}

/// [`store_all`] of foods that have rows, locked, and no new milestones: what they have reached is more
/// than half of a row, and stays.
pub async fn store_days(db: &mut MySqlConnection, foods: &[CountedFood]) -> Result<()> {
    upsert(db, foods.iter().map(|food| row(food, "[]")).collect(), "").await
}

/// Values are written out, since each bound one costs two packets.
async fn upsert(db: &mut MySqlConnection, rows: Vec<String>, and_milestones: &str) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let upsert = format!(
        "INSERT INTO counters (user_id, food_id, assumes, closes_through, closed_through, kept_days, confirmed_days,
                               slip_days, skipped_days, missing_days, current_run, longest_run, next_milestone,
                               waiting_run, last_slip_on, milestones)
         VALUES {}
         ON DUPLICATE KEY UPDATE
             assumes = VALUE(assumes), closes_through = VALUE(closes_through),
             closed_through = VALUE(closed_through), kept_days = VALUE(kept_days),
             confirmed_days = VALUE(confirmed_days), slip_days = VALUE(slip_days),
             skipped_days = VALUE(skipped_days), missing_days = VALUE(missing_days),
             current_run = VALUE(current_run), longest_run = VALUE(longest_run),
             next_milestone = VALUE(next_milestone), waiting_run = VALUE(waiting_run),
             last_slip_on = VALUE(last_slip_on) {and_milestones}",
        rows.join(",")
    );
    sqlx::raw_sql(db::safe(upsert)).execute(db).await?;
    Ok(())
}

/// [`store_all`] of what was folded again from the start.
pub async fn store_again(db: &mut MySqlConnection, foods: &[CountedFood]) -> Result<()> {
    if foods.is_empty() {
        return Ok(());
    }
    // What an edit took back before anybody was told is no news any more.
    // By its key: the other index would lock other people's.
    let forget = "DELETE milestones FROM milestones FORCE INDEX (PRIMARY)
                  WHERE announced_at IS NULL AND (user_id, food_id) IN";
    let keys: Vec<_> = foods.iter().map(|food| format!("({})", key(food.user_id, food.id))).collect();
    sqlx::raw_sql(db::safe(format!("{forget} ({})", keys.join(",")))).execute(&mut *db).await?;
    store_all(db, foods).await
}

/// The key of a food, as the first values of a row of SQL.
pub fn key(user_id: Uuid, food_id: Uuid) -> String {
    format!("{},{}", db::id(user_id), db::id(food_id))
}

/// A food's row in `counters`.
fn row(food: &CountedFood, milestones: &str) -> String {
    let CountedFood { counter, goal_days, .. } = food;
    let key = key(food.user_id, food.id);
    let assumes = food.counting == Counting::Assume;
    let next_milestone = milestone_after(counter.longest_run, *goal_days);
    let waiting_run = counter.waiting_run.map_or("NULL".to_owned(), |run| run.to_string());
    let last_slip_on = counter.last_slip_on.map_or("NULL".to_owned(), |date| format!("'{date}'"));
    format!(
        "({key},{assumes},'{}','{}',{},{},{},{},{},{},{},{next_milestone},{waiting_run},{last_slip_on},'{milestones}')",
        food.closes_through(),
        counter.closed_through,
        counter.kept_days,
        counter.confirmed_days,
        counter.slip_days,
        counter.skipped_days,
        counter.missing_days,
        counter.current_run,
        counter.longest_run,
    )
}

/// How long after it was reached a milestone is still news: a tick may be late, and a past that is
/// entered or edited today is none.
pub const NEWS: Days = Days::new(7);

/// A food's rows in `milestones`.
fn reached_lately(food: &CountedFood) -> impl Iterator<Item = String> {
    let is_news = |milestone: &&Milestone| milestone.reached_on + NEWS > food.counter.closed_through;
    let key = key(food.user_id, food.id);
    let row = move |Milestone { days, reached_on }: &Milestone| format!("({key},{days},'{reached_on}')");
    food.counter.milestones.iter().rev().take_while(is_news).map(row)
}

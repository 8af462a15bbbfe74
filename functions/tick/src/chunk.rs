//! One chunk of the tick: some thousand foods, in one transaction.
//!
//! A food with nothing recorded in the gap, and no milestone to reach in it, is advanced by plain
//! arithmetic in SQL: its days are all kept, or all missing. All others are folded by
//! `common::streak` and written back in one statement, so that the delicate rules exist once.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveTime};
use common::{
    Result, counters,
    db::{self, Transaction},
    streak::{Counter, Counting, History, Outcome},
};
use sqlx::{Executor, FromRow, MySqlPool, types::Json};
use uuid::Uuid;

/// A person's id and a food's: the order of everything here.
pub type Key = (Uuid, Uuid);

/// What a clock that people live by has closed: zone, start of the day, the last date that is over.
pub type Clock = (String, NaiveTime, NaiveDate);

pub struct Closed {
    /// Foods whose finished days are closed now.
    pub closed: u64,
    /// Due foods that a write or another tick holds.
    pub skipped: u64,
    /// The last food looked at; none when no due one was left.
    pub last: Option<Key>,
}

/// Closes the finished days of at most `size` due foods after `after`.
pub async fn close(db: &MySqlPool, clocks: &[Clock], after: Key, size: u32) -> Result<Closed> {
    let mut db = db::begin(db).await?;
    let (due, last) = find_due(&mut db, clocks, after, size).await?;
    if due == 0 {
        return Ok(Closed { closed: 0, skipped: 0, last: None });
    }
    let (held, closed_before) = lock(&mut db).await?;
    advance_by_arithmetic(&mut db).await?;
    fold_the_rest(&mut db).await?;
    db.commit().await?;
    Ok(Closed { closed: held - closed_before, skipped: due - held, last })
}

/// The first due food after `after`: the one that stands in a chunk's way.
pub async fn first_due(db: &MySqlPool, clocks: &[Clock], after: Key) -> Result<Option<Key>> {
    let mut db = db::begin(db).await?;
    Ok(find_due(&mut db, clocks, after, 1).await?.1)
}

/// Lists the due foods, without a lock; returns how many, and the last.
async fn find_due(db: &mut Transaction, clocks: &[Clock], after: Key, size: u32) -> Result<(u64, Option<Key>)> {
    db.execute(
        "CREATE OR REPLACE TEMPORARY TABLE tick_clocks (
             time_zone VARCHAR(64) COLLATE utf8mb4_bin, day_start TIME, ended DATE, PRIMARY KEY (time_zone, day_start)
         ) ENGINE = MEMORY",
    )
    .await?;
    sqlx::query(
        "INSERT INTO tick_clocks SELECT * FROM JSON_TABLE(?, '$[*]' COLUMNS (
             time_zone VARCHAR(64) PATH '$[0]', day_start TIME PATH '$[1]', ended DATE PATH '$[2]')) AS clocks",
    )
    .bind(Json(clocks))
    .execute(&mut **db)
    .await?;
    db.execute(
        "CREATE OR REPLACE TEMPORARY TABLE tick_due (
             user_id BINARY(16), food_id BINARY(16), until DATE, PRIMARY KEY (user_id, food_id)
         ) ENGINE = MEMORY",
    )
    .await?;
    let due = sqlx::query(
        "INSERT INTO tick_due
         SELECT STRAIGHT_JOIN counters.user_id, food_id, LEAST(ended, COALESCE(archived_on - INTERVAL 1 DAY, ended)) AS until
         FROM counters
         JOIN users ON users.user_id = counters.user_id
         JOIN tick_clocks ON tick_clocks.time_zone = users.time_zone AND tick_clocks.day_start = users.day_start
         JOIN foods ON foods.user_id = counters.user_id AND foods.id = food_id AND deleted_at IS NULL
         WHERE counters.user_id >= ? AND (counters.user_id > ? OR food_id > ?)
             AND closed_through < LEAST(ended, COALESCE(archived_on - INTERVAL 1 DAY, ended))
         ORDER BY counters.user_id, food_id LIMIT ?",
    )
    .bind(after.0)
    .bind(after.0)
    .bind(after.1)
    .bind(size)
    .execute(&mut **db)
    .await?;
    let last = sqlx::query_as("SELECT user_id, food_id FROM tick_due ORDER BY user_id DESC, food_id DESC LIMIT 1");
    Ok((due.rows_affected(), last.fetch_optional(&mut **db).await?))
}

/// Locks them in the order of their keys, passing over those that are held elsewhere, and looks
/// again how many days each has to go. Returns how many are held now, and how many of them another
/// tick has closed since they were found.
async fn lock(db: &mut Transaction) -> Result<(u64, u64)> {
    db.execute(
        "CREATE OR REPLACE TEMPORARY TABLE tick_held (
             user_id BINARY(16), food_id BINARY(16), until DATE, days INT, run INT UNSIGNED,
             PRIMARY KEY (user_id, food_id)
         ) ENGINE = MEMORY",
    )
    .await?;
    let held = db
        .execute(
            "INSERT INTO tick_held
             SELECT STRAIGHT_JOIN counters.user_id, counters.food_id, until, DATEDIFF(until, closed_through),
                 current_run + GREATEST(DATEDIFF(until, closed_through), 0)
             FROM tick_due
             JOIN counters ON counters.user_id = tick_due.user_id AND counters.food_id = tick_due.food_id
             ORDER BY counters.user_id, counters.food_id
             FOR UPDATE SKIP LOCKED",
        )
        .await?;
    let closed_before = db.execute("DELETE FROM tick_held WHERE days <= 0").await?;
    Ok((held.rows_affected(), closed_before.rows_affected()))
}

/// Advances the foods of which nothing is recorded in the gap. Every new value comes from
/// `tick_held` and its own old one, since the order of assignments is not promised.
async fn advance_by_arithmetic(db: &mut Transaction) -> Result<()> {
    db.execute(
        "UPDATE tick_held
         JOIN counters ON counters.user_id = tick_held.user_id AND counters.food_id = tick_held.food_id
         JOIN foods ON foods.user_id = tick_held.user_id AND foods.id = tick_held.food_id
         SET kept_days = kept_days + IF(counting = 'assume', days, 0),
             missing_days = missing_days + IF(counting = 'confirm', days, 0),
             longest_run = IF(counting = 'assume', GREATEST(longest_run, run), longest_run),
             waiting_run = IF(counting = 'assume', NULL, IF(days = 1, run, 1)),
             current_run = IF(counting = 'assume', run, 0),
             closed_through = until
         WHERE closed_through < until AND (counting = 'confirm' OR run < next_milestone)
             AND NOT EXISTS (
                 SELECT 1 FROM outcomes WHERE outcomes.user_id = tick_held.user_id
                     AND outcomes.food_id = tick_held.food_id AND outcome IS NOT NULL
                     AND date > until - INTERVAL days DAY AND date <= until)
             AND NOT EXISTS (
                 SELECT 1 FROM slips WHERE slips.user_id = tick_held.user_id
                     AND slips.food_id = tick_held.food_id
                     AND date > until - INTERVAL days DAY AND date <= until)
             AND NOT EXISTS (
                 SELECT 1 FROM skip_foods JOIN skips ON skips.user_id = skip_foods.user_id AND skips.id = skip_id
                 WHERE skip_foods.user_id = tick_held.user_id AND skip_foods.food_id = tick_held.food_id
                     AND to_date > until - INTERVAL days DAY AND from_date <= until)",
    )
    .await?;
    Ok(())
}

/// A food that is left for the fold.
#[derive(FromRow)]
struct Food {
    user_id: Uuid,
    food_id: Uuid,
    until: NaiveDate,
    counting: Counting,
    goal_days: Option<u32>,
    #[sqlx(flatten)]
    counter: Counter,
}

/// Folds the foods that arithmetic did not advance, and writes them back at once.
async fn fold_the_rest(db: &mut Transaction) -> Result<()> {
    let rest: Vec<Food> = sqlx::query_as(
        "SELECT counters.user_id, counters.food_id, until, counting, goal_days, closed_through, kept_days,
                confirmed_days, slip_days, skipped_days, missing_days, current_run, longest_run, waiting_run,
                last_slip_on, milestones
         FROM tick_held
         JOIN counters ON counters.user_id = tick_held.user_id AND counters.food_id = tick_held.food_id
         JOIN foods ON foods.user_id = tick_held.user_id AND foods.id = tick_held.food_id
         WHERE closed_through < until",
    )
    .fetch_all(&mut **db)
    .await?;
    if rest.is_empty() {
        return Ok(());
    }
    let histories = histories(db).await?;
    let nothing = History::default();
    let folded = rest.into_iter().map(|mut food| {
        let history = histories.get(&(food.user_id, food.food_id)).unwrap_or(&nothing);
        food.counter.advance(history, food.counting, food.goal_days, food.until);
        (food.user_id, food.food_id, food.counter, food.goal_days)
    });
    counters::store_all(db, &folded.collect::<Vec<_>>()).await
}

/// What is recorded in the gap of each food that is left.
async fn histories(db: &mut Transaction) -> Result<HashMap<Key, History>> {
    let mut histories: HashMap<Key, History> = HashMap::new();
    let outcomes: Vec<(Uuid, Uuid, NaiveDate, Outcome)> = sqlx::query_as(
        "SELECT outcomes.user_id, outcomes.food_id, date, outcome FROM tick_held
         JOIN counters ON counters.user_id = tick_held.user_id AND counters.food_id = tick_held.food_id
         JOIN outcomes ON outcomes.user_id = tick_held.user_id AND outcomes.food_id = tick_held.food_id
         WHERE closed_through < until AND date > closed_through AND date <= until AND outcome IS NOT NULL",
    )
    .fetch_all(&mut **db)
    .await?;
    for (user_id, food_id, date, outcome) in outcomes {
        histories.entry((user_id, food_id)).or_default().set_outcome(date, outcome);
    }
    let slips: Vec<(Uuid, Uuid, NaiveDate, u32)> = sqlx::query_as(
        "SELECT slips.user_id, slips.food_id, date, CAST(COUNT(*) AS UNSIGNED INTEGER) FROM tick_held
         JOIN counters ON counters.user_id = tick_held.user_id AND counters.food_id = tick_held.food_id
         JOIN slips ON slips.user_id = tick_held.user_id AND slips.food_id = tick_held.food_id
         WHERE closed_through < until AND date > closed_through AND date <= until
         GROUP BY slips.user_id, slips.food_id, date",
    )
    .fetch_all(&mut **db)
    .await?;
    for (user_id, food_id, date, count) in slips {
        histories.entry((user_id, food_id)).or_default().set_slips(date, count);
    }
    let skips: Vec<(Uuid, Uuid, NaiveDate, NaiveDate)> = sqlx::query_as(
        "SELECT skip_foods.user_id, skip_foods.food_id, from_date, to_date FROM tick_held
         JOIN counters ON counters.user_id = tick_held.user_id AND counters.food_id = tick_held.food_id
         JOIN skip_foods ON skip_foods.user_id = tick_held.user_id AND skip_foods.food_id = tick_held.food_id
         JOIN skips ON skips.user_id = skip_foods.user_id AND skips.id = skip_id
         WHERE closed_through < until AND to_date > closed_through AND from_date <= until",
    )
    .fetch_all(&mut **db)
    .await?;
    for (user_id, food_id, from, to) in skips {
        histories.entry((user_id, food_id)).or_default().skip(from, to);
    }
    Ok(histories)
}

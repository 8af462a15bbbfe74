//! Writing counters.

use sqlx::MySqlConnection;

use super::{key, milestones};
use crate::{
    Result, db,
    diary::{
        counted_food::CountedFood,
        streak::{Counting, milestone_after},
    },
};

/// Writes the counters of `foods`, and the milestones that they reached lately.
pub async fn store_all(db: &mut MySqlConnection, foods: &[CountedFood]) -> Result<()> {
    let rows = foods.iter().map(|food| row(food, &serde_json::json!(food.counter.milestones).to_string()));
    upsert(db, rows.collect(), ", milestones = VALUE(milestones)").await?;
    milestones::insert_reached(db, foods).await
}

/// [`store_all`] of foods that have rows already, locked, and reached no new milestone: the milestones of a row, more
/// than half of its size, are not written again.
pub async fn store_days(db: &mut MySqlConnection, foods: &[CountedFood]) -> Result<()> {
    upsert(db, foods.iter().map(|food| row(food, "[]")).collect(), "").await
}

/// [`store_all`] of foods that were folded again from their start.
pub async fn store_again(db: &mut MySqlConnection, foods: &[CountedFood]) -> Result<()> {
    if foods.is_empty() {
        return Ok(());
    }
    milestones::delete_unannounced(db, foods).await?;
    store_all(db, foods).await
}

/// How many bytes of rows one statement has at most. The server refuses more than `max_allowed_packet`, which is one MiB
/// where it is least.
const BATCH: usize = 512 * 1024;

/// Inserts or replaces rows. Values are written out: each bound one would cost two packets.
async fn upsert(db: &mut MySqlConnection, rows: Vec<String>, and_milestones: &str) -> Result<()> {
    let mut bytes = 0;
    let batches = rows.chunk_by(|row, next| {
        bytes += row.len();
        let fits = bytes + next.len() <= BATCH;
        if !fits {
            bytes = 0;
        }
        fits
    });
    for batch in batches {
        upsert_batch(db, batch, and_milestones).await?;
    }
    Ok(())
}

async fn upsert_batch(db: &mut MySqlConnection, rows: &[String], and_milestones: &str) -> Result<()> {
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

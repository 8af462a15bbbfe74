//! One tick: closes the finished days of everybody, chunk by chunk, while there is time.

use std::time::Duration;

use common::{App, Result};
use sqlx::{MySql, pool::PoolConnection};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    chunk,
    drift::{self, Checked},
    due::{self, Due, Found},
    housekeeping,
};

/// How many days of foods one transaction closes, a food with two days being two: their records are in memory.
pub const CHUNK: u32 = 100_000;
/// How many foods one transaction locks: the writes of their people wait for it. On few processors, so do
/// everybody's reads, for each of its statements.
const MOST_LOCKED: u32 = 2_000;
/// How long one call closes days. Announcing milestones comes on top, some 40 s together; the next call goes on.
const WORK_TIME: Duration = Duration::from_secs(30);

/// How far one call came.
pub struct Done {
    /// Foods whose finished days were closed.
    pub closed: u64,
    /// Foods left for the next call.
    pub remaining: u64,
}

/// Closes every finished day of every food that is due, about `chunk` days a transaction; then checks some counts,
/// and deletes what has expired.
pub async fn run(app: &App, chunk: u32) -> Result<Done> {
    let (now, started) = (app.clock.now(), Instant::now());
    let day_ends = due::day_ends(app, now).await?;
    // The tracker of tasks is closed when the process is to stop.
    let has_time = || started.elapsed() < WORK_TIME && !app.tasks.is_closed();
    let (mut closed, mut found) = (0, 0);
    let mut after = Uuid::nil();
    // One connection for all: the server runs a second one in another thread, on another processor where people's
    // requests would wait for it.
    let mut db = None;
    while has_time() {
        let (next, connection) = due::find(ready(app, db.take()).await?, &day_ends, after).await?;
        db = Some(connection);
        let Some(Found { scanned, due }) = next else { break };
        for people in chunks(&due, chunk) {
            closed += close(app, &mut db, &people, &scanned, has_time).await;
        }
        found += due.iter().map(|person| u64::from(person.foods)).sum::<u64>();
        after = scanned.last().copied().unwrap_or(after);
    }
    // Counted only if some were skipped or failed, or time is up.
    let (remaining, lag_days) = match closed == found && has_time() {
        true => (0, 0),
        false => due::left(ready(app, db.take()).await?, &day_ends).await?,
    };
    drop(db);
    let checked = if has_time() { drift::check(app, now).await? } else { Checked::default() };
    let took_ms = u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX);
    tracing::info!(closed, remaining, lag_days, drifted = checked.drifted, took_ms, "tick");
    sqlx::query(
        "INSERT INTO ticks (id, started_at, took_ms, closed, remaining, lag_days, checked, drifted, checked_through)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(Uuid::now_v7())
    .bind(now)
    .bind(took_ms)
    .bind(closed)
    .bind(remaining)
    .bind(lag_days)
    .bind(checked.people)
    .bind(checked.drifted)
    .bind(checked.through)
    .execute(&app.db)
    .await?;
    if has_time()
        && let Err(error) = housekeeping::clear(app, now).await
    {
        // Expired rows are refused anyway; the next tick deletes them.
        tracing::warn!(%error, "not all that has expired could be deleted");
    }
    Ok(Done { closed, remaining })
}

/// Closes one chunk, while there is time; if that fails, tenths of it, down to single people: what is wrong with one
/// person's rows does not stop the others. Returns how many foods were closed.
async fn close(
    app: &App,
    db: &mut Option<PoolConnection<MySql>>,
    people: &[Due],
    scanned: &[Uuid],
    has_time: impl Fn() -> bool + Copy + Send + Sync,
) -> u64 {
    if !has_time() {
        return 0;
    }
    let done = async { chunk::close(ready(app, db.take()).await?, people, scanned).await }.await;
    match done {
        Ok((closed, connection)) => {
            *db = Some(connection);
            closed
        }
        Err(error) if people.len() > 1 => {
            tracing::warn!(%error, people = people.len(), "a chunk could not be closed");
            let mut closed = 0;
            for fewer in people.chunks(people.len().div_ceil(10)) {
                closed += Box::pin(close(app, db, fewer, scanned, has_time)).await;
            }
            closed
        }
        Err(error) => {
            tracing::error!(%error, user_id = %people[0].user_id, "a person's days could not be closed");
            0
        }
    }
}

/// The connection in hand, or a new one: at first, and after one was lost to an error.
async fn ready(app: &App, db: Option<PoolConnection<MySql>>) -> Result<PoolConnection<MySql>> {
    match db {
        Some(db) => Ok(db),
        None => Ok(app.db.acquire().await?),
    }
}

/// Splits `people` into chunks of at most `days` to close and [`MOST_LOCKED`] foods, but of at least one person.
fn chunks(people: &[Due], days: u32) -> Vec<Vec<Due>> {
    let (mut sum, mut locked) = (0_u32, 0_u32);
    let chunks = people.chunk_by(|person, next| {
        (sum, locked) = (sum.saturating_add(person.days()), locked.saturating_add(person.foods));
        let fits = sum.saturating_add(next.days()) <= days && locked.saturating_add(next.foods) <= MOST_LOCKED;
        if !fits {
            (sum, locked) = (0, 0);
        }
        fits
    });
    chunks.map(<[Due]>::to_vec).collect()
}

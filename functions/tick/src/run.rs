//! One tick: closes the finished days of everybody, chunk by chunk, while there is time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use common::{App, Result, clock};
use sqlx::{MySql, pool::PoolConnection};
use tokio::time::Instant;
use uuid::{Builder, Uuid};

use crate::{
    chunk,
    drift::{self, Checked},
    due::{self, Due, Found},
    housekeeping,
};

/// How many days of foods one transaction closes at most, which bounds its memory: two foods of three days each are six.
pub const CHUNK: u32 = 100_000;
/// How many foods one transaction locks: the writes of their people wait for it. On few processors, so do
/// everybody's reads, for each of its statements.
const MOST_LOCKED: u32 = 2_000;
/// How long one call closes days. Announcing milestones comes on top, some 50 s together; the next call goes on.
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
    let started = Instant::now();
    let done = close_days(app, chunk).await?;
    if has_time(app, started)
        && let Err(error) = housekeeping::clear(app, app.clock.now()).await
    {
        // Expired rows are refused anyway; the next tick deletes them.
        tracing::warn!(%error, "not all that has expired could be deleted");
    }
    Ok(done)
}

/// The first part of [`run`], which deletes nothing.
pub async fn close_days(app: &App, chunk: u32) -> Result<Done> {
    let (now, started) = (clock::confirmed(app).await?, Instant::now());
    let day_ends = due::day_ends(app, now).await?;
    let has_time = || has_time(app, started);
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
    record(app, now, &Record { took_ms, closed, remaining, lag_days, checked }).await?;
    Ok(Done { closed, remaining })
}

/// Whether a call that has `started` then may begin something new. The tracker of tasks is closed when the process is
/// to stop.
fn has_time(app: &App, started: Instant) -> bool {
    started.elapsed() < WORK_TIME && !app.tasks.is_closed()
}

/// What a tick did.
struct Record {
    took_ms: u32,
    closed: u64,
    remaining: u64,
    lag_days: u32,
    checked: Checked,
}

/// Writes what a tick did. Ticks of one minute share a row, so that events that anybody sends do not fill the table.
async fn record(app: &App, now: DateTime<Utc>, record: &Record) -> Result<()> {
    let Record { took_ms, closed, remaining, lag_days, checked } = record;
    sqlx::query!(
        "INSERT INTO ticks (id, started_at, took_ms, closed, remaining, lag_days, checked, drifted, checked_through)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE
             took_ms = took_ms + VALUE(took_ms), closed = closed + VALUE(closed), remaining = VALUE(remaining),
             lag_days = VALUE(lag_days), checked = checked + VALUE(checked), drifted = drifted + VALUE(drifted),
             checked_through = IF(VALUE(checked) > 0, VALUE(checked_through), checked_through)",
        id_of_minute(now),
        now,
        took_ms,
        closed,
        remaining,
        lag_days,
        checked.people,
        checked.drifted,
        checked.through
    )
    .execute(&app.db)
    .await?;
    Ok(())
}

/// A UUIDv7 (RFC 9562, section 5.7) of the beginning of a minute, without random bits: the same for all its instants.
fn id_of_minute(now: DateTime<Utc>) -> Uuid {
    let milliseconds = u64::try_from(now.timestamp().div_euclid(60) * 60_000).unwrap_or_default();
    Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
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

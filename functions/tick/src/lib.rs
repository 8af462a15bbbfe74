//! Closes finished days, when a scheduled CloudEvent says that time has passed.
//!
//! Nothing is read from the event, so a forged one does no harm; what is due follows from the
//! clock and the counters alone, so a duplicate, late or reordered one changes nothing twice.

mod announce;
mod chunk;
mod drift;
mod due;

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderName, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use chrono::{DateTime, TimeDelta, Utc};
use common::{App, Code, Error, Result, db, diary::food, session};
use sqlx::{MySql, pool::PoolConnection};
use tokio::time::{Duration, Instant};
use uuid::Uuid;

pub use crate::announce::Sink;
use crate::{
    drift::Checked,
    due::{Due, Found},
};

/// How large an event may be: nothing in it is used.
const EVENT_LIMIT: usize = 64 * 1024;
/// How many days of foods one transaction closes: what is recorded on them is kept in memory.
pub const CHUNK: u32 = 100_000;
/// How many foods one transaction holds: their people's writes wait for it, and where processors are few
/// everybody's reads for each of its statements.
const HELD: u32 = 2_000;
/// How long one call closes days; with the announcements it works some 40 s, and what is left is for the next.
const WORK_TIME: Duration = Duration::from_secs(30);
/// How long it is remembered what a tick did.
const KEPT: TimeDelta = TimeDelta::days(30);

pub fn router(app: App, sink: Option<Sink>) -> Router {
    let limit = DefaultBodyLimit::max(EVENT_LIMIT);
    Router::new().route("/", post(tick)).layer(limit).layer(Extension(Arc::new(sink))).with_state(app)
}

/// How far one call came.
pub struct Done {
    /// Foods whose finished days were closed.
    pub closed: u64,
    /// Foods left for the next call.
    pub remaining: u64,
}

/// Takes a CloudEvent in binary or structured mode (CloudEvents 1.0, HTTP binding). `204` without a
/// body when all is done, since a Trigger takes any other body for a failure; `503` when work is
/// left, since a PingSource does not retry a `500`.
async fn tick(
    State(app): State<App>,
    Extension(sink): Extension<Arc<Option<Sink>>>,
    headers: HeaderMap,
    event: Request,
) -> Result<Response> {
    let body = common::body(event, &()).await?;
    cloudevents::binding::http::to_event(&headers, body.into()).map_err(|_| Code::EventInvalid)?;
    let done = run(&app, CHUNK).await?;
    if let Some(sink) = sink.as_ref() {
        announce::milestones(&app, sink).await?;
    }
    if done.remaining > 0 {
        let members = [("closed", done.closed), ("remaining", done.remaining)];
        let members = members.map(|(name, count)| (name.to_owned(), count.into())).into_iter().collect();
        return Err(Error::Extended(Code::WorkRemains, members));
    }
    let closed = [(HeaderName::from_static("hanip-tick-closed"), done.closed.to_string())];
    Ok((StatusCode::NO_CONTENT, closed).into_response())
}

/// Closes every finished day of every food that is due, about `chunk` days a transaction; then
/// checks some counts, and clears what has expired.
pub async fn run(app: &App, chunk: u32) -> Result<Done> {
    let (now, started) = (app.clock.now(), Instant::now());
    let clocks = due::clocks(app, now).await?;
    // Closing: the process is to stop, after the chunk in hand.
    let has_time = || started.elapsed() < WORK_TIME && !app.tasks.is_closed();
    let (mut closed, mut found) = (0, 0);
    let mut after = Uuid::nil();
    // One statement at a time, and all over one connection: the server works for each in another thread,
    // and people who read meanwhile would wait for whichever moves to their processor.
    let mut db = None;
    while has_time() {
        let (found_now, connection) = due::find(ready(app, db.take()).await?, &clocks, after).await?;
        db = Some(connection);
        let Some(Found { looked_at, due }) = found_now else { break };
        for people in chunks(&due, chunk) {
            closed += close(app, &mut db, &people, &looked_at, has_time).await;
        }
        found += due.iter().map(|person| u64::from(person.foods)).sum::<u64>();
        after = looked_at.last().copied().unwrap_or(after);
    }
    // Some were held elsewhere or could not be closed, or time is up.
    let (remaining, lag_days) = match closed == found && has_time() {
        true => (0, 0),
        false => due::left(ready(app, db.take()).await?, &clocks).await?,
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
        && let Err(error) = clear(app, now).await
    {
        // What has expired is refused anyway; the next tick clears it.
        tracing::warn!(%error, "not all that has expired could be cleared");
    }
    Ok(Done { closed, remaining })
}

/// Closes one chunk, while there is time. What stands in one person's way stands in no other's:
/// smaller chunks find it. Returns how many foods were closed.
async fn close(
    app: &App,
    db: &mut Option<PoolConnection<MySql>>,
    people: &[Due],
    looked_at: &[Uuid],
    has_time: impl Fn() -> bool + Copy + Send + Sync,
) -> u64 {
    if !has_time() {
        return 0;
    }
    let done = async { chunk::close(ready(app, db.take()).await?, people, looked_at).await }.await;
    match done {
        Ok((closed, connection)) => {
            *db = Some(connection);
            closed
        }
        Err(error) if people.len() > 1 => {
            tracing::warn!(%error, people = people.len(), "a chunk could not be closed");
            let mut closed = 0;
            for fewer in people.chunks(people.len().div_ceil(10)) {
                closed += Box::pin(close(app, db, fewer, looked_at, has_time)).await;
            }
            closed
        }
        Err(error) => {
            tracing::error!(%error, user_id = %people[0].user_id, "a person's days could not be closed");
            0
        }
    }
}

/// The connection in hand; another at first, and where it was lost with what went wrong on it.
async fn ready(app: &App, db: Option<PoolConnection<MySql>>) -> Result<PoolConnection<MySql>> {
    match db {
        Some(db) => Ok(db),
        None => Ok(app.db.acquire().await?),
    }
}

/// Cuts `people` into chunks of at most `days` to close, and of at least one person.
fn chunks(people: &[Due], days: u32) -> Vec<Vec<Due>> {
    let (mut sum, mut held) = (0_u32, 0_u32);
    let chunks = people.chunk_by(|person, next| {
        (sum, held) = (sum.saturating_add(person.days()), held.saturating_add(person.foods));
        let fits = sum.saturating_add(next.days()) <= days && held.saturating_add(next.foods) <= HELD;
        if !fits {
            (sum, held) = (0, 0);
        }
        fits
    });
    chunks.map(<[Due]>::to_vec).collect()
}

/// Deletes ended sessions, sign-ins that were not completed, what old ticks did, and foods that
/// can't be restored any more.
async fn clear(app: &App, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("DELETE FROM sessions WHERE last_used_at <= ? OR created_at <= ?")
        .bind(now - session::IDLE)
        .bind(now - session::ABSOLUTE)
        .execute(&app.db)
        .await?;
    sqlx::query("DELETE FROM sign_in_attempts WHERE expires_at <= ?").bind(now).execute(&app.db).await?;
    sqlx::query("DELETE FROM ticks WHERE started_at <= ?").bind(now - KEPT).execute(&app.db).await?;
    let erasable = now - food::RESTORABLE;
    let people: Vec<(Uuid,)> = sqlx::query_as("SELECT DISTINCT user_id FROM foods WHERE deleted_at <= ?")
        .bind(erasable)
        .fetch_all(&app.db)
        .await?;
    for (user_id,) in people {
        if let Err(error) = erase(app, user_id, erasable).await {
            tracing::warn!(%error, %user_id, "deleted foods are left for the next tick");
        }
    }
    Ok(())
}

/// Erases the foods of a person that were deleted by `erasable`.
async fn erase(app: &App, user_id: Uuid, erasable: DateTime<Utc>) -> Result<()> {
    let mut db = db::write(app.db.acquire().await?, user_id).await?;
    sqlx::query("DELETE FROM foods WHERE user_id = ? AND deleted_at <= ?")
        .bind(user_id)
        .bind(erasable)
        .execute(&mut *db)
        .await?;
    db.commit().await?;
    Ok(())
}

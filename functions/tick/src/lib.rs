//! Closes finished days, when a scheduled CloudEvent says that time has passed.
//!
//! Nothing is read from the event, so a forged one does no harm; what is due follows from the
//! clock and the counters alone, so a duplicate, late or reordered one changes nothing twice.

mod chunk;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderName, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use chrono::{DateTime, Days, NaiveTime, Utc};
use chrono_tz::Tz;
use common::{App, Code, Error, Result, day, db, food, session};
use tokio::time::{Duration, Instant};
use uuid::Uuid;

use crate::chunk::Closed;

/// How large an event may be: nothing in it is used.
const EVENT_LIMIT: usize = 64 * 1024;
/// How many foods one transaction closes.
const CHUNK: u32 = 5000;
/// How long one call works; what is left then is for the next.
const WORK_TIME: Duration = Duration::from_secs(40);

pub fn router(app: App) -> Router {
    Router::new().route("/", post(tick)).layer(DefaultBodyLimit::max(EVENT_LIMIT)).with_state(app)
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
async fn tick(State(app): State<App>, headers: HeaderMap, event: Request) -> Result<Response> {
    let body = common::body(event, &()).await?;
    cloudevents::binding::http::to_event(&headers, body.into()).map_err(|_| Code::EventInvalid)?;
    let done = run(&app).await?;
    if done.remaining > 0 {
        let members = [("closed", done.closed), ("remaining", done.remaining)];
        let members = members.map(|(name, count)| (name.to_owned(), count.into())).into_iter().collect();
        return Err(Error::Extended(Code::WorkRemains, members));
    }
    let closed = [(HeaderName::from_static("hanip-tick-closed"), done.closed.to_string())];
    Ok((StatusCode::NO_CONTENT, closed).into_response())
}

/// Closes every finished day of every food that is due, then clears what has expired.
pub async fn run(app: &App) -> Result<Done> {
    let (now, started) = (app.clock.now(), Instant::now());
    let clocks = clocks(app, now).await?;
    let mut done = Done { closed: 0, remaining: 0 };
    let (mut after, mut size) = ((Uuid::nil(), Uuid::nil()), CHUNK);
    // Closing: the process is to stop, after the chunk in hand.
    while started.elapsed() < WORK_TIME && !app.tasks.is_closed() {
        match chunk::close(&app.db, &clocks, after, size).await {
            Ok(Closed { last: Some(last), closed, skipped }) => {
                (after, size) = (last, CHUNK);
                done.closed += closed;
                done.remaining += skipped;
            }
            Ok(Closed { last: None, .. }) => {
                clear(app, now).await?;
                tracing::info!(closed = done.closed, remaining = done.remaining, "tick");
                return Ok(done);
            }
            // What stands in one food's way stands in no other's: smaller chunks find it.
            Err(error) if size > 1 => {
                tracing::warn!(%error, size, "a chunk could not be closed");
                size = (size / 10).max(1);
            }
            Err(error) => {
                let Some(poison) = chunk::first_due(&app.db, &clocks, after).await? else { continue };
                tracing::error!(%error, user_id = %poison.0, food_id = %poison.1, "a food could not be closed");
                after = poison;
                done.remaining += 1;
            }
        }
    }
    // At least one is left, or the next call finds that none is.
    done.remaining += 1;
    Ok(done)
}

/// The clocks that people live by, each with its last date that is over. Whose day it is follows
/// from the zone, which only Rust knows.
async fn clocks(app: &App, now: DateTime<Utc>) -> Result<Vec<chunk::Clock>> {
    let clocks: Vec<(String, NaiveTime)> =
        sqlx::query_as("SELECT DISTINCT time_zone, day_start FROM users").fetch_all(&app.db).await?;
    let over = |(time_zone, day_start): (String, NaiveTime)| {
        let today = day::today(now, time_zone.parse().unwrap_or(Tz::UTC), day_start);
        (time_zone, day_start, today - Days::new(1))
    };
    Ok(clocks.into_iter().map(over).collect())
}

/// Deletes ended sessions, sign-ins that were not completed, and foods that can't be restored any more.
async fn clear(app: &App, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("DELETE FROM sessions WHERE last_used_at <= ? OR created_at <= ?")
        .bind(now - session::IDLE)
        .bind(now - session::ABSOLUTE)
        .execute(&app.db)
        .await?;
    sqlx::query("DELETE FROM sign_in_attempts WHERE expires_at <= ?").bind(now).execute(&app.db).await?;
    let erasable = now - food::RESTORABLE;
    let people: Vec<(Uuid,)> = sqlx::query_as("SELECT DISTINCT user_id FROM foods WHERE deleted_at <= ?")
        .bind(erasable)
        .fetch_all(&app.db)
        .await?;
    for (user_id,) in people {
        let mut db = db::write(&app.db, user_id).await?;
        sqlx::query("DELETE FROM foods WHERE user_id = ? AND deleted_at <= ?")
            .bind(user_id)
            .bind(erasable)
            .execute(&mut *db)
            .await?;
        db.commit().await?;
    }
    Ok(())
}

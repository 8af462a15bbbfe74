//! Closes finished days, when a scheduled CloudEvent says that time has passed.
//!
//! Nothing is read from the event, so a forged one does no harm; what is due follows from the
//! clock and the counters alone, so a duplicate, late or reordered one changes nothing twice.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderName, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use common::{
    App, Code, Error, Result, counters,
    day::{self, Date},
    db, food, session,
};
use tokio::time::{Duration, Instant};
use uuid::Uuid;

/// How large an event may be: nothing in it is used.
const EVENT_LIMIT: usize = 64 * 1024;
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
    let mut done = Done { closed: 0, remaining: 0 };
    for person in due(app, now).await? {
        // Closing: the process is to stop, after the person in hand.
        let late = started.elapsed() >= WORK_TIME || app.tasks.is_closed();
        let (closed, remaining) = if late { (0, person.foods) } else { close_or_leave(app, &person).await };
        done.closed += closed;
        done.remaining += remaining;
    }
    clear(app, now).await?;
    tracing::info!(closed = done.closed, remaining = done.remaining, "tick");
    Ok(done)
}

/// A person with foods whose finished days are not closed yet.
struct Due {
    user_id: Uuid,
    today: NaiveDate,
    foods: u64,
}

/// The people who are due. Whose day it is follows from their zone, which only Rust knows.
async fn due(app: &App, now: DateTime<Utc>) -> Result<Vec<Due>> {
    let clocks: Vec<(String, NaiveTime)> =
        sqlx::query_as("SELECT DISTINCT time_zone, day_start FROM users").fetch_all(&app.db).await?;
    let mut due = Vec::new();
    for (time_zone, day_start) in clocks {
        let today = day::today(now, time_zone.parse().unwrap_or(Tz::UTC), day_start);
        let people: Vec<(Uuid, u64)> = sqlx::query_as(
            "SELECT counters.user_id, CAST(COUNT(*) AS UNSIGNED) FROM users
             JOIN counters ON counters.user_id = users.user_id
             JOIN foods ON foods.user_id = counters.user_id AND foods.id = food_id
             WHERE time_zone = ? AND day_start = ? AND deleted_at IS NULL
                 AND closed_through < LEAST(?, COALESCE(archived_on, ?)) - INTERVAL 1 DAY
             GROUP BY counters.user_id ORDER BY counters.user_id",
        )
        .bind(time_zone)
        .bind(day_start)
        .bind(today)
        .bind(today)
        .fetch_all(&app.db)
        .await?;
        due.extend(people.into_iter().map(|(user_id, foods)| Due { user_id, today, foods }));
    }
    Ok(due)
}

/// [`close`], where what stands in one person's way stands in nobody else's.
async fn close_or_leave(app: &App, person: &Due) -> (u64, u64) {
    close(app, person).await.unwrap_or_else(|error| {
        tracing::error!(%error, user_id = %person.user_id, "a person's days could not be closed");
        (0, person.foods)
    })
}

/// Closes the finished days of one person, in a transaction of its own. Returns of how many foods,
/// and how many others are due still: those that a write or another tick holds.
async fn close(app: &App, person: &Due) -> Result<(u64, u64)> {
    let mut db = db::begin(&app.db).await?;
    let locked: Vec<(Uuid,)> =
        sqlx::query_as("SELECT food_id FROM counters WHERE user_id = ? ORDER BY food_id FOR UPDATE SKIP LOCKED")
            .bind(person.user_id)
            .fetch_all(&mut *db)
            .await?;
    let mut foods = counters::tracked(&mut db, person.user_id).await?;
    foods.retain(|food| !food.has_closed(food.as_of(person.today) - Days::new(1)));
    let (mut closed, mut remaining) = (0, 0);
    for mut food in foods {
        if !locked.contains(&(food.id,)) {
            remaining += 1;
            continue;
        }
        let dates = food.counter.closed_through..=Date::LAST;
        let history = counters::history(&mut db, person.user_id, food.id, dates).await?;
        let as_of = food.as_of(person.today);
        food.close(&history, as_of);
        counters::store(&mut db, person.user_id, food.id, &food.counter).await?;
        closed += 1;
    }
    db.commit().await?;
    Ok((closed, remaining))
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

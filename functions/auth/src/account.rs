//! The account of the person who is signed in.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::NaiveTime;
use common::{
    Account, App, Code, Connected, Fault, Faults, Json, Me, Result, Session, User, db,
    diary::{day::HourMinute, erase, zone::Zone},
    present,
    session::{self, Leaving},
    text,
};
use serde::Deserialize;
use tokio::time::{Duration, Instant};
use utoipa::ToSchema;

/// The account.
#[utoipa::path(
    get, path = "/me", tag = "Account", responses((status = 200, description = "The account.", body = Me)),
)]
pub async fn show(Connected { user, mut db }: Connected) -> Result<Json<Me>> {
    Ok(Json(db::select(&mut db, Account(user)).await?))
}

/// A change of the account: what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_length = 1, max_length = 50)]
    display_name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, pattern = "^(ko|en)$")]
    locale: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    time_zone: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    day_start: Option<HourMinute>,
}

/// Changes the account. Days already recorded keep their dates whatever the zone.
#[utoipa::path(
    patch, path = "/me", tag = "Account",
    request_body(content = Change, example = json!({ "time_zone": "Asia/Seoul", "day_start": "04:00" })),
    responses((status = 200, description = "The account as it is now.", body = Me)),
    extensions(("x-problems" = json!([Code::ZoneUnknown, Code::DayStartOutOfRange]))),
)]
pub async fn change(user: User, State(app): State<App>, Json(change): Json<Change>) -> Result<Json<Me>> {
    let mut faults = Faults::default();
    let display_name = faults.take("/display_name", change.display_name.as_deref().map(text::name).transpose());
    if change.locale.as_deref().is_some_and(|locale| !["ko", "en"].contains(&locale)) {
        faults.add(Fault::pointer("/locale", Code::ValueInvalid).one_of(&["ko", "en"]));
    }
    let time_zone = change.time_zone.map(|name| Zone::named(&name).ok_or(Code::ZoneUnknown));
    let time_zone = faults.take("/time_zone", time_zone.transpose());
    let noon = NaiveTime::from_hms_opt(12, 0, 0);
    if change.day_start.is_some_and(|HourMinute(day_start)| Some(day_start) > noon) {
        faults.add(Fault::pointer("/day_start", Code::DayStartOutOfRange));
    }
    faults.check()?;
    let mut db = db::lock(app.db.acquire().await?, user.id).await?;
    // What is absent is not written: another tab may be changing it.
    let updated = sqlx::query!(
        "UPDATE users SET display_name = COALESCE(?, display_name), locale = COALESCE(?, locale),
                          time_zone = COALESCE(?, time_zone), day_start = COALESCE(?, day_start)
         WHERE user_id = ?",
        display_name,
        change.locale,
        time_zone.as_ref().map(Zone::name),
        change.day_start,
        user.id
    );
    updated.execute(&mut *db).await?;
    if time_zone.is_some() || change.day_start.is_some() {
        // The times of reminders follow from these: whoever sends them looks at these at once, and plans them anew.
        let now = app.clock.now();
        sqlx::query!("UPDATE reminders SET next_at = LEAST(next_at, ?) WHERE user_id = ?", now, user.id)
            .execute(&mut *db)
            .await?;
    }
    let user = user.read_again(&mut db).await?;
    let me = db.select_last(Account(user)).await?;
    db.commit().await?;
    Ok(Json(me))
}

/// How long one request erases. It is answered within ten seconds.
const ERASE_TIME: Duration = Duration::from_secs(7);

/// Erases the account and everything that is stored for it. There is no way back. An account with very many records
/// takes several of these requests: until one answers 204, all else is refused, and what nobody asks for any more is
/// erased after a while.
#[utoipa::path(
    delete, path = "/me", tag = "Account", security(("session" = [])),
    responses((status = 204, description = "Everything is erased.")),
    extensions(("x-problems" = json!([Code::AccountGoing]))),
)]
pub async fn delete(Leaving { session, is_marked }: Leaving, State(app): State<App>) -> Result<Response> {
    if !is_marked {
        mark(&app, &session).await?;
    }
    if !erase::account(&app.db, session.user.id, Instant::now() + ERASE_TIME).await? {
        return Err(Code::AccountGoing.into());
    }
    tracing::info!(user_id = %session.user.id, "an account was deleted");
    let cookie = app.origin.set_cookie(session::COOKIE, "", cookie::time::Duration::ZERO);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Marks an account as deleted. From then on nobody comes in to it, but this session to delete the rest.
async fn mark(app: &App, session: &Session) -> Result<()> {
    let (user_id, now) = (session.user.id, app.clock.now());
    let mut db = db::lock(app.db.acquire().await?, user_id).await?;
    sqlx::query!("UPDATE users SET deleted_at = ? WHERE user_id = ?", now, user_id).execute(&mut *db).await?;
    sqlx::query!("DELETE FROM identities WHERE user_id = ?", user_id).execute(&mut *db).await?;
    sqlx::query!("DELETE FROM api_tokens WHERE user_id = ?", user_id).execute(&mut *db).await?;
    sqlx::query!("DELETE FROM sessions WHERE user_id = ? AND id <> ?", user_id, session.id).execute(&mut *db).await?;
    db.commit().await?;
    Ok(())
}

//! The open sessions of a person: where they are signed in, and an end to each.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use common::{App, Code, Json, Path, Result, Session, session};
use cookie::time::Duration;
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Serialize, ToSchema)]
pub struct Sessions {
    sessions: Vec<OpenSession>,
}

/// A browser in which the person is signed in.
#[derive(Serialize, FromRow, ToSchema)]
pub struct OpenSession {
    id: Uuid,
    created_at: DateTime<Utc>,
    /// To the hour.
    last_used_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    current: bool,
    /// What the browser called itself at sign-in, at most 200 characters.
    user_agent: Option<String>,
}

/// The open sessions, the one used last first.
#[utoipa::path(
    get, path = "/sessions", tag = "Sessions", security(("session" = [])),
    responses((status = 200, description = "The sessions.", body = Sessions)),
)]
pub async fn list(session: Session, State(app): State<App>) -> Result<Json<Sessions>> {
    let now = app.clock.now();
    let sessions = sqlx::query_as(
        "SELECT id, created_at, last_used_at, id = ? AS current, user_agent FROM sessions
         WHERE user_id = ? AND last_used_at > ? AND created_at > ? ORDER BY last_used_at DESC, id DESC",
    );
    let sessions =
        sessions.bind(session.id).bind(session.user.id).bind(now - session::IDLE).bind(now - session::ABSOLUTE);
    Ok(Json(Sessions { sessions: sessions.fetch_all(&app.db).await? }))
}

/// Ends one session, this one too. Its next request is answered 401, wherever it comes.
#[utoipa::path(
    delete, path = "/sessions/{id}", tag = "Sessions", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The session's id.")),
    responses((status = 204, description = "It has ended.")),
)]
pub async fn revoke(session: Session, State(app): State<App>, Path(id): Path<Uuid>) -> Result<StatusCode> {
    match end(&app, session.user.id, id).await? {
        0 => Err(Code::NotFound.into()),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

/// Ends this session.
#[utoipa::path(
    post, path = "/logout", tag = "Sessions", security(("session" = [])),
    responses((status = 204, description = "It has ended.")),
)]
pub async fn logout(session: Session, State(app): State<App>) -> Result<Response> {
    end(&app, session.user.id, session.id).await?;
    let cookie = app.origin.set_cookie(session::COOKIE, "", Duration::ZERO);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

async fn end(app: &App, user_id: Uuid, id: Uuid) -> Result<u64> {
    let ended = sqlx::query("DELETE FROM sessions WHERE user_id = ? AND id = ?").bind(user_id).bind(id);
    crate::delete(app, ended).await
}

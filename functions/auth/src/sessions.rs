//! The open sessions of a person: where they are signed in, and an end to each.

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use common::{App, Code, Json, Path, Result, Session, session};
use cookie::time::Duration;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Auth, browser, oauth::Provider};

#[derive(Serialize, ToSchema)]
pub struct Sessions {
    sessions: Vec<OpenSession>,
}

/// A browser in which the person is signed in.
#[derive(Serialize, ToSchema)]
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
    let sessions = sqlx::query_as!(
        OpenSession,
        r#"SELECT id AS "id: Uuid", created_at AS "created_at: DateTime<Utc>", last_used_at AS "last_used_at: DateTime<Utc>",
                  id = ? AS "current!: bool", user_agent
           FROM sessions
           WHERE user_id = ? AND last_used_at > ? AND created_at > ? ORDER BY last_used_at DESC, id DESC"#,
        session.id,
        session.user.id,
        now - session::IDLE,
        now - session::ABSOLUTE
    );
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
pub async fn logout(
    session: Session,
    State(app): State<App>,
    Extension(auth): Extension<Arc<Auth>>,
) -> Result<Response> {
    let issuers = sqlx::query_scalar!("SELECT issuer FROM identities WHERE user_id = ?", session.user.id);
    let issuers = issuers.fetch_all(&app.db).await?;
    end(&app, session.user.id, session.id).await?;
    let theirs = |provider: &&Provider| issuers.iter().any(|issuer| issuer == provider.issuer().as_bytes());
    let left: Vec<&str> = auth.providers.iter().filter(theirs).map(|provider| provider.id.as_str()).collect();
    let cookies = [app.origin.set_cookie(session::COOKIE, "", Duration::ZERO), browser::signed_out(&app, &left)];
    let cookies = AppendHeaders(cookies.map(|cookie| (header::SET_COOKIE, cookie)));
    Ok((StatusCode::NO_CONTENT, cookies).into_response())
}

async fn end(app: &App, user_id: Uuid, id: Uuid) -> Result<u64> {
    let ended = sqlx::query!("DELETE FROM sessions WHERE user_id = ? AND id = ?", user_id, id);
    crate::delete(app, ended).await
}

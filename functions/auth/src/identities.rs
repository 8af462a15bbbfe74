//! Who a person is at which provider. A second identity is linked from a live session alone, and
//! the last one stays.

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use common::{
    App, Code, Json, Path, Query, Result, Session, db,
    session::{self, hash},
    text,
};
use serde::{Deserialize, Serialize};
use sqlx::MySqlConnection;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    Auth,
    attempt::{Attempt, Redirect, Wish},
    browser::Browser,
    oauth,
};

#[derive(Serialize, ToSchema)]
pub struct Identities {
    identities: Vec<Identity>,
}

/// A provider through which the person comes in.
#[derive(Serialize, ToSchema)]
pub struct Identity {
    id: Uuid,
    /// The provider's id; null where it is not configured any more.
    provider: Option<String>,
    issuer: String,
    created_at: DateTime<Utc>,
}

struct Row {
    id: Uuid,
    issuer: Vec<u8>,
    created_at: DateTime<Utc>,
}

/// The identities, the oldest first.
#[utoipa::path(
    get, path = "/identities", tag = "Identities", security(("session" = [])),
    responses((status = 200, description = "The identities.", body = Identities)),
)]
pub async fn list(
    session: Session,
    State(app): State<App>,
    Extension(auth): Extension<Arc<Auth>>,
) -> Result<Json<Identities>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id AS "id: Uuid", issuer, created_at AS "created_at: DateTime<Utc>"
           FROM identities WHERE user_id = ? ORDER BY created_at, id"#,
        session.user.id
    );
    let rows = rows.fetch_all(&app.db).await?;
    let identity = |Row { id, issuer, created_at }| {
        let issuer = String::from_utf8_lossy(&issuer).into_owned();
        let provider = auth.providers.iter().find(|provider| provider.issuer() == issuer);
        Identity { id, provider: provider.map(|provider| provider.id.clone()), issuer, created_at }
    };
    Ok(Json(Identities { identities: rows.into_iter().map(identity).collect() }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LinkQuery {
    /// The path to come back to; anything but a plain path is `/`.
    return_to: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Link {
    /// Where the browser has to go.
    location: String,
}

/// Begins to link an identity at this provider. What comes of it is linked only if this very session
/// is still there; a browser then returns to `return_to`, with `?problem=` and a code where it was refused.
#[utoipa::path(
    post, path = "/{provider}/link", tag = "Identities", security(("session" = [])),
    params(("provider" = String, Path, description = "The provider's id."), LinkQuery),
    responses((status = 200, description = "Where to send the browser.", body = Link)),
    extensions(("x-problems" = json!([Code::TooManyAttempts, Code::SignInFailed]))),
)]
pub async fn link(
    session: Session,
    State(app): State<App>,
    Extension(auth): Extension<Arc<Auth>>,
    Path(provider): Path<String>,
    browser: Browser,
    Query(LinkQuery { return_to }): Query<LinkQuery>,
) -> Result<Response> {
    let wish = Wish { return_to: return_to.as_deref(), link: Some(&session), ..Wish::default() };
    let Redirect { location, cookie } = Attempt::begin(&app, auth.provider(&provider)?, &browser, wish).await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(Link { location })).into_response())
}

/// Links `identity` to the user who asked for it from this session, if the browser still has the session's token.
pub async fn add(
    app: &App,
    (user_id, session_id, token): (Uuid, Uuid, &str),
    identity: &oauth::Identity,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut db = db::lock(app.db.acquire().await?, user_id).await?;
    let token_hash = hash(token);
    let live = sqlx::query_scalar!(
        "SELECT id FROM sessions
         WHERE user_id = ? AND id = ? AND token_hash = ? AND last_used_at > ? AND created_at > ?",
        user_id,
        session_id,
        token_hash.as_slice(),
        now - session::IDLE,
        now - session::ABSOLUTE
    );
    live.fetch_optional(&mut *db).await?.ok_or(Code::SessionRequired)?;
    if !insert(&mut db, user_id, identity, now).await? && person(&mut db, identity).await? != Some(user_id) {
        return Err(Code::IdentityTaken.into());
    }
    db.commit().await?;
    tracing::info!(%user_id, "a sign-in was linked");
    Ok(())
}

/// Unlinks an identity: it opens this account no more. The last one stays.
#[utoipa::path(
    delete, path = "/identities/{id}", tag = "Identities", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The identity's id.")),
    responses((status = 204, description = "It is unlinked.")),
    extensions(("x-problems" = json!([Code::LastIdentity]))),
)]
pub async fn unlink(session: Session, State(app): State<App>, Path(id): Path<Uuid>) -> Result<StatusCode> {
    let mut db = db::lock(app.db.acquire().await?, session.user.id).await?;
    let ids = sqlx::query_scalar!(r#"SELECT id AS "id: Uuid" FROM identities WHERE user_id = ?"#, session.user.id);
    let ids = ids.fetch_all(&mut *db).await?;
    if !ids.contains(&id) {
        return Err(Code::NotFound.into());
    }
    if ids.len() == 1 {
        return Err(Code::LastIdentity.into());
    }
    let deleted = sqlx::query!("DELETE FROM identities WHERE user_id = ? AND id = ?", session.user.id, id);
    deleted.execute(&mut *db).await?;
    db.commit().await?;
    tracing::info!(user_id = %session.user.id, "a sign-in was unlinked");
    Ok(StatusCode::NO_CONTENT)
}

/// The person with this identity, and with no other: an e-mail address proves nothing.
pub async fn find_or_create(
    db: &mut MySqlConnection,
    identity: &oauth::Identity,
    time_zone: &str,
    locale: &str,
    now: DateTime<Utc>,
) -> Result<Uuid> {
    let (name, email) = (name(identity), email(identity));
    if let Some(user_id) = known(db, identity).await? {
        fill_in(db, user_id, &name, email.as_deref()).await?;
        return Ok(user_id);
    }
    let user_id = Uuid::now_v7();
    let inserted = sqlx::query!(
        "INSERT INTO users (user_id, display_name, email, locale, time_zone, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        user_id,
        name,
        email,
        locale,
        time_zone,
        now
    );
    inserted.execute(&mut *db).await?;
    if insert(db, user_id, identity, now).await? {
        return Ok(user_id);
    }
    // The same person's first sign-in, in two tabs at once: the other was first.
    sqlx::query!("DELETE FROM users WHERE user_id = ?", user_id).execute(&mut *db).await?;
    known(db, identity).await?.ok_or_else(|| Code::Unavailable.into())
}

/// What the provider calls the person, or what comes before the `@` of their address; empty where it says neither.
fn name(identity: &oauth::Identity) -> String {
    let name = identity.name.as_deref().and_then(line);
    let name = name.or_else(|| Some(email(identity)?.split_once('@')?.0.to_owned()));
    name.unwrap_or_default().chars().take(50).collect::<String>().trim_end().to_owned()
}

fn email(identity: &oauth::Identity) -> Option<String> {
    identity.email.as_deref().and_then(line).filter(|email| email.chars().count() <= 320)
}

fn line(text: &str) -> Option<String> {
    text::line(text, usize::MAX).ok().flatten()
}

/// Stores what a provider did not say at the first sign-in. What is there stays, since it may be the person's own.
async fn fill_in(db: &mut MySqlConnection, user_id: Uuid, name: &str, email: Option<&str>) -> Result<()> {
    if name.is_empty() && email.is_none() {
        return Ok(());
    }
    let updated = sqlx::query!(
        "UPDATE users SET display_name = IF(display_name = '', ?, display_name), email = COALESCE(email, ?)
         WHERE user_id = ? AND (display_name = '' OR email IS NULL)",
        name,
        email,
        user_id
    );
    updated.execute(db).await?;
    Ok(())
}

/// Who this is already, locked: of several sign-ins of a person at once each looks at all their sessions.
async fn known(db: &mut MySqlConnection, identity: &oauth::Identity) -> Result<Option<Uuid>> {
    let user_id = person(db, identity).await?;
    let locked =
        sqlx::query_scalar!(r#"SELECT user_id AS "user_id: Uuid" FROM users WHERE user_id = ? FOR UPDATE"#, user_id);
    let Some(locked) = locked.fetch_optional(&mut *db).await? else { return Ok(None) };
    // Looked up again: who held the lock may have unlinked it.
    Ok(person(db, identity).await?.filter(|user_id| *user_id == locked))
}

/// Whose identity it is.
async fn person(db: &mut MySqlConnection, identity: &oauth::Identity) -> Result<Option<Uuid>> {
    let person = sqlx::query_scalar!(
        r#"SELECT user_id AS "user_id: Uuid" FROM identities WHERE issuer = ? AND subject = ?"#,
        identity.issuer.as_bytes(),
        identity.subject.as_bytes()
    );
    Ok(person.fetch_optional(db).await?)
}

/// Stores an identity; `false` where it is somebody's already.
async fn insert(
    db: &mut MySqlConnection,
    user_id: Uuid,
    identity: &oauth::Identity,
    now: DateTime<Utc>,
) -> Result<bool> {
    // Not INSERT IGNORE, which would also cut what is too long.
    let inserted = sqlx::query!(
        "INSERT INTO identities (user_id, id, issuer, subject, created_at) VALUES (?, ?, ?, ?, ?)",
        user_id,
        Uuid::now_v7(),
        identity.issuer.as_bytes(),
        identity.subject.as_bytes(),
        now
    );
    match inserted.execute(db).await {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        inserted => Ok(inserted.map(|_| true)?),
    }
}

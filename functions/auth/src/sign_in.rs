//! To a provider and back.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use chrono::{DateTime, TimeDelta, Utc};
use common::{
    App, Code, Error, Json, Language, Path, Problems, Query, Result, User, db,
    oauth::{Identity, Provider},
    session::{self, hash, random_token},
};
use cookie::time::Duration;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, MySqlConnection};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::Providers;

/// How long a sign-in may take.
const ATTEMPT: TimeDelta = TimeDelta::minutes(10);
/// The cookie that binds a sign-in to the browser that began it.
const BINDING: &str = "sign_in";

#[derive(Serialize, ToSchema)]
pub struct ProviderList {
    providers: Vec<ProviderName>,
}

#[derive(Serialize, ToSchema)]
pub struct ProviderName {
    id: String,
    name: String,
}

/// Where people can sign in.
#[utoipa::path(get, path = "/providers", responses((status = 200, description = "As it is now.", body = ProviderList)))]
pub async fn providers(Extension(providers): Extension<Providers>) -> Json<ProviderList> {
    let name = |provider: &Provider| ProviderName { id: provider.id.clone(), name: provider.name.clone() };
    Json(ProviderList { providers: providers.iter().map(name).collect() })
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Start {
    /// The path to come back to; anything but a plain path is `/`.
    return_to: Option<String>,
    /// The browser's IANA zone, for an account that is created.
    time_zone: Option<String>,
    /// `ko` or `en`, for an account that is created; else `Accept-Language` decides.
    locale: Option<String>,
}

/// Begins a sign-in: sends the browser to the provider.
#[utoipa::path(get, path = "/{provider}/start", params(("provider" = String, Path), Start),
    responses((status = 302, description = "On to the provider, or back into the app."), Problems))]
pub async fn start(
    State(app): State<App>,
    Extension(providers): Extension<Providers>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    Query(query): Query<Start>,
) -> Result<Response> {
    let provider = find(&providers, &provider)?;
    let attempt = match provider.begin(&app.origin).await {
        Ok(attempt) => attempt,
        Err(error) => return Ok(refuse(&headers, provider_failed(provider, &error))),
    };
    // One binding a browser, so that two tabs can sign in at once.
    let binding = app.origin.cookie(&headers, BINDING).filter(|binding| binding.len() == random_token().len());
    let binding = binding.unwrap_or_else(random_token);
    let now = app.clock.now();
    sqlx::query(
        "INSERT INTO sign_in_attempts
             (state_hash, binding_hash, provider, nonce, verifier, return_to, time_zone, locale, expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(hash(&attempt.state).as_slice())
    .bind(hash(&binding).as_slice())
    .bind(&provider.id)
    .bind(attempt.nonce.as_bytes())
    .bind(attempt.verifier.as_bytes())
    .bind(query.return_to.as_deref().filter(|path| is_plain_path(path)).unwrap_or("/"))
    .bind(query.time_zone.and_then(|name| name.parse().ok()).unwrap_or(chrono_tz::Tz::UTC).name())
    .bind(
        query.locale.as_deref().filter(|locale| ["ko", "en"].contains(locale)).unwrap_or(Language::of(&headers).tag()),
    )
    .bind(now + ATTEMPT)
    .execute(&app.db)
    .await?;
    let cookie = app.origin.set_cookie(BINDING, &binding, Duration::seconds(ATTEMPT.num_seconds()));
    Ok(found(attempt.url.as_str(), cookie))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Callback {
    code: Option<String>,
    state: Option<String>,
    /// The issuer (RFC 9207).
    iss: Option<String>,
    error: Option<String>,
}

#[derive(FromRow)]
struct Begun {
    nonce: String,
    verifier: String,
    return_to: String,
    time_zone: String,
    locale: String,
}

/// Completes a sign-in: the provider sends the browser here.
#[utoipa::path(get, path = "/{provider}/callback", params(("provider" = String, Path), Callback),
    responses((status = 302, description = "On to the provider, or back into the app."), Problems))]
pub async fn callback(
    State(app): State<App>,
    Extension(providers): Extension<Providers>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    Query(query): Query<Callback>,
) -> Result<Response> {
    let provider = find(&providers, &provider)?;
    let now = app.clock.now();
    let begun = match consume(&app, &headers, provider, query.state.as_deref(), now).await {
        Ok(begun) => begun,
        Err(Error::Refused(code)) => return Ok(refuse(&headers, code)),
        Err(error) => return Err(error),
    };
    let Some(code) = query.code.filter(|_| query.error.is_none() && provider.is_issuer(query.iss.as_deref())) else {
        return Ok(refuse(&headers, Code::SignInRefused));
    };
    let identity = match provider.complete(&app.origin, code, begun.verifier, begun.nonce, now).await {
        Ok(Some(identity)) => identity,
        Ok(None) => return Ok(refuse(&headers, Code::SignInExpired)),
        Err(error) => return Ok(refuse(&headers, provider_failed(provider, &error))),
    };
    let mut db = db::begin(&app.db).await?;
    let user_id = find_or_create(&mut db, &identity, &begun.time_zone, &begun.locale, now).await?;
    // A new session at every sign-in: one that was planted in the browser before is not it.
    if let Some(old) = app.origin.cookie(&headers, session::COOKIE) {
        sqlx::query("DELETE FROM sessions WHERE token_hash = ?").bind(hash(&old).as_slice()).execute(&mut *db).await?;
    }
    let cookie = session::open(&mut db, &app.origin, user_id, now).await?;
    db.commit().await?;
    Ok(found(&begun.return_to, cookie))
}

/// The attempt that this callback belongs to, which no other callback can have: one UPDATE takes it.
async fn consume(
    app: &App,
    headers: &HeaderMap,
    provider: &Provider,
    state: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Begun> {
    let state = hash(state.ok_or(Code::SignInExpired)?);
    let binding = hash(&app.origin.cookie(headers, BINDING).ok_or(Code::SignInExpired)?);
    let consumed = sqlx::query(
        "UPDATE sign_in_attempts SET consumed_at = ?
         WHERE state_hash = ? AND binding_hash = ? AND provider = ? AND consumed_at IS NULL AND expires_at > ?",
    )
    .bind(now)
    .bind(state.as_slice())
    .bind(binding.as_slice())
    .bind(&provider.id)
    .bind(now)
    .execute(&app.db)
    .await?;
    if consumed.rows_affected() == 0 {
        return Err(Code::SignInExpired.into());
    }
    let begun = sqlx::query_as(
        "SELECT CAST(nonce AS CHAR) AS nonce, CAST(verifier AS CHAR) AS verifier, return_to, time_zone, locale
         FROM sign_in_attempts WHERE state_hash = ?",
    );
    Ok(begun.bind(state.as_slice()).fetch_one(&app.db).await?)
}

/// The person with this identity, and with no other: an e-mail address proves nothing.
async fn find_or_create(
    db: &mut MySqlConnection,
    identity: &Identity,
    time_zone: &str,
    locale: &str,
    now: DateTime<Utc>,
) -> Result<Uuid> {
    if let Some(user_id) = person(db, identity).await? {
        return Ok(user_id);
    }
    let name = identity.name.as_deref().or(identity.email.as_deref().and_then(|email| email.split('@').next()));
    let user_id = Uuid::now_v7();
    sqlx::query(
        "INSERT INTO users (user_id, display_name, email, locale, time_zone, created_at) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(user_id)
    .bind(name.unwrap_or_default().chars().take(100).collect::<String>())
    .bind(identity.email.as_deref().filter(|email| email.chars().count() <= 320))
    .bind(locale)
    .bind(time_zone)
    .bind(now)
    .execute(&mut *db)
    .await?;
    let new =
        sqlx::query("INSERT IGNORE INTO identities (user_id, id, issuer, subject, created_at) VALUES (?, ?, ?, ?, ?)")
            .bind(user_id)
            .bind(Uuid::now_v7())
            .bind(identity.issuer.as_bytes())
            .bind(identity.subject.as_bytes())
            .bind(now)
            .execute(&mut *db)
            .await?;
    if new.rows_affected() == 1 {
        return Ok(user_id);
    }
    // The same person's first sign-in, in two tabs at once: the other was first.
    sqlx::query("DELETE FROM users WHERE user_id = ?").bind(user_id).execute(&mut *db).await?;
    person(db, identity).await?.ok_or_else(|| Code::Unavailable.into())
}

async fn person(db: &mut MySqlConnection, identity: &Identity) -> Result<Option<Uuid>> {
    let person: Option<(Uuid,)> = sqlx::query_as("SELECT user_id FROM identities WHERE issuer = ? AND subject = ?")
        .bind(identity.issuer.as_bytes())
        .bind(identity.subject.as_bytes())
        .fetch_optional(db)
        .await?;
    Ok(person.map(|(user_id,)| user_id))
}

/// Ends this session.
#[utoipa::path(post, path = "/logout", responses((status = 204, description = "Done."), Problems))]
pub async fn logout(user: User, State(app): State<App>) -> Result<Response> {
    sqlx::query("DELETE FROM sessions WHERE user_id = ? AND id = ?")
        .bind(user.id)
        .bind(user.session_id)
        .execute(&app.db)
        .await?;
    let cookie = app.origin.set_cookie(session::COOKIE, "", Duration::ZERO);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

fn find<'a>(providers: &'a Providers, id: &str) -> Result<&'a Provider> {
    providers.iter().find(|provider| provider.id == id).ok_or_else(|| Code::NotFound.into())
}

fn provider_failed(provider: &Provider, error: &anyhow::Error) -> Code {
    tracing::warn!(provider = provider.id, error = format!("{error:#}"), "sign-in failed");
    Code::SignInFailed
}

/// A browser is sent to the page that says it in words; another client gets the problem.
fn refuse(headers: &HeaderMap, code: Code) -> Response {
    let is_browser = headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")));
    match is_browser {
        true => Redirect::to(&format!("/sign-in?problem={}", code.as_str())).into_response(),
        false => Error::from(code).into_response(),
    }
}

fn found(location: &str, cookie: String) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, location.to_owned()), (header::SET_COOKIE, cookie)]).into_response()
}

/// A path of ours, with nothing in it that a browser could read as another origin.
fn is_plain_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-');
    let ours = ["/api/", "/local/"].iter().all(|prefix| !path.starts_with(prefix));
    ours && path.starts_with('/') && path.len() <= 200 && !path.contains("//") && path.bytes().all(plain)
}

//! To a provider and back.

use crate::oauth::{Provider, Returned};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use common::{
    App, Code, Error, Json, Language, Path, Problems, Query, Result, Session, db,
    session::{self, hash, random_token},
};
use cookie::time::Duration;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{Providers, identities, rate_limit::Address};

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

#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Start {
    /// The path to come back to; anything but a plain path is `/`.
    pub return_to: Option<String>,
    /// The browser's IANA zone, for an account that is created.
    pub time_zone: Option<String>,
    /// `ko` or `en`, for an account that is created; else `Accept-Language` decides.
    pub locale: Option<String>,
}

/// Begins a sign-in: sends the browser to the provider.
#[utoipa::path(get, path = "/{provider}/start", params(("provider" = String, Path), Start),
    responses((status = 302, description = "On to the provider, or back into the app."), Problems))]
pub async fn start(
    State(app): State<App>,
    Extension(providers): Extension<Providers>,
    Path(provider): Path<String>,
    address: Address,
    headers: HeaderMap,
    Query(query): Query<Start>,
) -> Result<Response> {
    match begin(&app, find(&providers, &provider)?, &address, &headers, &query, None).await {
        Ok((location, cookie)) => Ok(found(&location, cookie)),
        Err(Error::Refused(code)) => Ok(refuse(&headers, code, None)),
        Err(error) => Err(error),
    }
}

/// Begins a sign-in, for a `session` that wants to link what comes of it. The answer is where the
/// browser goes, and the cookie that binds the sign-in to it.
pub async fn begin(
    app: &App,
    provider: &Provider,
    address: &Address,
    headers: &HeaderMap,
    query: &Start,
    session: Option<&Session>,
) -> Result<(String, String)> {
    let attempt = provider.begin(&app.origin).await?;
    // One binding a browser, so that two tabs can sign in at once.
    let binding = app.origin.cookie(headers, BINDING).filter(|binding| binding.len() == random_token().len());
    let binding = binding.unwrap_or_else(random_token);
    let time_zone: Option<Tz> = query.time_zone.as_deref().and_then(|name| name.parse().ok());
    let locale = query.locale.as_deref().filter(|locale| ["ko", "en"].contains(locale));
    let (state_hash, now) = (hash(&attempt.state), app.clock.now());
    let begun = sqlx::query(
        "INSERT INTO sign_in_attempts
             (state_hash, binding_hash, provider, nonce, verifier, return_to, time_zone, locale, user_id, session_id,
              address, expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(state_hash.as_slice())
    .bind(hash(&binding).as_slice())
    .bind(&provider.id)
    .bind(attempt.nonce.as_bytes())
    .bind(attempt.verifier.as_bytes())
    .bind(query.return_to.as_deref().filter(|path| is_plain_path(path)).unwrap_or("/"))
    .bind(time_zone.unwrap_or(Tz::UTC).name())
    .bind(locale.unwrap_or(Language::of(headers).tag()))
    .bind(session.map(|session| session.user.id))
    .bind(session.map(|session| session.id))
    .bind(address.bytes())
    .bind(now + ATTEMPT)
    .execute(&app.db)
    .await;
    if let Err(sqlx::Error::Database(error)) = &begun
        && error.is_foreign_key_violation()
    {
        // The account that links was deleted meanwhile.
        return Err(Code::SessionRequired.into());
    }
    begun?;
    address.make_room(app, &state_hash, now).await?;
    let cookie = app.origin.set_cookie(BINDING, &binding, Duration::seconds(ATTEMPT.num_seconds()));
    Ok((attempt.url.into(), cookie))
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
    /// Who wants to link what comes of it, and the session they asked from.
    user_id: Option<Uuid>,
    session_id: Option<Uuid>,
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
        Err(Error::Refused(code)) => return Ok(refuse(&headers, code, None)),
        Err(error) => return Err(error),
    };
    match complete(&app, provider, &headers, query, &begun, now).await {
        Ok(Some(cookie)) => Ok(found(&begun.return_to, cookie)),
        Ok(None) => Ok((StatusCode::FOUND, [(header::LOCATION, begun.return_to)]).into_response()),
        // Not to run again: the attempt is used up. A person can.
        Err(error) => {
            let code = match error {
                Error::Refused(code) => code,
                error => {
                    tracing::warn!(provider = provider.id, %error, "a sign-in could not be stored");
                    Code::SignInFailed
                }
            };
            Ok(refuse(&headers, code, begun.user_id.map(|_| begun.return_to.as_str())))
        }
    }
}

/// Asks the provider who came back, and lets them in: the answer is the cookie of a new session.
/// `None` where the identity was linked to the session there is.
async fn complete(
    app: &App,
    provider: &Provider,
    headers: &HeaderMap,
    query: Callback,
    begun: &Begun,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    let (code, state) = (query.code.as_deref().filter(|_| query.error.is_none()), query.state.as_deref());
    let (code, state) = code.zip(state).ok_or(Code::SignInRefused)?;
    let returned = Returned { code, state, iss: query.iss.as_deref(), nonce: &begun.nonce, verifier: &begun.verifier };
    let identity = provider.complete(&app.origin, returned, now).await?;
    if let (Some(user_id), Some(session_id)) = (begun.user_id, begun.session_id) {
        identities::add(app, headers, user_id, session_id, &identity, now).await?;
        return Ok(None);
    }
    let mut db = db::begin(app.db.acquire().await?).await?;
    let user_id = identities::find_or_create(&mut db, &identity, &begun.time_zone, &begun.locale, now).await?;
    // A new session at every sign-in: one that was planted in the browser before is not it.
    if let Some(old) = app.origin.cookie(headers, session::COOKIE) {
        sqlx::query("DELETE FROM sessions WHERE token_hash = ?").bind(hash(&old).as_slice()).execute(&mut *db).await?;
    }
    let cookie = session::open(&mut db, &app.origin, headers, user_id, now).await?;
    db.commit().await?;
    tracing::info!(provider = provider.id, %user_id, "signed in");
    Ok(Some(cookie))
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
        "SELECT CAST(nonce AS CHAR) AS nonce, CAST(verifier AS CHAR) AS verifier, return_to, time_zone, locale,
                user_id, session_id
         FROM sign_in_attempts WHERE state_hash = ?",
    );
    Ok(begun.bind(state.as_slice()).fetch_one(&app.db).await?)
}

pub fn find<'a>(providers: &'a Providers, id: &str) -> Result<&'a Provider> {
    providers.iter().find(|provider| provider.id == id).ok_or_else(|| Code::NotFound.into())
}

/// A browser is sent to the page that says it in words, which is that of sign-in unless somebody is
/// signed in; another client gets the problem.
fn refuse(headers: &HeaderMap, code: Code, page: Option<&str>) -> Response {
    let is_browser = headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")));
    match is_browser {
        true => {
            let page = format!("{}?problem={}", page.unwrap_or("/sign-in"), code.as_str());
            (StatusCode::FOUND, [(header::LOCATION, page)]).into_response()
        }
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

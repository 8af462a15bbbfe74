//! To a provider and back.

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use common::{
    App, Code, Error, Json, Path, Query, Result, db,
    session::{self, hash},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Auth,
    attempt::{Attempt, Redirect, Wish},
    browser::{Browser, Refusal, signed_in},
    identities,
    oauth::{AuthorizationResponse, Provider},
    outcome::{self, Outcome},
};

/// Where a browser reads what went wrong.
const PAGE: &str = "/sign-in";

#[derive(Serialize, ToSchema)]
pub struct ProviderList {
    providers: Vec<ProviderName>,
    /// Whether somebody is signed in in this browser, so that nobody is asked to sign in again.
    signed_in: bool,
}

#[derive(Serialize, ToSchema)]
pub struct ProviderName {
    id: String,
    name: String,
    /// Where people end their session at the provider, just after they have signed out here.
    sign_out_url: Option<String>,
}

/// Where people can sign in.
#[utoipa::path(
    get, path = "/providers", tag = "Sign-in", security(()),
    responses((status = 200, description = "The providers.", body = ProviderList)),
)]
pub async fn providers(
    State(app): State<App>,
    Extension(auth): Extension<Arc<Auth>>,
    browser: Browser,
) -> Json<ProviderList> {
    let left = browser.signed_out(&app).unwrap_or_default();
    let name = |provider: &Provider| ProviderName {
        id: provider.id.clone(),
        name: provider.name.clone(),
        sign_out_url: provider.sign_out_url().filter(|_| left.contains(&provider.id)).map(String::from),
    };
    let providers = auth.providers.iter().map(name).collect();
    Json(ProviderList { providers, signed_in: browser.has_session(&app).await })
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
#[utoipa::path(
    get, path = "/{provider}/start", tag = "Sign-in", security(()),
    params(("provider" = String, Path, description = "The provider's id."), Start),
    responses((status = 302, description = "To the provider; or to the app's page that tells why not.")),
    extensions(("x-problems" = json!([Code::TooManyAttempts, Code::SignInFailed, Code::NotMigrated]))),
)]
pub async fn start(
    State(app): State<App>,
    Extension(auth): Extension<Arc<Auth>>,
    Path(provider): Path<String>,
    browser: Browser,
    start: Result<Query<Start>>,
) -> Result<Response, Refusal> {
    let Query(start) = start.map_err(browser.refused_on(PAGE))?;
    let provider = auth.provider(&provider).map_err(browser.refused_on(PAGE))?;
    let wish = Wish {
        return_to: start.return_to.as_deref(),
        time_zone: start.time_zone.as_deref(),
        locale: start.locale.as_deref(),
        link: None,
    };
    let begun = Attempt::begin(&app, provider, &browser, wish).await;
    if let Err(error) = &begun {
        outcome::count_failure(&app, provider, error).await;
    }
    let Redirect { location, cookie } = begun.map_err(browser.refused_on(PAGE))?;
    Ok(found(&location, vec![cookie]))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Callback {
    /// What the provider exchanges for who it was (RFC 6749, section 4.1.2).
    code: Option<String>,
    /// What the sign-in was begun with.
    state: Option<String>,
    /// The issuer (RFC 9207).
    iss: Option<String>,
    /// Why the provider let nobody in (RFC 6749, section 4.1.2.1).
    error: Option<String>,
    /// The same in words, for the log.
    error_description: Option<String>,
}

/// Completes a sign-in: the provider sends the browser here.
#[utoipa::path(
    get, path = "/{provider}/callback", tag = "Sign-in", security(()),
    params(("provider" = String, Path, description = "The provider's id."), Callback),
    responses((status = 302, description = "Into the app, signed in; or to the page that tells why not.")),
    extensions(("x-problems" = json!([
        Code::SignInExpired, Code::SignInRefused, Code::SignInFailed, Code::SessionRequired, Code::IdentityTaken,
        Code::NotMigrated,
    ]))),
)]
pub async fn callback(
    State(app): State<App>,
    Extension(auth): Extension<Arc<Auth>>,
    Path(provider): Path<String>,
    browser: Browser,
    callback: Result<Query<Callback>>,
) -> Result<Response, Refusal> {
    let Query(callback) = callback.map_err(browser.refused_on(PAGE))?;
    // It may have been taken out of the settings meanwhile.
    let provider = auth.provider(&provider).map_err(browser.refused_on(PAGE))?;
    // Some say what went wrong without the state (RFC 6749, section 4.1.2.1 wants it): nothing is used up by that.
    if let (None, Some(error)) = (&callback.state, &callback.error)
        && Attempt::is_begun(&app, &browser)
    {
        return Err(refused(&app, provider, &browser, (error, callback.error_description.as_deref()), PAGE));
    }
    let now = app.clock.now();
    let attempt = Attempt::consume(&app, provider, &browser, callback.state.as_deref(), now).await;
    let attempt = match attempt {
        // Nothing is wrong for who has come in already, and reloads or goes back.
        Err(Error::Refused(Code::SignInExpired)) if browser.wants_a_page() && browser.has_session(&app).await => {
            let again = Attempt::again(&app, &browser, callback.state.as_deref()).await?;
            if again.lacks_link {
                return Err(browser.refused_on(&again.return_to)(Code::SignInExpired.into()));
            }
            return Ok(found(&again.return_to, Vec::new()));
        }
        attempt => attempt.map_err(browser.refused_on(PAGE))?,
    };
    let page = attempt.link().map_or(PAGE, |_| &attempt.return_to);
    if let Some(error) = &callback.error {
        let refusal = refused(&app, provider, &browser, (error, callback.error_description.as_deref()), page);
        outcome::count(&app, provider, Outcome::of(refusal.error())).await;
        return Err(refusal);
    }
    // The attempt is used up: the request must not run again, but the person can.
    let completed = complete(&app, provider, &browser, &callback, &attempt, now).await.map_err(|error| match error {
        Error::Refused(code) => Error::Refused(code),
        error => {
            tracing::warn!(provider = provider.id, %error, "a sign-in could not be stored");
            Code::SignInFailed.into()
        }
    });
    outcome::count(&app, provider, completed.as_ref().map_or_else(Outcome::of, |_| Outcome::Completed)).await;
    let cookies = completed.map_err(browser.refused_on(page))?;
    Ok(found(&attempt.return_to, cookies))
}

/// What a person reads on `page` where the provider sent them back with an error and its description. One that is not
/// their own decision may mean that the provider can't show who is signed in there: it is not asked to the next time.
fn refused(
    app: &App,
    provider: &Provider,
    browser: &Browser,
    (error, description): (&str, Option<&str>),
    page: &str,
) -> Refusal {
    let code = provider.refused(error, description);
    let asked = browser.signed_out(app).filter(|_| code == Code::SignInFailed);
    browser.refused_on(page)(code.into()).with_cookie(asked.map(|_| signed_in(app)))
}

/// Asks the provider who came back, and lets them in: the answer is the cookies of a new session; none where the
/// identity was linked to the session there is.
async fn complete(
    app: &App,
    provider: &Provider,
    browser: &Browser,
    callback: &Callback,
    attempt: &Attempt,
    now: DateTime<Utc>,
) -> Result<Vec<String>> {
    let (code, state) = callback.code.as_deref().zip(callback.state.as_deref()).ok_or(Code::SignInFailed)?;
    let response = AuthorizationResponse {
        code,
        state,
        iss: callback.iss.as_deref(),
        nonce: &attempt.nonce,
        verifier: &attempt.verifier,
    };
    let identity = provider.complete(&app.origin, response, now).await?;
    let old = browser.cookie(app, session::COOKIE);
    if let Some((user_id, session_id)) = attempt.link() {
        let token = old.ok_or(Code::SessionRequired)?;
        identities::add(app, (user_id, session_id, &token), &identity, now).await?;
        return Ok(Vec::new());
    }
    let mut db = db::begin(app.db.acquire().await?).await?;
    let user_id = identities::find_or_create(&mut db, &identity, &attempt.time_zone, &attempt.locale, now).await?;
    // A new session at every sign-in: one that was planted in the browser before is not it.
    if let Some(old) = old {
        let old = hash(&old);
        sqlx::query!("DELETE FROM sessions WHERE token_hash = ?", old.as_slice()).execute(&mut *db).await?;
    }
    let cookie = session::open(&mut db, &app.origin, browser.headers(), user_id, now).await?;
    db.commit().await?;
    tracing::info!(provider = provider.id, %user_id, "signed in");
    let mut cookies = vec![cookie];
    cookies.extend(browser.signed_out(app).map(|_| signed_in(app)));
    Ok(cookies)
}

fn found(location: &str, cookies: Vec<String>) -> Response {
    let cookies = AppendHeaders(cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie)));
    (StatusCode::FOUND, [(header::LOCATION, location)], cookies).into_response()
}

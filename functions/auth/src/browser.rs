//! The browser that signs in: what is known of it, and how it is told what went wrong.

use std::sync::Arc;

use axum::{
    Extension,
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{AppendHeaders, IntoResponse, Response},
};
use common::{App, Code, Error, Language, Result, Session};
use cookie::time::Duration;

use crate::{Auth, rate_limit::Address};

/// Remembers in a browser from which providers somebody has signed out: else the next click signs the same person in.
const SIGNED_OUT: &str = "signed_out";
/// How long that is remembered.
const MEMORY: Duration = Duration::days(30);

pub struct Browser {
    parts: Parts,
    pub address: Address,
}

impl FromRequestParts<App> for Browser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let auth = Extension::<Arc<Auth>>::from_request_parts(parts, app).await;
        let Extension(auth) = auth.map_err(|missing| Error::Internal(missing.into()))?;
        Ok(Self { parts: parts.clone(), address: Address::of(parts, auth.trust_edge) })
    }
}

impl Browser {
    pub fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    pub fn cookie(&self, app: &App, name: &str) -> Option<String> {
        app.origin.cookie(self.headers(), name)
    }

    pub fn language(&self) -> Language {
        Language::of(self.headers())
    }

    /// Whether somebody is signed in here.
    pub async fn has_session(&self, app: &App) -> bool {
        Session::from_request_parts(&mut self.parts.clone(), app).await.is_ok()
    }

    /// The ids of the providers of whom signed out last; none once somebody has signed in again.
    pub fn signed_out(&self, app: &App) -> Option<Vec<String>> {
        Some(self.cookie(app, SIGNED_OUT)?.split('.').map(str::to_owned).collect())
    }

    /// Whether this is a person who waits for a page, and not a script.
    pub fn wants_a_page(&self) -> bool {
        let mut accepts = self.headers().get_all(header::ACCEPT).iter();
        accepts.any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")))
    }

    /// Turns an error into one that people read on `page`. A client that wants no page gets the problem.
    pub fn refused_on(&self, page: &str) -> impl Fn(Error) -> Refusal {
        let page = self.wants_a_page().then(|| page.to_owned());
        move |error| Refusal { error, page: page.clone(), cookie: None }
    }
}

/// The cookie that remembers a signing out from `providers`.
pub fn signed_out(app: &App, providers: &[&str]) -> String {
    app.origin.set_cookie(SIGNED_OUT, &providers.join("."), MEMORY)
}

/// The cookie that forgets it.
pub fn signed_in(app: &App) -> String {
    app.origin.set_cookie(SIGNED_OUT, "", Duration::ZERO)
}

/// An error of a sign-in, on its way to a browser.
pub struct Refusal {
    error: Error,
    /// The page of the app that says in words what went wrong.
    page: Option<String>,
    cookie: Option<String>,
}

impl Refusal {
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// Sets this cookie too.
    pub fn with_cookie(self, cookie: Option<String>) -> Self {
        Self { cookie, ..self }
    }
}

/// Every client gets the problem.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { error, page: None, cookie: None }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let cookie = AppendHeaders(self.cookie.map(|cookie| (header::SET_COOKIE, cookie)));
        let code = match &self.error {
            Error::Refused(code) => Some(*code),
            // No person has written the query.
            Error::Faults(_) => Some(Code::SignInFailed),
            _ => None,
        };
        match self.page.zip(code) {
            Some((page, code)) => {
                let location = format!("{page}?problem={}", code.as_str());
                (StatusCode::FOUND, [(header::LOCATION, location)], cookie).into_response()
            }
            None => (cookie, self.error).into_response(),
        }
    }
}

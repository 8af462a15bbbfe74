//! The browser that signs in: what is known of it, and how it is told what went wrong.

use std::sync::Arc;

use axum::{
    Extension,
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use common::{App, Error, Language, Result};

use crate::{Auth, rate_limit::Address};

pub struct Browser {
    pub headers: HeaderMap,
    pub address: Address,
}

impl FromRequestParts<App> for Browser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let auth = Extension::<Arc<Auth>>::from_request_parts(parts, app).await;
        let Extension(auth) = auth.map_err(|missing| Error::Internal(missing.into()))?;
        Ok(Self { headers: parts.headers.clone(), address: Address::of(parts, auth.trust_edge) })
    }
}

impl Browser {
    pub fn cookie(&self, app: &App, name: &str) -> Option<String> {
        app.origin.cookie(&self.headers, name)
    }

    pub fn language(&self) -> Language {
        Language::of(&self.headers)
    }

    /// Turns an error into one that people read on `page`. A client that asks for no page gets the problem.
    pub fn refused_on(&self, page: &str) -> impl Fn(Error) -> Refusal {
        let accepts = self.headers.get_all(header::ACCEPT).iter();
        let is_browser =
            accepts.into_iter().any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")));
        let page = is_browser.then(|| page.to_owned());
        move |error| Refusal { error, page: page.clone() }
    }
}

/// An error of a sign-in, on its way to a browser.
pub struct Refusal {
    error: Error,
    /// The page of the app that says in words what went wrong.
    page: Option<String>,
}

/// Every client gets the problem.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { error, page: None }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match (self.error, self.page) {
            (Error::Refused(code), Some(page)) => {
                (StatusCode::FOUND, [(header::LOCATION, format!("{page}?problem={}", code.as_str()))]).into_response()
            }
            (error, _) => error.into_response(),
        }
    }
}

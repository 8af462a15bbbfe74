//! Protection from cross-site request forgery (CSRF).

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};

use super::token::bearer;
use crate::{Code, Origin, Result};

/// Refuses what another site makes a browser send: POST, PUT, PATCH and DELETE of the API with a cookie need
/// `Sec-Fetch-Site: same-origin`, or, from browsers without it, `Origin: PUBLIC_ORIGIN`. `Host` says nothing,
/// since proxies rewrite it.
pub(crate) async fn refuse_foreign(State(origin): State<Origin>, request: Request, next: Next) -> Result<Response> {
    let is_unsafe = !request.method().is_safe() && request.uri().path().starts_with("/api/");
    if is_unsafe && uses_cookie(request.headers()) && !is_same_origin(request.headers(), &origin) {
        return Err(Code::OriginForeign.into());
    }
    Ok(next.run(request).await)
}

/// Whether cookies say who asks. No page can send a token of a person's with a request of its own.
fn uses_cookie(headers: &HeaderMap) -> bool {
    headers.contains_key(header::COOKIE) && bearer(headers).is_none()
}

/// Whether a page of ours sent this, as its browser says.
fn is_same_origin(headers: &HeaderMap, origin: &Origin) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => headers.get(header::ORIGIN).is_some_and(|sent| sent.as_bytes() == origin.text().as_bytes()),
    }
}

/// Whether a browser says that a page of another site sent this. A client that is no browser says nothing.
pub fn is_foreign(headers: &HeaderMap, origin: &Origin) -> bool {
    let says = headers.contains_key("sec-fetch-site") || headers.contains_key(header::ORIGIN);
    says && !is_same_origin(headers, origin)
}

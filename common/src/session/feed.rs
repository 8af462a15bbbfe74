//! Who reads a calendar by its address.

use axum::{extract::FromRequestParts, http::request::Parts};
use url::form_urlencoded;

use super::{Connected, Scope, User, note_use, store::with_token};
use crate::{App, Code, Error, Result};

/// Whose calendar is asked for, by the `key` of the query: programs that show calendars send no header of ours, and no
/// cookie. The key is a token of the scope [`Scope::Feed`]; nothing else in the request plays a part.
pub struct FeedReader(pub Connected);

impl FromRequestParts<App> for FeedReader {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let mut query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let (_, key) = query.find(|(name, _)| name == "key").ok_or(Code::FeedKeyUnknown)?;
        let mut db = app.db.acquire().await?;
        let user = with_token(&mut db, &key).await?;
        let opens = |user: &User| user.key.scope == Some(Scope::Feed) && user.deleted_at.is_none();
        let user = user.filter(opens).ok_or(Code::FeedKeyUnknown)?;
        note_use(app, &user, app.clock.now());
        Ok(Self(Connected { user, db }.admit(parts, app).await?))
    }
}

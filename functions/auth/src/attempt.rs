//! A sign-in on its way: a row that one browser begins, and that its callback consumes once.

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    App, Code, Result, Session,
    diary::zone::Zone,
    session::{hash, random_token},
};
use cookie::time::Duration;
use uuid::Uuid;

use crate::{
    Browser,
    oauth::{Ask, Provider},
};

/// How long a sign-in may take.
const LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// The cookie that binds a sign-in to the browser that began it, so that nobody can complete it in another one.
const BINDING: &str = "sign_in";

/// What a sign-in is begun for.
#[derive(Default)]
pub struct Wish<'a> {
    /// The path to come back to; anything but a plain path is `/`.
    pub return_to: Option<&'a str>,
    /// For an account that is created: an IANA zone; else UTC.
    pub time_zone: Option<&'a str>,
    /// For an account that is created: `ko` or `en`; else the browser's language.
    pub locale: Option<&'a str>,
    /// The session that wants to link the identity; `None` opens a new session.
    pub link: Option<&'a Session>,
}

/// Where a browser goes to sign in, and the cookie that binds the sign-in to it.
pub struct Redirect {
    pub location: String,
    pub cookie: String,
}

/// A sign-in whose callback came.
pub struct Attempt {
    pub nonce: String,
    pub verifier: String,
    pub return_to: String,
    pub time_zone: String,
    pub locale: String,
    user_id: Option<Uuid>,
    session_id: Option<Uuid>,
}

/// What became of a sign-in before its callback came once more.
pub struct Again {
    pub return_to: String,
    /// Whether it was to link an identity, and has not.
    pub lacks_link: bool,
}

impl Attempt {
    /// Stores a new sign-in at `provider`. `sign-in-failed` where the provider does not answer as it should,
    /// `too-many-attempts` where the browser's address has begun too many.
    pub async fn begin(app: &App, provider: &Provider, browser: &Browser, wish: Wish<'_>) -> Result<Redirect> {
        let locale = wish.locale.filter(|locale| ["ko", "en"].contains(locale));
        let ask = Ask { locale, choose_account: browser.signed_out(app).is_some() };
        let request = provider.begin(&app.origin, ask).await?;
        // One binding for all tabs of a browser, so that two of them can sign in at once.
        let binding = browser.cookie(app, BINDING).filter(|binding| binding.len() == random_token().len());
        let binding = binding.unwrap_or_else(random_token);
        let time_zone = wish.time_zone.and_then(Zone::named).unwrap_or(Zone::UTC);
        let (state_hash, binding_hash, now) = (hash(&request.state), hash(&binding), app.clock.now());
        let inserted = sqlx::query!(
            "INSERT INTO sign_in_attempts
                 (state_hash, binding_hash, provider, nonce, verifier, return_to, time_zone, locale, user_id, session_id,
                  address, expires_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            state_hash.as_slice(),
            binding_hash.as_slice(),
            provider.id,
            request.nonce.as_bytes(),
            request.verifier.as_bytes(),
            wish.return_to.filter(|path| is_plain_path(path)).unwrap_or("/"),
            time_zone.name(),
            locale.unwrap_or(browser.language().tag()),
            wish.link.map(|session| session.user.id),
            wish.link.map(|session| session.id),
            browser.address.bytes(),
            now + LIFETIME
        );
        let inserted = inserted.execute(&app.db).await;
        if let Err(sqlx::Error::Database(error)) = &inserted
            && error.is_foreign_key_violation()
        {
            // The account that links was deleted meanwhile.
            return Err(Code::SessionRequired.into());
        }
        inserted?;
        browser.address.refuse_if_too_many(app, &state_hash, now).await?;
        let cookie = app.origin.set_cookie(BINDING, &binding, Duration::seconds(LIFETIME.num_seconds()));
        Ok(Redirect { location: request.url.into(), cookie })
    }

    /// Whether this browser has begun a sign-in a short time ago.
    pub fn is_begun(app: &App, browser: &Browser) -> bool {
        browser.cookie(app, BINDING).is_some()
    }

    /// Takes the sign-in that `state` belongs to: it must have been begun in this browser, and no other callback
    /// can have it too, since one UPDATE takes it. `sign-in-expired` where there is none.
    pub async fn consume(
        app: &App,
        provider: &Provider,
        browser: &Browser,
        state: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let state = hash(state.ok_or(Code::SignInExpired)?);
        let binding = hash(&browser.cookie(app, BINDING).ok_or(Code::SignInExpired)?);
        let consumed = sqlx::query!(
            "UPDATE sign_in_attempts SET consumed_at = ?
             WHERE state_hash = ? AND binding_hash = ? AND provider = ? AND consumed_at IS NULL AND expires_at > ?",
            now,
            state.as_slice(),
            binding.as_slice(),
            provider.id,
            now
        );
        // One connection for both: another one may lead to a server that has not heard of the UPDATE yet.
        let mut db = app.db.acquire().await?;
        if consumed.execute(&mut *db).await?.rows_affected() == 0 {
            return Err(Code::SignInExpired.into());
        }
        let attempt = sqlx::query_as!(
            Self,
            r#"SELECT CAST(nonce AS CHAR) AS "nonce!", CAST(verifier AS CHAR) AS "verifier!", return_to, time_zone, locale,
                      user_id AS "user_id: Uuid", session_id AS "session_id: Uuid"
               FROM sign_in_attempts WHERE state_hash = ?"#,
            state.as_slice()
        );
        Ok(attempt.fetch_one(&mut *db).await?)
    }

    /// Where a callback leads that completes nothing, in a browser where somebody is signed in: reloaded, say.
    pub async fn again(app: &App, browser: &Browser, state: Option<&str>) -> Result<Again> {
        let nowhere = || Again { return_to: "/".to_owned(), lacks_link: false };
        let (Some(state), Some(binding)) = (state, browser.cookie(app, BINDING)) else { return Ok(nowhere()) };
        let (state_hash, binding_hash) = (hash(state), hash(&binding));
        let again = sqlx::query_as!(
            Again,
            r#"SELECT return_to, user_id IS NOT NULL AND consumed_at IS NULL AS "lacks_link!: bool"
               FROM sign_in_attempts WHERE state_hash = ? AND binding_hash = ?"#,
            state_hash.as_slice(),
            binding_hash.as_slice()
        );
        Ok(again.fetch_optional(&app.db).await?.unwrap_or_else(nowhere))
    }

    /// The user and the session that want to link the identity, if this is no sign-in of its own.
    pub fn link(&self) -> Option<(Uuid, Uuid)> {
        self.user_id.zip(self.session_id)
    }
}

/// Whether `path` is one of ours, with nothing in it that a browser could read as another origin.
fn is_plain_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-');
    let ours = ["/api/", "/local/"].iter().all(|prefix| !path.starts_with(prefix));
    ours && path.starts_with('/') && path.len() <= 200 && !path.contains("//") && path.bytes().all(plain)
}

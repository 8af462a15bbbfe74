//! Who is asking. A handler that takes a [`User`] requires a session.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use cookie::time::Duration;
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::{FromRow, MySqlConnection, MySqlPool};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    App, Code, Error, Origin, Result,
    day::{self, HourMinute},
};

/// The name of the session's cookie, before the prefix of its scheme.
pub const COOKIE: &str = "session";
/// A session ends this long after its last use.
pub const IDLE: TimeDelta = TimeDelta::days(30);
/// A session ends this long after its start, however much it is used.
pub const ABSOLUTE: TimeDelta = TimeDelta::days(180);
/// How often the last use is written.
const TOUCHED: TimeDelta = TimeDelta::hours(1);

macro_rules! select_users {
    ($where:literal) => {
        concat!(
            "SELECT users.user_id AS id, sessions.id AS session_id, display_name, email, locale, time_zone, day_start,
                    users.created_at, last_used_at
             FROM sessions JOIN users ON users.user_id = sessions.user_id ",
            $where
        )
    };
}

/// The person whose session the request carries.
#[derive(Clone, FromRow)]
pub struct User {
    pub id: Uuid,
    pub session_id: Uuid,
    pub display_name: String,
    pub email: Option<String>,
    pub locale: String,
    time_zone: String,
    pub day_start: NaiveTime,
    pub created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
}

impl User {
    /// The person's zone. Names are checked when they are written; one that a later zone database
    /// no longer has counts as UTC.
    pub fn time_zone(&self) -> Tz {
        self.time_zone.parse().unwrap_or(Tz::UTC)
    }

    /// The person as they are now, in a transaction.
    pub async fn read_again(&self, db: &mut MySqlConnection) -> Result<Self> {
        let user = sqlx::query_as(select_users!("WHERE sessions.user_id = ? AND sessions.id = ?"));
        let user = user.bind(self.id).bind(self.session_id).fetch_optional(db).await?;
        user.ok_or_else(|| Code::SessionRequired.into())
    }

    /// The label of the person's day at `now`.
    pub fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        day::today(now, self.time_zone(), self.day_start)
    }
}

/// The account of a person, as it is answered.
#[derive(Serialize, ToSchema)]
pub struct Me {
    pub id: Uuid,
    pub display_name: String,
    pub email: Option<String>,
    #[schema(examples("ko"))]
    pub locale: String,
    /// The IANA zone whose wall clock the days go by.
    #[schema(examples("Asia/Seoul"))]
    pub time_zone: String,
    /// When the person's day begins, 00:00 to 12:00.
    pub day_start: HourMinute,
    pub created_at: DateTime<Utc>,
}

impl From<User> for Me {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            time_zone: user.time_zone().name().to_owned(),
            display_name: user.display_name,
            email: user.email,
            locale: user.locale,
            day_start: HourMinute(user.day_start),
            created_at: user.created_at,
        }
    }
}

impl FromRequestParts<App> for User {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        // A request with a token of its own has nothing to do with the browser's cookies.
        let token = match parts.headers.contains_key(header::AUTHORIZATION) {
            true => None,
            false => app.origin.cookie(&parts.headers, COOKIE),
        };
        let token = token.ok_or(Code::SessionRequired)?;
        let now = app.clock.now();
        let user: Option<Self> =
            sqlx::query_as(select_users!("WHERE token_hash = ? AND last_used_at > ? AND sessions.created_at > ?"))
                .bind(hash(&token).as_slice())
                .bind(now - IDLE)
                .bind(now - ABSOLUTE)
                .fetch_optional(&app.db)
                .await?;
        let user = user.ok_or(Code::SessionRequired)?;
        if let Some(account) = parts.headers.get("hanip-account")
            && account.as_bytes() != user.id.to_string().as_bytes()
        {
            return Err(Code::OtherAccount.into());
        }
        if now - user.last_used_at > TOUCHED {
            app.tasks.spawn(touch(app.db.clone(), user.clone(), now));
        }
        Ok(user)
    }
}

/// Writes the last use, after the answer and never in its way.
async fn touch(db: MySqlPool, user: User, now: DateTime<Utc>) {
    let update = sqlx::query("UPDATE sessions SET last_used_at = ? WHERE user_id = ? AND id = ?");
    if let Err(error) = update.bind(now).bind(user.id).bind(user.session_id).execute(&db).await {
        tracing::warn!(%error, "the last use of a session was not written");
    }
}

/// Opens a session for `user_id`; the answer is its `Set-Cookie`. Only a hash of the token is kept.
pub async fn open(db: &mut MySqlConnection, origin: &Origin, user_id: Uuid, now: DateTime<Utc>) -> Result<String> {
    let token = random_token();
    sqlx::query("INSERT INTO sessions (user_id, id, token_hash, created_at, last_used_at) VALUES (?, ?, ?, ?, ?)")
        .bind(user_id)
        .bind(Uuid::now_v7())
        .bind(hash(&token).as_slice())
        .bind(now)
        .bind(now)
        .execute(db)
        .await?;
    Ok(origin.set_cookie(COOKIE, &token, Duration::seconds(ABSOLUTE.num_seconds())))
}

/// A secret of 256 bits that no one can guess, as text for a cookie or a URL.
pub fn random_token() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// The hash under which a token is stored.
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

//! Who is asking. A handler that takes a [`User`] requires a session or a token, one that takes a
//! [`Session`] a session: what opens the account itself is not for scripts.

pub(crate) mod csrf;
mod feed;
mod store;
mod token;
mod turn;

use std::time::Duration;

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, MySql, pool::PoolConnection};
use strum::{EnumString, IntoStaticStr, VariantNames};
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) use self::turn::keep_turn;
pub use self::{
    csrf::is_foreign,
    feed::FeedReader,
    store::open,
    token::{hash, random_token},
};
use self::{
    store::{touch, with_session, with_token},
    token::bearer,
    turn::take_turn,
};
use crate::{
    App, Code, Error, Result,
    db::{self, Results, Select},
    diary::{
        day::{self, HourMinute},
        zone::Zone,
    },
    http::{buffer::RequestBody, room::BUFFERED_BODY},
};

/// The name of the session's cookie, before the prefix of its scheme.
pub const COOKIE: &str = "session";
/// A session ends this long after its last use.
pub const IDLE: TimeDelta = TimeDelta::days(30);
/// A session ends this long after its start, however much it is used.
pub const ABSOLUTE: TimeDelta = TimeDelta::days(180);
/// How many sessions a person can have: the one used longest ago makes room.
const MOST_SESSIONS: u32 = 20;
/// How often the last use is written.
const TOUCHED: TimeDelta = TimeDelta::hours(1);
/// How long a body that has not arrived waits, where many others of its sender have not either.
const ARRIVAL_PATIENCE: Duration = Duration::from_secs(1);

/// The person whose session or token the request carries.
#[derive(Clone, FromRow)]
pub struct User {
    pub id: Uuid,
    pub locale: String,
    time_zone: String,
    pub day_start: NaiveTime,
    pub created_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
    #[sqlx(flatten)]
    key: Key,
}

/// What a person came in with: a session, or a token, which has a scope.
#[derive(Clone, FromRow)]
#[sqlx(default)]
struct Key {
    key_id: Uuid,
    scope: Option<Scope>,
    last_used_at: Option<DateTime<Utc>>,
}

impl Default for Key {
    fn default() -> Self {
        Self { key_id: Uuid::nil(), scope: None, last_used_at: None }
    }
}

/// What a token is good for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoStaticStr, EnumString, VariantNames,
)]
#[serde(rename_all = "snake_case", try_from = "String")]
#[strum(serialize_all = "snake_case")]
pub enum Scope {
    /// It changes nothing.
    Read,
    /// It reads and changes foods, reviews, days off and settings.
    Write,
    /// It is a part of an address, that of a calendar, and opens nothing else.
    Feed,
}

impl User {
    /// The person's zone.
    pub fn time_zone(&self) -> Zone {
        Zone::stored(&self.time_zone)
    }

    /// The label of the person's day at `now`.
    pub fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        day::today(now, &self.time_zone(), self.day_start)
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

/// SELECT: the account of a person who is signed in. Their name and address are no part of [`User`]: functions that
/// do not show them have no right to read them.
pub struct Account(pub User);

impl Select for Account {
    type Rows = Me;

    fn sql(&self) -> String {
        format!("SELECT display_name, email FROM users WHERE user_id = {}", db::id(self.0.id))
    }

    fn rows(&self, results: &mut Results) -> Result<Me> {
        let user = &self.0;
        let (display_name, email) = results.take()?.pop().ok_or(Code::SessionRequired)?;
        Ok(Me {
            id: user.id,
            display_name,
            email,
            locale: user.locale.clone(),
            time_zone: user.time_zone().name().to_owned(),
            day_start: HourMinute(user.day_start),
            created_at: user.created_at,
        })
    }
}

impl FromRequestParts<App> for User {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        Ok(Connected::from_request_parts(parts, app).await?.user)
    }
}

/// Who is asking, and the connection that they were read over, for a handler that goes on to the
/// database at once: to hand it back and take another costs as much as a read. A request takes
/// no second one: once the pool is empty, it would wait for itself (deadlock).
pub struct Connected {
    pub user: User,
    pub db: PoolConnection<MySql>,
}

impl FromRequestParts<App> for Connected {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let connected = identify(parts, app).await?;
        if connected.user.deleted_at.is_some() {
            return Err(Code::SessionRequired.into());
        }
        connected.admit(parts, app).await
    }
}

/// Who is asking, though they have deleted their account. Nothing of the body is read yet.
async fn identify(parts: &Parts, app: &App) -> Result<Connected> {
    let now = app.clock.now();
    // A request with a token of its own has nothing to do with the browser's cookies.
    let by_token = parts.headers.contains_key(header::AUTHORIZATION);
    let secret = match by_token {
        true => bearer(&parts.headers).map(str::to_owned),
        false => app.origin.cookie(&parts.headers, COOKIE),
    };
    let refused = if by_token { Code::TokenUnknown } else { Code::SessionRequired };
    let secret = secret.ok_or(refused)?;
    let mut db = app.db.acquire().await?;
    let user = match by_token {
        true => with_token(&mut db, &secret).await?.filter(|user| user.key.scope != Some(Scope::Feed)),
        false => with_session(&mut db, &secret, now).await?,
    };
    let user = user.ok_or(refused)?;
    if let Some(account) = parts.headers.get("hanip-account")
        && account.as_bytes() != user.id.to_string().as_bytes()
    {
        return Err(Code::OtherAccount.into());
    }
    if user.key.scope == Some(Scope::Read) && !parts.method.is_safe() {
        return Err(Code::TokenReadOnly.into());
    }
    note_use(app, &user, now);
    Ok(Connected { user, db })
}

/// Writes at most hourly, and after the answer, that a session or a token was used.
fn note_use(app: &App, user: &User, now: DateTime<Utc>) {
    if user.key.last_used_at.is_none_or(|last| now - last > TOUCHED) {
        app.tasks.spawn(touch(app.db.clone(), user.clone(), now));
    }
}

impl Connected {
    /// Receives what they send, then takes a turn of theirs.
    async fn admit(self, parts: &Parts, app: &App) -> Result<Self> {
        let Self { user, db } = self;
        let db = receive_body(parts, app, &user, db).await?;
        let db = take_turn(parts, app, &user, db).await?;
        Ok(Self { user, db })
    }
}

/// Reads the body of the request, but of a route that takes large ones and reads them itself. While its sender is waited
/// for, the connection is free for others.
async fn receive_body(
    parts: &Parts,
    app: &App,
    user: &User,
    db: PoolConnection<MySql>,
) -> Result<PoolConnection<MySql>> {
    let (body, limit) = RequestBody::of(&parts.extensions)?;
    body.set_owner(user.id);
    if limit > BUFFERED_BODY {
        return Ok(db);
    }
    if let Some(arrived) = body.whole(limit).now_or_never() {
        return arrived.map(|_| db);
    }
    drop(db);
    let arriving = app.arrivals.take(user.id, ARRIVAL_PATIENCE).await?;
    body.whole(limit).await?;
    drop(arriving);
    Ok(app.db.acquire().await?)
}

/// The session of the person at a browser. A token is refused.
pub struct Session {
    pub id: Uuid,
    pub user: User,
}

impl FromRequestParts<App> for Session {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        Self::of(User::from_request_parts(parts, app).await?)
    }
}

impl Session {
    fn of(user: User) -> Result<Self> {
        if user.key.scope.is_some() {
            return Err(Code::TokenRefused.into());
        }
        Ok(Self { id: user.key.key_id, user })
    }
}

/// The session of a person who deletes their account, or goes on deleting it: it opens nothing else any more.
pub struct Leaving {
    pub session: Session,
    /// Whether the account is marked as deleted already.
    pub is_marked: bool,
}

impl FromRequestParts<App> for Leaving {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let user = identify(parts, app).await?.admit(parts, app).await?.user;
        Ok(Self { is_marked: user.deleted_at.is_some(), session: Session::of(user)? })
    }
}

//! The rows of sessions, and of the tokens for scripts.

use axum::http::{HeaderMap, header};
use chrono::{DateTime, Utc};
use cookie::time::Duration;
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{ABSOLUTE, COOKIE, IDLE, MOST_SESSIONS, TOUCHED, User, hash, random_token};
use crate::{Code, Origin, Result, db::Pool};

/// A SELECT of [`User`]s, with what follows its columns. `query_as!` would check it when it is compiled, and can't read
/// the [`Key`](super::Key) that is a struct of its own.
macro_rules! select_users {
    ($rest:literal) => {
        concat!(
            "SELECT users.user_id AS id, locale, time_zone, day_start, users.created_at AS created_at, deleted_at ",
            $rest
        )
    };
}

impl User {
    /// The person as they are now, in a transaction.
    pub async fn read_again(&self, db: &mut MySqlConnection) -> Result<Self> {
        let user: Option<Self> =
            sqlx::query_as(select_users!("FROM users WHERE user_id = ?")).bind(self.id).fetch_optional(db).await?;
        Ok(Self { key: self.key.clone(), ..user.ok_or(Code::SessionRequired)? })
    }
}

pub(super) async fn with_session(db: &mut MySqlConnection, token: &str, now: DateTime<Utc>) -> Result<Option<User>> {
    let user = sqlx::query_as(select_users!(
        ", sessions.id AS key_id, last_used_at FROM sessions JOIN users ON users.user_id = sessions.user_id
         WHERE token_hash = ? AND last_used_at > ? AND sessions.created_at > ?"
    ));
    let user = user.bind(hash(token).to_vec()).bind(now - IDLE).bind(now - ABSOLUTE);
    Ok(user.fetch_optional(db).await?)
}

pub(super) async fn with_token(db: &mut MySqlConnection, token: &str) -> Result<Option<User>> {
    let user = sqlx::query_as(select_users!(
        ", api_tokens.id AS key_id, scope, last_used_at
         FROM api_tokens JOIN users ON users.user_id = api_tokens.user_id WHERE token_hash = ?"
    ));
    Ok(user.bind(hash(token).to_vec()).fetch_optional(db).await?)
}

/// Writes the last use, after the answer and never in its way: who holds the row is not waited for.
pub(super) async fn touch(db: Pool, user: User, now: DateTime<Utc>) {
    let update = match user.key.scope {
        None => sqlx::query!(
            "SET STATEMENT innodb_lock_wait_timeout = 0 FOR
             UPDATE sessions SET last_used_at = ? WHERE user_id = ? AND id = ? AND last_used_at < ?",
            now,
            user.id,
            user.key.key_id,
            now - TOUCHED
        ),
        Some(_) => sqlx::query!(
            "SET STATEMENT innodb_lock_wait_timeout = 0 FOR
             UPDATE api_tokens SET last_used_at = ? WHERE user_id = ? AND id = ? AND COALESCE(last_used_at < ?, TRUE)",
            now,
            user.id,
            user.key.key_id,
            now - TOUCHED
        ),
    };
    if let Err(error) = update.execute(&db).await {
        tracing::warn!(%error, "a last use was not written");
    }
}

/// Opens a session for `user_id` in the browser that sent `headers`; the answer is its
/// `Set-Cookie`. Only a hash of the token is kept.
pub async fn open(
    db: &mut MySqlConnection,
    origin: &Origin,
    headers: &HeaderMap,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<String> {
    let token = random_token();
    let token_hash = hash(&token);
    // The edge speaks to functions under a name of its own, and passes on the browser's.
    let user_agent = headers.get("hanip-user-agent").or(headers.get(header::USER_AGENT));
    let user_agent = user_agent.and_then(|value| value.to_str().ok());
    sqlx::query!(
        "INSERT INTO sessions (user_id, id, token_hash, user_agent, created_at, last_used_at) VALUES (?, ?, ?, ?, ?, ?)",
        user_id,
        Uuid::now_v7(),
        token_hash.as_slice(),
        user_agent.map(|text| text.chars().take(200).collect::<String>()),
        now,
        now
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "DELETE FROM sessions WHERE user_id = ? AND id NOT IN
             (SELECT id FROM (SELECT id FROM sessions WHERE user_id = ? ORDER BY last_used_at DESC, id DESC LIMIT ?) AS kept)",
        user_id,
        user_id,
        MOST_SESSIONS
    )
    .execute(&mut *db)
    .await?;
    Ok(origin.set_cookie(COOKIE, &token, Duration::seconds(ABSOLUTE.num_seconds())))
}

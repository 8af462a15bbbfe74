//! The one MariaDB: the pool, the transactions, and what its errors mean.

use std::{
    ops::{Deref, DerefMut},
    time::Duration,
};

use anyhow::Context;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, MySql, MySqlConnection, MySqlPool, Row,
    mysql::{MySqlConnectOptions, MySqlDatabaseError, MySqlPoolOptions},
    pool::PoolConnection,
};
use uuid::Uuid;

use crate::{Code, Env, Result};

/// Where the database is: `DATABASE_URL`.
pub fn options(env: &Env) -> anyhow::Result<MySqlConnectOptions> {
    let expected = "mysql://user:password@host/database";
    let url = env.required("DATABASE_URL", expected)?;
    // The cause may quote the password: it is not shown.
    let options = Some(&url).filter(|url| url.starts_with("mysql://")).and_then(|url| url.parse().ok());
    let options = options.filter(|options: &MySqlConnectOptions| options.get_database().is_some());
    let options = options.with_context(|| format!("DATABASE_URL: expected {expected}"))?;
    // Slow ones would be logged whole, with what is written out in them.
    Ok(options.disable_statement_logging())
}

/// A pool that connects at the first query, reconnects without a restart, and never hands out a
/// connection with a transaction left open on it.
pub fn pool(env: &Env) -> anyhow::Result<MySqlPool> {
    Ok(MySqlPoolOptions::new()
        .max_connections(5)
        .acquire_timeout(Duration::from_secs(1))
        // Looking for idle connections makes those it leaves young again, some for ever. Their age alone
        // ends them all: where nobody asks any more, within a minute.
        .idle_timeout(None)
        .max_lifetime(Duration::from_secs(30))
        // A ping for each request would double the round trips: only what has idled is tried.
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move { Ok(meta.idle_for < Duration::from_secs(5) || connection.ping().await.is_ok()) })
        })
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection
                    .execute(
                        "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'),
                             SESSION innodb_lock_wait_timeout = 1, SESSION max_statement_time = 10",
                    )
                    .await?;
                // A read of several statements is one snapshot.
                connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
                Ok(())
            })
        })
        // A future dropped while BEGIN is on the wire leaves a transaction open that sqlx does
        // not know of; the next write on the connection would be lost with it.
        // A server that a fail-over has made read-only is not worth keeping.
        .after_release(|connection, _| {
            Box::pin(async move {
                let row = sqlx::raw_sql("ROLLBACK; SELECT @@global.read_only = 0").fetch_one(connection).await?;
                row.try_get(0)
            })
        })
        .connect_lazy_with(options(env)?))
}

/// A transaction. Dropped without [`Transaction::commit`], it leaves nothing behind: the pool rolls
/// it back. A server that undid it (a deadlock, say) makes the whole request run again.
pub struct Transaction(PoolConnection<MySql>);

/// Begins a transaction that holds the lock on all counters of a person, in the order of
/// `food_id`, and on the person: two writes of one person never overlap, even of one without a
/// food, and a tick waits. Nothing is read before the lock, since a plain SELECT would fix an older
/// snapshot.
pub async fn write(db: PoolConnection<MySql>, user_id: Uuid) -> Result<Transaction> {
    let mut transaction = begin(db).await?;
    sqlx::query("SELECT food_id FROM counters WHERE user_id = ? ORDER BY food_id FOR UPDATE")
        .bind(user_id)
        .execute(&mut *transaction)
        .await?;
    let person = sqlx::query("SELECT user_id FROM users WHERE user_id = ? FOR UPDATE");
    let person = person.bind(user_id).fetch_optional(&mut *transaction).await?;
    person.map(|_| transaction).ok_or_else(|| Code::SessionRequired.into())
}

/// [`write`] without the lock, for what belongs to no person yet.
pub async fn begin(mut db: PoolConnection<MySql>) -> Result<Transaction> {
    // No gap locks: two people never wait for each other. No invariant rests on the level.
    db.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION").await?;
    Ok(Transaction(db))
}

/// Begins a transaction that reads one snapshot, whatever is written meanwhile.
pub async fn snapshot(mut db: PoolConnection<MySql>) -> Result<Transaction> {
    db.execute("START TRANSACTION READ ONLY").await?;
    Ok(Transaction(db))
}

impl Transaction {
    /// Makes it stand. Where COMMIT gets no answer it may or may not: the client, which knows the
    /// key of what it sent, is asked to send it again.
    pub async fn commit(mut self) -> Result<()> {
        match self.0.execute("COMMIT").await {
            Err(error) if is_lost(&error) => {
                tracing::warn!(%error, "no answer to COMMIT");
                Err(Code::Unavailable.into())
            }
            committed => Ok(committed.map(drop)?),
        }
    }
}

impl Deref for Transaction {
    type Target = MySqlConnection;

    fn deref(&self) -> &MySqlConnection {
        &self.0
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut MySqlConnection {
        &mut self.0
    }
}

/// A statement with values written out in it: numbers, dates, ids, and JSON of these. Text of people
/// is bound, always.
#[expect(clippy::disallowed_methods, reason = "none of these can end a literal")]
pub fn safe(statement: String) -> AssertSqlSafe<String> {
    AssertSqlSafe(statement)
}

/// Whether the server kept nothing of the transaction, so that running the request again is right.
pub(crate) fn undone(error: &sqlx::Error) -> bool {
    matches!(number(error), Some(1213 | 1205 | 1020)) || is_read_only(error) || is_lost(error)
}

/// Deadlock 1213, lock wait 1205, changed since read 1020, and what else has a meaning here.
fn number(error: &sqlx::Error) -> Option<u16> {
    error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
}

/// A fail-over has made this server read-only: the connection must be made anew.
fn is_read_only(error: &sqlx::Error) -> bool {
    matches!(number(error), Some(1290 | 1792 | 1836))
}

/// The connection is gone, or its stream is out of step.
fn is_lost(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed)
        || matches!(number(error), Some(1053 | 1927 | 2006 | 2013))
}

/// The text of `error` without what the server quotes in it, which may be what somebody wrote.
pub(crate) fn without_values(error: &sqlx::Error) -> String {
    let text = error.to_string();
    match (text.find('\''), text.rfind('\'')) {
        (Some(first), Some(last)) if first < last => format!("{}…{}", &text[..=first], &text[last..]),
        _ => text,
    }
}

/// What an answer says of `error`; the cause is logged here, once.
pub(crate) fn code(error: &sqlx::Error) -> Code {
    let again = undone(error)
        || matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)
        // Too many connections (of the server, of the user), the statement took too long, no right to come in yet.
        || matches!(number(error), Some(1040 | 1203 | 1226 | 1969 | 1044 | 1045 | 1049));
    match number(error) {
        // No such table, no such column: the schema is older than this program.
        Some(1146 | 1054) => {
            tracing::error!(%error, "the schema is older than this program");
            Code::NotMigrated
        }
        _ if again => {
            tracing::warn!(error = without_values(error), "database unavailable");
            Code::Unavailable
        }
        _ => {
            tracing::error!(error = without_values(error), "database error");
            Code::Internal
        }
    }
}

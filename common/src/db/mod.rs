//! The one MariaDB: the pool, the transactions, and what its errors mean.

mod enum_text;

use std::{
    ops::{Deref, DerefMut},
    time::Duration,
};

use anyhow::Context;
use chrono::NaiveDate;
use futures_util::TryStreamExt;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Either, Executor, FromRow, MySql, MySqlConnection, MySqlPool, Row,
    mysql::{MySqlConnectOptions, MySqlDatabaseError, MySqlPoolOptions, MySqlRow},
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
                             SESSION innodb_lock_wait_timeout = 1, SESSION max_statement_time = 10,
                             SESSION group_concat_max_len = 4 * 1024 * 1024",
                    )
                    .await?;
                // The last is for the outcomes of a food in one row: fifteen bytes a day for seven hundred years.
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

/// No gap locks: two people never wait for each other. No invariant rests on the level.
const BEGIN: &str = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION";

/// A transaction. Dropped without [`Transaction::commit`], it leaves nothing behind: the pool rolls
/// it back. A server that undid it (a deadlock, say) makes the whole request run again.
pub struct Transaction(PoolConnection<MySql>);

/// Begins a transaction that holds the lock on all counters of a person, in the order of
/// `food_id`, and on the person: two writes of one person never overlap, even of one without a
/// food, and a tick waits. Nothing is read before the lock, since a plain SELECT would fix an older
/// snapshot.
pub async fn write(db: PoolConnection<MySql>, user_id: Uuid) -> Result<Transaction> {
    Ok(write_after(db, user_id, &[]).await?.0)
}

/// [`write`], and what `statements` read under the lock, in one round trip.
pub async fn write_after(
    mut db: PoolConnection<MySql>,
    user_id: Uuid,
    statements: &[String],
) -> Result<(Transaction, Results)> {
    let id = id(user_id);
    let lock = format!(
        "{BEGIN};
         SELECT COUNT(*) FROM counters FORCE INDEX (PRIMARY) WHERE user_id = {id} FOR UPDATE;
         SELECT user_id FROM users WHERE user_id = {id} FOR UPDATE"
    );
    let mut results = results(&mut db, format!("{lock};{}", statements.join(";"))).await?;
    results.skip(3); // what BEGIN, two statements, and the counters say
    let person: Vec<(Uuid,)> = results.rows()?;
    if person.is_empty() { Err(Code::SessionRequired.into()) } else { Ok((Transaction(db), results)) }
}

/// [`write`] without the lock, for what belongs to no person yet.
pub async fn begin(mut db: PoolConnection<MySql>) -> Result<Transaction> {
    db.execute(BEGIN).await?;
    Ok(Transaction(db))
}

/// Begins a transaction that reads one snapshot, whatever is written meanwhile, and reads what these
/// statements say, in one round trip.
pub async fn snapshot(mut db: PoolConnection<MySql>, statements: &[String]) -> Result<(Transaction, Results)> {
    let statements = statements.join(";");
    let mut results = results(&mut db, format!("START TRANSACTION READ ONLY;{statements}")).await?;
    results.skip(1);
    Ok((Transaction(db), results))
}

/// What `statements` read, in one round trip: the database of a function in a cluster is on another
/// machine. Values are written out in them, never text of people: see [`safe`].
pub async fn read(db: &mut MySqlConnection, statements: &[String]) -> Result<Results> {
    results(db, statements.join(";")).await
}

async fn results(db: &mut MySqlConnection, statements: String) -> Result<Results> {
    let mut steps = sqlx::raw_sql(safe(statements)).fetch_many(db);
    let (mut results, mut rows) = (Vec::new(), Vec::new());
    while let Some(step) = steps.try_next().await? {
        match step {
            Either::Right(row) => rows.push(row),
            Either::Left(_) => results.push(std::mem::take(&mut rows)),
        }
    }
    Ok(Results(results.into_iter()))
}

/// What each statement has read, in their order.
pub struct Results(std::vec::IntoIter<Vec<MySqlRow>>);

impl Results {
    /// What the next statement has read.
    pub fn rows<T: for<'r> FromRow<'r, MySqlRow>>(&mut self) -> Result<Vec<T>> {
        let rows = self.0.next().context("fewer results than statements")?;
        Ok(rows.iter().map(T::from_row).collect::<sqlx::Result<_>>()?)
    }

    fn skip(&mut self, statements: usize) {
        self.0.by_ref().take(statements).for_each(drop);
    }
}

impl Transaction {
    /// Makes it stand. Where COMMIT gets no answer it may or may not: the client, which knows the
    /// key of what it sent, is asked to send it again. Returns the connection, for whoever has more to do.
    pub async fn commit(mut self) -> Result<PoolConnection<MySql>> {
        match self.0.execute("COMMIT").await {
            Err(error) if is_lost(&error) => {
                tracing::warn!(%error, "no answer to COMMIT");
                Err(Code::Unavailable.into())
            }
            committed => Ok(committed.map(|_| self.0)?),
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
/// is bound, always, in a statement of its own.
#[expect(clippy::disallowed_methods, reason = "none of these can end a literal")]
pub fn safe(statement: String) -> AssertSqlSafe<String> {
    AssertSqlSafe(statement)
}

/// The date that TO_DAYS makes `days`: of a whole history, numbers are read sooner than dates as text.
pub fn date(days: i32) -> NaiveDate {
    /// TO_DAYS of the last day before the year 1.
    const BEFORE: i32 = 365;
    NaiveDate::from_num_days_from_ce_opt(days - BEFORE).unwrap_or_default()
}

/// An id as a literal of SQL.
pub fn id(id: Uuid) -> String {
    format!("0x{}", id.simple())
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

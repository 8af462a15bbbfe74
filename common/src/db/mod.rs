//! The one MariaDB: the pool, transactions, SELECTs with the readers of their rows, and what errors mean.

mod enum_text;
mod errors;
mod reach;
mod select;
mod transaction;

use std::time::Duration;

use anyhow::{Context, ensure};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, MySqlConnection, MySqlPool, Row,
    mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlSslMode},
};
use tokio::time::timeout;
use uuid::Uuid;

pub(crate) use self::errors::{code, log, undone, without_values};
pub use self::{
    reach::Reached,
    select::{Results, Select, select},
    transaction::{Locked, Transaction, begin, lock, snapshot, write},
};
use crate::Env;

/// Where the database is: `DATABASE_URL`. With `DATABASE_CA`, certificates in PEM, it is spoken to only if its own
/// certificate is for its host and signed by one of them.
pub fn options(env: &Env) -> anyhow::Result<MySqlConnectOptions> {
    let expected = "mysql://user:password@host/database";
    let url = env.required("DATABASE_URL", expected)?;
    // The cause may quote the password: it is not shown.
    let options = Some(&url).filter(|url| url.starts_with("mysql://")).and_then(|url| url.parse().ok());
    let options = options.filter(|options: &MySqlConnectOptions| options.get_database().is_some());
    let mut options = options.with_context(|| format!("DATABASE_URL: expected {expected}"))?;
    if let Some(certificates) = env.optional("DATABASE_CA")? {
        ensure!(certificates.contains("-----BEGIN CERTIFICATE-----"), "DATABASE_CA: expected certificates in PEM");
        options = options.ssl_mode(MySqlSslMode::VerifyIdentity).ssl_ca_from_pem(certificates.into_bytes());
    }
    // Slow ones would be logged whole, with what is written out in them.
    Ok(options.disable_statement_logging())
}

/// How long a connection that was idle may take to answer, before another one is made.
const PING_TIME: Duration = Duration::from_millis(400);

/// A pool that connects at the first query, reconnects without a restart, and never hands out a
/// connection with a transaction left open on it.
pub fn pool(env: &Env) -> anyhow::Result<MySqlPool> {
    let is_lambda = env.is_lambda();
    Ok(MySqlPoolOptions::new()
        .max_connections(if is_lambda { 1 } else { 5 })
        .acquire_timeout(Duration::from_secs(1))
        // sqlx's idle reaper resets the idle timer of the connections it inspects, so that some would never be
        // closed. `max_lifetime` alone closes them: within a minute where no request comes.
        .idle_timeout(None)
        .max_lifetime(Duration::from_secs(30))
        // A ping before each request would double the round trips: only a connection that was idle is pinged. The time of a
        // freeze may have passed unnoticed, so that any may have been idle there.
        .test_before_acquire(false)
        .before_acquire(move |connection, meta| {
            let is_idle = is_lambda || meta.idle_for >= Duration::from_secs(5);
            Box::pin(async move {
                Ok(!is_idle || timeout(PING_TIME, connection.ping()).await.is_ok_and(|answer| answer.is_ok()))
            })
        })
        .after_connect(|connection, _| Box::pin(prepare(connection)))
        // A future dropped while BEGIN is on the wire leaves a transaction open that sqlx does not know of. ROLLBACK
        // ends it, since the next write on the connection would be lost with it. A connection is closed if a fail-over has
        // made its server read-only, or if its server, a node of a cluster without quorum, refuses every statement that
        // names a table: so this one names a table.
        .after_release(|connection, _| {
            Box::pin(async move {
                let release = "ROLLBACK; SELECT @@global.read_only = 0 AND COUNT(*) = 0 FROM users WHERE FALSE";
                let row = sqlx::raw_sql(release).fetch_one(connection).await?;
                row.try_get(0)
            })
        })
        .connect_lazy_with(options(env)?))
}

/// Sets up a new connection, in one round trip.
async fn prepare(connection: &mut MySqlConnection) -> sqlx::Result<()> {
    // group_concat_max_len: all outcomes of a food come as one row, 15 bytes a day for 700 years.
    // REPEATABLE READ: the statements of a read-only transaction see one snapshot.
    // wsrep_sync_wait: a read at a node of a Galera cluster sees what was committed at the others before.
    let set = connection.execute(
        "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'),
             SESSION innodb_lock_wait_timeout = 1, SESSION max_statement_time = 10,
             SESSION group_concat_max_len = 4 * 1024 * 1024;
         SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ;
         SET SESSION wsrep_sync_wait = 1",
    );
    match set.await {
        // The last of them: a server that was built without Galera has no such variable.
        Err(error) if errors::is_unknown_variable(&error) => Ok(()),
        set => set.map(drop),
    }
}

/// Marks a statement as safe in which numbers, dates, ids and JSON of these are written out. Text that people
/// typed is always bound, never written out.
#[expect(clippy::disallowed_methods, reason = "none of these can end a literal")]
pub fn safe(statement: String) -> AssertSqlSafe<String> {
    AssertSqlSafe(statement)
}

/// An id as a literal of SQL.
pub fn id(id: Uuid) -> String {
    format!("0x{}", id.simple())
}

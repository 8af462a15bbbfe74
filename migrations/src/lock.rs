//! The lock of the schema: one process migrates at a time.
//!
//! On one server `GET_LOCK` does it, which ends with its connection however that ends. Servers of a Galera cluster do
//! not share it: among them the lock is a row with a lease. Of two servers that take it at once one fails, because
//! Galera certifies changes of a row when they are committed.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use sqlx::{
    Connection, Executor, MySqlConnection,
    mysql::{MySqlConnectOptions, MySqlDatabaseError},
};
use tokio::time::{Instant, sleep};

/// How long others are waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the lease is renewed, which ends after ten seconds.
const RENEWAL: Duration = Duration::from_secs(2);

const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS migration_lock (
        id     TINYINT UNSIGNED NOT NULL,
        server VARCHAR(1000)    NOT NULL,
        until  DATETIME(6)      NOT NULL,
        PRIMARY KEY (id)
    ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin";
const ROW: &str = "INSERT IGNORE INTO migration_lock (id, server, until) VALUES (1, '', '2000-01-01')";
/// Takes the lease where nobody has it. Whoever has it by this server is dead: `GET_LOCK` was free.
const TAKE: &str = "
    UPDATE migration_lock
    SET server = CONCAT_WS(' ', @@hostname, @@port, @@datadir), until = UTC_TIMESTAMP(6) + INTERVAL 10 SECOND
    WHERE server = CONCAT_WS(' ', @@hostname, @@port, @@datadir) OR until < UTC_TIMESTAMP(6)";
const RENEW: &str = "
    UPDATE migration_lock SET until = UTC_TIMESTAMP(6) + INTERVAL 10 SECOND
    WHERE server = CONCAT_WS(' ', @@hostname, @@port, @@datadir)";
const RELEASE: &str = "
    UPDATE migration_lock SET until = UTC_TIMESTAMP(6)
    WHERE server = CONCAT_WS(' ', @@hostname, @@port, @@datadir)";

/// The lock, held by a connection of its own.
pub struct Lock(MySqlConnection);

impl Lock {
    /// Takes the lock; waits a minute for others.
    pub async fn take(options: &MySqlConnectOptions) -> Result<Self> {
        let mut db = MySqlConnection::connect_with(options).await?;
        let busy = "another migration has been running for a minute";
        let taken: Option<i64> = sqlx::query_scalar("SELECT GET_LOCK('hanip.migrate', ?)")
            .bind(PATIENCE.as_secs())
            .fetch_one(&mut db)
            .await?;
        ensure!(taken == Some(1), busy);
        db.execute(TABLE).await?;
        db.execute(ROW).await?;
        let started = Instant::now();
        while update(&mut db, TAKE).await? == 0 {
            ensure!(started.elapsed() < PATIENCE, busy);
            sleep(Duration::from_millis(200)).await;
        }
        Ok(Self(db))
    }

    /// Works while the lock is held, which it is no longer after that. The work is dropped if the lock is lost.
    pub async fn hold(self, work: impl Future<Output = Result<()>>) -> Result<()> {
        let Self(mut db) = self;
        let worked = tokio::select! {
            worked = work => worked,
            lost = keep(&mut db) => lost,
        };
        // Not released, it ends by itself.
        if let Err(error) = update(&mut db, RELEASE).await {
            tracing::warn!(%error, "the lock could not be released");
        }
        worked
    }
}

/// Renews the lease, until that fails.
async fn keep(db: &mut MySqlConnection) -> Result<()> {
    loop {
        sleep(RENEWAL).await;
        if update(db, RENEW).await.context("the lock could not be renewed")? == 0 {
            bail!("another server has taken the lock");
        }
    }
}

/// Returns how many rows were changed: none either where another server changed them at the same time.
async fn update(db: &mut MySqlConnection, statement: &'static str) -> Result<u64> {
    match db.execute(statement).await {
        Err(error) if is_conflict(&error) => Ok(0),
        updated => Ok(updated?.rows_affected()),
    }
}

/// Whether Galera's certification refused a change.
fn is_conflict(error: &sqlx::Error) -> bool {
    let error = error.as_database_error().and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>());
    error.is_some_and(|error| error.number() == 1213)
}

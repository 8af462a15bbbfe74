//! Applies the migrations in `sql/`, in their order.
//!
//! MariaDB commits each statement that changes the schema by itself, so that a process that is killed leaves a
//! migration that has begun: its row in `_sqlx_migrations` says `success = 0`, and some of its statements are done.
//! Such a migration is applied again from its first statement. A statement that was done fails then, because what it
//! adds is there; that counts as done, since MariaDB does a statement wholly or not at all (atomic DDL, from 10.6).

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, Result, ensure};
use common::db::safe;
use sqlx::{
    Executor, MySqlConnection,
    migrate::{Migrate, Migration, Migrator},
    mysql::MySqlDatabaseError,
};
use tokio::time::{Instant, sleep};

static MIGRATIONS: Migrator = sqlx::migrate!("./sql");
/// The table that sqlx keeps.
const TABLE: &str = "_sqlx_migrations";
/// How long a statement waits for transactions that use its table, in seconds: everybody else waits behind it.
const LOCK_WAIT: u32 = 2;
/// For how long it is tried again when those do not end. An export may read for five minutes.
const LOCK_PATIENCE: Duration = Duration::from_secs(600);

/// Which program this is, to the schema.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// No program with more migrations has run.
    Ours,
    /// A program with more migrations has run. They only add to the schema ("expand first"), so that this older
    /// program works with it.
    Newer,
}

/// Applies every migration that has not been applied to its end.
pub async fn missing(db: &mut MySqlConnection) -> Result<Schema> {
    db.ensure_migrations_table(TABLE).await?;
    db.execute(safe(format!("SET SESSION lock_wait_timeout = {LOCK_WAIT}"))).await?;
    let rows: Vec<(i64, Vec<u8>, bool)> =
        sqlx::query_as("SELECT version, checksum, success FROM _sqlx_migrations").fetch_all(&mut *db).await?;
    let mut rows: HashMap<i64, (Vec<u8>, bool)> =
        rows.into_iter().map(|(version, checksum, success)| (version, (checksum, success))).collect();
    for migration in MIGRATIONS.iter() {
        match rows.remove(&migration.version) {
            Some((checksum, true)) => {
                ensure!(*checksum == *migration.checksum, "migration {} was applied as another", migration.version);
            }
            row => {
                let applied = apply(db, migration, row.is_some()).await;
                applied.with_context(|| format!("migration {} could not be applied", migration.version))?;
            }
        }
    }
    Ok(if rows.is_empty() { Schema::Ours } else { Schema::Newer })
}

/// Applies a migration, which may have `begun` before.
async fn apply(db: &mut MySqlConnection, migration: &Migration, begun: bool) -> Result<()> {
    let started = Instant::now();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (?, ?, FALSE, ?, -1) ON DUPLICATE KEY UPDATE checksum = VALUE(checksum)",
    )
    .bind(migration.version)
    .bind(&*migration.description)
    .bind(&*migration.checksum)
    .execute(&mut *db)
    .await?;
    for statement in statements(migration.sql.as_str()) {
        match execute(db, statement).await {
            Err(error) if begun && is_done(&error) => {
                tracing::info!(version = migration.version, %error, "a statement was done before");
            }
            done => done?,
        }
    }
    sqlx::query("UPDATE _sqlx_migrations SET success = TRUE, execution_time = ? WHERE version = ?")
        .bind(i64::try_from(started.elapsed().as_nanos()).unwrap_or(i64::MAX))
        .bind(migration.version)
        .execute(db)
        .await?;
    tracing::info!(version = migration.version, description = %migration.description, "migrated");
    Ok(())
}

/// Executes a statement, again when a transaction did not end in time.
async fn execute(db: &mut MySqlConnection, statement: &str) -> Result<(), sqlx::Error> {
    let started = Instant::now();
    loop {
        match db.execute(safe(statement.to_owned())).await {
            Err(error) if number(&error) == Some(1205) && started.elapsed() < LOCK_PATIENCE => {
                tracing::warn!("a migration waits for a transaction to end");
                sleep(Duration::from_secs(1)).await;
            }
            done => return done.map(drop),
        }
    }
}

/// The statements of a file: each ends its last line.
fn statements(sql: &str) -> impl Iterator<Item = &str> {
    sql.split_inclusive(";\n").filter(|statement| !statement.trim().is_empty())
}

/// Whether what the statement adds is there: a table, a column, a key, a foreign key.
fn is_done(error: &sqlx::Error) -> bool {
    matches!(number(error), Some(1050 | 1060 | 1061 | 1826))
}

fn number(error: &sqlx::Error) -> Option<u16> {
    error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
}

//! The schema, and how it is applied: from one place, under a lock, never at a function's start.

mod grants;

use anyhow::{Context, Result, ensure};
use common::Env;
use sqlx::{Connection, MySqlConnection, mysql::MySqlPoolOptions};

static MIGRATIONS: sqlx::migrate::Migrator = {
    let mut migrations = sqlx::migrate!("./sql");
    // Its lock waits with a negative time-out, which MariaDB answers with NULL: no lock at all.
    migrations.locking = false;
    migrations
};

pub use grants::functions;

/// Applies what is missing of the schema to the database at `DATABASE_URL`, and gives the functions their
/// users where `AUTH_PASSWORD` and the like are set. Any number of processes may call this at once: one
/// works, the others wait and find nothing left to do.
pub async fn run(env: &Env) -> Result<()> {
    let options = common::db::options(env)?;
    let mut lock =
        MySqlConnection::connect_with(&options).await.context("DATABASE_URL: the database can't be reached")?;
    let (taken,): (Option<i64>,) = sqlx::query_as("SELECT GET_LOCK('hanip.migrate', 60)").fetch_one(&mut lock).await?;
    ensure!(taken == Some(1), "another migration has been running for a minute");
    let pool = MySqlPoolOptions::new().max_connections(1).connect_lazy_with(options);
    let mut applied = MIGRATIONS.run(&pool).await.context("a migration could not be applied");
    pool.close().await;
    if applied.is_ok() {
        applied = grants::apply(env, &mut lock).await;
    }
    // The lock ends with its connection, whatever happened.
    lock.close().await?;
    applied
}

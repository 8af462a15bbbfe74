//! The schema, and how it is applied: from one place, under a lock, never at a function's start.

mod apply;
mod grants;
mod lock;

use anyhow::{Context, Result};
use common::Env;
use sqlx::{Connection, MySqlConnection};

pub use grants::functions;

use self::lock::Lock;

/// Applies what is missing of the schema to the database at `DATABASE_URL`, and gives the functions their
/// users where `PASSWORDS_DIR`, `AUTH_PASSWORD` and the like, or `FUNCTIONS_IAM` are set.
///
/// Any number of processes may call this at once: one works, the others wait and find nothing left to do. One that is
/// killed at any moment leaves nothing that stops the next. An older program than the last one to migrate changes
/// nothing.
pub async fn run(env: &Env) -> Result<()> {
    let options = common::db::options(env).await?;
    let unreachable = "DATABASE_URL: the database can't be reached";
    let lock = Lock::take(&options).await.context(unreachable)?;
    let mut db = MySqlConnection::connect_with(&options).await.context(unreachable)?;
    warn_of_small_packets(&mut db).await?;
    lock.hold(async {
        let schema = apply::missing(&mut db).await?;
        grants::apply(env, &mut db, schema).await?;
        // Over TLS a server may hang up before it has heard the whole good-bye.
        db.close().await.ok();
        Ok(())
    })
    .await
}

/// What the longest statement of a function needs, in bytes.
const LEAST_PACKET: u64 = 1024 * 1024;

/// Says so where the server takes no statement as long as an import or a tick sends.
async fn warn_of_small_packets(db: &mut MySqlConnection) -> Result<()> {
    let bytes: u64 = sqlx::query_scalar("SELECT @@max_allowed_packet").fetch_one(db).await?;
    if bytes < LEAST_PACKET {
        tracing::warn!(bytes, "max_allowed_packet: expected {LEAST_PACKET} at least: large imports will fail");
    }
    Ok(())
}

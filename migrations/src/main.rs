//! `migrate` applies the schema to the database at `DATABASE_URL`, then exits.

use std::process::ExitCode;

use common::{Env, exit, telemetry};

#[tokio::main]
async fn main() -> ExitCode {
    exit(migrate().await)
}

async fn migrate() -> anyhow::Result<()> {
    let env = Env::process();
    telemetry::start(&env, "info")?;
    migrations::run(&env).await
}

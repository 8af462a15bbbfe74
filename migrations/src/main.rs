//! `migrate` applies the schema to the database at `DATABASE_URL`, then exits.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let env = common::Env::process();
    common::telemetry::start(&env, "info")?;
    migrations::run(&env).await
}

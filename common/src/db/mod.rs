//! The one MariaDB: the pool, transactions, SELECTs with the readers of their rows, and what errors mean.

#[cfg(feature = "aws")]
mod aws;
mod enum_text;
mod errors;
mod pool;
mod reach;
mod select;
mod transaction;

use anyhow::{Context, Result, ensure};
use sqlx::{
    AssertSqlSafe, ConnectOptions,
    mysql::{MySqlConnectOptions, MySqlSslMode},
};
use uuid::Uuid;

pub(crate) use self::errors::{code, log, undone, without_values};
pub use self::{
    pool::{Pool, pool},
    reach::Reached,
    select::{Results, Select, select},
    transaction::{Locked, Transaction, begin, lock, snapshot, write},
};
use crate::Env;

/// What the settings that say where the database is are expected to be.
const EXPECTED: &str = "mysql://user:password@host/database";

/// Where the database is, and who asks it, for one connection now: `DATABASE_URL`, and what AWS says where
/// `DATABASE_IAM` or `DATABASE_SECRET_ARN` is set.
pub async fn options(env: &Env) -> Result<MySqlConnectOptions> {
    #[cfg(feature = "aws")]
    if let Some(login) = aws::Login::from_env(env)? {
        return login.options().await;
    }
    address(env)
}

/// Where the database is: `DATABASE_URL`. With `DATABASE_CA`, certificates in PEM, it is spoken to only if its own
/// certificate is for its host and signed by one of them. A host of AWS always is.
fn address(env: &Env) -> Result<MySqlConnectOptions> {
    #[cfg(not(feature = "aws"))]
    refuse_aws(env)?;
    let options = parse(&env.required("DATABASE_URL", EXPECTED)?, EXPECTED)?;
    let options = verified(env, options)?;
    let is_of_aws = [".rds.amazonaws.com", ".rds.amazonaws.com.cn"].iter().any(|end| options.get_host().ends_with(end));
    ensure!(!is_of_aws || is_verified(&options), "DATABASE_CA: not set; expected {CERTIFICATES}");
    Ok(options)
}

/// What is missing where a database at AWS would not have to show who it is.
const CERTIFICATES: &str = "the certificates of RDS, since a database at AWS has to show who it is";

fn parse(url: &str, expected: &str) -> Result<MySqlConnectOptions> {
    // The cause may quote the password: it is not shown.
    let options = Some(url).filter(|url| url.starts_with("mysql://")).and_then(|url| url.parse().ok());
    let options = options.filter(|options: &MySqlConnectOptions| options.get_database().is_some());
    options.with_context(|| format!("DATABASE_URL: expected {expected}"))
}

fn verified(env: &Env, mut options: MySqlConnectOptions) -> Result<MySqlConnectOptions> {
    if let Some(certificates) = env.optional("DATABASE_CA")? {
        ensure!(certificates.contains("-----BEGIN CERTIFICATE-----"), "DATABASE_CA: expected certificates in PEM");
        options = options.ssl_mode(MySqlSslMode::VerifyIdentity).ssl_ca_from_pem(certificates.into_bytes());
    }
    // Slow ones would be logged whole, with what is written out in them.
    Ok(options.disable_statement_logging())
}

fn is_verified(options: &MySqlConnectOptions) -> bool {
    matches!(options.get_ssl_mode(), MySqlSslMode::VerifyIdentity)
}

#[cfg(not(feature = "aws"))]
fn refuse_aws(env: &Env) -> Result<()> {
    let without = "this program was built without the feature `aws`";
    ensure!(!env.parsed("DATABASE_IAM", "true or false", false)?, "DATABASE_IAM: {without}");
    ensure!(env.optional("DATABASE_SECRET_ARN")?.is_none(), "DATABASE_SECRET_ARN: {without}");
    Ok(())
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

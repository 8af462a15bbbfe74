//! Sign-in, sessions, the account.

mod account;
mod attempt;
mod browser;
mod check;
mod identities;
pub mod oauth;
mod outcome;
mod rate_limit;
mod sessions;
mod sign_in;
mod tokens;

use std::sync::Arc;

use axum::{Extension, Router};
use common::{App, Code, Env, Result, Routes, db, functions::AUTH, routes};
use sqlx::{MySql, mysql::MySqlArguments, query::Query};

pub use self::check::check;
use self::{browser::Browser, oauth::Provider};

/// What auth needs besides what every function has.
pub struct Auth {
    /// Where people can sign in.
    pub providers: Vec<Provider>,
    /// True if nothing but the edge reaches this process, so that its `X-Real-IP` is the client's address.
    pub trust_edge: bool,
}

impl Auth {
    /// From `TRUST_EDGE` and the settings of the providers. Connects to nothing yet.
    pub fn from_env(env: &Env) -> anyhow::Result<Self> {
        let trust_edge = env.parsed("TRUST_EDGE", "true or false", false)?;
        Ok(Self { providers: oauth::providers(env)?, trust_edge })
    }

    /// The provider with this id; `not-found` where none has it.
    fn provider(&self, id: &str) -> Result<&Provider> {
        self.providers.iter().find(|provider| provider.id == id).ok_or_else(|| Code::NotFound.into())
    }
}

/// The routes. In the background the providers are asked from now on what they say of themselves.
pub fn router(app: App, auth: Auth) -> Router {
    for provider in &auth.providers {
        provider.keep_fresh();
    }
    let routes = Routes::default()
        .routes(routes!(sign_in::providers))
        .routes(routes!(sign_in::start))
        .routes(routes!(sign_in::callback))
        .routes(routes!(identities::link))
        .routes(routes!(identities::list))
        .routes(routes!(identities::unlink))
        .routes(routes!(sessions::logout))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::revoke))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
        .routes(routes!(account::show, account::change, account::delete));
    routes.under(&AUTH, app).layer(Extension(Arc::new(auth)))
}

/// Deletes in a transaction and returns the number of rows. A transaction whose answer is lost is rolled back, so the
/// retry deletes the same rows; a statement of its own would be committed, and the retry would find nothing.
async fn delete(app: &App, statement: Query<'_, MySql, MySqlArguments>) -> Result<u64> {
    let mut db = db::begin(app.db.acquire().await?).await?;
    let deleted = statement.execute(&mut *db).await?.rows_affected();
    db.commit().await?;
    Ok(deleted)
}

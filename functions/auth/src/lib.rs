//! Sign-in, sessions, the account.

mod account;
mod identities;
pub mod oauth;
mod rate_limit;
mod sessions;
mod sign_in;
mod tokens;

use std::sync::Arc;

use crate::oauth::Provider;
use axum::{Extension, Router};
use common::{App, Result, Routes, db, functions::AUTH, routes};
use sqlx::{MySql, mysql::MySqlArguments, query::Query};

/// Where people can sign in.
type Providers = Arc<Vec<Provider>>;

pub fn router(app: App, providers: Vec<Provider>) -> Router {
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
    routes.under(&AUTH, app).layer(Extension(Providers::new(providers)))
}

/// Deletes in a transaction: alone, a statement would run again where its answer was lost, and find
/// nothing. Returns how many rows that were.
async fn delete(app: &App, statement: Query<'_, MySql, MySqlArguments>) -> Result<u64> {
    let mut db = db::begin(app.db.acquire().await?).await?;
    let deleted = statement.execute(&mut *db).await?.rows_affected();
    db.commit().await?;
    Ok(deleted)
}

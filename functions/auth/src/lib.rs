//! Sign-in, sessions, the account.

mod account;
mod address;
mod identities;
mod sessions;
mod sign_in;
mod tokens;

use std::sync::Arc;

use axum::{Extension, Router};
use common::{App, Routes, api::AUTH, oauth::Provider, routes};

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

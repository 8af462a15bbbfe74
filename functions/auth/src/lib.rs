//! Sign-in, sessions, the account.

mod account;
mod sign_in;

use std::sync::Arc;

use axum::{Extension, Router};
use common::{App, oauth::Provider};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The part of the public path that is this function's.
pub const PREFIX: &str = "/api/auth";

/// Where people can sign in.
type Providers = Arc<Vec<Provider>>;

pub fn router(app: App, providers: Vec<Provider>) -> Router {
    let routes = OpenApiRouter::new()
        .routes(routes!(sign_in::providers))
        .routes(routes!(sign_in::start))
        .routes(routes!(sign_in::callback))
        .routes(routes!(sign_in::logout))
        .routes(routes!(account::show, account::change));
    common::routes(app, PREFIX, "Hanip sign-in", routes).layer(Extension(Providers::new(providers)))
}

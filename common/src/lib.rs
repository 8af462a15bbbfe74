//! What all functions share. A function is a `router(app)`; [`serve`] runs it.

mod back_channel;
mod clock;
pub mod counters;
pub mod day;
pub mod db;
mod env;
mod error;
mod extract;
pub mod food;
pub mod oauth;
mod origin;
pub mod review;
mod server;
pub mod session;
mod stored;
pub mod streak;
pub mod telemetry;
pub mod text;
mod tracked;
mod words;

use axum::{Router, routing::get};
use sqlx::MySqlPool;
use tokio_util::task::TaskTracker;
use utoipa_axum::router::OpenApiRouter;

pub use self::{
    clock::Clock,
    env::Env,
    error::{Error, Fault, Faults, Problem, Problems, Result},
    extract::{Json, Object, Path, Query, body, present},
    origin::Origin,
    server::{bind, exit, finish, listen, serve, shutdown_signal},
    session::{Me, User},
    words::{Code, Language},
};

/// What every function needs.
#[derive(Clone)]
pub struct App {
    pub db: MySqlPool,
    pub clock: Clock,
    pub origin: Origin,
    /// Requests and afterthoughts that a shutdown waits for.
    pub tasks: TaskTracker,
}

impl App {
    /// From `DATABASE_URL` and `PUBLIC_ORIGIN`, with the system's clock. Connects to nothing yet.
    pub fn from_env(env: &Env) -> anyhow::Result<Self> {
        Ok(Self {
            db: db::pool(env)?,
            clock: Clock::system(),
            origin: Origin::from_env(env)?,
            tasks: TaskTracker::new(),
        })
    }
}

/// The routes of a function under its `prefix`, and their OpenAPI at `{prefix}/openapi.json`.
pub fn routes(app: App, prefix: &'static str, title: &str, routes: OpenApiRouter<App>) -> Router {
    let (router, mut openapi) = OpenApiRouter::new().nest(prefix, routes).split_for_parts();
    openapi.info = utoipa::openapi::Info::new(title, env!("CARGO_PKG_VERSION"));
    let openapi = serde_json::to_value(openapi).unwrap_or_default();
    router.route(&format!("{prefix}/openapi.json"), get(async move || Json(openapi))).with_state(app)
}

//! What all functions share. A function is a `router(app)`; [`serve`] runs it.

pub mod api;
mod back_channel;
mod body;
mod clock;
pub mod counters;
pub mod day;
pub mod db;
mod env;
mod error;
mod extract;
pub mod food;
pub mod history;
pub mod oauth;
mod openapi;
mod origin;
pub mod recorded;
pub mod review;
mod server;
pub mod session;
mod stored;
pub mod streak;
pub mod telemetry;
pub mod text;
mod tracked;
mod words;

use sqlx::MySqlPool;
use tokio_util::task::TaskTracker;

pub use self::{
    clock::Clock,
    env::Env,
    error::{Error, Fault, Faults, Problem, Problems, Result},
    extract::{Json, Object, Path, Query, body, present},
    openapi::Routes,
    origin::Origin,
    server::{bind, complete, exit, finish, listen, security_headers, serve, shutdown_signal, surround},
    session::{Connected, Me, Session, User},
    words::{Code, Language},
};

/// What every function needs.
#[derive(Clone)]
pub struct App {
    pub db: MySqlPool,
    pub clock: Clock,
    pub origin: Origin,
    /// Whether the edge is all that reaches this process, so that its word on who asks is taken.
    pub trust_edge: bool,
    /// Requests and afterthoughts that a shutdown waits for.
    pub tasks: TaskTracker,
}

impl App {
    /// From `DATABASE_URL`, `PUBLIC_ORIGIN` and `TRUST_EDGE`, with the system's clock. Connects to nothing yet.
    pub fn from_env(env: &Env) -> anyhow::Result<Self> {
        Ok(Self {
            db: db::pool(env)?,
            clock: Clock::system(),
            origin: Origin::from_env(env)?,
            trust_edge: env.parsed("TRUST_EDGE", "true or false", false)?,
            tasks: TaskTracker::new(),
        })
    }
}

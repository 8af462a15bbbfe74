//! What every function needs to answer a request.

use sqlx::MySqlPool;
use tokio_util::task::TaskTracker;

use crate::{Clock, Env, Origin, db};

/// The state of every router.
#[derive(Clone)]
pub struct App {
    pub db: MySqlPool,
    pub clock: Clock,
    pub origin: Origin,
    /// Requests, and work after their answers, that a shutdown waits for.
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

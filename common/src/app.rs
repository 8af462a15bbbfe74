//! What every function needs to answer a request.

use tokio_util::task::TaskTracker;

use crate::{
    Clock, Env, Origin, Turns,
    db::{self, Reached},
};

/// How many requests of one person are answered at once. The pool has five connections: others find some free.
const REQUESTS_EACH: usize = 2;

/// The state of every router.
#[derive(Clone)]
pub struct App {
    pub db: db::Pool,
    pub reached: Reached,
    pub clock: Clock,
    pub origin: Origin,
    /// Requests, and work after their answers, that a shutdown waits for.
    pub tasks: TaskTracker,
    /// Those of people's requests.
    pub turns: Turns,
}

impl App {
    /// From `DATABASE_URL` and `PUBLIC_ORIGIN`, with the system's clock. Connects to nothing yet.
    pub fn from_env(env: &Env) -> anyhow::Result<Self> {
        Ok(Self {
            db: db::pool(env)?,
            reached: Reached::default(),
            clock: Clock::system(),
            origin: Origin::from_env(env)?,
            tasks: TaskTracker::new(),
            turns: Turns::new(REQUESTS_EACH),
        })
    }
}

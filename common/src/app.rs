//! What every function needs to answer a request.

use tokio_util::task::TaskTracker;

use crate::{
    Clock, Env, Origin, Turns,
    db::{self, Reached},
};

/// How many requests of one person are answered at once. The pool has five connections: others find some free.
const REQUESTS_EACH: usize = 2;
/// How many bodies of one person are waited for at once. Who sends many of them slowly would take the place of others: a pod
/// has fifty requests at a time.
const BODIES_EACH: usize = 16;

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
    /// Those of bodies that have not arrived yet.
    pub arrivals: Turns,
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
            arrivals: Turns::new(BODIES_EACH),
        })
    }
}

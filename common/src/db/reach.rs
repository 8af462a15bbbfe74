//! The first connection of a process to its database.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::MySqlPool;
use tokio::{
    sync::OnceCell,
    time::{sleep, timeout},
};

/// How long requests wait for the first connection, together.
const REACH_TIME: Duration = Duration::from_secs(4);
/// How long the first attempt may take. Each further one may take twice as long, up to [`LONGEST`].
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_millis(400);

/// The wait for the first connection, once in the life of a process.
///
/// A network policy can let a new pod's packets through only a moment after its start. The kernel sends a lost first
/// packet (SYN) again after a whole second, by when a request would be answered 503: many short attempts are sooner.
#[derive(Clone, Default)]
pub struct Reached(Arc<OnceCell<()>>);

impl Reached {
    /// Returns when the database was reached, or when it is known not to be: after four seconds, or at an error that
    /// another attempt would meet too. The pool then says what is wrong.
    pub async fn wait(&self, pool: &MySqlPool) {
        self.0.get_or_init(|| connect(pool)).await;
    }
}

async fn connect(pool: &MySqlPool) {
    let (started, mut patience) = (Instant::now(), SHORTEST);
    while started.elapsed() < REACH_TIME {
        match timeout(patience, pool.acquire()).await {
            Ok(Err(sqlx::Error::Io(_))) => sleep(SHORTEST).await,
            Ok(_) => return,
            Err(_) => patience = LONGEST.min(patience * 2),
        }
    }
}

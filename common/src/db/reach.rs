//! The first connection of a process to its database.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::OnceCell,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::Pool;

/// How long requests wait for the first connection, together.
const REACH_TIME: Duration = Duration::from_secs(4);
/// How often an attempt is begun, in the first second and after it: a server that is far away takes longer to answer.
const OFTEN: Duration = Duration::from_millis(50);
const SELDOM: Duration = Duration::from_millis(200);
/// How many attempts there are at once: one less than a pool has connections.
const ATTEMPTS: u32 = 4;

/// The wait for the first connection, once in the life of a process.
///
/// A network policy can let a new pod's packets through only a moment after its start. The kernel sends a lost first
/// packet (SYN) again after a whole second: attempts that begin soon after one another find that moment.
#[derive(Clone, Default)]
pub struct Reached(Arc<OnceCell<()>>);

impl Reached {
    /// Returns when the database was reached, or when it is known not to be: after four seconds, or at an error that
    /// another attempt would meet too. The pool then says what is wrong.
    pub async fn wait(&self, pool: &Pool) {
        self.0.get_or_init(|| connect(pool)).await;
    }
}

async fn connect(pool: &Pool) {
    // Not within an attempt, which is too short for an answer of AWS.
    if pool.log_in().await.is_err() {
        return;
    }
    let (started, mut attempts) = (Instant::now(), JoinSet::new());
    while started.elapsed() < REACH_TIME {
        let is_quick = !pool.is_slow() && started.elapsed() < Duration::from_secs(1);
        let pause = if is_quick { OFTEN } else { SELDOM };
        let pool = pool.clone();
        attempts.spawn(async move { timeout(pause * ATTEMPTS, pool.acquire()).await });
        let mut next = std::pin::pin!(sleep(pause));
        loop {
            tokio::select! {
                () = &mut next => break,
                Some(ended) = attempts.join_next() => {
                    if !matches!(ended, Ok(Err(_) | Ok(Err(sqlx::Error::Io(_))))) {
                        return;
                    }
                }
            }
        }
    }
}

//! A bare client that sends what a function was recorded to send to its database: how fast requests
//! could be if the function itself took no time.
//!
//! As with the function's pool, a client waits for a connection, has its answer after the last
//! statement, and the connection goes back only when it has been cleaned: each connection has a
//! thread, clients are entries in a queue.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread::{scope, sleep},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    mysql::{Command, Connection, Setup},
    watch::{WARM_UP, Watch},
};

#[derive(Deserialize)]
pub struct Plan {
    server: String,
    connections: usize,
    setup: Setup,
    /// What each client does, in turn.
    pub clients: Vec<Vec<Recorded>>,
    pub seconds: f64,
    pub watch: Vec<String>,
}

/// One request: each time that it took a connection from the pool.
pub type Recorded = Vec<Use>;

#[derive(Deserialize)]
pub struct Use {
    pub statements: Vec<Command>,
    /// What was sent before another could have the connection.
    clean: Vec<Command>,
}

/// A client that waits for a connection.
struct Waiting {
    client: usize,
    turn: usize,
    stage: usize,
    since: Instant,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<(VecDeque<Waiting>, bool)>,
    called: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, (VecDeque<Waiting>, bool)> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, waiting: Waiting) {
        self.lock().0.push_back(waiting);
        self.called.notify_one();
    }

    fn pop(&self) -> Option<Waiting> {
        let mut queue = self.lock();
        while queue.0.is_empty() && !queue.1 {
            queue = self.called.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        if queue.1 { None } else { queue.0.pop_front() }
    }

    fn close(&self) {
        self.lock().1 = true;
        self.called.notify_all();
    }
}

pub fn run(plan: &Plan) -> Result<Value> {
    let queue = Queue::default();
    let begin = Instant::now() + WARM_UP;
    for client in 0..plan.clients.len() {
        queue.push(Waiting { client, turn: 0, stage: 0, since: Instant::now() });
    }
    let serve = || -> Result<Vec<Duration>> {
        let mut connection = Connection::open(&plan.server, &plan.setup)?;
        let mut times = Vec::with_capacity(1 << 16);
        while let Some(mut waiting) = queue.pop() {
            let requests = &plan.clients[waiting.client];
            let uses = &requests[waiting.turn % requests.len()];
            for statement in &uses[waiting.stage].statements {
                connection.send(statement)?;
            }
            let clean = &uses[waiting.stage].clean;
            waiting.stage += 1;
            if waiting.stage == uses.len() {
                let now = Instant::now();
                if waiting.since >= begin {
                    times.push(now - waiting.since);
                }
                waiting = Waiting { turn: waiting.turn + 1, stage: 0, since: now, ..waiting };
            }
            queue.push(waiting);
            for command in clean {
                connection.send(command)?;
            }
        }
        Ok(times)
    };
    scope(|threads| {
        let connections: Vec<_> = (0..plan.connections).map(|_| threads.spawn(serve)).collect();
        sleep(begin - Instant::now());
        let watch = Watch::new(&plan.watch)?;
        sleep(Duration::from_secs_f64(plan.seconds));
        queue.close();
        let mut times = Vec::new();
        for connection in connections {
            times.append(&mut connection.join().ok().context("a connection panicked")??);
        }
        watch.stop(times)
    })
}

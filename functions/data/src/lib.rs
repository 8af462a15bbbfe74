//! Export and import of everything a person has.

mod archive;
mod check;
mod csv;
mod export;
mod import;
mod insert;
mod table;
mod writer;

use std::{sync::Arc, time::Duration};

use axum::{Extension, Router};
use common::{App, Code, Result, Routes, functions::DATA, routes};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

pub fn router(app: App) -> Router {
    let import = Routes::default().routes(routes!(import::import)).body_limit(DATA.body_limit);
    let routes = import.routes(routes!(export::export));
    routes.under(&DATA, app).layer(Extension(Turns::default()))
}

/// Limits how many exports and imports run at once, and so their memory and connections.
#[derive(Clone)]
struct Turns {
    /// Each holds a connection for as long as its client reads.
    exports: Arc<Semaphore>,
    /// Each holds its file in memory.
    imports: Arc<Semaphore>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { exports: Arc::new(Semaphore::new(2)), imports: Arc::new(Semaphore::new(1)) }
    }
}

/// Waits a second for a turn; `503` if none is free by then.
async fn turn(turns: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit> {
    let turn = timeout(Duration::from_secs(1), turns.clone().acquire_owned()).await;
    turn.ok().and_then(Result::ok).ok_or_else(|| Code::Unavailable.into())
}

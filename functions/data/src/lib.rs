//! Everything a person has, to take away and to bring back.

mod archive;
mod check;
mod csv;
mod export;
mod import;
mod insert;
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

/// What bounds memory and connections, however many ask at once.
#[derive(Clone)]
struct Turns {
    /// Each holds a connection while its reader reads.
    exports: Arc<Semaphore>,
    /// Each holds its file.
    imports: Arc<Semaphore>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { exports: Arc::new(Semaphore::new(2)), imports: Arc::new(Semaphore::new(1)) }
    }
}

/// Waits for a turn, for a moment.
async fn turn(turns: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit> {
    let turn = timeout(Duration::from_secs(1), turns.clone().acquire_owned()).await;
    turn.ok().and_then(Result::ok).ok_or_else(|| Code::Unavailable.into())
}

//! Export and import of everything a person has.

mod archive;
mod check;
mod csv;
mod days;
mod export;
mod import;
mod insert;
mod stored;
mod table;
mod writer;

use std::{sync::Arc, time::Duration};

use axum::{Extension, Router};
use common::{App, Code, Result, Routes, Turns, functions::DATA, routes};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

pub fn router(app: App) -> Router {
    let import = Routes::default().routes(routes!(import::import)).body_limit(DATA.body_limit);
    let routes = import.routes(routes!(export::export));
    routes.under(&DATA, app).layer(Extension(Limits::default()))
}

/// How many exports read at once: each holds one of the pool's five connections while its client reads.
const EXPORTS: usize = 3;
/// How long to wait for an export of somebody else to end. A client asks again.
const PATIENCE: Duration = Duration::from_secs(2);

/// What bounds the connections of exports and the imports, and what one person has of them.
#[derive(Clone)]
struct Limits {
    exports: Arc<Semaphore>,
    exports_each: Turns,
    imports_each: Turns,
}

impl Default for Limits {
    fn default() -> Self {
        Self { exports: Arc::new(Semaphore::new(EXPORTS)), exports_each: Turns::new(1), imports_each: Turns::new(1) }
    }
}

/// So many permits; `unavailable` if they are not free soon.
async fn permits(semaphore: &Arc<Semaphore>, count: usize) -> Result<OwnedSemaphorePermit> {
    let count = u32::try_from(count).map_err(anyhow::Error::from)?;
    let permits = timeout(PATIENCE, semaphore.clone().acquire_many_owned(count)).await;
    permits.ok().and_then(std::result::Result::ok).ok_or_else(|| Code::Unavailable.into())
}

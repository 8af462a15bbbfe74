//! Runs a request again whose transaction the database has rolled back, as the victim of a deadlock, say.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use tokio::time::sleep;
use uuid::Uuid;

use crate::{Error, Result, http::buffer::RequestBody};

/// How often a request runs again: as often as the pool can hand out a connection that is lost.
const RETRIES: u64 = 5;
/// No retry begins later than this.
const RETRY_TIME: Duration = Duration::from_secs(2);

/// Marks an answer whose transaction was rolled back: nothing is stored, so the request may run again. The
/// error is logged if it does not help.
#[derive(Clone)]
pub(crate) struct RolledBack(pub Arc<Error>);

/// The id of what a request makes, unless its sender names one: the same however often the request runs, so that what
/// was stored in spite of all is not stored twice. An extension of every request.
#[derive(Clone, Copy)]
pub struct NewId(pub Uuid);

/// Runs a request again while its answer is marked, with jitter between. One whose body is not buffered runs once.
pub(super) async fn retry(mut request: Request, next: Next) -> Result<Response> {
    request.extensions_mut().insert(NewId(Uuid::now_v7()));
    let (body, _) = RequestBody::of(request.extensions())?;
    let (parts, first) = request.into_parts();
    let mut response = next.clone().run(Request::from_parts(parts.clone(), first)).await;
    let deadline = Instant::now() + RETRY_TIME;
    for attempt in 1..=RETRIES {
        let is_over = response.extensions().get::<RolledBack>().is_none() || Instant::now() > deadline;
        if is_over || !body.is_buffered() {
            break;
        }
        sleep(Duration::from_millis(rand::random_range(1..20) * attempt)).await;
        // Its extractors find the body among the extensions.
        response = next.clone().run(Request::from_parts(parts.clone(), Body::empty())).await;
    }
    if let Some(RolledBack(error)) = response.extensions().get() {
        error.log();
    }
    Ok(response)
}

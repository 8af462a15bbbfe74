//! Runs a request again whose transaction the database has rolled back, as the victim of a deadlock, say.

use std::time::{Duration, Instant};

use axum::{extract::Request, middleware::Next, response::Response};
use tokio::time::sleep;

use crate::http::buffer::Buffered;

/// How often a request runs again: as often as the pool can hand out a connection that is lost.
const RETRIES: u64 = 5;
/// No retry begins later than this.
const RETRY_TIME: Duration = Duration::from_secs(2);

/// Marks an answer whose transaction was rolled back: nothing is stored, so the request may run again.
#[derive(Clone)]
pub(crate) struct RolledBack;

/// Runs a request again while its answer is marked, with jitter between. One whose body was too large to
/// buffer runs once.
pub(super) async fn retry(request: Request, next: Next) -> Response {
    let Some(Buffered(body)) = request.extensions().get().cloned() else { return next.run(request).await };
    let (parts, _) = request.into_parts();
    let deadline = Instant::now() + RETRY_TIME;
    for attempt in 1..=RETRIES {
        let response = next.clone().run(Request::from_parts(parts.clone(), body.clone().into())).await;
        if response.extensions().get::<RolledBack>().is_none() || Instant::now() > deadline {
            return response;
        }
        sleep(Duration::from_millis(rand::random_range(1..20) * attempt)).await;
    }
    next.run(Request::from_parts(parts, body.into())).await
}

//! Closes finished days, when a scheduled CloudEvent says that time has passed.
//!
//! Nothing is read from the event, so that a forged one is harmless. What is due follows from the clock and the
//! counters alone, so that a tick is idempotent: a duplicate, late or reordered one changes nothing twice.

mod announce;
mod chunk;
mod drift;
mod due;
mod housekeeping;
mod people;
mod run;

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use common::{App, Code, Error, Result};

pub use crate::{
    announce::{Sink, milestones as announce_milestones},
    run::{CHUNK, Done, close_days, run},
};

/// How large an event may be, in bytes: nothing in it is used.
const EVENT_LIMIT: usize = 64 * 1024;

pub fn router(app: App, sink: Option<Sink>) -> Router {
    let limit = common::body_limit(EVENT_LIMIT);
    Router::new().route("/", post(tick)).layer(limit).layer(Extension(Arc::new(sink))).with_state(app)
}

/// Takes a CloudEvent in binary or structured mode (CloudEvents 1.0, HTTP binding). Answers `204` without a body when
/// all is done, because a Trigger takes any other body for a failure; and `503` when work is left, because a
/// PingSource does not retry a `500`.
async fn tick(
    State(app): State<App>,
    Extension(sink): Extension<Arc<Option<Sink>>>,
    headers: HeaderMap,
    event: Request,
) -> Result<Response> {
    let body = common::body(&event).await?;
    cloudevents::binding::http::to_event(&headers, body.into()).map_err(|_| Code::EventInvalid)?;
    let done = run(&app, CHUNK).await?;
    if let Some(sink) = sink.as_ref() {
        announce::milestones(&app, |event| async move { sink.send(&event).await }).await?;
    }
    if done.remaining > 0 {
        let members = [("closed", done.closed), ("remaining", done.remaining)];
        let members = members.map(|(name, count)| (name.to_owned(), count.into())).into_iter().collect();
        return Err(Error::Extended(Code::WorkRemains, members));
    }
    let closed = [(HeaderName::from_static("hanip-tick-closed"), done.closed.to_string())];
    Ok((StatusCode::NO_CONTENT, closed).into_response())
}

//! What an event starts: everything that is due is sent, while there is time.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
};
use cloudevents::AttributesReader;
use common::{App, Code, Error, Result, clock};
use tokio::time::Instant;

use crate::{deliver, milestones, send::Sender};

/// How long one call begins to send: a request that was begun takes ten seconds at most.
const WORK_TIME: Duration = Duration::from_secs(28);

/// Takes a CloudEvent in binary or structured mode. Answers `204` without a body when nothing is due any more, and `503`
/// when work is left.
pub async fn take(
    State(app): State<App>,
    Extension(sender): Extension<Arc<Sender>>,
    headers: HeaderMap,
    event: Request,
) -> Result<StatusCode> {
    let body = common::body(&event).await?;
    let event = cloudevents::binding::http::to_event(&headers, body.into()).map_err(|_| Code::EventInvalid)?;
    if event.ty() == milestones::TYPE {
        milestones::note(&app, &event).await?;
    }
    match run(&app, &sender).await? {
        0 => Ok(StatusCode::NO_CONTENT),
        remaining => {
            Err(Error::Extended(Code::WorkRemains, [("remaining".to_owned(), remaining.into())].into_iter().collect()))
        }
    }
}

/// Sends what is due, and deletes what is old. Returns how much is left.
pub async fn run(app: &App, sender: &Arc<Sender>) -> Result<u64> {
    let started = Instant::now();
    // A time that is passed over is planned for its next day: a clock that is ahead would pass over all of them.
    clock::confirmed(app).await?;
    let has_time = || started.elapsed() < WORK_TIME && !app.tasks.is_closed();
    let sent = deliver::all(app, sender, has_time).await?;
    let remaining = deliver::left(app).await?;
    if remaining == 0 {
        deliver::forget_old(app).await?;
    }
    if sent > 0 || remaining > 0 {
        tracing::info!(sent, remaining, took_ms = started.elapsed().as_millis() as u64, "reminders");
    }
    Ok(remaining)
}

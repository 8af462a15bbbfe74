//! The body of a request on its way to a handler.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::Request,
    middleware::Next,
    response::Response,
};
use http_body_util::{
    BodyExt,
    channel::{Channel, Sender},
};
use tokio::time::timeout;

use crate::{Code, Error, Result};

/// How large a body is buffered, so that its request can run again. A larger one is passed on as it
/// comes, to a route that takes it, and its request runs once.
const BUFFERED_BODY: usize = 512 * 1024;
/// How much of a body that nobody reads is drained. Without it the client sees a reset in place of our answer.
const DRAINED_BODY: usize = 8 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(5);
/// How long a body may take to arrive, and a larger one, with what is done with it.
const BODY_TIME: Duration = Duration::from_secs(20);
pub(super) const UPLOAD_TIME: Duration = Duration::from_secs(300);

/// The whole body of a request, where it was small enough to buffer.
#[derive(Clone)]
pub(super) struct Buffered(pub(super) Bytes);

/// Reads the body of a request before the request goes on, since one that runs again needs it again.
pub(super) async fn buffer(request: Request, next: Next) -> Result<Response> {
    let (mut parts, body) = request.into_parts();
    let (buffered, rest) = read(body).await?;
    let Some(rest) = rest else {
        parts.extensions.insert(Buffered(buffered.clone()));
        return Ok(next.run(Request::from_parts(parts, buffered.into())).await);
    };
    let (sender, body) = Channel::new(4);
    let mut passed_on = tokio::spawn(pass_on(buffered, rest, sender));
    let response = next.run(Request::from_parts(parts, Body::new(body))).await;
    // Of a body that was not read to its end, what comes soon is drained; one that stands still is waited for no longer.
    if timeout(DRAIN_TIME, &mut passed_on).await.is_err() {
        passed_on.abort();
    }
    Ok(response)
}

/// The whole body; of one that is too large to buffer the first part, and what is left to read.
async fn read(mut body: Body) -> Result<(Bytes, Option<Body>)> {
    let mut bytes = Vec::new();
    let read = timeout(BODY_TIME, async {
        while bytes.len() <= BUFFERED_BODY {
            let Some(frame) = body.frame().await else { return Ok(None) };
            bytes.extend_from_slice(frame.map_err(|_| Code::JsonInvalid)?.data_ref().unwrap_or(&Bytes::new()));
        }
        Ok::<_, Error>(Some(body))
    });
    let rest = read.await.map_err(|_| Code::BodyTimeout)??;
    Ok((bytes.into(), rest))
}

/// Passes a body on as it comes, as fast as it is read. One that ends too soon, or takes too long, is
/// an error to its reader, never a whole body.
async fn pass_on(first: Bytes, mut rest: Body, mut to: Sender<Bytes, axum::Error>) {
    let passed_on = timeout(UPLOAD_TIME, async {
        let mut taken = to.send_data(first).await;
        while taken.is_ok()
            && let Some(frame) = rest.frame().await
        {
            taken = to.send(frame?).await;
        }
        Ok(())
    });
    match passed_on.await.unwrap_or_else(|late| Err(axum::Error::new(late))) {
        Err(error) => to.abort(error),
        Ok(()) => {
            drop(to);
            let mut size = 0;
            let _ = timeout(BODY_TIME, async {
                while size <= DRAINED_BODY
                    && let Some(Ok(frame)) = rest.frame().await
                {
                    size += frame.data_ref().map_or(0, Bytes::len);
                }
            })
            .await;
        }
    }
}

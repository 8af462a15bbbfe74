//! The body of a request on its way to a handler.

use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::{BodyExt, channel::Sender};
use tokio::time::timeout;

use crate::{Code, Error};

/// How large a body is kept, so that its request can run again. A larger one is handed on as it
/// comes, to a route that takes it, and its request runs once.
const KEPT_BODY: usize = 512 * 1024;
/// How much of a body that nobody takes is read and dropped, so that its sender gets to hear the answer.
const DRAINED_BODY: usize = 8 * 1024 * 1024;
/// How long a body may take to arrive, and a larger one, with what is done with it.
const BODY_TIME: Duration = Duration::from_secs(20);
pub(crate) const UPLOAD_TIME: Duration = Duration::from_secs(300);

/// Reads the whole body, since a request that runs again needs it again; of one that is too large
/// to keep the first part, and what is left to read.
pub(crate) async fn read(mut body: Body) -> Result<(Bytes, Option<Body>), Error> {
    let mut bytes = Vec::new();
    let read = timeout(BODY_TIME, async {
        while bytes.len() <= KEPT_BODY {
            let Some(frame) = body.frame().await else { return Ok(None) };
            bytes.extend_from_slice(frame.map_err(|_| Code::JsonInvalid)?.data_ref().unwrap_or(&Bytes::new()));
        }
        Ok::<_, Error>(Some(body))
    });
    let rest = read.await.map_err(|_| Code::BodyTimeout)??;
    Ok((bytes.into(), rest))
}

/// Hands a body on as it comes, as fast as it is taken. One that ends too soon, or takes too long, is
/// an error to who takes it, never a whole body.
pub(crate) async fn hand_on(kept: Bytes, mut rest: Body, mut to: Sender<Bytes, axum::Error>) {
    let handed_on = timeout(UPLOAD_TIME, async {
        let mut taken = to.send_data(kept).await;
        while taken.is_ok()
            && let Some(frame) = rest.frame().await
        {
            taken = to.send(frame?).await;
        }
        Ok(())
    });
    match handed_on.await.unwrap_or_else(|late| Err(axum::Error::new(late))) {
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

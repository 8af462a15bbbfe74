//! Receives the file of an import.

use std::{sync::Arc, time::Duration};

use axum::{
    RequestExt,
    body::{Body, Bytes},
    extract::Request,
    http::header,
};
use common::{Code, Result};
use http_body_util::{BodyExt, LengthLimitError};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::permits;

/// How much is received at once, in bytes, and in which time it must come: slower uploads, 13 kB/s, are ended.
const CHUNK: usize = 64 * 1024;
const CHUNK_TIME: Duration = Duration::from_secs(5);
/// How much memory an import takes for each byte of its file: the byte, and what is read from it.
const MEMORY_FACTOR: usize = 3;

/// Receives the whole body of a request; returns the request with it, and the memory that was reserved for it. Memory
/// is reserved as the body comes, so that an upload that has only begun stops no other one.
pub async fn receive(request: Request, memory: &Arc<Semaphore>) -> Result<(Request, OwnedSemaphorePermit)> {
    let (parts, mut body) = request.with_limited_body().into_parts();
    let length: Option<usize> =
        parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    // The length may not be true: pages that are not written take no memory.
    let mut file = Vec::with_capacity(length.unwrap_or_default().min(common::functions::DATA.body_limit));
    let mut reserved = permits(memory, 0).await?;
    let mut is_complete = false;
    while !is_complete {
        let received = file.len();
        reserved.merge(permits(memory, CHUNK * MEMORY_FACTOR / 1024).await?);
        is_complete = timeout(CHUNK_TIME, chunk(&mut body, &mut file, received + CHUNK))
            .await
            .map_err(|_| Code::BodyTimeout)??;
    }
    Ok((Request::from_parts(parts, file.into()), reserved))
}

/// Receives until the file is so long; true if that was all.
async fn chunk(body: &mut Body, file: &mut Vec<u8>, length: usize) -> Result<bool> {
    while file.len() < length {
        let Some(frame) = body.frame().await else { return Ok(true) };
        let frame = frame.map_err(|error| match error.into_inner().is::<LengthLimitError>() {
            true => Code::BodyTooLarge,
            false => Code::BodyTimeout,
        })?;
        file.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new()));
    }
    Ok(false)
}

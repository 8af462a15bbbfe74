//! The body of a request. Nothing of it is read before a handler asks for it: by then it is known who sends it and
//! how much the route takes. It is buffered, so that its request can run again.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Extension,
    body::{Body, Bytes, HttpBody},
    extract::{Request, State},
    http::Extensions,
    middleware::Next,
    response::Response,
};
use futures_util::stream::try_unfold;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;

use crate::{
    Code, Result,
    functions::BODY_LIMIT,
    http::room::{BUFFERED_BODY, Place, Rooms},
};

/// How much of a body that nobody reads is drained, and how long. Without it the client sees a reset in place of our answer.
const DRAINED_BODY: usize = 8 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(5);
/// How long the first [`PIECE`] of a body may take to arrive, which is all of most, and how long each further one:
/// slower uploads, 13 kB/s, are ended.
const BODY_TIME: Duration = Duration::from_secs(20);
const PIECE_TIME: Duration = Duration::from_secs(5);
const PIECE: usize = 64 * 1024;
/// How long a large body may take, with what is done with it.
const UPLOAD_TIME: Duration = Duration::from_secs(300);

/// How large the bodies of a route may be.
#[derive(Clone, Copy)]
pub struct BodyLimit(usize);

/// A layer that sets how large the bodies of its routes may be.
pub fn body_limit(limit: usize) -> Extension<BodyLimit> {
    Extension(BodyLimit(limit))
}

/// Puts the body within reach of the extractors, and drains what none of them has read.
pub(super) async fn receive(State(rooms): State<Rooms>, mut request: Request, next: Next) -> Response {
    let body = RequestBody::new(mem::take(request.body_mut()), rooms);
    *request.body_mut() = body.stream();
    request.extensions_mut().insert(body.clone());
    let response = next.run(request).await;
    body.drain();
    response
}

/// The body of a request, on its way. Clones are the same body.
#[derive(Clone)]
pub(crate) struct RequestBody(Arc<Shared>);

struct Shared {
    source: tokio::sync::Mutex<Source>,
    progress: Mutex<Progress>,
    rooms: Rooms,
}

/// What is left to read, and what has been read.
struct Source {
    rest: Body,
    /// Which piece arrives, and since when.
    piece: (usize, Option<Instant>),
    read: Vec<u8>,
    place: Option<Place>,
    whole: Option<Bytes>,
}

/// What must be known while somebody reads.
struct Progress {
    owner: Option<Uuid>,
    started: Instant,
    is_read: bool,
    last_read: Instant,
    size: usize,
    is_buffered: bool,
}

impl RequestBody {
    fn new(rest: Body, rooms: Rooms) -> Self {
        let now = Instant::now();
        let whole = rest.is_end_stream().then(Bytes::new);
        let source = Source { rest, piece: (0, None), read: Vec::new(), place: None, whole };
        let (started, last_read) = (now, now);
        let progress = Progress { owner: None, started, is_read: false, last_read, size: 0, is_buffered: true };
        Self(Arc::new(Shared { source: source.into(), progress: progress.into(), rooms }))
    }

    /// The body of the request with these extensions, and how large it may be.
    pub(crate) fn of(extensions: &Extensions) -> Result<(Self, usize)> {
        let body = extensions.get::<Self>().cloned();
        let body = body.ok_or_else(|| anyhow::anyhow!("expected the layers of `surround`"))?;
        Ok((body, extensions.get().map_or(BODY_LIMIT, |BodyLimit(limit)| *limit)))
    }

    /// Says who sends it: people share the memory of a process.
    pub(crate) fn set_owner(&self, owner: Uuid) {
        self.progress().owner = Some(owner);
    }

    /// Reads it to its end, within `limit` bytes and within the time for it. The same again once it is read, for a
    /// request that runs again; a future that is dropped loses nothing.
    pub(crate) async fn whole(&self, limit: usize) -> Result<Bytes> {
        let mut source = self.0.source.lock().await;
        if let Some(whole) = &source.whole {
            return Ok(whole.clone());
        }
        let declared = source.rest.size_hint().lower();
        if declared.saturating_add(source.read.len() as u64) > limit as u64 {
            return Err(Code::BodyTooLarge.into());
        }
        if source.place.is_none() {
            source.place = Some(self.0.rooms.place(self.progress().owner, limit));
            source.read.reserve_exact(usize::try_from(declared).unwrap_or_default());
        }
        while let Some(bytes) = self.next(&mut source).await? {
            if source.read.len() + bytes.len() > limit {
                return Err(Code::BodyTooLarge.into());
            }
            if let Some(place) = &mut source.place {
                place.grow(bytes.len())?;
            }
            source.read.extend_from_slice(&bytes);
        }
        let whole = Bytes::from(mem::take(&mut source.read));
        if whole.len() <= BUFFERED_BODY {
            source.whole = Some(whole.clone());
        }
        Ok(whole)
    }

    /// The next piece, unless it takes too long.
    async fn next(&self, source: &mut Source) -> Result<Option<Bytes>> {
        if source.rest.is_end_stream() {
            return Ok(None);
        }
        let reading = Reading::begin(self);
        let (piece, started) = {
            let progress = reading.0.progress();
            (progress.size / PIECE, progress.started)
        };
        if source.piece.0 != piece || source.piece.1.is_none() {
            source.piece = (piece, Some(Instant::now()));
        }
        let since = source.piece.1.unwrap_or(started);
        let deadline = (since + if piece == 0 { BODY_TIME } else { PIECE_TIME }).min(started + UPLOAD_TIME);
        let frame = timeout_at(deadline, source.rest.frame()).await.map_err(|_| Code::BodyTimeout)?;
        let Some(frame) = frame else {
            source.rest = Body::empty();
            return Ok(None);
        };
        let bytes = frame.map_err(|_| Code::JsonInvalid)?.into_data().unwrap_or_default();
        let mut progress = self.progress();
        progress.size += bytes.len();
        progress.is_buffered &= progress.size <= BUFFERED_BODY;
        Ok(Some(bytes))
    }

    /// As axum's own extractors read it: as it comes. Its request runs once.
    fn stream(&self) -> Body {
        if self.0.source.try_lock().is_ok_and(|source| source.whole.is_some()) {
            return Body::empty();
        }
        Body::from_stream(try_unfold(self.clone(), async |body| {
            body.progress().is_buffered = false;
            let next = body.next(&mut *body.0.source.lock().await).await;
            next.map(|bytes| Some((bytes?, body)))
        }))
    }

    /// When the answer is late: `time` after the last of the body was read. What its sender takes does not count.
    pub(super) fn answer_due(&self, time: Duration) -> Instant {
        let progress = self.progress();
        match progress.is_read {
            true => Instant::now() + time,
            false if progress.size > BUFFERED_BODY => progress.started + UPLOAD_TIME,
            false => progress.last_read + time,
        }
    }

    /// Whether it can be read again.
    pub(super) fn is_buffered(&self) -> bool {
        self.progress().is_buffered
    }

    /// Reads what nobody has read, after the answer, unless somebody still reads.
    fn drain(&self) {
        let Ok(mut source) = self.0.source.try_lock() else { return };
        let mut rest = mem::take(&mut source.rest);
        if rest.is_end_stream() {
            return;
        }
        tokio::spawn(timeout(DRAIN_TIME, async move {
            let mut size = 0;
            while size <= DRAINED_BODY
                && let Some(Ok(frame)) = rest.frame().await
            {
                size += frame.data_ref().map_or(0, Bytes::len);
            }
        }));
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While it lives, the body's sender is waited for.
struct Reading<'a>(&'a RequestBody);

impl<'a> Reading<'a> {
    fn begin(body: &'a RequestBody) -> Self {
        body.progress().is_read = true;
        Self(body)
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        let mut progress = self.0.progress();
        (progress.is_read, progress.last_read) = (false, Instant::now());
    }
}

/// The whole body of a request, within the limit of its route.
pub fn body(request: &Request) -> impl Future<Output = Result<Bytes>> + Send + use<> {
    let found = RequestBody::of(request.extensions());
    async {
        let (body, limit) = found?;
        body.whole(limit).await
    }
}

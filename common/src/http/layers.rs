//! What surrounds the routes of every function: middleware, a function for each duty.

use std::{any::Any, pin::pin, time::Duration};

use anyhow::anyhow;
use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
    routing::get,
};
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;
use tower::ServiceBuilder;
use tracing::Instrument;

use crate::{
    App, Code, Error, Language, Origin, Result,
    functions::{BODY_LIMIT, WATCHED},
    http::{
        buffer::{RequestBody, receive},
        problem::Shown,
        retry::retry,
        room::Rooms,
    },
    session::{csrf, keep_turn},
    telemetry,
};

/// How long a person waits for an answer, and how long a schedule does. The work itself goes on.
const API_TIME: Duration = Duration::from_secs(10);
const WORK_TIME: Duration = Duration::from_secs(60);

/// Adds what every function has: `/healthz`, `/metrics`, problems for what has no route, and the layers.
pub fn finish(router: Router, app: &App) -> Router {
    surround(complete(router), app)
}

/// The first half of [`finish`]: every path has an answer.
pub fn complete(router: Router) -> Router {
    router
        .route("/healthz", get(async || "ok"))
        .route("/metrics", get(telemetry::metrics))
        .fallback(async || Error::from(Code::NotFound))
        .method_not_allowed_fallback(async || Error::from(Code::MethodNotAllowed))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}

/// The second half of [`finish`]: the layers around every route. A request passes them from the first to the
/// last, its answer from the last to the first.
pub fn surround(router: Router, app: &App) -> Router {
    router.layer(
        ServiceBuilder::new()
            .layer(from_fn(observe))
            .layer(from_fn_with_state(app.origin.is_https(), secure))
            .layer(from_fn(translate))
            .layer(from_fn(refuse_ambiguous))
            .layer(from_fn_with_state(app.origin.clone(), csrf::refuse_foreign))
            .layer(from_fn_with_state(Rooms::default(), receive))
            .layer(from_fn(limit_time))
            .layer(from_fn_with_state(app.tasks.clone(), detach))
            .layer(from_fn_with_state(app.clone(), reach_database))
            .layer(from_fn(keep_turn))
            .layer(from_fn(retry)),
    )
}

/// Logs and counts each request of people and events, under the trace that it belongs to.
async fn observe(request: Request, next: Next) -> Response {
    if is_watched(&request) {
        return next.run(request).await;
    }
    let started = Instant::now();
    let method = request.method().clone();
    // The route, not the path: a callback's query and people's ids stay out of logs and metrics.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let span = tracing::info_span!("request", trace_id = telemetry::trace_id(request.headers()));

    let response = next.run(request).instrument(span.clone()).await;

    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let (status, took) = (response.status().as_u16(), started.elapsed());
    // Clients make up methods; metrics must not grow with them.
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(&method);
    telemetry::observe(if known { method.as_str() } else { "other" }, route, status, took);
    let _entered = span.enter();
    tracing::info!(%method, route, status, duration_ms = took.as_micros() as f64 / 1e3, "answered");
    response
}

/// Adds the security headers that the answer does not set itself. Answers of the API are in no cache.
async fn secure(State(is_https): State<bool>, request: Request, next: Next) -> Response {
    let no_store = is_api(&request).then_some((header::CACHE_CONTROL, "no-store"));
    let mut response = next.run(request).await;
    for (name, value) in headers(is_https).chain(no_store) {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// The security headers of every answer that does not set them itself.
pub fn security_headers(origin: &Origin) -> impl Iterator<Item = (HeaderName, &'static str)> {
    headers(origin.is_https())
}

fn headers(is_https: bool) -> impl Iterator<Item = (HeaderName, &'static str)> {
    let https = is_https.then_some("max-age=31536000; includeSubDomains");
    [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ]
    .into_iter()
    .chain(https.map(|value| (header::STRICT_TRANSPORT_SECURITY, value)))
}

/// Renders a problem in the language of the request.
async fn translate(request: Request, next: Next) -> Response {
    let language = Language::of(request.headers());
    let mut response = next.run(request).await;
    if language != Language::English
        && let Some(shown) = response.extensions_mut().remove::<Shown>()
    {
        let headers = std::mem::replace(&mut response, shown.render(language)).into_parts().0.headers;
        for (name, value) in headers.iter().filter(|(name, _)| *name != header::CONTENT_LENGTH) {
            response.headers_mut().entry(name).or_insert(value.clone());
        }
    }
    response
}

/// Refuses a request with two `Host` headers, as RFC 9112, section 3.2 demands: proxies may read the other one.
async fn refuse_ambiguous(request: Request, next: Next) -> Result<Response> {
    match request.headers().get_all(header::HOST).iter().nth(1) {
        Some(_) => Err(Code::RequestInvalid.into()),
        None => Ok(next.run(request).await),
    }
}

/// When a request has to be answered at the latest, if anything says so. Its work ends then too: an extension of the
/// requests of a process that is frozen after its answer.
#[derive(Clone, Copy)]
pub(super) struct Deadline(pub(super) Instant);

/// Answers 503 where a handler takes too long. It runs on to its end, unless the process does not.
async fn limit_time(request: Request, next: Next) -> Result<Response> {
    let time = if is_api(&request) { API_TIME } else { WORK_TIME };
    let deadline = request.extensions().get().map(|Deadline(at)| *at);
    let (body, _) = RequestBody::of(request.extensions())?;
    let answer_due = || deadline.into_iter().fold(body.answer_due(time), Instant::min);
    let mut response = pin!(next.run(request));
    loop {
        let due = answer_due();
        match timeout_at(due, &mut response).await {
            Ok(response) => return Ok(response),
            Err(_) if answer_due() <= due => return Err(Code::Unavailable.into()),
            Err(_) => {}
        }
    }
}

fn is_watched(request: &Request) -> bool {
    WATCHED.contains(&request.uri().path())
}

pub(super) fn is_api(request: &Request) -> bool {
    request.uri().path().starts_with("/api/")
}

#[cfg(not(panic = "unwind"))]
compile_error!("expected panic = \"unwind\": a handler that panics must not end the process");

/// Runs each request in a task of its own, so that a panic becomes a 500. A write runs to its end, though its client
/// hangs up or is answered that it took too long. A read, and the import of a file, end then: nobody waits for them. So
/// does all that has a [`Deadline`].
async fn detach(State(tasks): State<TaskTracker>, request: Request, next: Next) -> Result<Response> {
    let ends = request.method().is_safe() || request.extensions().get::<Deadline>().is_some();
    let (body, _) = RequestBody::of(request.extensions())?;
    let traceparent = telemetry::traceparent_of(request.headers());
    let task = tasks.spawn(telemetry::traced(traceparent, next.run(request)).in_current_span());
    let abort = task.abort_handle();
    let _abort = defer(move || {
        if ends || !body.is_buffered() {
            abort.abort();
        }
    });
    task.await.map_err(|failure| {
        let panic = failure.try_into_panic().ok();
        Error::Internal(anyhow!("a handler panicked: {}", panic_text(panic.as_deref())))
    })
}

/// Lets requests wait until the process has its first connection to the database.
async fn reach_database(State(app): State<App>, request: Request, next: Next) -> Response {
    if !is_watched(&request) {
        app.reached.wait(&app.db).await;
    }
    next.run(request).await
}

/// Calls `end` when it is dropped.
fn defer(end: impl FnOnce()) -> impl Drop {
    struct Deferred<F: FnOnce()>(Option<F>);

    impl<F: FnOnce()> Drop for Deferred<F> {
        fn drop(&mut self) {
            self.0.take().into_iter().for_each(|end| end());
        }
    }

    Deferred(Some(end))
}

fn panic_text(panic: Option<&(dyn Any + Send)>) -> &str {
    let text = panic
        .and_then(|panic| panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied()));
    text.unwrap_or("no text")
}

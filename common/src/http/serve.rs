//! What every function has around its routes, and how it is served.

use std::{
    any::Any,
    net::Ipv4Addr,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, DefaultBodyLimit, MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, header, request::Parts},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use http_body_util::channel::Channel;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tower::ServiceExt;
use tracing::Instrument;

use crate::{
    App, Code, Env, Error, Language, Origin,
    functions::BODY_LIMIT,
    http::{
        buffer::{UPLOAD_TIME, hand_on, read},
        error::{Again, Shown},
    },
    session, telemetry,
};

/// How long a client may take to send the head of a request; also how long a connection may idle.
const HEAD_TIME: Duration = Duration::from_secs(8);
/// How many connections are served at once; further ones wait to be accepted.
const CONNECTIONS: usize = 1000;
/// How often a request whose transaction was undone runs again: as often as the pool can hand out
/// a connection that is lost.
const RETRIES: u64 = 5;
/// How long people wait for an answer, and how long a schedule does. The work itself goes on.
const API_TIME: Duration = Duration::from_secs(10);
const WORK_TIME: Duration = Duration::from_secs(60);
/// How long requests in flight may take after SIGTERM. Knative's grace is at least 60 s, of which
/// its own drain takes 30.
const DRAIN_TIME: Duration = Duration::from_secs(20);
const CLOSE_TIME: Duration = Duration::from_secs(5);

/// Runs a function until SIGTERM or Ctrl-C: over HTTP on `PORT`, or, built with the feature
/// `lambda`, as the handler of an AWS Lambda function. One thread is enough: a container's limit is one
/// processor, of which handing a request from thread to thread would take a part.
pub async fn serve(routes: impl FnOnce(App, &Env) -> Result<Router>) -> ExitCode {
    exit(run(routes).await)
}

/// The end of a program: what stopped it is told to the person at the terminal, on one line.
pub fn exit(result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(routes: impl FnOnce(App, &Env) -> Result<Router>) -> Result<()> {
    let env = Env::process();
    telemetry::start(&env, "info")?;
    let app = App::from_env(&env)?;
    let router = finish(routes(app.clone(), &env)?, &app);
    #[cfg(feature = "lambda")]
    if env.optional("AWS_LAMBDA_RUNTIME_API")?.is_some() {
        return lambda_http::run(router).await.map_err(|error| anyhow::anyhow!(error));
    }
    let listener = bind(&env, Ipv4Addr::UNSPECIFIED).await?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    listen(listener, router, &app, shutdown_signal()?).await;
    Ok(())
}

/// Listens on `PORT` of `address`.
pub async fn bind(env: &Env, address: Ipv4Addr) -> Result<TcpListener> {
    let port: u16 = env.parsed("PORT", "a port number", 8080)?;
    TcpListener::bind((address, port)).await.with_context(|| format!("PORT: can't listen on {address}:{port}"))
}

/// Completes at the first SIGTERM or Ctrl-C.
pub fn shutdown_signal() -> Result<impl Future<Output = ()> + Send> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Serves `router` until `shutdown` completes, then finishes what was accepted and closes the pool.
pub async fn listen(listener: TcpListener, router: Router, app: &App, shutdown: impl Future<Output = ()>) {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = async { (places.clone().acquire_owned().await, listener.accept().await) } => accepted,
            () = &mut shutdown => break,
        };
        let (Ok(place), Ok((stream, peer))) = accepted else {
            // Out of file descriptors, say: it passes.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let service = router.clone().map_request(move |mut request: Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request
        });
        let service = TowerToHyperService::new(service);
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    app.tasks.close();
    let drained = timeout(DRAIN_TIME, async {
        graceful.shutdown().await;
        app.tasks.wait().await;
    });
    if drained.await.is_err() {
        tracing::warn!("requests were still running when the time to drain was over");
    }
    // A database that does not answer is not waited for.
    let _ = timeout(CLOSE_TIME, app.db.close()).await;
}

/// Adds what every function has: `/healthz`, `/metrics`, problems for what has no route, the check
/// of the origin, limits, security headers, logs.
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

/// The second half of [`finish`]: what goes on around every request.
pub fn surround(router: Router, app: &App) -> Router {
    router.layer(from_fn_with_state(app.clone(), around))
}

/// Around every request, in the order of reading.
async fn around(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    // The route, not the path: a callback's query and people's ids stay out of logs and metrics.
    let route = request.extensions().get::<MatchedPath>().map_or("none".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("request", trace_id = telemetry::trace_id(request.headers()));
    let language = Language::of(request.headers());
    let is_api = request.uri().path().starts_with("/api/");

    let answer = async {
        let (parts, body) = request.into_parts();
        check_origin(&app, &parts)?;
        let time = if is_api { API_TIME } else { WORK_TIME };
        let answer = match read(body).await? {
            (kept, None) => timeout(time, to_its_end(&app, attempts(parts, kept, next).instrument(span.clone()))).await,
            (kept, Some(rest)) => {
                let (sender, body) = Channel::new(4);
                let handed_on = tokio::spawn(hand_on(kept, rest, sender));
                let request = Request::from_parts(parts, Body::new(body));
                let answer = timeout(UPLOAD_TIME, to_its_end(&app, next.run(request).instrument(span.clone()))).await;
                let _ = handed_on.await;
                answer
            }
        };
        answer.unwrap_or_else(|_| Err(Code::Unavailable.into()))
    };
    let mut response = answer.await.unwrap_or_else(Error::into_response);
    if language != Language::English
        && let Some(shown) = response.extensions_mut().remove::<Shown>()
    {
        let headers = std::mem::replace(&mut response, shown.render(language)).into_parts().0.headers;
        for (name, value) in headers.iter().filter(|(name, _)| *name != header::CONTENT_LENGTH) {
            response.headers_mut().entry(name).or_insert(value.clone());
        }
    }
    secure(&app, is_api, &mut response);

    let (status, took) = (response.status().as_u16(), started.elapsed());
    // Clients make up methods; metrics must not grow with them.
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(&method);
    telemetry::observe(if known { method.as_str() } else { "other" }, &route, status, took);
    let _entered = span.enter();
    tracing::info!(%method, route, status, duration_ms = took.as_micros() as f64 / 1e3, "answered");
    response
}

/// Answers a request, again where the database undid its transaction: at most [`RETRIES`] times in 2 s.
async fn attempts(parts: Parts, body: Bytes, next: Next) -> Response {
    let deadline = Instant::now() + Duration::from_secs(2);
    for attempt in 1..=RETRIES {
        let response = next.clone().run(Request::from_parts(parts.clone(), body.clone().into())).await;
        if response.extensions().get::<Again>().is_none() || Instant::now() > deadline {
            return response;
        }
        sleep(Duration::from_millis(rand::random_range(1..20) * attempt)).await;
    }
    next.run(Request::from_parts(parts, body.into())).await
}

#[cfg(not(panic = "unwind"))]
compile_error!("expected panic = \"unwind\": a handler that panics must not end the process");

/// Runs a request in a task of its own: a client that hangs up does not cut a write short, and a
/// panic becomes a 500.
async fn to_its_end(app: &App, answer: impl Future<Output = Response> + Send + 'static) -> Result<Response, Error> {
    app.tasks.spawn(answer).await.map_err(|failure| {
        let panic = failure.try_into_panic().ok();
        Error::Internal(anyhow::anyhow!("a handler panicked: {}", panic_text(panic.as_deref())))
    })
}

fn panic_text(panic: Option<&(dyn Any + Send)>) -> &str {
    let text = panic
        .and_then(|panic| panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied()));
    text.unwrap_or("no text")
}

/// Refuses what another site makes a browser send: an unsafe API request with a cookie needs
/// `Sec-Fetch-Site: same-origin`, or, from browsers without it, an `Origin` that is ours.
fn check_origin(app: &App, request: &Parts) -> Result<(), Error> {
    let headers = &request.headers;
    let (safe, bearer) = (request.method.is_safe(), session::bearer(headers).is_some());
    if safe || bearer || !request.uri.path().starts_with("/api/") || !headers.contains_key(header::COOKIE) {
        return Ok(());
    }
    let ours = match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes() == app.origin.text().as_bytes()),
    };
    if ours { Ok(()) } else { Err(Code::OriginForeign.into()) }
}

/// The security headers of every answer that does not set them itself.
pub fn security_headers(origin: &Origin) -> impl Iterator<Item = (HeaderName, &'static str)> {
    let https = origin.is_https().then_some("max-age=31536000; includeSubDomains");
    [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ]
    .into_iter()
    .chain(https.map(|value| (header::STRICT_TRANSPORT_SECURITY, value)))
}

fn secure(app: &App, is_api: bool, response: &mut Response) {
    let no_store = is_api.then_some((header::CACHE_CONTROL, "no-store"));
    for (name, value) in security_headers(&app.origin).chain(no_store) {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
}

//! Runs a function: over HTTP until it is told to stop, or as the handler of an AWS Lambda function.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use axum::{
    Router,
    extract::{ConnectInfo, Request},
};
use hyper_util::{rt::TokioIo, server::graceful::GracefulShutdown, service::TowerToHyperService};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tower::ServiceExt;

#[cfg(feature = "lambda")]
use crate::http::lambda;
use crate::{
    App, Env,
    http::{
        connection::{IDLE_TIME, guard},
        layers::finish,
    },
    telemetry,
};

/// How many connections are served at once; further ones wait to be accepted.
const CONNECTIONS: usize = 1000;
/// How large the head of a request may be, and what a connection buffers: more than the edge lets through.
const BUFFER: usize = 64 * 1024;
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
    let router = routes(app.clone(), &env)?;
    let (reached, db) = (app.reached.clone(), app.db.clone());
    tokio::spawn(async move { reached.wait(&db).await });
    #[cfg(feature = "lambda")]
    if env.is_lambda() {
        return lambda::run(router, app, &env).await;
    }
    let router = finish(router, &app);
    let listener = bind(&env, Ipv4Addr::UNSPECIFIED.into()).await?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    listen(listener, router, &app, shutdown_signal()?).await;
    Ok(())
}

/// Listens on `PORT` of `address`.
pub async fn bind(env: &Env, address: IpAddr) -> Result<TcpListener> {
    let port: u16 = env.parsed("PORT", "a port number", 8080)?;
    let address = SocketAddr::new(address, port);
    TcpListener::bind(address).await.with_context(|| format!("PORT: can't listen on {address}"))
}

/// Completes at the first SIGTERM, Ctrl-C, or SIGHUP, which a terminal sends when it is closed.
pub fn shutdown_signal() -> Result<impl Future<Output = ()> + Send> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

/// Serves `router` until `shutdown` completes, then finishes what was accepted and closes the pool.
pub async fn listen(listener: TcpListener, router: Router, app: &App, shutdown: impl Future<Output = ()>) {
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
        let (stream, timer) = guard(stream);
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(timer).header_read_timeout(IDLE_TIME).max_buf_size(BUFFER);
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

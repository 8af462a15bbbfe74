//! Every function in one process, for one computer: with a private MariaDB, local sign-in, and a
//! timer in the schedule's place.

mod database;
mod docs;
mod host;
mod local;
mod page;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use anyhow::{Result, ensure};
use auth::Auth;
use axum::Router;
use common::{App, Env, Origin, bind, complete, listen, shutdown_signal, surround, telemetry};
use tokio::{net::TcpListener, time::interval};

use crate::database::{Database, default_data_dir};

/// How often the timer calls the tick.
const TICK: Duration = Duration::from_secs(15 * 60);

/// Everything that is served, for an app that listens on `address`; `of` is the app of a function, which may have
/// a way of its own to the database. The tick is not served: any web page could post to it.
pub fn router(app: &App, mut of: impl FnMut(&str) -> App, env: &Env, address: SocketAddr) -> Result<Router> {
    let (local, provider) = local::local(app, address)?;
    let mut auth = Auth::from_env(env)?;
    auth.providers.insert(0, provider);
    let router = Router::new()
        .merge(auth::router(of("auth"), auth))
        .merge(foods::router(of("foods")))
        .merge(reviews::router(of("reviews")))
        .merge(streaks::router(of("streaks")))
        .merge(data::router(of("data")))
        .merge(docs::router())
        .merge(local)
        .merge(web::router());
    Ok(surround(host::guard(complete(router), app, address.port()), app))
}

/// Runs until SIGTERM or Ctrl-C.
pub async fn run(mut env: Env) -> Result<()> {
    telemetry::start(&env, "warn")?;
    let shutdown = shutdown_signal()?;
    // First of all, so that a second start says so before it touches the first one's database.
    let listener = bind(&env, Ipv4Addr::LOCALHOST).await?;
    if env.optional("PUBLIC_ORIGIN")?.is_none() {
        env.set("PUBLIC_ORIGIN", format!("http://{}", listener.local_addr()?));
    }
    let is_local = Origin::from_env(&env)?.is_loopback();
    ensure!(is_local, "PUBLIC_ORIGIN: expected a loopback address: local sign-in lets anyone be anyone");
    if env.optional("DATABASE_URL")?.is_some() {
        return serve(&env, listener, shutdown).await;
    }
    let data_dir = env.optional("DATA_DIR")?.map(PathBuf::from);
    let mut database = Database::start(&data_dir.map_or_else(default_data_dir, Ok)?).await?;
    env.set("DATABASE_URL", database.url());
    let served = tokio::select! {
        served = serve(&env, listener, shutdown) => served,
        () = database.keep_running() => Ok(()),
    };
    database.stop().await?;
    served
}

/// Asks the providers that people sign in with, besides the built-in one, and prints what is right or wrong with each.
pub async fn check(mut env: Env) -> Result<()> {
    if env.optional("PUBLIC_ORIGIN")?.is_none() {
        let port: u16 = env.parsed("PORT", "a port number", 8080)?;
        env.set("PUBLIC_ORIGIN", format!("http://127.0.0.1:{port}"));
    }
    auth::check(&env).await
}

async fn serve(env: &Env, listener: TcpListener, shutdown: impl Future<Output = ()>) -> Result<()> {
    migrations::run(env).await?;
    let app = App::from_env(env)?;
    let router = router(&app, |_| app.clone(), env, listener.local_addr()?)?;
    println!("{}", app.origin.text());
    let timer = tokio::spawn(tick_on_time(app.clone()));
    listen(listener, router, &app, shutdown).await;
    timer.abort();
    Ok(())
}

async fn tick_on_time(app: App) {
    let mut times = interval(TICK);
    // The database is on this computer too, so that nothing tells of a clock that is wrong after a start: what a tick
    // deletes by it waits for the second one.
    let mut is_first = true;
    loop {
        times.tick().await;
        // In a task that a shutdown waits for: the chunk in hand is finished.
        let (ticking, closes_only) = (app.clone(), std::mem::take(&mut is_first));
        let ticked = app.tasks.spawn(async move {
            match closes_only {
                true => tick::close_days(&ticking, tick::CHUNK).await,
                false => tick::run(&ticking, tick::CHUNK).await,
            }
        });
        let ticked = ticked.await;
        if let Ok(Err(error)) = ticked {
            tracing::warn!(%error, "the tick did not come through");
        }
    }
}

//! Every function in one process, with a timer in the schedule's place: for one computer, with a private MariaDB and local
//! sign-in; or for a household, behind a proxy, with a provider.

mod database;
mod docs;
mod host;
mod local;
mod page;

use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use auth::Auth;
use axum::Router;
use common::{App, Env, Origin, bind, complete, listen, shutdown_signal, surround, telemetry};
use reminders::Sender;
use tokio::{net::TcpListener, task::JoinHandle, time::interval};

use crate::database::{Database, default_data_dir};

/// How often the timer calls the tick.
const TICK: Duration = Duration::from_secs(15 * 60);
/// How often it looks for reminders that are due.
const REMIND: Duration = Duration::from_secs(60);
/// Whom push services could write to about a server that is one person's own.
const OWNER: &str = "mailto:owner@hanip.example";
/// Why it does not start.
const LOCAL: &str = "local sign-in lets anyone be anyone";

/// Everything that is served, for an app that listens on `address`; `of` is the app of a function, which may have
/// a way of its own to the database. The tick is not served: any web page could post to it.
pub fn router(app: &App, mut of: impl FnMut(&str) -> App, env: &Env, address: SocketAddr) -> Result<Router> {
    let mut auth = Auth::from_env(env)?;
    let mut local = Router::new();
    if app.origin.is_loopback() {
        let (routes, provider) = local::local(app, address)?;
        auth.providers.insert(0, provider);
        local = routes;
    }
    let router = Router::new()
        .merge(auth::router(of("auth"), auth))
        .merge(foods::router(of("foods")))
        .merge(reviews::router(of("reviews")))
        .merge(streaks::router(of("streaks")))
        .merge(data::router(of("data")))
        .merge(reminders::router(of("reminders"), Sender::from_env(env)?))
        .merge(docs::router())
        .merge(local)
        .merge(web::router());
    Ok(surround(host::guard(complete(router), app, address.port()), app))
}

/// Runs until SIGTERM or Ctrl-C.
pub async fn run(mut env: Env) -> Result<()> {
    telemetry::start(&env, "warn")?;
    let shutdown = shutdown_signal()?;
    let address: IpAddr = env.parsed("LISTEN_ADDRESS", "an address of this computer", Ipv4Addr::LOCALHOST.into())?;
    // First of all, so that a second start says so before it touches the first one's database.
    let listener = bind(&env, address).await?;
    if env.optional("PUBLIC_ORIGIN")?.is_none() {
        env.set("PUBLIC_ORIGIN", format!("http://{}", listener.local_addr()?));
    }
    if Origin::from_env(&env)?.is_loopback() {
        ensure!(address.is_loopback(), "LISTEN_ADDRESS: expected a loopback address, as PUBLIC_ORIGIN is one: {LOCAL}");
    } else {
        let no_provider = Auth::from_env(&env)?.providers.is_empty();
        ensure!(!no_provider, "PUBLIC_ORIGIN: expected a loopback address, or a provider to sign in with: {LOCAL}");
    }
    if env.optional("DATABASE_URL")?.is_some() {
        if let Some(data_dir) = env.optional("DATA_DIR")?.map(PathBuf::from) {
            fs::create_dir_all(&data_dir).context("DATA_DIR: expected a folder")?;
            set_push_key(&mut env, &data_dir)?;
        }
        return serve(&env, listener, shutdown).await;
    }
    let data_dir = env.optional("DATA_DIR")?.map(PathBuf::from);
    let data_dir = data_dir.map_or_else(default_data_dir, Ok)?;
    let mut database = Database::start(&data_dir).await?;
    set_push_key(&mut env, &data_dir)?;
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
    let timers =
        [tokio::spawn(tick_on_time(app.clone())), tokio::spawn(remind_on_time(app.clone(), Sender::from_env(env)?))];
    listen(listener, router, &app, shutdown).await;
    timers.iter().for_each(JoinHandle::abort);
    Ok(())
}

/// Where no key for push services is set, it is one that is kept in `data_dir`.
fn set_push_key(env: &mut Env, data_dir: &Path) -> Result<()> {
    if env.optional("VAPID_PRIVATE_KEY")?.is_none() {
        env.set("VAPID_PRIVATE_KEY", push_key(&data_dir.join("vapid-private-key"))?);
        if env.optional("VAPID_SUBJECT")?.is_none() {
            env.set("VAPID_SUBJECT", OWNER);
        }
    }
    Ok(())
}

/// The key of this server for push services: made at the first start, since browsers subscribe under it.
fn push_key(path: &Path) -> Result<String> {
    match fs::read_to_string(path) {
        Ok(key) => return Ok(key.trim().to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).context("the key for push services cannot be read"),
    }
    let key = reminders::new_key();
    write_whole(path, &key).context("the key for push services cannot be written")?;
    Ok(key)
}

/// Writes a file that only its owner can read. It has its name only when it is whole: a start may be killed at any moment.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}

async fn remind_on_time(app: App, sender: Arc<Sender>) {
    let mut times = interval(REMIND);
    loop {
        times.tick().await;
        let (reminding, sender) = (app.clone(), sender.clone());
        // In a task that a shutdown waits for: what was sent is marked.
        let reminded = app.tasks.spawn(async move { reminders::run(&reminding, &sender).await });
        if let Ok(Err(error)) = reminded.await {
            tracing::warn!(%error, "not all reminders could be sent");
        }
    }
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
                true => tick::close_days(&ticking, tick::CHUNK).await.map(drop),
                false => tick_and_tell(&ticking).await,
            }
        });
        let ticked = ticked.await;
        if let Ok(Err(error)) = ticked {
            tracing::warn!(%error, "the tick did not come through");
        }
    }
}

/// A tick, whose milestones become notifications.
pub async fn tick_and_tell(app: &App) -> common::Result<()> {
    tick::run(app, tick::CHUNK).await?;
    tick::announce_milestones(app, |event| async move { Ok(reminders::note_milestone(app, &event).await?) }).await
}

//! What operators watch: one small program that always runs, reads the database with SELECT alone, and exposes what it
//! finds as Prometheus reads it.
//!
//! Functions sleep, and what a process counts dies with it. So what is to be known of the service as a whole is asked of
//! the database, by one statement a scrape. No label holds anything of a person.

mod expose;
mod list;
mod question;

use std::time::{Duration, Instant};

use axum::{
    Router,
    extract::State,
    http::{HeaderName, header},
    routing::get,
};
use common::{App, FIGURES};
use tokio::time::timeout;

/// How long a scrape waits for the database: a second for a connection, two for the statement.
const PATIENCE: Duration = Duration::from_secs(3);

pub fn router(app: App) -> Router {
    Router::new().route(FIGURES, get(figures)).with_state(app)
}

/// Everything, as of now. Without an answer of the database it says so and nothing else: a figure that was right a
/// minute ago must not look like one that is.
async fn figures(State(app): State<App>) -> ([(HeaderName, &'static str); 1], String) {
    let started = Instant::now();
    let answer = match timeout(PATIENCE, question::ask(&app.db, app.clock.now())).await {
        Ok(answer) => answer.map_err(|error| tracing::warn!(%error, "the database did not answer")).ok(),
        Err(_) => {
            tracing::warn!(seconds = PATIENCE.as_secs(), "the database did not answer in time");
            None
        }
    };
    let text = expose::text(answer.map(|answer| (answer, started.elapsed())));
    ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text)
}

//! The turn of a request: so many of one person are answered at once.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{extract::Request, http::request::Parts, middleware::Next, response::Response};
use sqlx::{MySql, pool::PoolConnection};

use super::User;
use crate::{App, Result, Turn};

/// How long a request waits for a turn of its person.
const TURN_PATIENCE: Duration = Duration::from_secs(5);

/// Takes a turn of the person, which the request keeps until it is answered. Where they have none, the connection is
/// free for others until they do.
pub(super) async fn take_turn(
    parts: &Parts,
    app: &App,
    user: &User,
    db: PoolConnection<MySql>,
) -> Result<PoolConnection<MySql>> {
    let Some(kept) = parts.extensions.get::<KeptTurn>() else { return Ok(db) };
    if kept.is_taken() {
        return Ok(db);
    }
    let (turn, db) = match app.turns.try_take(user.id) {
        Some(turn) => (turn, db),
        None => {
            drop(db);
            let turn = app.turns.take(user.id, TURN_PATIENCE).await?;
            (turn, app.db.acquire().await?)
        }
    };
    kept.keep(turn);
    Ok(db)
}

/// The turn of a request, once it is known whose it is.
#[derive(Clone, Default)]
struct KeptTurn(Arc<OnceLock<Turn>>);

impl KeptTurn {
    fn is_taken(&self) -> bool {
        self.0.get().is_some()
    }

    fn keep(&self, turn: Turn) {
        let _ = self.0.set(turn);
    }
}

/// Keeps the turn that the extractors take until a request is answered, however often it runs.
pub(crate) async fn keep_turn(mut request: Request, next: Next) -> Response {
    let turn = KeptTurn::default();
    request.extensions_mut().insert(turn.clone());
    let response = next.run(request).await;
    drop(turn);
    response
}

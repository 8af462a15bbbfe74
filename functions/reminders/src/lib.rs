//! Reminders in the evening, and milestones: to browsers (Web Push), webhooks and ntfy.
//!
//! People say when and where by HTTP under `/api/reminders`. Events at `/` wake the sending: a schedule, or a milestone
//! that the tick tells of. What is due follows from the clock and the rows alone, so that an event that is doubled, late,
//! missing or forged changes nothing twice and loses nothing.

pub mod address;
mod channels;
mod claims;
mod cryptography;
mod deliver;
mod event;
mod fire;
mod marks;
mod message;
mod milestones;
mod notification;
mod plan;
mod push;
mod reminders;
mod send;
mod sends;

use std::{collections::BTreeSet, sync::Arc};

use axum::{Extension, Router, routing::post};
use common::{App, functions::REMINDERS, routes};

pub use crate::{event::run, milestones::note as note_milestone, push::new_key, send::Sender};

/// How large an event may be, in bytes.
const EVENT_LIMIT: usize = 64 * 1024;

/// What people reach.
pub fn router(app: App, sender: Arc<Sender>) -> Router {
    let routes = common::Routes::default()
        .routes(routes!(reminders::list))
        .routes(routes!(sends::list))
        .routes(routes!(channels::put, channels::delete))
        .routes(routes!(sends::test))
        .routes(routes!(reminders::put, reminders::delete));
    routes.under(&REMINDERS, app).layer(Extension(sender))
}

/// What events reach, at `/`: the edge passes nothing on to it.
pub fn events(app: App, sender: Arc<Sender>) -> Router {
    let limit = common::body_limit(EVENT_LIMIT);
    Router::new().route("/", post(event::take)).layer(limit).layer(Extension(sender)).with_state(app)
}

/// An id as [`JSON_TABLE`](https://mariadb.com/kb/en/json_table/) takes it: `UNHEX` reads it.
fn hex(id: uuid::Uuid) -> String {
    id.simple().to_string()
}

/// Each id once, as `JSON_TABLE` takes them.
fn ids(ids: impl Iterator<Item = uuid::Uuid>) -> String {
    let ids: BTreeSet<_> = ids.collect();
    serde_json::Value::from_iter(ids.into_iter().map(hex)).to_string()
}

/// An instant as SQL writes it.
fn sql_instant(at: chrono::DateTime<chrono::Utc>) -> String {
    at.format("%F %T%.6f").to_string()
}

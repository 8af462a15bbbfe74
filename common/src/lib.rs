//! What all functions share. A function is a `router(app)`; [`serve`] runs it.

mod app;
pub mod clock;
mod codes;
pub mod db;
pub mod diary;
mod env;
pub mod functions;
mod http;
mod language;
pub mod session;
pub mod telemetry;
pub mod text;
mod turns;

pub use self::{
    app::App,
    clock::Clock,
    codes::Code,
    env::Env,
    functions::FIGURES,
    http::{
        Error, Etag, Fault, Faults, Json, NewId, Object, Origin, Path, Problem, Query, Result, Routes, bind, body,
        body_limit, complete, exit, finish, is_loopback, listen, members, present, security_headers, serve,
        shutdown_signal, surround,
    },
    language::Language,
    session::{Account, Connected, FeedReader, Me, Session, User},
    turns::{Turn, Turns},
};

//! HTTP: how a function is served, what surrounds its routes, and how requests and answers are read and written.

pub(crate) mod buffer;
mod connection;
mod error;
mod etag;
mod expected;
mod json;
mod json_fault;
#[cfg(feature = "lambda")]
mod lambda;
mod layers;
mod openapi;
mod origin;
mod problem;
mod query;
mod retry;
pub(crate) mod room;
mod serve;

pub use self::{
    buffer::{body, body_limit},
    error::{Error, Fault, Faults, Result},
    etag::{Etag, members},
    json::{Json, Object, present},
    layers::{complete, finish, security_headers, surround},
    openapi::Routes,
    origin::{Origin, is_loopback},
    problem::Problem,
    query::{Path, Query},
    retry::NewId,
    serve::{bind, exit, listen, serve, shutdown_signal},
};

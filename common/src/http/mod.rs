//! HTTP: how a function is served, what surrounds its routes, and how requests and answers are read and written.

mod buffer;
mod error;
mod json;
mod json_fault;
mod layers;
mod openapi;
mod origin;
mod problem;
mod query;
mod retry;
mod serve;

pub use self::{
    error::{Error, Fault, Faults, Result},
    json::{Json, Object, body, present},
    layers::{complete, finish, security_headers, surround},
    openapi::Routes,
    origin::{Origin, is_loopback},
    problem::Problem,
    query::{Path, Query},
    serve::{bind, exit, listen, serve, shutdown_signal},
};

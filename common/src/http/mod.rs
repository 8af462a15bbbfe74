//! HTTP: how a function is served, what surrounds its routes, and how requests and answers are read and written.

pub(crate) mod buffer;
pub(crate) mod error;
mod json;
pub(crate) mod openapi;
pub(crate) mod origin;
mod serve;

pub use self::{
    error::{Error, Fault, Faults, Problem, Problems, Result},
    json::{Json, Object, Path, Query, body, present},
    openapi::Routes,
    origin::{Origin, is_loopback},
    serve::{bind, complete, exit, finish, listen, security_headers, serve, shutdown_signal, surround},
};

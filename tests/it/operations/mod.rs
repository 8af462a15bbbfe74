//! What those who run it rely on: programs, faults, rights, secrets, documents.

pub mod asvs;
mod backups;
mod black_box;
mod cargo_lambda;
pub mod docs;
mod encryption;
mod event_log;
mod faults;
mod figures;
mod fuzz;
mod grants;
mod home;
pub mod killed;
mod lambda;
mod nodes;
pub mod program;
mod replaced;
mod requests;
mod rights;
mod schema;
mod secrets;
pub mod server;
mod statements;
mod traces;

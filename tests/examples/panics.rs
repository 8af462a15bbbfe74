//! A function with a route that panics, served as all others are: scripts/containers asks it.

use std::process::ExitCode;

use axum::{Router, routing::get};

#[tokio::main]
async fn main() -> ExitCode {
    common::serve(|_, _| Ok(Router::new().route("/panics", get(panics)))).await
}

async fn panics() {
    panic!("on purpose");
}

//! One request can be followed: from the edge, through a function, to the database and to who is told of it.

use axum::{
    Router,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use common::Env;
use sqlx::Executor;
use tokio::net::TcpListener;

use crate::{support::world::World, tick::served};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// The log of the database shows which request a statement belongs to.
#[tokio::test]
async fn the_statements_of_a_request_carry_its_trace() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    ada.food_since("2026-03-10").await;
    world.db().execute("SET GLOBAL log_output = 'TABLE'").await.expect("set");
    world.db().execute("SET GLOBAL general_log = ON").await.expect("set");
    let path = format!("{}/api/streaks/today", world.origin);
    let request = ada.client.get(&path).header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"));
    ada.send(request).await.ok();
    // One that is none gets into no statement.
    let request =
        ada.client.get(path).header("traceparent", "00-*/ DROP TABLE users; --00000000000000-00f067aa0ba902b7-01");
    ada.send(request).await.ok();
    world.db().execute("SET GLOBAL general_log = OFF").await.expect("set");
    let statements = "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log
                      WHERE argument LIKE '%trace_id%' AND argument NOT LIKE '%general_log%'
                        AND thread_id IN (SELECT id FROM information_schema.processlist WHERE db = DATABASE())";
    let statements: Vec<String> = sqlx::query_scalar(statements).fetch_all(world.db()).await.expect("the log");
    assert!(statements.iter().any(|statement| statement.contains("FROM foods")), "{statements:#?}");
    let comment = format!("/* trace_id={TRACE} */");
    assert!(statements.iter().all(|statement| statement.contains(&comment)), "{statements:#?}");
}

/// Who listens to milestones logs the event under the trace of the tick that announced it.
#[tokio::test]
async fn an_event_carries_the_trace_of_the_tick() {
    let (heard, mut hears) = tokio::sync::mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}/", listener.local_addr().expect("an address"));
    let hear = async move |headers: HeaderMap| {
        heard.send(headers.get("traceparent").cloned()).expect("somebody hears");
        StatusCode::ACCEPTED
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(hear))).await });
    let world = World::new().await;
    world.person("ada").await.food_since("2026-03-10").await;
    let sink = tick::Sink::from_env(&Env::from([("K_SINK", address.as_str())])).expect("a URL");
    let tick = served(&world, sink).await;
    let traceparent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let event = reqwest::Client::new().post(&tick).header("traceparent", &traceparent);
    let event = event.header("content-type", "application/cloudevents+json");
    let event = event.body(r#"{ "specversion": "1.0", "id": "1", "source": "/test", "type": "tick" }"#);
    assert_eq!(event.send().await.expect("an answer").status(), 204);
    let handed_on = hears.recv().await.expect("the milestone of one day").expect("a traceparent");
    assert_eq!(handed_on, traceparent.as_str());
}

//! One request can be followed: from the edge, through a function, to the database and to who is told of it.

use std::{fs, os::unix::fs::PermissionsExt, process::Stdio, sync::Arc, time::Duration};

use axum::{
    Router,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use common::Env;
use serde_json::Value;
use sqlx::Executor;
use tokio::{io::AsyncWriteExt, net::TcpListener, process::Command};

use crate::{
    auth::tokens::token,
    support::{cluster::Cluster, deployment::Place, edge::Edge, proxy::Server, world::World},
    tick::served,
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations.md");
const EDGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../knative/base/edge/edge.yaml");
/// Prints the logs of the edge and of all functions as kubectl does for what the page asks of it, and refuses the rest. The
/// edge writes its line after its answer.
const KUBECTL: &str = r#"#!/bin/bash
set -eu
case "$*" in
  "--namespace hanip logs --selector app.kubernetes.io/name=edge --prefix --tail -1")
    until grep -q '"function":"streaks"' "$EDGE_LOG"; do sleep 0.05; done
    sed 's|^|[pod/edge-0/nginx] |' "$EDGE_LOG" ;;
  "--namespace hanip logs --selector serving.knative.dev/service --container user-container --prefix --tail -1")
    for log in "$LOGS"/*; do sed "s|^|[pod/${log##*/}-00001/user-container] |" "$log"; done ;;
  *) echo "kubectl was asked $*" >&2; exit 1 ;;
esac
"#;

/// The code of this language in the page's section on one request, a block each.
fn blocks(language: &str) -> Vec<String> {
    let page = fs::read_to_string(PAGE).expect("it is there");
    let (_, section) = page.split_once("## Follow one request\n").expect("the section");
    let begin = format!("```{language}\n");
    let blocks = section.split(&begin).skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.map(|(block, _)| block.to_owned()).collect()
}

/// Whether `real` has all that `example` has, and the same but for the trace and for how long it took.
fn is_like(real: &Value, example: &Value) -> bool {
    match (real, example) {
        (Value::Object(real), Value::Object(example)) => example
            .iter()
            .all(|(name, example)| real.get(name).is_some_and(|real| name == "trace_id" || is_like(real, example))),
        (Value::Number(real), Value::Number(example)) if example.is_f64() => real.is_f64(),
        _ => real == example,
    }
}

/// The lines of the edge about requests to streaks, once there are so many.
async fn lines_about_streaks(edge: &Edge, wanted: usize) -> Vec<Value> {
    for _ in 0..2000 {
        let log = edge.log();
        let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let lines: Vec<Value> = lines.into_iter().filter(|line| line["function"] == "streaks").collect();
        if lines.len() >= wanted {
            return lines;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the edge does not log: {}", edge.log());
}

/// What MariaDB's own client prints for these statements, a row a line.
async fn type_into_mariadb(server: &Server, statements: &str) -> String {
    let mut client = Command::new("mariadb");
    client.arg("--no-defaults").arg(format!("--socket={}", server.socket().display()));
    client.args(["--user=root", "--batch", "--skip-column-names", "--execute", statements]);
    let output = client.output().await.expect("it is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Who types what docs/operations.md says sees one request at the edge, in its function and in the database.
#[tokio::test]
async fn the_lines_of_the_page_follow_one_request_from_the_edge_to_the_database() {
    let edge = fs::read_to_string(EDGE).expect("it is there");
    assert!(edge.contains("      labels: {app.kubernetes.io/name: edge}\n"), "pods that the page asks for: {edge}");
    let (sql, shell, examples) = (blocks("sql"), blocks("sh"), blocks("json"));
    let (switch_on, ask) = sql[0].split_once('\n').expect("two statements");
    let server = Server::start().await;
    // No statement here takes a tenth of a second.
    type_into_mariadb(&server, &switch_on.replace("0.1", "0")).await;
    let logs = tempfile::tempdir().expect("a folder");
    let cluster = Arc::new(Cluster::logging(server.url_of("root", "hanip"), logs.path()).await);
    let place = Place::of(cluster.clone());
    let ada = place.somebody().await;
    ada.food_since("2026-03-10").await;
    let (_, token) = token(&ada, "script", "read").await;

    let programs = tempfile::tempdir().expect("a folder");
    let kubectl = programs.path().join("kubectl");
    fs::write(&kubectl, KUBECTL).expect("written");
    fs::set_permissions(&kubectl, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let lines = shell[0].replace("https://hanip.example.com", &cluster.edge.origin);
    let lines = format!("PATH={}:$PATH\n{lines}", programs.path().display());
    let mut typed = Command::new("timeout");
    typed.args(["30", "bash", "-euo", "pipefail", "-c", &lines]).kill_on_drop(true);
    typed.env("EDGE_LOG", cluster.edge.log_path()).env("LOGS", logs.path());
    typed.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut typed = typed.spawn().expect("bash runs");
    let mut input = typed.stdin.take().expect("it is piped");
    input.write_all(format!("{token}\n").as_bytes()).await.expect("it reads");
    let output = typed.wait_with_output().await.expect("it ends");
    let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.is_empty(), "{said}{told}");
    let shown: Vec<&str> = said.lines().collect();
    let ["200", edge, streaks] = shown[..] else { panic!("a status and two lines: {said}") };
    assert!(edge.starts_with("[pod/edge-") && streaks.starts_with("[pod/streaks-"), "{said}");
    let line = |line: &str| -> Value { serde_json::from_str(line.split_once("] ").expect("a pod").1).expect("JSON") };
    let (edge, streaks) = (line(edge), line(streaks));
    let mut examples = examples[0].lines().map(|line| serde_json::from_str(line).expect("JSON"));
    assert!(is_like(&edge, &examples.next().expect("the edge's line")), "{edge}");
    assert!(is_like(&streaks, &examples.next().expect("the function's line")), "{streaks}");
    assert_eq!(streaks["span"]["trace_id"], edge["trace_id"]);

    // A client that sends no trace gets one, and its request can be followed in the same way.
    ada.get("/api/streaks/today").await.ok();
    let lines = lines_about_streaks(&cluster.edge, 2).await;
    let made = &lines[1]["trace_id"];
    let log = fs::read_to_string(logs.path().join("streaks")).expect("text");
    let followed = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let followed: Vec<_> = followed.filter(|line| line["span"]["trace_id"] == *made).collect();
    let [line] = &followed[..] else { panic!("one line of {made}: {log}") };
    assert_eq!(line["route"], "/api/streaks/today");

    let example = sql[1].split_once(" /*").expect("a comment").0;
    for trace in [&edge["trace_id"], made] {
        let trace = trace.as_str().expect("a text");
        assert!(trace.len() == 32 && trace != TRACE, "{trace}");
        let found = type_into_mariadb(&server, &ask.replace(TRACE, trace)).await;
        let comment = format!("/* trace_id={trace} */");
        let is_shown = |row: &str| row.ends_with(&comment) && example.split('…').all(|part| row.contains(part.trim()));
        assert!(found.lines().any(is_shown), "{trace}: {found}");
    }
}

/// The log of the database shows which request a statement belongs to.
#[tokio::test]
async fn the_statements_of_a_request_carry_its_trace() {
    // A server of its own: others switch their log on and off.
    let server = Server::start().await;
    let world = World::granted(server.url_of("root", "hanip")).await;
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

//! Where dead letters end, and what the example of a subscriber is: an nginx that writes a line for each event.

use std::{
    fs::{self, File},
    process::Command,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{operations::program::free_port, support::processes::origin};

const CONFIGURATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../knative/base/events/nginx.conf");

#[tokio::test]
async fn an_event_becomes_a_line_of_json_and_no_event_comes_back() {
    let (folder, port) = (tempfile::tempdir().expect("a folder"), free_port());
    let configuration = fs::read_to_string(CONFIGURATION).expect("it is there");
    assert!(configuration.contains("listen 8080;"));
    let conf = folder.path().join("nginx.conf");
    fs::write(&conf, configuration.replace("listen 8080;", &format!("listen 127.0.0.1:{port};"))).expect("written");
    let log = folder.path().join("log");
    let mut nginx = Command::new("nginx");
    nginx.args(["-e", "stderr", "-p"]).arg(folder.path()).arg("-c").arg(&conf);
    let mut nginx = nginx.stdout(File::create(&log).expect("a file")).spawn().expect("nginx is installed");
    let ready = async || reqwest::get(format!("{}/healthz", origin(port))).await.is_ok_and(|it| it.status() == 200);
    for _ in 0..2000 {
        if ready().await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    // As a Trigger sends what its subscriber did not take.
    let event = reqwest::Client::new().post(origin(port)).header("content-type", "application/json").body("{}");
    let event = [
        ("ce-specversion", "1.0"),
        ("ce-id", "a \"quoted\" id"),
        ("ce-type", "dev.knative.sources.ping"),
        ("ce-source", "/apis/v1/namespaces/hanip/pingsources/tick"),
        ("ce-knativeerrordest", "http://tick.hanip.svc.cluster.local"),
        ("ce-knativeerrorcode", "503"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ]
    .into_iter()
    .fold(event, |event, (name, value)| event.header(name, value));
    let answer = event.send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.text().await.expect("text")), (202, String::new()));
    Command::new("kill").args(["-QUIT", &nginx.id().to_string()]).status().expect("kill runs");
    assert!(nginx.wait().expect("it ends").success());

    let lines = fs::read_to_string(log).expect("text");
    let [line] = &lines.lines().collect::<Vec<_>>()[..] else { panic!("one line: {lines}") };
    let line: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(
        (&line["id"], &line["type"], &line["refused_with"]),
        (&json!("a \"quoted\" id"), &json!("dev.knative.sources.ping"), &json!("503"))
    );
    assert_eq!(line["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
}

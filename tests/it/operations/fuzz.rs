//! Whatever is sent, an answer is one that the OpenAPI document says.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use serde_json::{Value, json};
use tokio::{process::Command, task::JoinSet};
use uuid::Uuid;

use crate::{
    operations::docs::descriptions,
    support::{
        deployment::Place,
        world::{Person, World},
        writers::times,
    },
};

const SCHEMATHESIS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/schemathesis/bin/schemathesis");
/// How long each function is fuzzed, all at once, in seconds; and again, until all were sent so many requests.
const TIME: usize = 24;
const REQUESTS: u64 = 2_000;
/// Those that end the session of whoever fuzzes.
const ENDS: [&str; 2] = ["post_api_auth_logout", "delete_api_auth_me"];
/// What is promised of every answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

/// Lets the fuzzer find things: parameters, and fields of what is sent, that have these names are of
/// what there is, and of one that there is not. What breaks the schema is sent too.
fn with_things(value: &mut Value, things: &[(&str, Vec<String>)]) {
    match value {
        Value::Object(members) => {
            for (name, ids) in things {
                let one_of = json!({ "type": "string", "enum": ids });
                if members.contains_key("in") && members["name"] == *name {
                    members.insert("schema".to_owned(), one_of);
                } else if members.get("additionalProperties") == Some(&json!(false))
                    && let Some(property) = members.get_mut("properties").and_then(|them| them.get_mut(*name))
                {
                    *property = one_of;
                }
            }
            members.values_mut().for_each(|member| with_things(member, things));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| with_things(item, things)),
        _ => {}
    }
}

/// Fuzzes the operations that `options` leave; the answer is how many requests were sent, and how many
/// of them were taken.
async fn fuzz(person: &Person, openapi: &Path, seconds: usize, options: &[String]) -> (u64, u64) {
    let report = openapi.with_extension("report");
    let mut command = Command::new(SCHEMATHESIS);
    command.arg("--no-color").arg("run").arg(openapi).args(["--url", &person.origin, "--checks", CHECKS]);
    command.args([
        "--header",
        &format!("Cookie: {}", person.cookie),
        "--header",
        &format!("Origin: {}", person.origin),
    ]);
    command.args([
        "--max-time",
        &seconds.to_string(),
        "--workers",
        "1",
        "--max-redirects",
        "0",
        "--request-timeout",
        "20",
    ]);
    command.args(["--continue-on-failure", "--generation-database", "none", "--output-sanitize", "false"]);
    command.args(["--report", "json", "--report-json-path"]).arg(&report).args(options).kill_on_drop(true);
    let output = command.current_dir(openapi.parent().expect("a folder")).output().await;
    let output = output.expect("scripts/test installs it");
    let told = String::from_utf8_lossy(&output.stdout);
    let report = std::fs::read_to_string(report).unwrap_or_else(|_| panic!("{told}"));
    let report: Value = serde_json::from_str(&report).expect("a report");
    assert!(output.status.success(), "{told}");
    // A server error fails the check above; what was asked wrong is refused, and counted apart.
    let phases = report["valid_rates"].as_object().into_iter().flatten().flat_map(|(_, phases)| phases.as_object());
    let accepted = phases.flatten().filter_map(|(_, rates)| rates["accepted"].as_u64()).sum();
    (report["test_cases"]["generated"].as_u64().expect("a count"), accepted)
}

/// Fuzzes one function as a person of its own, who has things to be found.
async fn fuzz_function(person: &Person, name: &str, mut description: Value, all: &AtomicU64) -> (u64, u64) {
    let (food, other) = (person.food_since("2026-03-01").await, person.food_since("2026-02-01").await);
    person.review("2026-03-05", &food, "kept").await;
    let slip = person.slip("2026-03-06", &food).await.rsplit('/').next().expect("an id").to_owned();
    let missing = || Uuid::new_v4().to_string();
    let dates = ["2026-02-15", "2026-03-01", "2026-03-05", "2026-03-06", "2026-03-11", "2026-03-12", "2000-01-01"];
    let things = [
        ("id", vec![food.clone(), other.clone(), missing()]),
        ("food_id", vec![food, other, missing()]),
        ("slip_id", vec![slip, missing(), missing()]),
        ("skip_id", vec![missing(), missing()]),
        ("date", dates.map(str::to_owned).to_vec()),
        ("provider", vec!["local".to_owned(), "other".to_owned()]),
    ];
    // What the import takes is also what the export answers, and holds every date there is.
    if name != "data" {
        with_things(&mut description, &things);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let openapi = folder.path().join("openapi.json");
    std::fs::write(&openapi, description.to_string()).expect("it is written");
    let ends = |option: &str| ENDS.iter().flat_map(|id| [option.to_owned(), id.to_string()]).collect::<Vec<_>>();
    let has_ends = description.to_string().contains(ENDS[0]);
    let options = if has_ends { ends("--exclude-operation-id") } else { Vec::new() };
    let (mut sent, mut taken, mut seconds) = (0, 0, TIME * times(1));
    loop {
        let (more, more_taken) = fuzz(person, &openapi, seconds, &options).await;
        (sent, taken, seconds) = (sent + more, taken + more_taken, TIME);
        if all.fetch_add(more, Relaxed) + more >= REQUESTS * times(1) as u64 {
            break;
        }
    }
    if has_ends {
        let (last, last_taken) = fuzz(person, &openapi, 2, &ends("--include-operation-id")).await;
        (sent, taken) = (sent + last, taken + last_taken);
    }
    (sent, taken)
}

/// Fuzzes all functions at once, each as the person who is there for it.
async fn fuzz_all(functions: Vec<(Person, String, Value)>) {
    let all = Arc::new(AtomicU64::new(0));
    let mut fuzzers = JoinSet::new();
    for (person, name, description) in functions {
        let all = all.clone();
        fuzzers.spawn(async move { (fuzz_function(&person, &name, description, &all).await, name) });
    }
    let (mut requests, mut accepted) = (0, 0);
    for ((sent, taken), name) in fuzzers.join_all().await {
        println!("{name} was sent {sent} requests, and took {taken}");
        assert!(sent > 20 && taken > 5, "{name}");
        (requests, accepted) = (requests + sent, accepted + taken);
    }
    println!("answers that are server errors or outside their schema: 0 of {requests}");
    println!("requests of the fuzzer that were taken: {accepted} of {requests}");
}

#[tokio::test]
async fn whatever_is_sent_no_answer_is_a_server_error_or_outside_its_schema() {
    let world = World::new().await;
    let mut functions = Vec::new();
    for (name, description) in descriptions(&world.stranger()).await {
        functions.push((world.person(&name).await, name, description));
    }
    fuzz_all(functions).await;
}

#[tokio::test]
#[ignore = "scripts/prove aws has the functions that are fuzzed"]
async fn whatever_is_sent_to_functions_elsewhere_the_same_holds() {
    let place = Place::get().await;
    let mut functions = Vec::new();
    for (name, description) in descriptions(&Person::new(&place.origin)).await {
        functions.push((place.somebody().await, name, description));
    }
    fuzz_all(functions).await;
}

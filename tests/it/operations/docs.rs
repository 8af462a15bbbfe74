//! The pages of the repository and the API pages say what is true.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use common::functions::APIS;
use serde_json::Value;

use crate::support::world::{Person, World};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

#[tokio::test]
async fn the_lines_of_the_page_on_the_api_work_as_they_stand() {
    let world = World::new().await;
    let page = fs::read_to_string(root().join("docs/api.md")).expect("it is there");
    let (_, lines) = page.split_once("```sh\n").expect("lines of a shell");
    let (lines, _) = lines.split_once("```").expect("their end");
    let lines = lines.replace("http://127.0.0.1:8080", &world.origin);
    let folder = tempfile::tempdir().expect("a folder");
    for _again in 0..2 {
        let mut shell = tokio::process::Command::from(Command::new("bash"));
        let shell = shell.args(["-euo", "pipefail", "-c", &lines]).current_dir(folder.path());
        let output = shell.output().await.expect("bash runs");
        let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && told.is_empty(), "{said}{told}");
        assert!(said.contains(r#""current_streak":2,"#) && said.contains(r#""last_slip_on":"2026-03-08""#), "{said}");
    }
}

#[tokio::test]
async fn every_function_describes_its_own_prefix_and_the_api_pages_show_it() {
    let world = World::new().await;
    let stranger = world.stranger();
    let pages = stranger.get("/api/docs/swagger-initializer.js").await.body;
    for (name, description) in descriptions(&stranger).await {
        let openapi = format!("/api/{name}/openapi.json");
        assert!(APIS.iter().any(|api| api.name == name), "{name} is in the list of common::api");
        assert!(pages.contains(&openapi), "{openapi} is among the API pages");
        check(&name, &description);
        let paths = description["paths"].as_object().expect("paths");
        assert!(!paths.is_empty() && paths.keys().all(|path| path.starts_with(&format!("/api/{name}"))), "{paths:?}");
    }
}

#[test]
fn every_file_that_a_page_names_is_there() {
    let mut named = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).expect("text");
        let folder = page.parent().expect("a folder");
        // Links are of the page's folder, names in code of the repository's.
        let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link);
        for link in links.filter(|link| !link.contains("://")) {
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { page.clone() } else { folder.join(path) };
            assert!(target.exists(), "{}: {link}", page.display());
            let is_heading = |line: &str| line.starts_with('#') && slug(line) == heading;
            let there = || fs::read_to_string(&target).expect("text").lines().any(is_heading);
            assert!(heading.is_empty() || there(), "{}: {link}", page.display());
            named += 1;
        }
        for path in text.split('`').skip(1).step_by(2).filter(|code| is_path(code)) {
            assert!(root().join(path).exists(), "{}: {path}", page.display());
            named += 1;
        }
    }
    println!("files and headings named in pages: {named}");
    assert!(named > 60, "{named}");
}

#[test]
fn the_readme_is_short() {
    let lines = fs::read_to_string(root().join("README.md")).expect("it is there").lines().count();
    assert!(lines <= 100, "{lines} lines: what is not for people who use Hanip has pages of its own");
}

/// Every page that is written for people.
fn pages() -> Vec<PathBuf> {
    let output = Command::new("git").args(["ls-files", "*.md"]).current_dir(root()).output().expect("git runs");
    let pages = String::from_utf8(output.stdout).expect("text");
    pages.lines().map(|page| root().join(page)).filter(|page| page.exists()).collect()
}

/// Whether this is the path of a file or folder of the repository, and not of an example or an artifact.
fn is_path(code: &str) -> bool {
    let folders = ["common/", "docs/", "functions/", "knative/", "migrations/", "scripts/", "tests/"];
    folders.iter().any(|folder| code.starts_with(folder))
        && !code.contains([' ', '*', '…', '<', '['])
        && !code.starts_with("functions/badges")
        && !code.starts_with("tests/output")
}

/// What a heading is called in a link.
fn slug(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    words.chars().filter(|character| character.is_alphanumeric() || *character == '-').collect()
}

/// The OpenAPI document of every function, by its name.
pub async fn descriptions(person: &Person) -> Vec<(String, Value)> {
    let functions = root().join("functions");
    // Those without an API of their own for browsers.
    let others = ["standalone", "tick", "web"];
    let mut descriptions = Vec::new();
    for function in fs::read_dir(functions).expect("functions") {
        let name = function.expect("a function").file_name().into_string().expect("a text");
        if others.contains(&name.as_str()) {
            continue;
        }
        let description = person.get(&format!("/api/{name}/openapi.json")).await.ok();
        descriptions.push((name, description));
    }
    descriptions
}

/// What readers of OpenAPI trip over: dangling references, doubled ids, answers without a word.
fn check(name: &str, description: &Value) {
    let mut references = Vec::new();
    collect(description, "$ref", &mut references);
    for reference in references {
        let pointer = reference.as_str().expect("a text").trim_start_matches('#');
        assert!(description.pointer(pointer).is_some(), "{name}: {pointer}");
    }
    let mut ids = Vec::new();
    collect(description, "operationId", &mut ids);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "{name}: {ids:?}");
    let mut answers = Vec::new();
    collect(description, "responses", &mut answers);
    for (status, answer) in answers.iter().filter_map(|answers| answers.as_object()).flatten() {
        assert!(answer["description"].is_string() || answer["$ref"].is_string(), "{name}: {status} {answer}");
    }
}

/// Every value that stands under `key`.
fn collect(value: &Value, key: &str, found: &mut Vec<Value>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get(key).cloned());
            members.values().for_each(|member| collect(member, key, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, key, found)),
        _ => {}
    }
}

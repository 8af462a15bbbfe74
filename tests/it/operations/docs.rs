//! The pages of the repository and the API pages say what is true.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use common::{Code, functions::APIS};
use reqwest::{Client, Method, header};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    auth::tokens::token,
    support::{
        documents::{documents, names, read_documents, resolve},
        world::{Person, Reply, World, text},
    },
};

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
            // A heading, or a place that has a name of its own.
            let is_place = |line: &str| {
                line.starts_with('#') && slug(line) == heading || line.contains(&format!("<a id=\"{heading}\">"))
            };
            let there = || fs::read_to_string(&target).expect("text").lines().any(is_place);
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

/// An operation of a document: its method, its path, and what is said of it.
fn operations() -> impl Iterator<Item = (Method, &'static str, &'static Value, &'static Value)> {
    documents().values().flat_map(|document| {
        let paths = document["paths"].as_object().into_iter().flatten();
        paths.flat_map(move |(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.map(move |(method, operation)| {
                (method.to_uppercase().parse().expect("a method"), path.as_str(), operation, document)
            })
        })
    })
}

#[tokio::test]
async fn the_example_of_each_request_body_can_be_sent() {
    read_documents().await;
    let world = World::new().await;
    let ada = world.person("ada").await;
    for (method, path, example, _) in examples() {
        let reply = ada.send(ada.request(method.clone(), &path).json(example)).await;
        assert!(reply.status.is_success(), "{method} {path}: {}", reply.body);
    }
}

#[tokio::test]
async fn a_field_takes_null_where_its_schema_says_so_and_nowhere_else() {
    read_documents().await;
    let world = World::new().await;
    let ada = world.person("ada").await;
    let mut refused = 0;
    for (method, path, example, schema) in examples() {
        ada.send(ada.request(method.clone(), &path).json(example)).await;
        for (field, schema) in schema["properties"].as_object().expect("an object") {
            let mut body = example.clone();
            body[field] = Value::Null;
            let reply = ada.send(ada.request(method.clone(), &path).json(&body)).await;
            let mut types = Vec::new();
            collect(schema, "type", &mut types);
            let takes_null = types
                .iter()
                .any(|kind| *kind == "null" || kind.as_array().is_some_and(|kinds| kinds.contains(&json!("null"))));
            let error = json!([format!("/{field}"), "value-invalid"]);
            let errors = if reply.status.is_client_error() { reply.json()["errors"].clone() } else { Value::Null };
            let is_refused =
                errors.as_array().into_iter().flatten().any(|each| json!([each["pointer"], each["code"]]) == error);
            assert_eq!(is_refused, !takes_null, "{method} {path}: {field}: {schema}, {}", reply.body);
            refused += usize::from(is_refused);
        }
    }
    assert!(refused > 20, "{refused}");
}

/// Each operation that takes a body: its method, its path, the example of the body, and the schema of the body.
fn examples() -> Vec<(Method, String, &'static Value, &'static Value)> {
    let mut examples = Vec::new();
    for (method, path, operation, document) in
        operations().filter(|(.., operation, _)| !operation["requestBody"].is_null())
    {
        let mut path = path.to_owned();
        for parameter in operation["parameters"].as_array().into_iter().flatten().filter(|each| each["in"] == "path") {
            let name = text(&parameter["name"]);
            path = path.replace(&format!("{{{name}}}"), &text(&parameter["example"]));
        }
        let content = &operation["requestBody"]["content"]["application/json"];
        assert!(content["example"].is_object(), "{method} {path}: no example");
        examples.push((method, path, &content["example"], resolve(document, &content["schema"])));
    }
    // The others are about the food of the first.
    examples.sort_by_key(|(method, path, ..)| (method, path.as_str()) != (&Method::POST, "/api/foods"));
    examples
}

#[tokio::test]
async fn each_operation_answers_the_problems_that_follow_from_what_it_takes() {
    read_documents().await;
    let world = World::new().await;
    let ada = world.person("ada").await;
    let (_, reads) = token(&ada, "reads", "read").await;
    let (_, writes) = token(&ada, "writes", "write").await;
    let (_, key) = token(&ada, "calendar", "feed").await;
    let mut told = 0;
    for (method, template, operation, document) in operations() {
        // Who signs in has no session yet.
        if operation["security"] == json!([{}]) {
            continue;
        }
        let part = |part: &str| match part {
            "{date}" => "2026-03-10".to_owned(),
            "{provider}" => "local".to_owned(),
            part if part.starts_with('{') => Uuid::new_v4().to_string(),
            part => part.to_owned(),
        };
        let path = template.split('/').map(part).collect::<Vec<_>>().join("/");
        let no_text = |part: &str| if part.starts_with('{') { "%FF".to_owned() } else { part.to_owned() };
        let malformed = template.split('/').map(no_text).collect::<Vec<_>>().join("/");
        let anybody = || Client::new().request(method.clone(), format!("{}{path}", world.origin));
        let as_ada = |path: &str| ada.request(method.clone(), path);
        let query =
            if operation["security"] == json!([{ "feed": [] }]) { format!("key={key}&") } else { String::new() };
        let is_body = !operation["requestBody"].is_null();
        let json = |body: &'static str| as_ada(&path).header(header::CONTENT_TYPE, "application/json").body(body);
        let asked = [
            ("session-required", anybody()),
            ("token-read-only", anybody().bearer_auth(&reads)),
            ("token-refused", anybody().bearer_auth(&writes)),
            (
                "origin-foreign",
                anybody().header(header::COOKIE, &ada.cookie).header(header::ORIGIN, "https://evil.test"),
            ),
            ("other-account", as_ada(&path).header("Hanip-Account", Uuid::new_v4().to_string())),
            ("not-found", as_ada(&malformed).json(&json!({}))),
            ("json-required", as_ada(&path).body("{}")),
            ("json-invalid", json("{")),
            (
                "field-unknown",
                if is_body { json(r#"{"nobody":1}"#) } else { as_ada(&format!("{path}?{query}nobody=1")) },
            ),
        ];
        for (code, request) in asked {
            let status = Code::named(code).expect("a code").status().as_u16();
            if names(document, operation, status, code) {
                Reply::to(request).await.problem(status, code);
                told += 1;
            }
        }
    }
    assert!(told > 150, "{told}");
}

/// The OpenAPI document of every function, by its name.
pub async fn descriptions(person: &Person) -> Vec<(String, Value)> {
    let functions = root().join("functions");
    // Those without an API of their own for browsers.
    let others = ["figures", "standalone", "tick", "web"];
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

//! The OpenAPI documents, and whether an answer is one that they name.

use std::collections::BTreeMap;

use axum::{
    body::{Body, to_bytes},
    http::{Request, header},
};
use common::{App, Env, functions::APIS};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tower::ServiceExt;

use crate::support::person::{Reply, text};

static DOCUMENTS: OnceCell<BTreeMap<&str, Value>> = OnceCell::const_new();

/// The document of each function, by its name, once [`read_documents`] has read them.
pub fn documents() -> &'static BTreeMap<&'static str, Value> {
    DOCUMENTS.get().expect("they are read")
}

pub async fn read_documents() {
    DOCUMENTS.get_or_init(read).await;
}

async fn read() -> BTreeMap<&'static str, Value> {
    // Nothing connects to it.
    let database = "mysql://nobody@127.0.0.1/nothing";
    let env = Env::from([("DATABASE_URL", database), ("PUBLIC_ORIGIN", "http://127.0.0.1:8080")]);
    let app = App::from_env(&env).expect("the settings are right");
    let router = standalone::router(&app, |_| app.clone(), &env, ([127, 0, 0, 1], 8080).into());
    let router = router.expect("the settings are right");
    let mut documents = BTreeMap::new();
    for api in APIS {
        let request = Request::get(format!("{}/openapi.json", api.prefix)).header(header::HOST, app.origin.authority());
        let answer = router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer");
        let document = to_bytes(answer.into_body(), usize::MAX).await.expect("all of it");
        documents.insert(api.name, serde_json::from_slice(&document).expect("JSON"));
    }
    documents
}

/// Checks that the document of whoever answered names the answer: a problem by its code, anything else by its fields.
#[track_caller]
pub fn check(method: &Method, path: &str, reply: &Reply) {
    let Some((document, operation)) =
        documents().values().find_map(|document| Some((document, find(document, method, path)?)))
    else {
        return;
    };
    if path.ends_with("/openapi.json") {
        return;
    }
    let is_problem = reply.header("content-type") == "application/problem+json";
    // Of the whole origin, whoever is asked.
    if is_problem && reply.json()["code"] == "misdirected-request" {
        return;
    }
    let response = resolve(document, &operation["responses"][reply.status.as_str()]);
    assert!(response.is_object(), "{method} {path}: {} is not named: {}", reply.status, reply.body);
    let content = &response["content"];
    if is_problem {
        let code = text(&reply.json()["code"]);
        assert!(names(document, operation, reply.status.as_u16(), &code), "{method} {path}: {code} is not named");
    } else if reply.header("content-type") == "application/json" {
        conforms(document, &content["application/json"]["schema"], &reply.json(), &format!("{method} {path}"));
    }
}

/// Whether the document names this problem of the operation.
pub fn names(document: &Value, operation: &Value, status: u16, code: &str) -> bool {
    let response = resolve(document, &operation["responses"][status.to_string()]);
    let schema = &response["content"]["application/problem+json"]["schema"];
    schema["allOf"][1]["properties"]["code"]["enum"].as_array().is_some_and(|codes| codes.contains(&json!(code)))
}

/// The operation that answers at `path`: where several do, that with the most fixed words.
fn find<'a>(document: &'a Value, method: &Method, path: &str) -> Option<&'a Value> {
    let words: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let parts = template.split('/').collect::<Vec<_>>();
        let fit = |(part, word): (&&str, &&str)| part == word || (part.starts_with('{') && !word.is_empty());
        parts.len() == words.len() && parts.iter().zip(&words).all(fit)
    };
    let paths = document["paths"].as_object()?.iter().filter(|(template, _)| fits(template));
    let (_, item) = paths.min_by_key(|(template, _)| template.matches('{').count())?;
    item.get(method.as_str().to_lowercase())
}

/// What a value stands for: what it refers to, if it is a reference.
pub fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let Some(reference) = value["$ref"].as_str() else { return value };
    document.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference} dangles"))
}

/// Checks that `value` has every field that `schema` says is always there, no other, and of the right type.
#[track_caller]
fn conforms(document: &Value, schema: &Value, value: &Value, at: &str) {
    let mut parts = vec![schema];
    let (mut properties, mut is_open) = (BTreeMap::new(), true);
    while let Some(part) = parts.pop() {
        let part = resolve(document, part);
        parts.extend(part["allOf"].as_array().into_iter().flatten());
        if let Some(alternatives) = part["oneOf"].as_array() {
            parts.extend(alternatives.iter().filter(|other| (other["type"] == "null") == value.is_null()));
        }
        let types = part["type"].as_array().cloned().unwrap_or_else(|| vec![part["type"].clone()]);
        let fits = |kind: &Value| match kind.as_str() {
            None => true,
            Some("null") => value.is_null(),
            Some("string") => value.is_string(),
            Some("boolean") => value.is_boolean(),
            Some("integer") => value.is_u64(),
            Some("number") => value.is_number(),
            Some("array") => value.is_array(),
            Some("object") => value.is_object(),
            Some(kind) => panic!("{at}: {kind}"),
        };
        assert!(types.iter().any(fits), "{at}: {value} is not {types:?}");
        if let Some(values) = part["enum"].as_array() {
            assert!(values.contains(value), "{at}: {value} is not among {values:?}");
        }
        for item in value.as_array().into_iter().flatten() {
            conforms(document, &part["items"], item, &format!("{at}[]"));
        }
        for name in part["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(value.get(name).is_some(), "{at}: no {name}");
        }
        if let Some(members) = part["properties"].as_object() {
            is_open = false;
            properties.extend(members);
        }
    }
    for (name, member) in value.as_object().into_iter().flatten().filter(|_| !is_open) {
        let schema = properties.get(name).unwrap_or_else(|| panic!("{at}: {name} is not named"));
        conforms(document, schema, member, &format!("{at}.{name}"));
    }
}

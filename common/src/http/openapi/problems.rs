//! The problems that an operation can answer, by their codes: those its handler names, and those that follow
//! from what it takes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{operations, walk};
use crate::{Code, Language};

/// What a handler names: `extensions(("x-problems" = json!([Code::FoodExists])))`.
const NAMED: &str = "x-problems";

/// The codes of the problems that have the same status.
type Codes = BTreeSet<Code>;

/// Gives each operation a response for each status that its problems have. What several operations answer alike is
/// written once, in the components.
pub fn describe(paths: &mut Value, components: &mut Value) {
    let mut shared = BTreeMap::<Codes, u32>::new();
    let mut answers = Vec::new();
    for (method, _, operation) in operations(paths) {
        let by_status = codes(method, operation, components);
        by_status.values().for_each(|codes| *shared.entry(codes.clone()).or_default() += 1);
        answers.push(by_status);
        operation.remove(NAMED);
    }
    for ((.., operation), by_status) in operations(paths).zip(answers) {
        for (status, codes) in by_status {
            let responses = &mut operation["responses"];
            let own = responses[status.to_string()].take();
            responses[status.to_string()] = if own.is_null() && shared[&codes] > 1 {
                let name = codes.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(".");
                let reference = json!({ "$ref": format!("#/components/responses/{name}") });
                components["responses"][name] = response(status, &codes, own);
                reference
            } else {
                response(status, &codes, own)
            };
        }
    }
}

/// A response that may be any problem of these codes; `own` is what the handler says of it, if anything.
fn response(status: u16, codes: &Codes, own: Value) -> Value {
    let texts = codes.iter().map(|code| format!("- `{}`: {}", code.as_str(), code.text(Language::English, None)));
    let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let code = json!({ "properties": { "status": { "const": status }, "code": { "enum": names } } });
    let mut schemas = vec![json!({ "$ref": "#/components/schemas/Problem" }), code];
    schemas.extend(own.pointer("/content/application~1json/schema").cloned());
    let mut response = json!({
        "description": texts.collect::<Vec<_>>().join("\n"),
        "content": { "application/problem+json": { "schema": { "allOf": schemas } } },
    });
    if matches!(status, 429 | 503) {
        response["headers"] = json!({ "Retry-After": {
            "description": "After how many seconds to try again.",
            "schema": { "type": "integer" },
        } });
    }
    response
}

fn codes(method: &str, operation: &Map<String, Value>, components: &Value) -> BTreeMap<u16, Codes> {
    let mut codes = Codes::from([Code::Internal, Code::Unavailable]);
    if let Some(named) = operation.get(NAMED) {
        add_named(named, &mut codes);
    }
    let security = operation.get("security");
    let is_open = security == Some(&json!([{}]));
    let is_safe = method == "get";
    if !is_open {
        codes.extend([Code::SessionRequired, Code::NotMigrated]);
    }
    // A key in an address says by itself whose it is.
    if !is_open && security != Some(&json!([{ "feed": [] }])) {
        codes.insert(Code::OtherAccount);
    }
    if !is_safe {
        codes.extend([Code::OriginForeign, Code::TokenReadOnly]);
    }
    if security == Some(&json!([{ "session": [] }])) {
        codes.insert(Code::TokenRefused);
    }
    let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    for parameter in parameters.clone() {
        match (parameter["in"].as_str(), &parameter["required"]) {
            // One that is no id, say, is as one that there is not.
            (Some("path"), _) => codes.extend([Code::NotFound]),
            // What comes back from a provider may have more in it than we know.
            (Some("query"), _) if is_open => codes.extend([Code::FieldTwice]),
            (Some("query"), required) => {
                codes.extend([Code::FieldTwice, Code::FieldUnknown, Code::ValueInvalid]);
                codes.extend((required == true).then_some(Code::FieldMissing));
            }
            _ => {}
        }
        walk(&parameter["schema"], components, &mut |schema| add_implied(schema, &mut codes));
    }
    if let Some(body) = operation.get("requestBody") {
        codes.extend([Code::JsonInvalid, Code::JsonRequired, Code::BodyTimeout, Code::BodyTooLarge]);
        codes.extend([Code::FieldTwice, Code::ValueInvalid]);
        walk(body, components, &mut |schema| add_implied(schema, &mut codes));
    }
    let mut by_status = BTreeMap::<u16, Codes>::new();
    for code in codes {
        by_status.entry(code.status().as_u16()).or_default().insert(code);
    }
    by_status
}

/// Codes, and lists of them.
fn add_named(named: &Value, codes: &mut Codes) {
    match named {
        Value::Array(list) => list.iter().for_each(|named| add_named(named, codes)),
        named => codes.extend(named.as_str().and_then(Code::named)),
    }
}

/// What is answered to a value that this schema does not have.
fn add_implied(schema: &Map<String, Value>, codes: &mut Codes) {
    match schema.get("format").and_then(Value::as_str) {
        Some("date") => codes.extend([Code::DateInvalid, Code::DateTooEarly]),
        Some("hour-minute") => codes.extend([Code::TimeInvalid]),
        _ => {}
    }
    if schema.contains_key("maxLength") {
        codes.insert(Code::TextInvalid);
        match schema.contains_key("minLength") {
            true => codes.extend([Code::NameBlank, Code::NameTooLong]),
            false => codes.extend([Code::TextTooLong]),
        }
    }
    if schema.contains_key("maximum") {
        codes.insert(Code::NumberOutOfRange);
    }
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        codes.insert(Code::FieldUnknown);
    }
    if schema.get("required").is_some_and(Value::is_array) {
        codes.insert(Code::FieldMissing);
    }
}

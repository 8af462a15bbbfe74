//! What answers always have. A request may leave out what may be null; an answer never does.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{operations, walk};

const SCHEMAS: &str = "#/components/schemas/";

/// Says of each field of an answer that it is always there. A schema of a request that is also answered has a second
/// one for that.
pub fn require_all(paths: &mut Value, components: &mut Value) {
    let (mut taken, mut given) = (BTreeSet::new(), BTreeSet::new());
    for (.., operation) in operations(paths) {
        for (part, names) in [("requestBody", &mut taken), ("responses", &mut given)] {
            if let Some(part) = operation.get(part) {
                walk(part, components, &mut |schema| names.extend(name(schema).map(str::to_owned)));
            }
        }
    }
    // An enum is the same in both.
    taken.retain(|name| components["schemas"][name].to_string().contains("\"properties\""));
    for (.., operation) in operations(paths) {
        rename(&mut operation["responses"], &taken);
    }
    for name in given {
        let mut schema = components["schemas"][&name].clone();
        rename(&mut schema, &taken);
        require(&mut schema);
        components["schemas"][answer(&name, &taken)] = schema;
    }
}

fn name(schema: &Map<String, Value>) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(SCHEMAS)
}

/// What the schema is called as an answer.
fn answer(name: &str, taken: &BTreeSet<String>) -> String {
    if taken.contains(name) { format!("{name}Answer") } else { name.to_owned() }
}

fn rename(value: &mut Value, taken: &BTreeSet<String>) {
    if let Value::Object(schema) = value {
        if let Some(name) = name(schema) {
            schema["$ref"] = json!(format!("{SCHEMAS}{}", answer(name, taken)));
        }
        schema.values_mut().for_each(|value| rename(value, taken));
    } else if let Value::Array(list) = value {
        list.iter_mut().for_each(|value| rename(value, taken));
    }
}

fn require(value: &mut Value) {
    if let Value::Object(schema) = value {
        schema.values_mut().for_each(require);
        if let Some(Value::Object(properties)) = schema.get("properties") {
            let names: Vec<&String> = properties.keys().collect();
            let names = json!(names);
            schema.insert("required".to_owned(), names);
        }
    } else if let Value::Array(list) = value {
        list.iter_mut().for_each(require);
    }
}

//! A function's routes, and the OpenAPI document that describes them.

mod answers;
mod problems;

use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
};

use axum::{
    Router,
    body::Bytes,
    http::header,
    routing::{MethodRouter, get},
};
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema, openapi::OpenApi};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::{App, Problem, functions::Api, http::buffer::body_limit, session, text};

/// Routes, and the OpenAPI that describes them. It is made when somebody first asks for it: to make it
/// takes longer than the rest of a start.
#[derive(Default)]
pub struct Routes {
    router: Router<App>,
    described: Vec<Described>,
}

type Described = fn() -> UtoipaMethodRouter<App>;

impl Routes {
    /// Adds what [`routes!`](crate::routes!) makes of handlers.
    pub fn routes(mut self, (path, methods, described): (String, MethodRouter<App>, Described)) -> Self {
        self.router = self.router.route(if path.is_empty() { "/" } else { &path }, methods);
        self.described.push(described);
        self
    }

    /// How large the bodies of those so far may be.
    pub fn body_limit(mut self, limit: usize) -> Self {
        self.router = self.router.layer(body_limit(limit));
        self
    }

    /// The routes of a function under its prefix, and their OpenAPI at `{prefix}/openapi.json`.
    pub fn under(self, api: &'static Api, app: App) -> Router {
        let Self { router, described } = self;
        let of = app.clone();
        let document = Arc::new(LazyLock::new(move || {
            let routes = described.iter().fold(OpenApiRouter::new(), |routes, described| routes.routes(described()));
            let document = describe(OpenApiRouter::new().nest(api.prefix, routes).into_openapi(), api, &of);
            Bytes::from(document.to_string())
        }));
        let document = get(async move || ([(header::CONTENT_TYPE, "application/json")], Bytes::clone(&document)));
        Router::new().nest(api.prefix, router).route(&format!("{}/openapi.json", api.prefix), document).with_state(app)
    }
}

/// Handlers of one path, as their `#[utoipa::path]` say.
#[macro_export]
macro_rules! routes {
    ($first:path $(, $more:path)*) => {{
        use utoipa_axum::{PathItemExt, paste, routes};
        let methods = axum::routing::MethodRouter::new();
        let methods = $crate::routes!(@add methods, $first);
        $(let methods = $crate::routes!(@add methods, $more);)*
        (paste! { routes!(@path [path()] of $first) }, methods, || routes!($first $(, $more)*))
    }};
    (@add $methods:ident, $handler:path) => {
        paste! { routes!(@path [methods()] of $handler) }
            .iter()
            .fold($methods, |methods, method| methods.on(method.to_method_filter(), $handler))
    };
}

/// Adds what every function's document has, and what follows from what its handlers say.
fn describe(document: OpenApi, api: &Api, app: &App) -> Value {
    let mut document = serde_json::to_value(document).unwrap_or_default();
    let origin = app.origin.text();
    document["info"] = json!({
        "title": format!("Hanip: {}", api.title),
        "version": env!("CARGO_PKG_VERSION"),
        "license": { "name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE") },
        "description": format!("{}\n{}", ABOUT.replace("{origin}", &origin), text::RULE),
    });
    document["servers"] = json!([{ "url": origin }]);
    document["security"] = json!([{ "session": [] }, { "token": [] }]);
    let [mut paths, mut components] = ["paths", "components"].map(|part| document[part].take());
    for (method, path, operation) in operations(&mut paths) {
        let words = path.split(['/', '{', '}']).filter(|word| !word.is_empty());
        let id = std::iter::once(method).chain(words).collect::<Vec<_>>().join("_");
        operation.insert("operationId".to_owned(), json!(id));
        operation.entry("tags").or_insert(json!([api.title]));
    }
    answers::require_all(&mut paths, &mut components);
    problems::describe(&mut paths, &mut components);
    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
    for (name, schema) in schemas {
        components["schemas"][name] = json!(schema);
    }
    components["securitySchemes"] = json!({
        "session": { "type": "apiKey", "in": "cookie", "name": app.origin.cookie_name(session::COOKIE) },
        "token": { "type": "http", "scheme": "bearer" },
    });
    if operations(&mut paths).any(|(_, _, operation)| operation.get("security") == Some(&json!([{ "feed": [] }]))) {
        components["securitySchemes"]["feed"] =
            json!({ "type": "apiKey", "in": "query", "name": "key", "description": "A token of the scope `feed`." });
    }
    (document["paths"], document["components"]) = (paths, components);
    document
}

/// What a reader has to know of every function, in Markdown.
const ABOUT: &str = "\
To let a script in, [make a token]({origin}/settings/tokens): sign in, then Settings → API tokens. It is sent with each \
request:

    curl --header \"Authorization: Bearer hanip_…\" {origin}/api/streaks/today

A token with the scope `read` changes nothing, one with the scope `feed` is a part of the address of a calendar and opens \
that alone. What opens the account itself (sessions, tokens, linked sign-ins, \
deleting it) is for browsers, with the cookie of a session.

- Dates are `YYYY-MM-DD`, as the person's own days go; times of day are `HH:MM`, instants RFC 3339. Ranges include both \
ends.
- What goes wrong is a problem detail (RFC 9457). Its `code` never changes; its `detail` is in Korean or English, by \
`Accept-Language`. `errors` says which fields can't be taken: `pointer` into the body, or `parameter` of the path, the \
query or the headers.
- Some problems are of any request, and not named again at each operation: `request-invalid`, `uri-too-long`, \
`headers-too-large`, `method-not-allowed`, `misdirected-request` (another `Host` than this), `not-implemented`.
- The client makes the ids of slips and days off, and may make those of foods: the same request again does nothing twice.
- `Hanip-Account`, with the `id` of `GET /api/auth/me`, makes sure whose account it is: under another one, \
`other-account` is answered and nothing is stored.
";

/// Every operation, with its method and its path.
fn operations(paths: &mut Value) -> impl Iterator<Item = (&str, &str, &mut Map<String, Value>)> {
    let paths = paths.as_object_mut().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let item = item.as_object_mut().into_iter().flatten();
        item.filter_map(|(method, operation)| Some((method.as_str(), path.as_str(), operation.as_object_mut()?)))
    })
}

/// Visits every object in `value`, and in the schemas that it refers to.
fn walk(value: &Value, components: &Value, visit: &mut impl FnMut(&Map<String, Value>)) {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(members) => {
                visit(members);
                let schema = members.get("$ref").and_then(Value::as_str).filter(|reference| seen.insert(*reference));
                waiting
                    .extend(schema.and_then(|reference| components.pointer(reference.strip_prefix("#/components")?)));
                waiting.extend(members.values());
            }
            Value::Array(values) => waiting.extend(values),
            _ => {}
        }
    }
}

//! A function's routes, and the OpenAPI document that describes them.

use std::sync::{Arc, LazyLock};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{MethodRouter, get},
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Info, OpenApi,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::{App, Json, Problem, functions::Api};

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
        self.router = self.router.layer(DefaultBodyLimit::max(limit));
        self
    }

    /// The routes of a function under its prefix, and their OpenAPI at `{prefix}/openapi.json`.
    pub fn under(self, api: &'static Api, app: App) -> Router {
        let Self { router, described } = self;
        let of = app.clone();
        let document = Arc::new(LazyLock::new(move || {
            let routes = described.iter().fold(OpenApiRouter::new(), |routes, described| routes.routes(described()));
            describe(OpenApiRouter::new().nest(api.prefix, routes).into_openapi(), api, &of)
        }));
        let document = get(async move || Json(OpenApi::clone(&document)));
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

/// Adds what every function's document has: a title, the session's cookie and the tokens, the schema of problems,
/// and ids of operations that are each their own.
fn describe(mut openapi: OpenApi, api: &Api, app: &App) -> OpenApi {
    openapi.info = Info::new(format!("Hanip {}", api.name), env!("CARGO_PKG_VERSION").to_owned());
    let components = openapi.components.get_or_insert_default();
    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let cookie = ApiKey::Cookie(ApiKeyValue::new(app.origin.cookie_name(crate::session::COOKIE)));
    components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    // Optional: what needs neither says so by answering without one.
    let either = ["session", "token"].map(|scheme| SecurityRequirement::new(scheme, [""; 0]));
    openapi.security = Some(either.into_iter().chain([SecurityRequirement::default()]).collect());
    for (path, item) in &mut openapi.paths.paths {
        let operations = [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in
            operations.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
        {
            let words = path.split(['/', '{', '}']).filter(|word| !word.is_empty());
            operation.operation_id = Some(std::iter::once(method).chain(words).collect::<Vec<_>>().join("_"));
        }
    }
    openapi
}

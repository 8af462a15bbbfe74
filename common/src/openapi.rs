//! A function's routes, and the OpenAPI document that describes them.

use axum::{Router, routing::get};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Info, OpenApi,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

use crate::{App, Json, Problem};

/// The routes of a function under its `prefix`, and their OpenAPI at `{prefix}/openapi.json`.
pub fn routes(app: App, prefix: &'static str, title: &str, routes: OpenApiRouter<App>) -> Router {
    let (router, openapi) = OpenApiRouter::new().nest(prefix, routes).split_for_parts();
    let openapi = serde_json::to_value(describe(openapi, title, &app)).unwrap_or_default();
    router.route(&format!("{prefix}/openapi.json"), get(async move || Json(openapi))).with_state(app)
}

/// Adds what every function's document has: a title, the session's cookie and the tokens, the schema of problems,
/// and ids of operations that are each their own.
fn describe(mut openapi: OpenApi, title: &str, app: &App) -> OpenApi {
    openapi.info = Info::new(title, env!("CARGO_PKG_VERSION"));
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

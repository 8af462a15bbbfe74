//! The API pages: every function's OpenAPI in one place, from files inside this program.

use std::sync::LazyLock;

use axum::{Router, http::HeaderValue, http::header, middleware::map_response, response::Response};
use common::functions::APIS;
use utoipa_swagger_ui::{Config, SwaggerUi, Url};

/// What Swagger UI needs: its own files, and the styles and images it writes into its page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

static DOCUMENTS: LazyLock<Vec<String>> =
    LazyLock::new(|| APIS.iter().map(|api| format!("{}/openapi.json", api.prefix)).collect());

pub fn router() -> Router {
    let urls = APIS.iter().zip(&*DOCUMENTS).map(|(api, document)| Url::new(api.title, document));
    let pages: Router =
        SwaggerUi::new("/api/docs").config(Config::new(urls).filter(true).try_it_out_enabled(true)).into();
    pages.layer(map_response(async |mut response: Response| {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        response
    }))
}

//! The API pages: every function's OpenAPI in one place, from files inside this program.

use axum::{Router, http::HeaderValue, http::header, middleware::map_response, response::Response};
use utoipa_swagger_ui::{Config, SwaggerUi, Url};

/// What Swagger UI needs: its own files, and the styles and images it writes into its page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

pub fn router() -> Router {
    let urls = [
        Url::new("Sign-in and account", "/api/auth/openapi.json"),
        Url::new("Foods", "/api/foods/openapi.json"),
        Url::new("Reviews and slips", "/api/reviews/openapi.json"),
        Url::new("Streaks", "/api/streaks/openapi.json"),
        Url::new("Export and import", "/api/data/openapi.json"),
    ];
    let pages: Router = SwaggerUi::new("/api/docs").config(Config::new(urls)).into();
    pages.layer(map_response(async |mut response: Response| {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        response
    }))
}

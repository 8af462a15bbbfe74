//! The browser app, embedded in the binary. Every path that is neither a file nor the API's is
//! the app's own and gets its shell.

use axum::{
    Router,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::{any, get},
};
use common::{Code, Error, Etag, Path, Result, members};
use rust_embed::{Embed, EmbeddedFile};

pub mod edge;

const SHELL: &str = "index.html";
/// Paths that are not the app's: an unknown one must never look like a page.
const FOREIGN: [&str; 4] = ["api", "local", "healthz", "metrics"];
/// Names under this folder carry a hash of their content.
const HASHED: &str = "assets/";
/// What the build leaves beside a file, in order of preference: content coding and extension.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; \
    font-src 'self'; form-action 'self'; require-trusted-types-for 'script'; \
    trusted-types svelte-trusted-html hanip-worker hanip-reader; base-uri 'none'; frame-ancestors 'none'";

#[derive(Embed)]
#[folder = "app/dist"]
struct Files;

pub fn router() -> Router {
    Router::new()
        .route("/", get(async |headers: HeaderMap| serve(SHELL, &headers)))
        .route("/{*path}", any(page))
        .route_layer(map_response(with_policy))
}

async fn page(method: Method, Path(path): Path<String>, headers: HeaderMap) -> Result<Response> {
    let (first, last) = (path.split('/').next(), path.rsplit('/').next());
    let foreign = first.is_some_and(|first| FOREIGN.contains(&first));
    if foreign || path.split('/').any(|segment| segment.starts_with('.')) {
        return Err(Code::NotFound.into());
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        let refused = Error::from(Code::MethodNotAllowed);
        return Ok(([(header::ALLOW, "GET, HEAD")], refused).into_response());
    }
    if Files::get(&path).is_some() && !ENCODINGS.iter().any(|(_, end)| path.ends_with(end)) {
        return serve(&path, &headers);
    }
    if last.is_some_and(|last| last.contains('.')) { Err(Code::NotFound.into()) } else { serve(SHELL, &headers) }
}

/// An embedded file in the smallest form that the browser takes, or 304 where it has it already.
fn serve(path: &str, request: &HeaderMap) -> Result<Response> {
    let plain = Files::get(path).ok_or(Code::NotFound)?;
    let content_type = content_type(&plain);
    let (file, encoding) = ENCODINGS
        .iter()
        .filter(|(coding, _)| accepts(request, coding))
        .find_map(|(coding, end)| Some((Files::get(&format!("{path}{end}"))?, Some(*coding))))
        .unwrap_or((plain, None));

    let etag = Etag::of_hash(&file.metadata.sha256_hash());
    let caching = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [(header::CACHE_CONTROL, caching), (header::VARY, "Accept-Encoding"), (header::ETAG, etag.as_str())];
    if etag.is_known(request) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let mut response = (headers, [(header::CONTENT_TYPE, content_type)], file.data).into_response();
    if let Some(coding) = encoding {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    Ok(response)
}

fn content_type(file: &EmbeddedFile) -> String {
    match file.metadata.mimetype() {
        text if text.starts_with("text/") => format!("{text}; charset=utf-8"),
        other => other.to_owned(),
    }
}

fn accepts(request: &HeaderMap, coding: &str) -> bool {
    members(request, &header::ACCEPT_ENCODING).any(|member| {
        let (name, weight) = member.split_once(';').unwrap_or((member, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case(coding) && weight.is_none_or(|q| q > 0.0)
    })
}

async fn with_policy(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

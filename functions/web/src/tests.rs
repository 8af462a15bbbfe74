use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use tower::ServiceExt;

use crate::{Files, router};

async fn ask(method: &str, path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).expect("a request");
    let (parts, body) = router().oneshot(request).await.expect("an answer").into_parts();
    (parts.status, parts.headers, to_bytes(body, usize::MAX).await.expect("a body").to_vec())
}

fn script() -> String {
    let name = Files::iter().find(|name| name.starts_with("assets/") && name.ends_with(".js"));
    format!("/{}", name.expect("a script"))
}

#[tokio::test]
async fn the_shell_answers_the_apps_own_paths() {
    for path in ["/", "/index.html", "/settings", "/foods/018f", "/sign-in?problem=sign-in-failed"] {
        let (status, headers, body) = ask("GET", path, &[]).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert_eq!(headers["content-type"], "text/html; charset=utf-8", "{path}");
        assert_eq!(headers["cache-control"], "no-cache", "{path}");
        let policy = headers["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}");
        assert!(body.starts_with(b"<!doctype html>"), "{path}");
    }
}

#[tokio::test]
async fn hashed_files_are_kept_for_ever_and_travel_compressed() {
    let (_, plain, whole) = ask("GET", &script(), &[]).await;
    assert_eq!(plain["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(plain["content-type"], "text/javascript; charset=utf-8");
    for (accepted, coding) in [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip;q=0.5", "gzip")] {
        let (_, headers, body) = ask("GET", &script(), &[("accept-encoding", accepted)]).await;
        assert_eq!(headers["content-encoding"], coding);
        assert_eq!(headers["content-type"], plain["content-type"]);
        assert_eq!(headers["vary"], "Accept-Encoding");
        assert_ne!(headers["etag"], plain["etag"], "each form has its own");
        assert!(body.len() < whole.len() / 2);
    }
}

#[tokio::test]
async fn what_the_browser_has_is_not_sent_again() {
    for path in ["/".to_owned(), script()] {
        let (_, headers, _) = ask("GET", &path, &[]).await;
        let etag = headers["etag"].to_str().expect("text").to_owned();
        assert!(etag.starts_with('"'), "strong");
        for known in [etag.clone(), format!("\"other\", W/{etag}"), "*".to_owned()] {
            let (status, headers, body) = ask("GET", &path, &[("if-none-match", &known)]).await;
            assert_eq!(status, StatusCode::NOT_MODIFIED);
            assert_eq!(headers["etag"], etag);
            assert!(headers.contains_key("content-security-policy") && body.is_empty());
        }
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    for path in ["/".to_owned(), "/settings".to_owned(), script()] {
        let (_, get, body) = ask("GET", &path, &[]).await;
        let (status, head, nothing) = ask("HEAD", &path, &[]).await;
        assert_eq!((status, nothing.len()), (StatusCode::OK, 0));
        assert_eq!(head["content-length"], body.len().to_string());
        assert_eq!(head["etag"], get["etag"]);
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_and_never_a_page() {
    for path in [
        "/.git/config",
        "/foods/.env",
        "/%2egit/config",
        "/a/../b",
        "/assets/gone.js",
        "/favicon.ico",
        "/index.html.br",
        "/api",
        "/api/",
        "/api/nothing",
        "/local/nothing",
        "/%ff",
    ] {
        let (status, headers, body) = ask("GET", path, &[]).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(headers["content-type"], "application/problem+json", "{path}");
        assert!(headers.contains_key("content-security-policy"), "{path}");
        let problem: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(problem["code"], "not-found", "{path}");
    }
}

#[tokio::test]
async fn other_methods_are_refused_where_the_app_is() {
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        assert_eq!(ask(method, "/api/nothing", &[]).await.0, StatusCode::NOT_FOUND, "{method}");
        assert_eq!(ask(method, "/settings", &[]).await.0, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
}

//! What a browser gets at the one origin that is not the API: the same from the router of the app, in
//! standalone, and from the edge. `HANIP_BASE_URL` names another place to look at.

use std::sync::Arc;

use common::Env;
use reqwest::{Client, Method};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{
    edge::Edge,
    world::{Reply, World},
};

/// Who serves the app, and the address to ask at.
struct Site {
    origin: String,
    _world: Option<World>,
    _edge: Option<Arc<Edge>>,
}

impl Site {
    async fn all() -> Vec<Self> {
        let (_world, _edge) = (None, None);
        if let Some(origin) = Env::process().optional("HANIP_BASE_URL").expect("it is right") {
            return vec![Self { origin, _world, _edge }];
        }
        let world = World::new().await;
        let edge = Arc::new(Edge::before("127.0.0.1:1").await);
        vec![
            Self { origin: world.origin.clone(), _world: Some(world), _edge },
            Self { origin: edge.origin.clone(), _world, _edge: Some(edge) },
        ]
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let method: Method = method.parse().expect("a method");
        let request = Client::new().request(method, format!("{}{path}", self.origin));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, body: answer.bytes().await.expect("a body").to_vec() }
    }

    /// The status of the answer to a path that no client would send as it is.
    async fn status_of(&self, path: &str) -> String {
        let authority = self.origin.split("//").nth(1).expect("an authority");
        let mut stream = TcpStream::connect(authority).await.expect("a connection");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("an answer");
        String::from_utf8_lossy(&answer).split(' ').nth(1).unwrap_or_default().to_owned()
    }

    /// The largest script of the first load: the one that the page preloads, named last.
    async fn script(&self) -> String {
        let shell = String::from_utf8(self.ask("GET", "/", &[]).await.body).expect("a text");
        let mut scripts = shell.split('"').filter(|text| text.starts_with("/assets/") && text.ends_with(".js"));
        scripts.next_back().expect("a script").to_owned()
    }
}

struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a text"))
    }

    fn reply(&self) -> Reply {
        let body = String::from_utf8(self.body.clone()).expect("a text");
        Reply { status: self.status.try_into().expect("a status"), headers: self.headers.clone(), body }
    }
}

#[tokio::test]
async fn the_shell_answers_the_apps_own_paths() {
    for site in Site::all().await {
        for path in ["/", "/index.html", "/settings", "/foods/018f", "/sign-in?problem=sign-in-failed", "/a?b=.c"] {
            let answer = site.ask("GET", path, &[]).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
            assert_eq!(answer.header("cache-control"), "no-cache", "{path}");
            assert!(answer.body.starts_with(b"<!doctype html>"), "{path}");
        }
    }
}

#[tokio::test]
async fn every_answer_has_the_same_security_headers_whoever_serves_it() {
    let mut sites = Vec::new();
    for site in Site::all().await {
        let mut answers = Vec::new();
        for path in ["/", "/settings", &site.script().await, "/favicon.svg", "/nothing.png", "/api/nothing"] {
            let answer = site.ask("GET", path, &[]).await;
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}");
            // What nobody has can say less than the app.
            let policy = if answer.status == 200 { policy } else { "" };
            let others = ["x-content-type-options", "referrer-policy", "cross-origin-opener-policy"];
            let others = others.into_iter().chain(["cross-origin-resource-policy", "strict-transport-security"]);
            let others: Vec<_> = others.map(|name| answer.header(name)).collect();
            assert!(others[..4].iter().all(|value| !value.is_empty()), "{path}: {others:?}");
            assert!(!answer.headers.contains_key("access-control-allow-origin"), "{path}");
            answers.push(format!("{path} {policy} {others:?}"));
        }
        sites.push(answers);
    }
    assert!(sites.iter().all(|answers| *answers == sites[0]), "{sites:#?}");
}

#[tokio::test]
async fn hashed_files_are_kept_for_ever_and_travel_compressed() {
    for site in Site::all().await {
        let script = site.script().await;
        let plain = site.ask("GET", &script, &[]).await;
        assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(plain.header("content-type"), "text/javascript; charset=utf-8");
        assert_eq!(plain.header("content-encoding"), "");
        for (accepted, coding) in [
            ("gzip, deflate, br", "br"),
            ("br", "br"),
            ("gzip", "gzip"),
            ("br;q=0, gzip;q=0.5", "gzip"),
            ("gzip;q=1.0, br;q=0.5", "br"),
        ] {
            let answer = site.ask("GET", &script, &[("accept-encoding", accepted)]).await;
            assert_eq!(answer.header("content-encoding"), coding, "{accepted}");
            assert_eq!(answer.header("content-type"), plain.header("content-type"));
            assert_eq!(answer.header("vary"), "Accept-Encoding");
            assert_ne!(answer.header("etag"), plain.header("etag"), "each form has its own");
            assert!(answer.body.len() < plain.body.len() / 2);
        }
    }
}

#[tokio::test]
async fn a_file_has_the_type_of_its_name_compressed_or_not() {
    for site in Site::all().await {
        for (path, content_type) in [
            ("/favicon.svg", "image/svg+xml"),
            ("/manifest.webmanifest", "application/manifest+json"),
            ("/index.html", "text/html; charset=utf-8"),
        ] {
            for accepted in ["", "gzip", "br"] {
                let answer = site.ask("GET", path, &[("accept-encoding", accepted)]).await;
                assert_eq!((answer.status, answer.header("content-type")), (200, content_type), "{path} {accepted}");
                assert_eq!(answer.header("content-encoding"), accepted, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn the_manifest_of_each_language_names_the_same_app_and_pages_and_icons_that_are_there() {
    for (site, (path, lang)) in Site::all()
        .await
        .iter()
        .flat_map(|site| [("/manifest.webmanifest", "ko"), ("/manifest.en.webmanifest", "en")].map(|it| (site, it)))
    {
        let manifest = site.ask("GET", path, &[]).await;
        assert_eq!(manifest.header("content-type"), "application/manifest+json");
        let manifest: serde_json::Value = serde_json::from_slice(&manifest.body).expect("JSON");
        assert_eq!((&manifest["lang"], &manifest["id"]), (&lang.into(), &"/".into()), "one app, whatever its name");
        let pages: Vec<&str> =
            manifest["shortcuts"].as_array().expect("shortcuts").iter().filter_map(|it| it["url"].as_str()).collect();
        assert_eq!(pages, ["/sos", "/slip", "/"]);
        let icons = manifest["icons"].as_array().expect("icons");
        assert!(icons.iter().any(|icon| icon["type"] == "image/png" && icon["purpose"] == "maskable"));
        for icon in icons {
            let path = icon["src"].as_str().expect("a path");
            let answer = site.ask("GET", path, &[]).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, icon["type"].as_str().expect("a type")));
            assert_eq!(answer.body.starts_with(b"\x89PNG"), path.ends_with(".png"), "{path}");
        }
        // What a browser shows before it installs the app: as large as it says, in PNG (the head of which has the size).
        let screenshots = manifest["screenshots"].as_array().expect("pictures");
        assert!(!screenshots.is_empty());
        for screenshot in screenshots {
            let picture = site.ask("GET", screenshot["src"].as_str().expect("a path"), &[]).await;
            assert_eq!((picture.status, picture.header("content-type")), (200, "image/png"), "{screenshot}");
            let [width, height] =
                [16, 20].map(|at| u32::from_be_bytes(picture.body[at..at + 4].try_into().expect("four bytes")));
            assert_eq!(screenshot["sizes"], format!("{width}x{height}"));
        }
    }
}

#[tokio::test]
async fn what_the_browser_has_is_not_sent_again() {
    for site in Site::all().await {
        for path in ["/".to_owned(), site.script().await] {
            for accepted in ["", "gzip", "br"] {
                let first = site.ask("GET", &path, &[("accept-encoding", accepted)]).await;
                let etag = first.header("etag").to_owned();
                assert!(etag.starts_with('"'), "strong");
                for known in [etag.clone(), format!("\"other\", W/{etag}"), "*".to_owned()] {
                    let headers = [("accept-encoding", accepted), ("if-none-match", known.as_str())];
                    let answer = site.ask("GET", &path, &headers).await;
                    assert_eq!((answer.status, answer.header("etag")), (304, etag.as_str()));
                    assert_eq!(answer.header("cache-control"), first.header("cache-control"));
                    assert!(!answer.header("content-security-policy").is_empty() && answer.body.is_empty());
                }
                let other = [("accept-encoding", accepted), ("if-none-match", "\"other\"")];
                assert_eq!(site.ask("GET", &path, &other).await.status, 200);
            }
            // A date says nothing: files get theirs in many ways.
            let late = [("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT")];
            let answer = site.ask("GET", &path, &late).await;
            assert_eq!((answer.status, answer.header("last-modified")), (200, ""));
        }
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    for site in Site::all().await {
        for path in ["/".to_owned(), "/settings".to_owned(), site.script().await] {
            let get = site.ask("GET", &path, &[]).await;
            let head = site.ask("HEAD", &path, &[]).await;
            assert_eq!((head.status, head.body.len()), (200, 0));
            assert_eq!(head.header("content-length"), get.body.len().to_string());
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_and_never_a_page() {
    for site in Site::all().await {
        for path in [
            "/.git/config",
            "/foods/.env",
            "/%2egit/config",
            "/foods%2f.env",
            "/assets/gone.js",
            "/favicon.ico",
            "/index.html.br",
            "/index.html.gz",
            "/api",
            "/api/",
            "/api/nothing",
            "/api/foodsies",
            "/api/tick",
            "/local/nothing",
        ] {
            for (language, words) in [("en", "Not found."), ("ko-KR,ko;q=0.9,en;q=0.8", "찾을 수 없어요.")] {
                let answer = site.ask("GET", path, &[("accept-language", language)]).await;
                assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
                assert_ne!(answer.header("cache-control"), "public, max-age=31536000, immutable", "{path}");
                let problem = answer.reply().problem(404, "not-found");
                assert_eq!((&problem["detail"], &problem["title"]), (&words.into(), &"Not Found".into()), "{path}");
                assert_eq!(answer.header("content-language"), &language[..2], "{path}");
            }
        }
        for path in ["/a/../b", "/api/foods/../../metrics", "/./settings", "/a/..", "/assets/..%2findex.html"] {
            assert_eq!(site.status_of(path).await, "404", "{path}");
        }
    }
}

#[tokio::test]
async fn other_methods_are_refused_where_the_app_is() {
    for site in Site::all().await {
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            site.ask(method, "/api/nothing", &[]).await.reply().problem(404, "not-found");
            for path in ["/", "/settings"] {
                let answer = site.ask(method, path, &[]).await;
                answer.reply().problem(405, "method-not-allowed");
                assert_eq!(answer.header("allow").replace(' ', ""), "GET,HEAD", "{method} {path}");
            }
        }
    }
}

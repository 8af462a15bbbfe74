//! What holds for every request and every answer, whatever the route.

use std::{collections::BTreeMap, time::Duration};

use axum::Router;
use common::{App, Env, Origin};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};
use uuid::Uuid;

use crate::{
    operations::server::session_cookie,
    support::{
        fake_provider::listener,
        world::{Person, Reply, World},
    },
};

/// Every operation of every function, with something in the place of each parameter.
async fn operations(world: &World) -> Vec<(Method, String)> {
    let stranger = world.stranger();
    let pages = stranger.get("/api/docs/swagger-initializer.js").await.body;
    let mut operations = Vec::new();
    for description in pages.split('"').filter(|text| text.ends_with("/openapi.json")) {
        let paths = stranger.get(description).await.ok()["paths"].clone();
        for (path, item) in paths.as_object().expect("paths") {
            let path = path.replace("{provider}", "local").replace("{date}", "2026-03-10");
            let parts = path
                .split('/')
                .map(|part| if part.starts_with('{') { Uuid::new_v4().to_string() } else { part.to_owned() });
            let path = parts.collect::<Vec<_>>().join("/");
            let methods = item.as_object().expect("methods").keys().filter_map(|name| name.to_uppercase().parse().ok());
            let known = |method: &Method| ["GET", "PUT", "POST", "PATCH", "DELETE"].contains(&method.as_str());
            operations.extend(methods.filter(known).map(|method| (method, path.clone())));
        }
    }
    assert!(operations.len() > 30, "{operations:?}");
    operations
}

/// What every table holds, but for what is written after answers.
async fn contents(world: &World) -> BTreeMap<String, Option<i64>> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE()",
    )
    .fetch_all(world.db())
    .await
    .expect("tables");
    #[expect(clippy::disallowed_methods, reason = "names can't be bound; these are our tables")]
    let checksums = sqlx::AssertSqlSafe(format!("CHECKSUM TABLE {}", tables.join(", ")));
    let checksums: Vec<(String, Option<i64>)> =
        sqlx::query_as(checksums).fetch_all(world.db()).await.expect("checksums");
    checksums.into_iter().collect()
}

/// Who is signed in and has something to lose.
async fn somebody(world: &World) -> (Person, String) {
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    ada.review("2026-03-10", &food, "kept").await;
    let cookie = session_cookie(world).await;
    (ada, cookie)
}

#[tokio::test]
async fn what_another_site_makes_a_browser_send_changes_nothing_on_any_route() {
    let world = World::new().await;
    let (ada, cookie) = somebody(&world).await;
    let unsafe_ones = operations(&world).await.into_iter().filter(|(method, _)| !method.is_safe());
    let unsafe_ones: Vec<_> = unsafe_ones.collect();
    let (port, ours) = (world.origin.rsplit(':').next().expect("a port"), world.origin.as_str());
    let origins = [
        None,
        Some(ours.to_owned()),
        Some("null".to_owned()),
        Some("https://evil.test".to_owned()),
        Some(format!("{ours}.evil.test")),
        Some(format!("https://127.0.0.1:{port}")),
        Some("http://127.0.0.1:1".to_owned()),
    ];
    let sites = [None, Some("same-origin"), Some("same-site"), Some("cross-site"), Some("none"), Some("SAME-ORIGIN")];
    let types = [None, Some("application/json"), Some("text/plain"), Some("application/x-www-form-urlencoded")];
    let client = Client::new();
    let ask =
        |method: &Method, path: &str, cookie: &str, site: Option<&str>, origin: Option<&str>, kind: Option<&str>| {
            let mut request =
                client.request(method.clone(), format!("{ours}{path}")).header("cookie", cookie).body("{}");
            for (name, value) in [("sec-fetch-site", site), ("origin", origin), ("content-type", kind)] {
                request = value.into_iter().fold(request, |request, value| request.header(name, value));
            }
            Reply::to(request)
        };
    let nobody = format!("{}=x", world.app.origin.cookie_name("session"));
    let before = contents(&world).await;
    let (mut refused, mut taken) = (0, 0);
    for (method, path) in &unsafe_ones {
        for site in sites {
            for origin in &origins {
                let origin = origin.as_deref();
                // Sec-Fetch-Site, where there is one, has the word; else Origin.
                let good = site.map_or(origin == Some(ours), |site| site == "same-origin");
                for kind in types {
                    let case = format!("{method} {path} {site:?} {origin:?} {kind:?}");
                    if good {
                        // Not with the session, or it would be done: that it is asked for says enough.
                        let answer = ask(method, path, &nobody, site, origin, kind).await;
                        assert_eq!(answer.status, 401, "{case}: {}", answer.body);
                        taken += 1;
                    } else {
                        let answer = ask(method, path, &cookie, site, origin, kind).await;
                        assert_eq!(
                            (answer.status.as_u16(), answer.json()["code"].as_str()),
                            (403, Some("origin-foreign")),
                            "{case}"
                        );
                        refused += 1;
                    }
                }
            }
        }
    }
    assert_eq!(contents(&world).await, before);
    println!(
        "requests of other sites refused: {refused} of {refused}, of ours let in: {taken} of {taken}, on {} routes",
        unsafe_ones.len()
    );
    assert!(refused > 1000);
    // What a form of another site can send is no JSON, even from us.
    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("application/jsonx"),
        Some("json"),
    ] {
        let answer = ask(&Method::POST, "/api/foods", &cookie, Some("same-origin"), None, kind).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (415, Some("json-required")), "{kind:?}");
    }
    assert_eq!(contents(&world).await, before);
    ada.get("/api/auth/me").await.ok();
}

#[tokio::test]
async fn what_only_looks_changes_nothing() {
    let world = World::new().await;
    let (ada, _) = somebody(&world).await;
    let before = contents(&world).await;
    let mut count = 0;
    for (method, path) in operations(&world).await {
        // It writes down that a sign-in has begun.
        if method == Method::GET && !path.ends_with("/start") {
            ada.get(&path).await;
            count += 1;
        }
    }
    assert_eq!(contents(&world).await, before, "of {count} routes");
}

type Change = fn(RequestBuilder) -> RequestBuilder;

/// Checks the headers of an answer of the API.
fn is_secure(case: &str, answer: &Reply, https: bool) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("strict-transport-security", if https { "max-age=31536000; includeSubDomains" } else { "" }),
    ] {
        assert_eq!(answer.header(name), value, "{case}: {name}");
    }
    // The app's own is longer, where it answers for a path that nobody has.
    let policy = answer.header("content-security-policy");
    let ends = policy.ends_with("; base-uri 'none'; frame-ancestors 'none'");
    assert!(policy.starts_with("default-src 'none'") && ends, "{case}: {policy}");
    for name in ["server", "x-powered-by", "access-control-allow-origin", "access-control-allow-credentials"] {
        assert!(!answer.headers.contains_key(name), "{case}: {name}");
    }
}

#[tokio::test]
async fn every_answer_of_the_api_has_the_security_headers_errors_too() {
    let world = World::new().await;
    let (ada, _) = somebody(&world).await;
    let mut statuses: BTreeMap<u16, u32> = BTreeMap::new();
    let mut check = |case: &str, answer: &Reply| {
        is_secure(case, answer, false);
        *statuses.entry(answer.status.as_u16()).or_default() += 1;
    };
    let stranger = world.stranger();
    let lasting: Vec<_> = operations(&world)
        .await
        .into_iter()
        .filter(|(_, path)| !path.ends_with("/logout") && !path.ends_with("/me"))
        .collect();
    for (method, path) in lasting {
        let ways: [(&str, Change); 5] = [
            ("as it is", |request| request),
            ("no JSON", |request| request.header("content-type", "application/json").body("{")),
            ("a form", |request| request.header("content-type", "text/plain").body("x")),
            ("another site", |request| request.header("sec-fetch-site", "cross-site")),
            ("in Korean", |request| request.header("accept-language", "ko").json(&json!([]))),
        ];
        for (way, change) in ways {
            for who in [&ada, &stranger] {
                check(&format!("{method} {path}, {way}"), &who.send(change(who.request(method.clone(), &path))).await);
            }
        }
    }
    check("no route", &ada.get("/api/nothing").await);
    check("another method", &ada.put("/api/foods", json!({})).await);
    check("too long", &ada.post("/api/foods", json!({ "name": "x".repeat(20_000) })).await);
    check("a wrong field", &ada.post("/api/foods", json!({ "name": "" })).await);
    check("created", &ada.post("/api/foods", json!({ "name": "soda" })).await);
    check("settings", &ada.patch("/api/auth/me", json!({})).await);
    world.lose_database().await;
    check("no database", &ada.get("/api/foods").await);
    println!("answers with all security headers, by status: {statuses:?}");
    for status in [200, 201, 204, 302, 400, 401, 403, 404, 405, 413, 415, 422, 503] {
        assert!(statuses.contains_key(&status), "{status} in {statuses:?}");
    }
}

#[tokio::test]
async fn with_https_every_answer_asks_for_it_from_then_on() {
    let world = World::new().await;
    let origin = Origin::from_env(&Env::from([("PUBLIC_ORIGIN", "https://hanip.example")])).expect("an origin");
    let app = App { origin, ..world.app.clone() };
    let (listener, address) = listener().await;
    let routes =
        Router::new().merge(auth::router(app.clone(), auth::Auth { providers: Vec::new(), trust_edge: false }));
    let router =
        common::finish(routes.route("/api/panic", axum::routing::get(async || -> () { panic!("on purpose") })), &app);
    tokio::spawn(async move { common::listen(listener, router, &app, std::future::pending()).await });
    for (path, status) in
        [("/api/auth/providers", 200), ("/api/auth/me", 401), ("/api/nothing", 404), ("/api/panic", 500)]
    {
        let answer = Reply::of(reqwest::get(format!("{address}{path}")).await.expect("an answer")).await;
        assert_eq!(answer.status, status);
        is_secure(path, &answer, true);
    }
}

#[tokio::test]
async fn a_body_is_taken_up_to_its_limit_and_no_byte_further() {
    let ada = World::new().await.person("ada").await;
    let send = async |method: Method, path: &str, body: &Value, size: usize| {
        let text = body.to_string();
        let text = format!("{text}{}", " ".repeat(size - text.len()));
        let request = ada.request(method, path).header("content-type", "application/json").body(text);
        ada.send(request).await.status.as_u16()
    };
    for (method, path, body, limit) in [
        (Method::PATCH, "/api/auth/me", json!({ "display_name": "Ada" }), 16 * 1024),
        (Method::POST, "/api/foods", json!({ "name": "ramen" }), 16 * 1024),
        (Method::PUT, "/api/reviews/2026-03-10", json!({ "note": "x" }), 512 * 1024),
    ] {
        for size in [limit - 1, limit] {
            let status = send(method.clone(), path, &body, size).await;
            assert!([200, 201].contains(&status), "{path}, {size} bytes: {status}");
        }
        assert_eq!(send(method, path, &body, limit + 1).await, 413, "{path}");
    }
}

#[tokio::test]
async fn a_text_is_taken_up_to_its_limit_and_no_character_further() {
    let ada = World::new().await.person("ada").await;
    // A character is one, however many bytes.
    for character in ["x", "한", "🍜"] {
        for (count, taken) in [(49, true), (50, true), (51, false)] {
            let name = character.repeat(count);
            for answer in [
                ada.post("/api/foods", json!({ "name": name })).await,
                ada.patch("/api/auth/me", json!({ "display_name": name })).await,
                ada.post("/api/auth/tokens", json!({ "name": name, "scope": "read" })).await,
            ] {
                assert_eq!(answer.status.is_success(), taken, "{count} of {character}: {}", answer.body);
            }
        }
        for (count, taken) in [(1999, true), (2000, true), (2001, false)] {
            let answer = ada.put("/api/reviews/2026-03-10", json!({ "note": character.repeat(count) })).await;
            assert_eq!(answer.status.is_success(), taken, "{count} of {character}: {}", answer.body);
        }
    }
    for (time, taken) in [("11:59", true), ("12:00", true), ("12:01", false)] {
        let answer = ada.patch("/api/auth/me", json!({ "day_start": time })).await;
        assert_eq!(answer.status.is_success(), taken, "{time}");
    }
}

#[tokio::test]
async fn who_sends_very_many_bodies_slowly_takes_nobodys_place() {
    let world = World::new().await;
    let (ada, eve) = (world.person("ada").await, world.person("eve").await);
    let authority = world.origin.trim_start_matches("http://");
    let head = format!(
        "PUT /api/reviews/2026-03-11 HTTP/1.1\r\nHost: {authority}\r\nOrigin: {}\r\nCookie: {}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
        world.origin, ada.cookie
    );
    let mut senders = JoinSet::new();
    for _ in 0..40 {
        let (authority, head) = (authority.to_owned(), head.clone());
        senders.spawn(async move {
            let mut stream = TcpStream::connect(authority).await.expect("a connection");
            stream.write_all(head.as_bytes()).await.expect("sent");
            let mut answer = [0; 12];
            timeout(Duration::from_secs(6), stream.read_exact(&mut answer)).await.is_ok().then_some(answer)
        });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    eve.put("/api/reviews/2026-03-11", json!({ "note": "at once" })).await.created();
    let answers = senders.join_all().await;
    let refused: Vec<_> = answers.iter().flatten().collect();
    assert!(refused.iter().all(|answer| answer.as_slice() == b"HTTP/1.1 503"), "{refused:?}");
    assert_eq!(refused.len(), 24, "the others are waited for");
}

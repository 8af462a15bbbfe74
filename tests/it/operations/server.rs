//! What every function has around its routes.

use std::time::{Duration, Instant};

use axum::{Router, routing::get};
use reqwest::{Client, Method};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    time::timeout,
};

use crate::{
    operations::program::free_port,
    support::{
        processes::Function,
        world::{Reply, World},
    },
};

/// Sends `request` as it is; the answer is all that comes until the connection ends.
async fn raw(origin: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(origin.trim_start_matches("http://")).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn health_and_metrics_are_no_requests_of_people() {
    let world = World::new().await;
    let stranger = world.stranger();
    for path in ["/healthz", "/metrics", "/api/auth/providers"] {
        assert_eq!(stranger.get(path).await.status, 200, "{path}");
    }
    let metrics = stranger.get("/metrics").await.body;
    let counted = |route: &str| metrics.contains(&format!("http_requests_total{{method=\"GET\",route=\"{route}\""));
    assert!(counted("/api/auth/providers"), "{metrics}");
    assert!(!counted("/healthz") && !counted("/metrics"), "{metrics}");
}

#[tokio::test]
async fn health_and_metrics_are_answered_without_the_database() {
    let world = World::new().await;
    world.lose_database().await;
    let stranger = world.stranger();
    assert_eq!(stranger.get("/healthz").await.body, "ok");
    let metrics = stranger.get("/metrics").await;
    assert!(metrics.body.contains("process_start_time_seconds"), "{}", metrics.body);
    let foods = world.stranger();
    let cookie = foods
        .request(Method::GET, "/api/foods")
        .header("cookie", format!("{}=x", world.app.origin.cookie_name("session")));
    let answer = foods.send(cookie).await;
    answer.problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "1");
}

/// A network policy that opens late looks like this: the first connections hear nothing, and do not end.
#[tokio::test]
async fn a_request_waits_for_the_first_connection_to_the_database() {
    let world = World::new().await;
    let (rest, server) = world.database.split_once("socket=").expect("a socket");
    let socket = std::env::temp_dir().join(uuid::Uuid::new_v4().simple().to_string());
    let listener = UnixListener::bind(&socket).expect("a socket");
    let server = server.to_owned();
    tokio::spawn(async move {
        let mut silent = Vec::new();
        while let Ok((mut client, _)) = listener.accept().await {
            if silent.len() < 4 {
                silent.push(client);
                continue;
            }
            let mut server = UnixStream::connect(&server).await.expect("the database is reached");
            tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
        }
    });
    let url = format!("{rest}socket={}", socket.display());
    let foods = Function::start("foods", free_port(), &[("DATABASE_URL", &url), ("PUBLIC_ORIGIN", &world.origin)]);
    foods.is_ready().await;
    let cookie = format!("{}=x", world.app.origin.cookie_name("session"));
    let request = Client::new().get(format!("{}/api/foods", foods.origin)).header("cookie", cookie);
    // The database has been asked whose session it is.
    assert_eq!(request.send().await.expect("an answer").status(), 401);
    std::fs::remove_file(socket).expect("the socket is removed");
}

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_are_problems_of_the_api() {
    let stranger = World::new().await.stranger();
    for path in ["/api/nothing", "/api", "/api/foods/1/2/3", "/local/nothing"] {
        stranger.get(path).await.problem(404, "not-found");
    }
    stranger.put("/api/foods", serde_json::json!({})).await.problem(405, "method-not-allowed");
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let world = World::new().await;
    let stranger = world.stranger();
    for path in [
        "/",
        "/api/foods",
        "/api/nothing",
        "/api/auth/providers",
        "/healthz",
        "/nothing.png",
        "/api/docs/",
        "/local/authorize",
    ] {
        let answer = stranger.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
        if path.starts_with("/api/") {
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
    }
}

#[tokio::test]
async fn only_the_names_of_this_computer_are_answered() {
    let world = World::new().await;
    let port = world.origin.rsplit(':').next().expect("a port").to_owned();
    let ask = |method: Method, host: String| {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let request = client.request(method, format!("{}/foods?a=b", world.origin)).header("host", host);
        Reply::to(request)
    };
    let moved = ask(Method::GET, format!("localhost:{port}")).await;
    assert_eq!((moved.status.as_u16(), moved.location()), (308, format!("{}/foods?a=b", world.origin)));
    ask(Method::POST, format!("localhost:{port}")).await.problem(421, "misdirected-request");
    let refused = ask(Method::GET, "evil.test".to_owned()).await;
    refused.problem(421, "misdirected-request");
    assert_eq!(refused.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn a_panic_becomes_a_500_and_the_next_request_is_answered() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let router = Router::new().route("/panic", get(async || -> () { panic!("on purpose") }));
    let (router, app) = (common::finish(router, &world.app), world.app.clone());
    tokio::spawn(async move { common::listen(listener, router, &app, std::future::pending()).await });
    let get = async |path: &str| {
        Reply::of(Client::new().get(format!("{origin}{path}")).send().await.expect("an answer")).await
    };
    let answer = get("/panic").await;
    answer.problem(500, "internal");
    assert!(!answer.body.contains("on purpose"));
    assert_eq!(get("/healthz").await.body, "ok");
}

#[tokio::test]
async fn a_body_that_ends_too_soon_is_not_taken_for_a_whole_one() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let cookie = session_cookie(&world).await;
    let head = format!(
        "PUT /api/reviews/2026-03-11 HTTP/1.1\r\nHost: {}\r\nOrigin: {}\r\nCookie: {cookie}\r\nContent-Type: application/json\r\n",
        world.origin.trim_start_matches("http://"),
        world.origin,
    );
    for rest in [
        "Content-Length: 500\r\n\r\n{\"note\":\"half\"}",
        "Transfer-Encoding: chunked\r\n\r\nf\r\n{\"note\":\"half\"}\r\n",
    ] {
        let mut stream = TcpStream::connect(world.origin.trim_start_matches("http://")).await.expect("a connection");
        stream.write_all(format!("{head}{rest}").as_bytes()).await.expect("sent");
        stream.shutdown().await.expect("closed");
        stream.read_to_end(&mut Vec::new()).await.ok();
    }
    ada.get("/api/reviews/2026-03-11").await.problem(404, "not-found");
}

#[tokio::test]
async fn a_client_that_never_finishes_its_head_is_let_go() {
    let world = World::new().await;
    let began = Instant::now();
    let answer = raw(&world.origin, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ").await;
    assert!(began.elapsed() < Duration::from_secs(12), "{answer}");
}

/// What comes within `time`, up to the end of an answer's head.
async fn head(stream: &mut TcpStream, time: Duration) -> String {
    let mut answer = Vec::new();
    let read = timeout(time, async {
        while !answer.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else { break };
            answer.push(byte);
        }
    });
    read.await.ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn an_idle_connection_is_kept_longer_than_a_head_may_take() {
    let world = World::new().await;
    let mut stream = TcpStream::connect(world.origin.trim_start_matches("http://")).await.expect("a connection");
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", world.origin.trim_start_matches("http://"));
    for idle in [0, 10, 0] {
        tokio::time::sleep(Duration::from_secs(idle)).await;
        stream.write_all(request.as_bytes()).await.expect("the connection is there");
        let answer = head(&mut stream, Duration::from_secs(5)).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "after {idle} s: {answer}");
        assert_eq!(stream.read_exact(&mut [0; 2]).await.expect("ok"), 2);
    }
    // From its first byte on a head has its time, also on a connection that has idled.
    let began = Instant::now();
    stream.write_all(b"GET /heal").await.expect("sent");
    stream.read_to_end(&mut Vec::new()).await.ok();
    let elapsed = began.elapsed();
    assert!(elapsed > Duration::from_secs(6) && elapsed < Duration::from_secs(12), "{elapsed:?}");
}

#[tokio::test]
async fn connections_that_read_nothing_are_closed() {
    let world = World::new().await;
    let request = format!(
        "GET /api/docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: {}\r\n\r\n",
        world.origin.trim_start_matches("http://")
    );
    let mut streams = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(world.origin.trim_start_matches("http://")).await.expect("a connection");
        stream.write_all(request.repeat(200).as_bytes()).await.expect("sent");
        streams.push(stream);
    }
    tokio::time::sleep(Duration::from_secs(30)).await;
    for stream in &streams {
        let error = stream.take_error().expect("an answer").or_else(|| stream.try_write(b"G").err());
        assert!(error.is_some(), "it is open after 30 s");
    }
}

#[tokio::test]
async fn a_request_with_two_hosts_is_refused() {
    let world = World::new().await;
    let host = world.origin.trim_start_matches("http://");
    for other in [host, "evil.test"] {
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nHost: {other}\r\nConnection: close\r\n\r\n");
        let answer = raw(&world.origin, &request).await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("request-invalid"), "{answer}");
        assert!(answer.contains("x-content-type-options: nosniff"), "{answer}");
    }
}

#[tokio::test]
async fn who_asks_and_how_much_are_known_before_a_body_is_read() {
    let world = World::new().await;
    world.person("ada").await;
    let cookie = session_cookie(&world).await;
    let host = world.origin.trim_start_matches("http://");
    for (path, method, cookie, length, status) in [
        ("/api/data/import", "POST", "a=b", 1000, "401"),
        ("/api/reviews/2026-03-11", "PUT", "a=b", 1000, "401"),
        ("/api/foods", "POST", "hanip_session=x", 1000, "401"),
        ("/api/foods", "POST", &cookie, 16 * 1024 + 1, "413"),
        ("/api/reviews/2026-03-11", "PUT", &cookie, 512 * 1024 + 1, "413"),
        ("/api/data/import", "POST", &cookie, 64 * 1024 * 1024 + 1, "413"),
        ("/api/nothing", "POST", &cookie, 1000, "404"),
    ] {
        let mut stream = TcpStream::connect(host).await.expect("a connection");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {}\r\nCookie: {cookie}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{{",
            world.origin
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let answer = head(&mut stream, Duration::from_secs(10)).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{method} {path}: {answer:?}");
    }
}

/// Begins a request with a body that does not end.
async fn unfinished(world: &World, cookie: &str, date: &str, sent: usize) -> TcpStream {
    let host = world.origin.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.expect("a connection");
    let head = format!(
        "PUT /api/reviews/{date} HTTP/1.1\r\nHost: {host}\r\nOrigin: {}\r\nCookie: {cookie}\r\n\
         Content-Type: application/json\r\nContent-Length: 524288\r\n\r\n",
        world.origin
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream.write_all(&vec![b' '; sent]).await.expect("sent");
    stream
}

#[tokio::test]
async fn bodies_that_never_end_keep_no_connection_to_the_database() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let cookie = session_cookie(&world).await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(unfinished(&world, &cookie, "2026-03-11", 100).await);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    ada.get("/api/foods").await.ok();
    ada.put("/api/reviews/2026-03-11", serde_json::json!({ "note": "meanwhile" })).await.created();
    let answer = head(&mut streams[0], Duration::from_secs(30)).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn the_bodies_of_one_person_take_a_bounded_share_of_the_memory() {
    let world = World::new().await;
    world.person("ada").await;
    let cookie = session_cookie(&world).await;
    let bob = world.person("bob").await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(unfinished(&world, &cookie, "2026-03-11", 500_000).await);
    }
    let mut refused = 0;
    for stream in &mut streams {
        refused += u32::from(head(stream, Duration::from_millis(200)).await.starts_with("HTTP/1.1 503"));
    }
    assert!((12..20).contains(&refused), "at most eight of 512 KiB are hers: {refused} of 20 refused");
    bob.put("/api/reviews/2026-03-11", serde_json::json!({ "note": "x".repeat(1000) })).await.created();
}

#[tokio::test]
async fn what_is_accepted_before_a_shutdown_is_answered() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let slow = get(async || {
        tokio::time::sleep(Duration::from_millis(300)).await;
        "done"
    });
    let (router, app) = (common::finish(Router::new().route("/slow", slow), &world.app), world.app.clone());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving =
        tokio::spawn(
            async move { common::listen(listener, router, &app, async { stopped.await.unwrap_or(()) }).await },
        );
    let answer = tokio::spawn(Client::new().get(format!("http://{address}/slow")).send());
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.send(()).expect("it is running");
    let answer = answer.await.expect("no panic").expect("an answer");
    assert_eq!(answer.headers()["connection"], "close", "nobody sends another request into its end");
    assert_eq!(answer.text().await.expect("a text"), "done");
    serving.await.expect("it ends");
    assert!(TcpStream::connect(address).await.is_err(), "nothing listens any more");
}

#[tokio::test]
async fn a_write_whose_client_hangs_up_is_still_whole_and_no_transaction_stays_open() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let cookie = session_cookie(&world).await;
    for day in 1..=10 {
        let body = format!(r#"{{"note":"day {day}","foods":[{{"food_id":"{food}","outcome":"kept"}}]}}"#);
        let head = format!(
            "PUT /api/reviews/2026-03-{day:02} HTTP/1.1\r\nHost: {}\r\nOrigin: {}\r\nCookie: {cookie}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            world.origin.trim_start_matches("http://"),
            world.origin,
            body.len()
        );
        let mut stream = TcpStream::connect(world.origin.trim_start_matches("http://")).await.expect("a connection");
        stream.write_all(format!("{head}{body}").as_bytes()).await.expect("sent");
        tokio::time::sleep(Duration::from_micros(300 * day)).await;
        drop(stream);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    world.afterthoughts().await;
    let (reviews, outcomes): (i64, i64) =
        sqlx::query_as("SELECT (SELECT COUNT(*) FROM reviews), (SELECT COUNT(*) FROM outcomes)")
            .fetch_one(world.db())
            .await
            .expect("counts");
    assert_eq!(reviews, outcomes, "each is whole or absent");
    ada.put("/api/reviews/2026-03-11", serde_json::json!({ "note": "last" })).await.created();
    world.lose_database().await;
    let reader = common::db::pool(&world.env()).expect("a pool");
    let (last,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM reviews WHERE note = 'last'").fetch_one(&reader).await.expect("a count");
    assert_eq!(last, 1, "what was answered stands when the pool is gone");
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_nothing_behind_for_the_next_one() {
    let world = World::new().await;
    world.person("ada").await;
    for _ in 0..20 {
        let mut dropped =
            common::db::begin(world.db().acquire().await.expect("a connection")).await.expect("a transaction");
        sqlx::query("UPDATE users SET display_name = 'lost'").execute(&mut *dropped).await.expect("an update");
        drop(dropped);
        let kept = sqlx::query("UPDATE users SET locale = 'ko'").execute(world.db()).await.expect("an update");
        assert_eq!(kept.rows_affected(), 1);
    }
    let elsewhere = common::db::pool(&world.env()).expect("a pool");
    let (name, locale): (String, String) =
        sqlx::query_as("SELECT display_name, locale FROM users").fetch_one(&elsewhere).await.expect("a person");
    assert_eq!((name.as_str(), locale.as_str()), ("ada", "ko"));
}

/// A session of the only person there is, as a header.
pub async fn session_cookie(world: &World) -> String {
    let (user_id,): (uuid::Uuid,) =
        sqlx::query_as("SELECT user_id FROM users").fetch_one(world.db()).await.expect("a person");
    let mut db = common::db::begin(world.db().acquire().await.expect("a connection")).await.expect("a transaction");
    let cookie = common::session::open(&mut db, &world.app.origin, &Default::default(), user_id, world.now())
        .await
        .expect("a session");
    db.commit().await.expect("it stands");
    cookie.split(';').next().expect("a value").to_owned()
}

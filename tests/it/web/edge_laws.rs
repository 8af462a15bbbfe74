//! What the edge does with a request on its way to a function, and where there is no gateway.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::Request};
use reqwest::{Client, Method, redirect::Policy};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
};

use crate::support::{
    cluster::Cluster,
    edge::Edge,
    fake_provider::listener,
    oidc::sign_in_through,
    world::{Person, Reply},
};

/// What stands in a request and may be in no log.
const SECRET: &str = "m4rk-of-a-secret";

/// An edge before a gateway that answers with the path and the headers it got, a line each.
async fn echo() -> Edge {
    let (listener, address) = listener().await;
    let echo = Router::new().fallback(async |request: Request| {
        let line = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
            format!("{name}: {}", value.to_str().unwrap_or_default())
        };
        let mut lines: Vec<_> = request.headers().iter().map(line).collect();
        lines.sort();
        format!("{} {}\n{}", request.method(), request.uri(), lines.join("\n"))
    });
    tokio::spawn(async move { axum::serve(listener, echo).await });
    Edge::before(address.trim_start_matches("http://")).await
}

async fn send(edge: &Edge, method: Method, path: &str, headers: &[(&str, &str)]) -> Reply {
    let request = Client::new().request(method, format!("{}{path}", edge.origin));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Reply::of(request.send().await.expect("an answer")).await
}

#[tokio::test]
async fn a_path_is_passed_on_as_it_came_with_the_headers_the_api_reads_and_no_others() {
    let edge = echo().await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let passed = [
        ("accept", "text/html"),
        ("accept-language", "ko"),
        ("authorization", "Bearer x"),
        ("content-type", "application/json"),
        ("cookie", "a=b; c=d"),
        ("hanip-account", "x"),
        ("idempotency-key", "x"),
        ("if-match", "\"x\""),
        ("if-none-match", "*"),
        ("origin", "https://x.test"),
        ("sec-fetch-site", "same-origin"),
        ("traceparent", trace),
        ("tracestate", "a=b"),
    ];
    let dropped = [
        // Knative counts no request of its own probe.
        ("user-agent", "kube-probe/1.34"),
        ("ce-id", "1"),
        ("forwarded", "for=192.0.2.1"),
        ("k-original-host", "evil.test"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-host", "evil.test"),
        ("x-real-ip", "192.0.2.1"),
        ("x-http-method-override", "DELETE"),
        ("te", "trailers"),
    ];
    let sent: Vec<_> = passed.iter().chain(&dropped).copied().collect();
    let path = "/api/foods/%EB%9D%BC%EB%A9%B4//x%2Fy;z?a=%26&b=c%20d+e";
    let mut expected: Vec<_> = passed.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    expected.extend(["host: foods.hanip.svc.cluster.local".to_owned(), "x-real-ip: 127.0.0.1".to_owned()]);
    expected.extend(["hanip-user-agent: kube-probe/1.34".to_owned(), "user-agent: hanip-edge".to_owned()]);
    expected.sort();
    let answer = send(&edge, Method::GET, path, &sent).await;
    assert_eq!(answer.body, format!("GET {path}\n{}", expected.join("\n")));
    // What does not come is not made up, but for the trace.
    let bare = send(&edge, Method::GET, "/api/auth", &[]).await.body;
    let names: Vec<_> = bare.lines().skip(1).filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(names, ["accept", "host", "traceparent", "user-agent", "x-real-ip"], "{bare}");
    // Under what is no trace a function logs nothing: it gets the edge's own.
    for none in [
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ] {
        let body = send(&edge, Method::GET, "/api/auth", &[("traceparent", none)]).await.body;
        assert!(body.contains("\ntraceparent: 00-") && !body.contains(none), "{body}");
    }
}

#[tokio::test]
async fn the_log_has_no_path_query_cookie_or_address() {
    let edge = echo().await;
    let path = format!("/api/auth/{SECRET}?code={SECRET}");
    let headers = [("cookie", SECRET), ("authorization", SECRET), ("user-agent", SECRET)];
    let trace = ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    send(&edge, Method::GET, &path, &[headers[0], headers[1], headers[2], trace]).await;
    send(&edge, Method::GET, &format!("/{SECRET}"), &headers).await;
    send(&edge, Method::GET, &format!("/api/streaks/feed.ics?key={SECRET}"), &headers).await;
    let log = edge.log();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(!log.contains(SECRET) && !log.contains("127.0.0.1"), "{log}");
    let answered = lines.iter().find(|line| line["function"] == "auth").expect("the request is logged");
    assert_eq!((&answered["status"], &answered["level"]), (&200.into(), &"INFO".into()));
    assert_eq!(answered["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
}

#[tokio::test]
async fn a_gateway_that_does_not_answer_is_a_problem_and_nothing_is_sent_twice() {
    let down = Edge::before("127.0.0.1:1").await;
    // Takes each request, and hangs up.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let authority = listener.local_addr().expect("an address").to_string();
    let taken = Arc::new(Mutex::new(0));
    let counted = taken.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            *counted.lock().expect("no panic") += 1;
            stream.read_u8().await.ok();
        }
    });
    let hangs_up = Edge::before(&authority).await;
    for edge in [&down, &hangs_up] {
        for (method, accepted, language) in [
            (Method::GET, "en-US, ko", "en"),
            (Method::PUT, "fr, ko-KR;q=0.5, en;q=0.3", "ko"),
            (Method::POST, "kok", "en"),
            (Method::GET, "ko, en, ko", "ko"),
        ] {
            let answer = send(edge, method, "/api/foods", &[("accept-language", accepted)]).await;
            answer.problem(503, "unavailable");
            assert_eq!((answer.header("retry-after"), answer.header("content-language")), ("1", language));
            assert_eq!(answer.header("cache-control"), "no-store");
        }
        // The app is there all the same.
        assert_eq!(send(edge, Method::GET, "/settings", &[]).await.status, 200);
    }
    assert_eq!(*taken.lock().expect("no panic"), 4);
}

#[tokio::test]
async fn a_read_outlives_the_connection_that_a_gateway_closes_as_it_ends_and_a_write_is_sent_once() {
    let (listener, address) = listener().await;
    let taken = Arc::new(Mutex::new(0));
    let counted = taken.clone();
    // Answers the first request of each connection, takes the second, and hangs up.
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let counted = counted.clone();
            tokio::spawn(async move {
                for answer in [Some("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), None] {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        head.push(stream.read_u8().await?);
                    }
                    *counted.lock().expect("no panic") += 1;
                    stream.write_all(answer.unwrap_or_default().as_bytes()).await?;
                }
                std::io::Result::Ok(())
            });
        }
    });
    let edge = Edge::before(address.trim_start_matches("http://")).await;
    // One connection: each process of nginx keeps its own to the gateway.
    let client = Client::new();
    let mut statuses = Vec::new();
    for method in [Method::GET, Method::GET, Method::POST] {
        let request = client.request(method, format!("{}/api/foods", edge.origin));
        statuses.push(request.send().await.expect("an answer").status().as_u16());
    }
    assert_eq!((statuses, *taken.lock().expect("no panic")), (vec![200, 200, 503], 4));
}

#[tokio::test]
async fn the_gateway_refuses_http_1_0_and_the_edge_speaks_1_1_to_it_whatever_its_client_speaks() {
    let cluster = Cluster::shared().await;
    let ask = async |authority: &str, host: &str| {
        let mut stream = TcpStream::connect(authority).await.expect("a connection");
        let request = format!("GET /api/auth/providers HTTP/1.0\r\nHost: {host}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("an answer");
        String::from_utf8_lossy(&answer).split(' ').nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(ask(&cluster.gateway.authority, "auth.hanip.svc.cluster.local").await, "426");
    assert_eq!(ask(cluster.edge.origin.trim_start_matches("http://"), "anything").await, "200");
}

#[tokio::test]
async fn health_is_answered_on_a_port_that_is_not_public() {
    let edge = Edge::before("127.0.0.1:1").await;
    let kubelet = Person::new(&edge.health);
    assert_eq!(kubelet.get("/healthz").await.body, "ok");
    assert_eq!(kubelet.get("/").await.status, 404);
    Person::new(&edge.origin).get("/healthz").await.problem(404, "not-found");
}

/// What `edge` answers to these bytes, until it ends the connection.
async fn raw(edge: &Edge, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(edge.origin.trim_start_matches("http://")).await.expect("a connection");
    stream.write_all(request).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn what_nginx_itself_refuses_is_a_problem_with_the_security_headers() {
    let edge = echo().await;
    let (long, foods) = ("a".repeat(9000), "/api/foods HTTP/1.1\r\nHost: a\r\n");
    for (request, status, code) in [
        ("GET /api/foods HTTP/1.1\r\n\r\n".to_owned(), 400, "request-invalid"),
        ("GET /.a HTTP/1.1\r\n\r\n".to_owned(), 400, "request-invalid"),
        ("GET / HTTP/1.1\r\nHost: a\r\nIf-Match: \"x\"\r\n\r\n".to_owned(), 400, "request-invalid"),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nIf-Unmodified-Since: Thu, 01 Jan 1970 00:00:01 GMT\r\n\r\n".to_owned(),
            400,
            "request-invalid",
        ),
        ("GET /api/foods HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned(), 400, "request-invalid"),
        ("\u{16}\u{3}\u{1}\r\n\r\n".to_owned(), 400, "request-invalid"),
        // Where such a body ends, two servers may see differently.
        (
            format!("POST {foods}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            400,
            "request-invalid",
        ),
        (format!("POST {foods}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"), 400, "request-invalid"),
        (format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"), 414, "uri-too-long"),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nCookie: {long}\r\n\r\n"), 431, "headers-too-large"),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n".to_owned(), 501, "not-implemented"),
        ("POST /api/foods HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n".to_owned(), 501, "not-implemented"),
    ] {
        let answer = raw(&edge, request.as_bytes()).await;
        let start: String = request.chars().take(30).collect();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{start}: {answer}");
        for part in ["content-type: application/problem+json", "nosniff", "default-src 'none'", "no-referrer", code] {
            assert!(answer.to_lowercase().contains(part), "{start}: {part} in {answer}");
        }
    }
    // Nobody gets there from outside.
    send(&edge, Method::GET, "/problems/request_invalid", &[]).await.problem(404, "not-found");
    for hidden in ["/.git/ /problems/x", "/problems/.x", "/x%20%3f/.git"] {
        send(&edge, Method::GET, hidden, &[]).await.problem(404, "not-found");
    }
}

#[tokio::test]
async fn a_file_is_sent_whole_whatever_part_of_it_is_asked_for() {
    let edge = echo().await;
    for range in ["bytes=0-0", "bytes=999999-", "bytes=-1,0-1"] {
        let answer = send(&edge, Method::GET, "/", &[("range", range)]).await;
        assert!(answer.status == 200 && answer.body.contains("</html>"), "{range}: {}", answer.status);
    }
}

#[tokio::test]
async fn http_0_9_is_not_passed_on() {
    let edge = echo().await;
    for request in ["GET /api/foods\r\n\r\n", "GET /\r\n\r\n"] {
        assert_eq!(raw(&edge, request.as_bytes()).await, "");
    }
}

/// What the processes of `edge` have used of a processor, in clock ticks of 10 ms.
fn processor_time(edge: &Edge) -> u64 {
    let stats = std::fs::read_dir("/proc").expect("it is there").filter_map(|entry| {
        let stat = std::fs::read_to_string(entry.ok()?.path().join("stat")).ok()?;
        let fields: Vec<String> = stat.rsplit(") ").next()?.split(' ').map(str::to_owned).collect();
        (fields[1] == edge.id().to_string()).then_some(fields)
    });
    stats.map(|fields| fields[11].parse::<u64>().expect("utime") + fields[12].parse::<u64>().expect("stime")).sum()
}

#[tokio::test]
async fn no_header_and_no_path_takes_a_millisecond_of_the_edge() {
    let edge = Edge::before("127.0.0.1:1").await;
    let client = Client::new();
    let header = |text: &str| text.repeat(7800 / text.len());
    for (path, name, value) in [
        ("/api/foods", "accept-language", header("en ")),
        ("/api/foods", "accept-language", header("en,")),
        ("/api/foods", "accept-language", header("fr, ")),
        ("/api/foods", "accept-language", header(" ")),
        ("/favicon.svg", "accept-encoding", header(", ")),
        ("/favicon.svg", "accept-encoding", header("br;q=0.0")),
        ("/api/foods", "traceparent", header("00-")),
        (&format!("/a{}/", ".".repeat(7800)), "x-other", "x".to_owned()),
        (&format!("/a{}/", ".a".repeat(3900)), "x-other", "x".to_owned()),
        (&format!("/{}", "%2f".repeat(2600)), "x-other", "x".to_owned()),
    ] {
        let before = processor_time(&edge);
        for _ in 0..100 {
            let request = client.get(format!("{}{path}", edge.origin)).header(name, &value);
            request.send().await.expect("an answer").bytes().await.expect("a body");
        }
        let took = 10 * (processor_time(&edge) - before);
        let case = (name, &value[..value.len().min(8)], &path[..path.len().min(8)]);
        assert!(took <= 100, "100 requests took {took} ms: {case:?}");
    }
}

#[tokio::test]
async fn one_address_leaves_room_for_others() {
    let (listener, address) = listener().await;
    let slow = Router::new().fallback(async |request: Request| {
        if request.uri().path() == "/api/foods/slow" {
            tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        }
    });
    tokio::spawn(async move { axum::serve(listener, slow).await });
    let edge = Edge::before(address.trim_start_matches("http://")).await;
    let to = edge.origin.trim_start_matches("http://").parse().expect("an address");
    let begin = async |request: &'static [u8]| {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.2:0".parse().expect("an address")).expect("it is this computer's too");
        let mut stream = socket.connect(to).await.expect("a connection");
        stream.write_all(request).await.expect("sent");
        stream
    };
    // Heads that do not end.
    let mut streams = Vec::new();
    for _ in 0..2500 {
        streams.push(begin(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ").await);
    }
    assert_eq!(send(&edge, Method::GET, "/settings", &[]).await.status, 200);
    drop(streams);
    // Requests that take long.
    let mut streams = Vec::new();
    for _ in 0..600 {
        streams.push(begin(b"GET /api/foods/slow HTTP/1.1\r\nHost: a\r\n\r\n").await);
    }
    assert_eq!(send(&edge, Method::GET, "/api/foods", &[]).await.status, 200);
    let mut refused = Vec::new();
    begin(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.read_to_end(&mut refused).await.ok();
    let refused = String::from_utf8_lossy(&refused).into_owned();
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("Retry-After: 1"), "{refused}");
}

#[tokio::test]
async fn a_body_of_nobody_is_refused_before_it_is_there() {
    let cluster = Cluster::shared().await;
    for (path, length) in [("/api/data/import", 1_000_000), ("/api/reviews/2026-03-11", 500_000), ("/api/foods", 1000)]
    {
        let mut stream =
            TcpStream::connect(cluster.edge.origin.trim_start_matches("http://")).await.expect("a connection");
        let method = if path.starts_with("/api/reviews") { "PUT" } else { "POST" };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{{"
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut answer = [0; 12];
        let read = tokio::time::timeout(std::time::Duration::from_secs(10), stream.read_exact(&mut answer));
        read.await.expect("it comes at once").expect("an answer");
        assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 401", "{path}");
    }
}

#[tokio::test]
async fn a_person_sees_the_browser_they_signed_in_with_not_the_edge() {
    let cluster = Cluster::shared().await;
    let client = Client::builder().cookie_store(true).redirect(Policy::none()).user_agent("Mozilla/5.0 (a phone)");
    let mut ada = Person::new(&cluster.edge.origin);
    ada.client = client.build().expect("a client");
    sign_in_through(&ada.client, &format!("{}/api/auth/oidc/start", ada.origin), "ada of the phone").await;
    let sessions = ada.get("/api/auth/sessions").await.ok();
    assert_eq!(sessions["sessions"][0]["user_agent"], "Mozilla/5.0 (a phone)", "{sessions}");
}

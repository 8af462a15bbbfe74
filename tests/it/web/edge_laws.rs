//! What the edge does with a request on its way to a function, and where there is no gateway.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::Request};
use reqwest::{Client, Method};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::support::{
    cluster::Cluster,
    edge::Edge,
    fake_provider::listener,
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
        ("if-match", "\"x\""),
        ("if-none-match", "*"),
        ("origin", "https://x.test"),
        ("sec-fetch-site", "same-origin"),
        ("traceparent", trace),
        ("tracestate", "a=b"),
        ("user-agent", "test"),
    ];
    let dropped = [
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
    expected.sort();
    let answer = send(&edge, Method::GET, path, &sent).await;
    assert_eq!(answer.body, format!("GET {path}\n{}", expected.join("\n")));
    // What does not come is not made up, but for the trace.
    let bare = send(&edge, Method::GET, "/api/auth", &[]).await.body;
    let names: Vec<_> = bare.lines().skip(1).filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(names, ["accept", "host", "traceparent", "x-real-ip"], "{bare}");
}

#[tokio::test]
async fn the_log_has_no_path_query_cookie_or_address() {
    let edge = echo().await;
    let path = format!("/api/auth/{SECRET}?code={SECRET}");
    let headers = [("cookie", SECRET), ("authorization", SECRET), ("user-agent", SECRET)];
    let trace = ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    send(&edge, Method::GET, &path, &[headers[0], headers[1], headers[2], trace]).await;
    send(&edge, Method::GET, &format!("/{SECRET}"), &headers).await;
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
        ] {
            let answer = send(edge, method, "/api/foods", &[("accept-language", accepted)]).await;
            answer.problem(503, "unavailable");
            assert_eq!((answer.header("retry-after"), answer.header("content-language")), ("1", language));
            assert_eq!(answer.header("cache-control"), "no-store");
        }
        // The app is there all the same.
        assert_eq!(send(edge, Method::GET, "/settings", &[]).await.status, 200);
    }
    assert_eq!(*taken.lock().expect("no panic"), 3);
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

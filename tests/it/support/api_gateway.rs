//! API Gateway before functions of Lambda: makes events of requests, and answers of what functions respond. As its HTTP
//! APIs do with payload 2.0, or as its REST APIs do.

use std::{collections::BTreeMap, net::Ipv4Addr, str::FromStr, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use common::Clock;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use url::form_urlencoded;
use uuid::Uuid;

use crate::support::lambda::Lambda;

/// The address that a test says it comes from; nobody else could.
pub const FROM: &str = "test-comes-from";
/// Where requests come from that do not say so.
const CLIENT: &str = "203.0.113.7";

/// How requests become events.
#[derive(Clone, Copy, PartialEq)]
pub enum Payload {
    /// Of an HTTP API. Its paths have the stage, but `$default`.
    V2,
    /// Of a REST API with the binary media types `*/*`. Its paths do not have the stage.
    V1,
}

impl FromStr for Payload {
    type Err = String;

    /// By its version, as AWS calls it.
    fn from_str(version: &str) -> Result<Self, String> {
        match version {
            "2.0" => Ok(Self::V2),
            "1.0" => Ok(Self::V1),
            other => Err(format!("expected 1.0 or 2.0, not {other}")),
        }
    }
}

pub struct ApiGateway {
    functions: Vec<(String, Arc<Lambda>)>,
    payload: Payload,
    stage: String,
}

impl ApiGateway {
    /// One before these functions, each by its name, on `port`; the last takes what none of them owns too.
    pub async fn start(port: u16, functions: &[(&str, &Arc<Lambda>)], payload: Payload, stage: &str) {
        let functions = functions.iter().map(|(name, function)| (name.to_string(), (*function).clone())).collect();
        let gateway = Self { functions, payload, stage: stage.to_owned() };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("a free port");
        let router = Router::new().fallback(pass).with_state(Arc::new(gateway));
        tokio::spawn(async move { axum::serve(listener, router).await });
    }

    /// The function that owns a path without its stage.
    fn owner(&self, path: &str) -> &Lambda {
        let owns = |(name, _): &&(String, Arc<Lambda>)| {
            let below = path.strip_prefix("/api/").and_then(|rest| rest.strip_prefix(name.as_str()));
            below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
        };
        &self.functions.iter().find(owns).or(self.functions.last()).expect("some function").1
    }
}

async fn pass(
    State(gateway): State<Arc<ApiGateway>>,
    method: Method,
    uri: Uri,
    mut headers: HeaderMap,
    body: Bytes,
) -> Response {
    let from = headers.remove(FROM).map_or(CLIENT.to_owned(), |from| from.to_str().expect("a text").to_owned());
    // It appends whom it sees to what it is sent, and says itself how it was reached.
    let forwarded = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let forwarded = forwarded.into_iter().chain([from.as_str()]).collect::<Vec<_>>().join(", ");
    headers.insert("x-forwarded-for", forwarded.parse().expect("a value"));
    headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
    let prefix = if gateway.stage == "$default" { String::new() } else { format!("/{}", gateway.stage) };
    let Some(path) = uri.path().strip_prefix(&prefix) else {
        return (StatusCode::NOT_FOUND, r#"{"message":"Not Found"}"#).into_response();
    };
    let function = gateway.owner(path);
    let event = match gateway.payload {
        Payload::V2 => v2(&gateway.stage, &method, &uri, headers, &body, &from),
        Payload::V1 => v1(&gateway.stage, &method, (path, uri.query()), &headers, &body, &from),
    };
    match function.invoke(&event).await {
        Ok(response) => answer(&response),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, r#"{"message":"Internal Server Error"}"#).into_response(),
    }
}

fn v2(stage: &str, method: &Method, uri: &Uri, mut headers: HeaderMap, body: &Bytes, from: &str) -> Value {
    let cookies: Vec<String> = headers.get_all(header::COOKIE).iter().map(text).collect();
    let cookies: Vec<&str> = cookies.iter().flat_map(|value| value.split("; ")).collect();
    headers.remove(header::COOKIE);
    let kind = headers.get(header::CONTENT_TYPE).map(text).unwrap_or_default();
    let is_text = kind.starts_with("text/") || kind.starts_with("application/json");
    let mut single: Map<String, Value> = Map::new();
    for name in headers.keys() {
        let values: Vec<String> = headers.get_all(name).iter().map(text).collect();
        single.insert(name.to_string(), values.join(",").into());
    }
    let path = decoded(uri.path());
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": uri.query().unwrap_or_default(),
        "headers": single,
        "requestContext": {
            "accountId": "1", "apiId": "hanip", "domainName": "hanip.example", "domainPrefix": "hanip",
            "http": {
                "method": method.as_str(), "path": path, "protocol": "HTTP/1.1", "sourceIp": from, "userAgent": "test",
            },
            "requestId": Uuid::new_v4(), "routeKey": "$default", "stage": stage,
            "time": "27/Nov/2026:12:00:00 +0000", "timeEpoch": Clock::system().now().timestamp_millis(),
        },
        "isBase64Encoded": false,
    });
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !body.is_empty() {
        event["isBase64Encoded"] = json!(!is_text);
        event["body"] = json!(if is_text { string(body) } else { BASE64_STANDARD.encode(body) });
    }
    event
}

fn v1(
    stage: &str,
    method: &Method,
    (path, query): (&str, Option<&str>),
    headers: &HeaderMap,
    body: &Bytes,
    from: &str,
) -> Value {
    let (mut last, mut all) = (BTreeMap::new(), BTreeMap::<_, Vec<String>>::new());
    for (name, value) in headers {
        last.insert(name.as_str(), text(value));
        all.entry(name.as_str()).or_default().push(text(value));
    }
    let mut parameters = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        parameters.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    let first: BTreeMap<_, _> = parameters.iter().map(|(name, values)| (name, values.last())).collect();
    json!({
        "resource": "/{proxy+}",
        "path": decoded(path),
        "httpMethod": method.as_str(),
        "headers": last,
        "multiValueHeaders": all,
        "queryStringParameters": query.map(|_| first),
        "multiValueQueryStringParameters": query.map(|_| &parameters),
        "pathParameters": { "proxy": path.trim_start_matches('/') },
        "stageVariables": null,
        "requestContext": {
            "accountId": "1", "apiId": "hanip", "domainName": "hanip.example", "domainPrefix": "hanip",
            "httpMethod": method.as_str(), "identity": { "sourceIp": from, "userAgent": "test" },
            "path": format!("/{stage}{path}"), "protocol": "HTTP/1.1", "requestId": Uuid::new_v4(),
            "requestTime": "27/Nov/2026:12:00:00 +0000", "requestTimeEpoch": Clock::system().now().timestamp_millis(),
            "resourceId": "x", "resourcePath": "/{proxy+}", "stage": stage,
        },
        "body": (!body.is_empty()).then(|| BASE64_STANDARD.encode(body)),
        "isBase64Encoded": !body.is_empty(),
    })
}

fn answer(response: &Value) -> Response {
    let status = response["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status");
    let mut headers = HeaderMap::new();
    let mut add = |name: &str, value: &Value| {
        let name: HeaderName = name.parse().expect("a name");
        headers.append(name, value.as_str().expect("a text").parse().expect("a value"));
    };
    let of = |name: &str| response[name].as_object().into_iter().flatten();
    of("headers").for_each(|(name, value)| add(name, value));
    for (name, values) in of("multiValueHeaders") {
        values.as_array().into_iter().flatten().for_each(|value| add(name, value));
    }
    response["cookies"].as_array().into_iter().flatten().for_each(|cookie| add("set-cookie", cookie));
    headers.remove(header::CONTENT_LENGTH);
    let body = response["body"].as_str().unwrap_or_default();
    let body = match response["isBase64Encoded"].as_bool() {
        Some(true) => Body::from(BASE64_STANDARD.decode(body).expect("base64")),
        _ => Body::from(body.to_owned()),
    };
    (StatusCode::from_u16(status).expect("a status"), headers, body).into_response()
}

/// A path with its characters in the place of percent signs.
fn decoded(path: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), path.as_bytes());
    while let [first, after @ ..] = rest {
        let byte = after.get(..2).filter(|_| *first == b'%');
        let byte = byte.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    string(&bytes)
}

fn text(value: &HeaderValue) -> String {
    string(value.as_bytes())
}

fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

//! Runs a function as the handler of an AWS Lambda function. It is invoked in two ways: by an API of API Gateway (HTTP or
//! REST, payloads 2.0 and 1.0), and by a schedule of EventBridge Scheduler.
//!
//! # What a schedule sends
//!
//! The `Input` of its target is a CloudEvent in JSON, which becomes the same `POST /` that Knative's Broker sends, so that
//! `tick` and `reminders` take it, and no other function does:
//!
//! ```json
//! {"specversion": "1.0", "type": "hanip.schedule", "source": "/aws/scheduler/tick",
//!  "id": "<aws.scheduler.execution-id>", "time": "<aws.scheduler.scheduled-time>"}
//! ```
//!
//! Scheduler replaces what is in angle brackets. A target without an `Input` sends an event of EventBridge, with a
//! `detail-type`, which is understood too. Where work is left, the invocation fails, so that Lambda invokes the function
//! again (`MaximumRetryAttempts` of its `EventInvokeConfig`). Nothing is done twice.
//!
//! # What is different there
//!
//! - A process is frozen from its answer to its next request, or for ever. So what a request began is ended before its
//!   answer leaves, and what is not done in time is not done.
//! - Who sends a request is what the context of the request says. Headers are what anybody writes, unless they come with
//!   `EDGE_SECRET`, which CloudFront knows: before an API it is the only client, and says for whom it asks.
//! - Only `/api/` exists: neither `/healthz` nor `/metrics`, nor, for requests, the `/` of events.

use std::{
    convert::Infallible,
    fmt::Display,
    future::ready,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::Pin,
    time::{Duration, SystemTime},
};

use anyhow::anyhow;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, Request},
    http::{HeaderMap, HeaderValue, header},
    middleware::{Next, from_fn},
    response::Response,
};
use http_body_util::BodyExt;
use lambda_http::{
    Adapter, Context, IntoResponse, LambdaEvent, Service as _,
    lambda_runtime::{self, Diagnostic},
    request::LambdaRequest,
    service_fn,
};
use serde_json::{
    Value, json,
    value::{RawValue, to_raw_value},
};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tower::ServiceExt;
use url::Url;

use crate::{
    App, Code, Env, Result,
    http::layers::{Deadline, complete, is_api, surround},
};

/// How long before the end of its time a request is answered that it takes too long, and how long before that end its
/// connection has to be given back. A quarter of the time, where there is little.
const ANSWER_MARGIN: Duration = Duration::from_millis(1000);
const REST_MARGIN: Duration = Duration::from_millis(250);
/// How long before the end of its time an event begins nothing new: a notification takes ten seconds at most.
const EVENT_MARGIN: Duration = Duration::from_secs(12);
/// The time of a request where the clocks disagree, so that its end seems to be over: the layers end it sooner.
const ANY_TIME: Duration = Duration::from_secs(300);
/// How large an answer may be, in bytes of JSON: Lambda takes 6 MB, and the headers need some.
const ANSWER: usize = 6 * 1024 * 1024 - 64 * 1024;
/// The header in which the edge on a cluster says who sends a request.
const EDGE_HEADER: &str = "x-real-ip";
/// The headers in which CloudFront says for whom it asks, and shows that it is CloudFront.
const CLIENT_HEADER: &str = "hanip-client";
const SECRET_HEADER: &str = "hanip-edge";

/// Answers invocations until Lambda ends the process.
pub(super) async fn run(router: Router, app: App, env: &Env) -> anyhow::Result<()> {
    let secret = env.optional("EDGE_SECRET")?;
    let router = surround(complete(router).layer(from_fn(answer_at_once)), &app);
    let handler = service_fn(async |LambdaEvent { payload, context }: LambdaEvent<Box<RawValue>>| {
        let time = Time::of(&context);
        let answer = match serde_json::from_str(payload.get()) {
            Ok(request) => answer(&router, request, context, &time, secret.as_deref()).await,
            Err(_) => wake(&router, &app, payload.get(), &time).await,
        };
        rest(&app, time.rest).await;
        answer
    });
    lambda_runtime::run(handler).await.map_err(|error| anyhow!(error))
}

/// Until when an invocation works.
struct Time {
    /// When it begins nothing new.
    begin: Instant,
    /// When it is answered, whatever is done.
    answer: Instant,
    /// When nothing is waited for any more.
    rest: Instant,
}

impl Time {
    fn of(context: &Context) -> Self {
        let left = context.deadline().duration_since(SystemTime::now()).unwrap_or(ANY_TIME);
        let before = |margin: Duration, share: u32| Instant::now() + left - margin.min(left / share);
        Self { begin: before(EVENT_MARGIN, 2), answer: before(ANSWER_MARGIN, 4), rest: before(REST_MARGIN, 16) }
    }
}

/// Answers a request of API Gateway.
async fn answer(
    router: &Router,
    request: LambdaRequest,
    context: Context,
    time: &Time,
    secret: Option<&str>,
) -> Result<Box<RawValue>, Diagnostic> {
    let (request, peer) = as_sent(request);
    let respond = service_fn(async |request: lambda_http::Request| {
        let mut request = request.map(|body| match body {
            lambda_http::Body::Text(text) => text.into(),
            lambda_http::Body::Binary(bytes) => bytes.into(),
            _ => Body::empty(),
        });
        request.headers_mut().remove(EDGE_HEADER);
        let client = told_by_edge(request.headers_mut(), secret).unwrap_or(peer);
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(client, 0)));
        request.extensions_mut().insert(Deadline(time.answer));
        let Ok(answer) = router.clone().oneshot(request).await;
        Ok::<_, Infallible>(Whole::of(answer).await)
    });
    let answer = Adapter::from(respond).call(LambdaEvent::new(request, context)).await;
    to_raw_value(&answer?).map_err(|error| failure(Code::Internal.as_str(), error))
}

/// An answer with each of its bytes: of a text, lambda_http would take the byte order mark away, by which Excel knows UTF-8.
struct Whole(lambda_http::Response<lambda_http::Body>);

impl Whole {
    async fn of(answer: Response) -> Self {
        let (parts, body) = answer.into_parts();
        // It is complete already.
        let bytes = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let body = match String::from_utf8(bytes.into()) {
            Ok(text) if text.is_empty() => lambda_http::Body::Empty,
            Ok(text) => lambda_http::Body::Text(text),
            Err(other) => lambda_http::Body::Binary(other.into_bytes()),
        };
        Self(Response::from_parts(parts, body))
    }
}

impl IntoResponse for Whole {
    fn into_response(self) -> Pin<Box<dyn Future<Output = lambda_http::Response<lambda_http::Body>> + Send>> {
        Box::pin(ready(self.0))
    }
}

/// Makes of an event of API Gateway what the client sent: the path without the stage, each header as often as it came.
/// Returns the client's address too: who has none shares one with all who have none.
fn as_sent(mut request: LambdaRequest) -> (LambdaRequest, IpAddr) {
    let mut address = None;
    match &mut request {
        LambdaRequest::ApiGatewayV1(event) => {
            address = event.request_context.identity.source_ip.take();
            // `headers` has the last of several values, which would take the place of all.
            if !event.multi_value_headers.is_empty() {
                event.headers.clear();
            }
            let stage = event.request_context.stage.take();
            event.path = Some(path(event.path.as_deref(), stage.as_deref()).path().to_owned());
            event.request_context.domain_name = None;
            event.headers.remove(header::HOST);
        }
        LambdaRequest::ApiGatewayV2(event) => {
            address = event.request_context.http.source_ip.take();
            let stage = event.request_context.stage.take();
            let mut url = path(event.raw_path.as_deref(), stage.as_deref());
            // What a URI may not have, such as quotes, lambda_http would panic at.
            url.set_query(event.raw_query_string.as_deref());
            event.raw_path = Some(url.path().to_owned());
            event.raw_query_string = url.query().map(str::to_owned);
            event.request_context.domain_name = None;
            event.headers.remove(header::HOST);
        }
        _ => {}
    }
    let address = address.and_then(|address| address.parse().ok());
    (request, address.unwrap_or(Ipv4Addr::UNSPECIFIED.into()))
}

/// For whom CloudFront says it asks, if it is CloudFront that says so.
fn told_by_edge(headers: &mut HeaderMap, secret: Option<&str>) -> Option<IpAddr> {
    let (shown, client) = (headers.remove(SECRET_HEADER), headers.remove(CLIENT_HEADER));
    // Of hashes nobody learns by the time of a comparison how much of a guess was right.
    let is_edge = Sha256::digest(secret?) == Sha256::digest(shown?);
    client.filter(|_| is_edge)?.to_str().ok()?.parse().ok()
}

/// A path without the stage that it may begin with: an HTTP API puts it there, a REST API does not. A stage may be called
/// `api` too.
fn path(path: Option<&str>, stage: Option<&str>) -> Url {
    let path = path.unwrap_or_default();
    let below = stage.and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage));
    let mut url = Url::parse("http://localhost").expect("a URL");
    url.set_path(below.filter(|below| below.starts_with("/api/")).unwrap_or(path));
    url
}

/// Hands an event to the function, as a Broker does. Fails if it is not done.
async fn wake(router: &Router, app: &App, payload: &str, time: &Time) -> Result<Box<RawValue>, Diagnostic> {
    let event = cloud_event(payload).ok_or_else(|| {
        failure(
            Code::EventInvalid.as_str(),
            "expected an event of API Gateway, or a CloudEvent in JSON from a schedule",
        )
    })?;
    let mut request =
        Request::post("/").body(Body::from(event.to_string())).map_err(|error| failure("event", error))?;
    request
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/cloudevents+json; charset=utf-8"));
    request.extensions_mut().insert(Event);
    request.extensions_mut().insert(Deadline(time.answer));
    let stopping = async {
        sleep_until(time.begin).await;
        app.tasks.close();
        std::future::pending::<Infallible>().await
    };
    let response = tokio::select! {
        response = router.clone().oneshot(request) => response,
        never = stopping => match never {},
    };
    let (parts, body) = response?.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    if parts.status.is_success() {
        return to_raw_value(&()).map_err(|error| failure(Code::Internal.as_str(), error));
    }
    let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
    let code = problem["code"].as_str().unwrap_or(Code::Internal.as_str());
    Err(match code {
        "not-found" | "method-not-allowed" => failure(code, "this function takes no events: tick and reminders do"),
        _ => failure(code, &problem),
    })
}

/// Marks the request that an event becomes.
#[derive(Clone, Copy)]
struct Event;

/// The CloudEvent in a payload: as it is, or made of an event of EventBridge.
fn cloud_event(payload: &str) -> Option<Value> {
    let mut event: Value = serde_json::from_str(payload).ok()?;
    let kind = event.get("detail-type").cloned();
    if let (None, Some(kind)) = (event.get("specversion"), kind) {
        let mut of = |name: &str| event.get_mut(name).map(Value::take);
        return Some(json!({
            "specversion": "1.0", "type": kind, "source": of("source")?, "id": of("id")?, "time": of("time")?,
        }));
    }
    event.get("specversion").is_some().then_some(event)
}

/// A failure of an invocation: its name, and what there is to say of it.
fn failure(name: &str, told: impl Display) -> Diagnostic {
    Diagnostic { error_type: name.to_owned(), error_message: told.to_string() }
}

/// Answers whole: a stream would be cut by a freeze. Nothing but the API and events is there.
async fn answer_at_once(request: Request, next: Next) -> Result<Response> {
    if !is_api(&request) && request.extensions().get::<Event>().is_none() {
        return Err(Code::NotFound.into());
    }
    let (parts, body) = next.run(request).await.into_parts();
    let body = body.collect().await.map_err(|_| Code::Unavailable)?.to_bytes();
    if size(&body) > ANSWER {
        tracing::warn!(size = body.len(), "an answer is larger than Lambda takes");
        return Err(Code::BodyTooLarge.into());
    }
    Ok(Response::from_parts(parts, body.into()))
}

/// How long an answer is in JSON.
fn size(body: &Bytes) -> usize {
    match body.len() {
        size @ ..100_000 => size,
        _ => serde_json::to_string(&String::from_utf8_lossy(body)).map_or(usize::MAX, |text| text.len()),
    }
}

/// Waits for what is done after answers, and until each connection to the database is given back, with no transaction
/// open: the process may be frozen now, and what it has locked would stay locked.
async fn rest(app: &App, until: Instant) {
    app.tasks.close();
    let rested = async {
        app.tasks.wait().await;
        while !app.db.is_at_rest() {
            sleep(Duration::from_millis(1)).await;
        }
    };
    if timeout_at(until, rested).await.is_err() {
        tracing::warn!("something still runs at the end of an invocation");
    }
    app.tasks.reopen();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_knows_the_secret_says_for_whom_it_asks() {
        let told = |sent: &[(&'static str, &str)], secret| {
            let sent =
                sent.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")));
            let mut headers = HeaderMap::from_iter(sent);
            let told = told_by_edge(&mut headers, secret);
            assert!(headers.is_empty(), "the secret goes no further: {headers:?}");
            told.map(|address| address.to_string())
        };
        let client = (CLIENT_HEADER, "2001:db8::7");
        assert_eq!(told(&[client, (SECRET_HEADER, "known")], Some("known")).as_deref(), Some("2001:db8::7"));
        assert_eq!(told(&[client, (SECRET_HEADER, "guessed")], Some("known")), None);
        assert_eq!(told(&[client, (SECRET_HEADER, "")], Some("known")), None);
        assert_eq!(told(&[client], Some("known")), None);
        assert_eq!(told(&[client, (SECRET_HEADER, "known")], None), None, "where no secret is set, nobody knows it");
        assert_eq!(told(&[(CLIENT_HEADER, "nobody"), (SECRET_HEADER, "known")], Some("known")), None);
    }

    #[tokio::test]
    async fn an_answer_keeps_each_of_its_bytes() {
        for (sent, is_text) in [("\u{feff}날짜,음식\r\n".as_bytes(), true), (b"{}", true), (b"\xff\xfe", false)] {
            let answer = Response::builder().header(header::CONTENT_TYPE, "text/csv; charset=utf-8");
            let answer = Whole::of(answer.body(sent.into()).expect("an answer")).await.into_response().await;
            assert_eq!(answer.body().as_ref(), sent);
            assert_eq!(matches!(answer.body(), lambda_http::Body::Text(_)), is_text);
        }
    }
}

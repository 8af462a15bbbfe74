//! Logs, one JSON object a line, and metrics in the text format of Prometheus.

use std::{sync::LazyLock, time::Duration};

use anyhow::{Context, Result};
use axum::http::{HeaderMap, HeaderValue};
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, TextEncoder};
use tracing_subscriber::{filter::Targets, fmt, prelude::*, registry};

use crate::Env;

/// Starts logging to standard output, filtered by `LOG`, else by `default`.
pub fn start(env: &Env, default: &str) -> Result<()> {
    let filter = env.optional("LOG")?.unwrap_or_else(|| default.to_owned());
    let filter: Targets = filter.parse().context("LOG: expected a filter such as info or common=debug,warn")?;
    let logs = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
    // A second start, in tests, changes nothing.
    let _ = registry().with(logs).with(filter).try_init();
    Ok(())
}

/// The trace id of `traceparent` (W3C Trace Context, section 3.2): 32 hex digits, not all zero.
pub(crate) fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let mut parts = headers.get("traceparent")?.to_str().ok()?.split('-');
    let (version, trace_id) = (parts.next()?, parts.next()?);
    let hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let valid = version.len() == 2 && hex(version) && version != "ff" && trace_id.len() == 32 && hex(trace_id);
    (valid && trace_id.bytes().any(|byte| byte != b'0')).then_some(trace_id)
}

tokio::task_local! {
    /// The `traceparent` of the request that this task answers.
    static TRACE: Option<HeaderValue>;
}

/// Runs `work` under the trace of a request whose `traceparent` this is.
pub(crate) fn traced<W: Future>(traceparent: Option<HeaderValue>, work: W) -> impl Future<Output = W::Output> {
    TRACE.scope(traceparent, work)
}

/// The `traceparent` of a request, where it is one.
pub(crate) fn traceparent_of(headers: &HeaderMap) -> Option<HeaderValue> {
    trace_id(headers).and_then(|_| headers.get("traceparent")).cloned()
}

/// The `traceparent` that a request to another service hands on: that of the request which is being answered. A service
/// that records no spans of its own passes it on unchanged (W3C Trace Context, section 4.3).
pub fn traceparent() -> Option<HeaderValue> {
    TRACE.try_with(Clone::clone).ok().flatten()
}

/// `statements` with the trace as a comment in each, by which the database's own logs and its list of running
/// statements lead back to the request.
pub(crate) fn with_trace(statements: String) -> String {
    let Some(traceparent) = traceparent() else { return statements };
    // It was checked: two digits of a version, a hyphen, and 32 of the trace id.
    let Some(trace_id) = traceparent.to_str().ok().and_then(|text| text.get(3..35)) else { return statements };
    let comment = format!(" /* trace_id={trace_id} */");
    statements.replace(';', &format!("{comment};")) + &comment
}

struct Metrics {
    requests: IntCounterVec,
    duration: HistogramVec,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(|| {
    let labels = ["method", "route", "status"];
    let requests = Opts::new("http_requests_total", "Requests answered.");
    let duration = HistogramOpts::new("http_request_duration_seconds", "Seconds from request to answer.")
        .buckets(vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0]);
    let metrics = Metrics {
        requests: IntCounterVec::new(requests, &labels).expect("the labels are constant"),
        duration: HistogramVec::new(duration, &labels[..2]).expect("the labels are constant"),
    };
    for collector in
        [Box::new(metrics.requests.clone()) as Box<dyn prometheus::core::Collector>, Box::new(metrics.duration.clone())]
    {
        prometheus::register(collector).expect("each is registered once");
    }
    metrics
});

/// Counts one answered request.
pub(crate) fn observe(method: &str, route: &str, status: u16, took: Duration) {
    METRICS.requests.with_label_values(&[method, route, &status.to_string()]).inc();
    METRICS.duration.with_label_values(&[method, route]).observe(took.as_secs_f64());
}

/// Everything counted by this process.
pub(crate) async fn metrics() -> String {
    TextEncoder::new().encode_to_string(&prometheus::gather()).unwrap_or_default()
}

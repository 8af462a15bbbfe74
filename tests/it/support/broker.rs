//! What a Broker and its Trigger do on a cluster: ticks one after the other, each sent until it is taken.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use reqwest::{Client, Response, StatusCode, header::HeaderValue};
use serde_json::Value;
use tokio::time::sleep;
use uuid::Uuid;

/// How long a tick is sent again, as long as people's writes hold what it wants to close: five minutes on a cluster.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it waits before that: five seconds and more on a cluster.
const DELAY: Duration = Duration::from_millis(50);
/// How long it waits between two ticks.
const PAUSE: Duration = Duration::from_millis(20);

/// What became of the ticks.
#[derive(Default)]
pub struct Sent {
    pub ticks: usize,
    /// How often one had to be sent again.
    pub again: usize,
    /// Those that were never taken, and why.
    pub lost: Vec<String>,
    /// How many foods had finished days closed.
    pub closed: u64,
}

impl Sent {
    /// Sends one tick to the function behind `gateway`, again as the delivery of events does it: after no answer, a
    /// 5xx, and what else asks for patience.
    pub async fn tick(&mut self, gateway: &str) {
        self.ticks += 1;
        let (id, began) = (Uuid::new_v4().to_string(), Instant::now());
        loop {
            let (again, fault) = match send(gateway, &id).await {
                Ok(answer) => {
                    let (status, header) = (answer.status(), answer.headers().get("hanip-tick-closed").cloned());
                    let body = answer.text().await.unwrap_or_default();
                    self.closed += closed(header, &body);
                    if status.is_success() {
                        return;
                    }
                    let patience = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&status);
                    (patience || status.is_server_error(), format!("{status}: {body}"))
                }
                Err(error) => (true, format!("{error:?}")),
            };
            if !again || began.elapsed() > PATIENCE {
                self.lost.push(fault);
                return;
            }
            self.again += 1;
            sleep(DELAY).await;
        }
    }

    /// Ticks until nothing is left to close.
    pub async fn ticks_to_the_end(&mut self, gateway: &str) {
        let mut before = None;
        while before != Some(self.closed) {
            before = Some(self.closed);
            self.tick(gateway).await;
        }
    }

    /// Ticks until `stop`.
    pub async fn ticks_until(mut self, gateway: String, stop: Arc<AtomicBool>) -> Self {
        while !stop.load(Relaxed) {
            self.tick(&gateway).await;
            sleep(PAUSE).await;
        }
        self
    }
}

async fn send(gateway: &str, id: &str) -> reqwest::Result<Response> {
    let event = [("specversion", "1.0"), ("id", id), ("source", "/test"), ("type", "dev.knative.sources.ping")];
    let post = Client::new().post(gateway).header("host", "tick.hanip.svc.cluster.local");
    let post = event.into_iter().fold(post, |post, (name, value)| post.header(format!("ce-{name}"), value));
    post.header("content-type", "application/json").body("{}").send().await
}

/// How many foods it says it closed, whether or not more are left.
fn closed(header: Option<HeaderValue>, body: &str) -> u64 {
    let told = header.and_then(|closed| closed.to_str().ok()?.parse().ok());
    told.or_else(|| serde_json::from_str::<Value>(body).ok()?["closed"].as_u64()).unwrap_or_default()
}

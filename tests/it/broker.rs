//! What a Broker and its Trigger do on a cluster: ticks one after the other, each sent until it is taken.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use tokio::time::sleep;
use uuid::Uuid;

/// How often a tick is sent again; the manifest says the same.
const RETRIES: u32 = 6;
/// How long it waits before that, twice as long each time. Five seconds on a cluster; here nobody waits for minutes.
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
    /// Sends one tick to the function behind `gateway`.
    pub async fn tick(&mut self, gateway: &str) {
        self.ticks += 1;
        let id = Uuid::new_v4().to_string();
        let mut fault = String::new();
        for attempt in 0..=RETRIES {
            if attempt > 0 {
                self.again += 1;
                sleep(DELAY * 2_u32.pow(attempt - 1)).await;
            }
            match send(gateway, &id).await {
                Ok(answer) => {
                    let status = answer.status();
                    let closed = closed(answer).await;
                    self.closed += closed;
                    if status.is_success() {
                        return;
                    }
                    fault = status.to_string();
                    let again = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&status);
                    if !again && !status.is_server_error() {
                        break;
                    }
                }
                Err(error) => fault = format!("{error:?}"),
            }
        }
        self.lost.push(fault);
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
async fn closed(answer: Response) -> u64 {
    if let Some(closed) = answer.headers().get("hanip-tick-closed") {
        return closed.to_str().ok().and_then(|closed| closed.parse().ok()).expect("a number");
    }
    let problem: Value = answer.json().await.unwrap_or_default();
    problem["closed"].as_u64().unwrap_or_default()
}

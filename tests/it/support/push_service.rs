//! A push service as a child process, which checks who sends and decrypts what comes with libraries that are not ours.

use reqwest::Client;
use serde_json::{Value, json};

use super::node_script::NodeScript;

const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/push-service/server.mjs");

/// It ends with this value, and with this process.
pub struct PushService {
    origin: String,
    client: Client,
    _server: NodeScript,
}

impl PushService {
    /// Starts one, and waits until it is ready.
    pub fn start() -> Self {
        let server = NodeScript::start(SERVER, &[]);
        let origin = server.ready["origin"].as_str().expect("it says where it is").to_owned();
        Self { origin, client: Client::new(), _server: server }
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Value {
        request.send().await.expect("an answer").json().await.expect("JSON")
    }

    /// What a browser gets that subscribes: `id`, `endpoint` and `keys`.
    pub async fn subscription(&self) -> Value {
        self.ask(self.client.post(format!("{}/subscriptions", self.origin))).await
    }

    /// From now on a subscription answers so.
    pub async fn answers(&self, subscription: &Value, status: u16, headers: Value, hang: bool) {
        let id = subscription["id"].as_str().expect("a text");
        let answer = json!({ "status": status, "headers": headers, "hang": hang });
        self.ask(self.client.put(format!("{}/answers/{id}", self.origin)).json(&answer)).await;
    }

    /// The messages that came since they were asked for, all of which were right.
    pub async fn messages(&self) -> Vec<Value> {
        let messages = self.ask(self.client.get(format!("{}/messages", self.origin))).await;
        let messages = messages.as_array().expect("a list").clone();
        for message in &messages {
            assert!(message["fault"].is_null(), "{message}");
        }
        messages
    }
}

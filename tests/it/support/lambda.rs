//! AWS Lambda as a function meets it: a process that asks the Runtime API for one invocation after the other, and is
//! frozen from each answer to the next one (SIGSTOP and SIGCONT).

use std::{
    process::{Child, Command},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{AppendHeaders, IntoResponse, Response},
    routing::{get, post},
};
use common::{Clock, Path};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc, oneshot, watch},
    time::timeout,
};
use uuid::Uuid;

use crate::operations::program::program;

/// What a function has answered: the response, or the error that an invocation failed with.
pub type Outcome = Result<Value, Value>;

/// One function with one environment, until this value ends.
pub struct Lambda {
    process: std::sync::Mutex<Child>,
    command: std::sync::Mutex<Command>,
    api: Arc<RuntimeApi>,
    /// Invocations come one at a time.
    invocations: Mutex<mpsc::Sender<(String, String, i64)>>,
    /// How long an invocation may take.
    pub time: Duration,
    /// How far the clock of Lambda is ahead of the process's, in milliseconds.
    pub clock_ahead: AtomicI64,
}

/// The Runtime API of one environment.
struct RuntimeApi {
    next: Mutex<mpsc::Receiver<(String, String, i64)>>,
    /// How often the process has asked for its next invocation.
    asked: watch::Sender<u32>,
    answer: Mutex<Option<(String, oneshot::Sender<Outcome>)>>,
}

impl Lambda {
    /// Starts a function that was built for Lambda, with these settings.
    pub async fn start(name: &str, settings: &[(&str, &str)], time: Duration) -> Self {
        let mut command = program(&format!("aws/{name}"));
        command.envs(settings.iter().copied()).env("LOG", "warn");
        Self::spawn(name, command, time).await
    }

    pub async fn spawn(name: &str, mut command: Command, time: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let (invocations, next) = mpsc::channel(1);
        let api = Arc::new(RuntimeApi { next: next.into(), asked: watch::Sender::new(0), answer: Mutex::default() });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(invoke))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(respond))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(fail))
            .with_state(api.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        command.env("AWS_LAMBDA_RUNTIME_API", address).env("AWS_LAMBDA_FUNCTION_NAME", name);
        command.env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST").env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128");
        command.env("AWS_REGION", "ap-northeast-2");
        let process = command.spawn().expect("scripts/test has built it for Lambda");
        let function = Self {
            process: process.into(),
            command: command.into(),
            api,
            invocations: invocations.into(),
            time,
            clock_ahead: 0.into(),
        };
        function.is_idle(1).await;
        function.freeze().await;
        function
    }

    /// Invokes it: thaws it, and freezes it again once it has asked for the next invocation. One that does not answer in
    /// its time is killed and started anew.
    pub async fn invoke(&self, payload: &Value) -> Outcome {
        let invocations = self.invocations.lock().await;
        let before = *self.api.asked.borrow();
        self.signal("-CONT").await;
        let id = Uuid::new_v4().to_string();
        let (sender, answer) = oneshot::channel();
        *self.api.answer.lock().await = Some((id.clone(), sender));
        let deadline =
            Clock::system().now().timestamp_millis() + self.time.as_millis() as i64 + self.clock_ahead.load(Relaxed);
        invocations.send((id, payload.to_string(), deadline)).await.expect("it is asked for");
        let outcome = match timeout(self.time, answer).await {
            Ok(outcome) => outcome.expect("it is answered once"),
            Err(_) => {
                self.restart().await;
                return Err(json!({ "errorType": "Sandbox.Timedout" }));
            }
        };
        self.is_idle(before + 1).await;
        self.freeze().await;
        outcome
    }

    /// The id of the process.
    pub fn id(&self) -> u32 {
        self.process.lock().expect("no panic").id()
    }

    /// Ends the process.
    pub fn end(&self) {
        let mut process = self.process.lock().expect("no panic");
        process.kill().ok();
        process.wait().ok();
    }

    async fn restart(&self) {
        self.end();
        let before = *self.api.asked.borrow();
        let process = self.command.lock().expect("no panic").spawn();
        *self.process.lock().expect("no panic") = process.expect("it is there");
        self.is_idle(before + 1).await;
        self.freeze().await;
    }

    /// Waits until the process asks for its next invocation, which shows that it is done with the last one.
    async fn is_idle(&self, count: u32) {
        let mut asked = self.api.asked.subscribe();
        let asked = timeout(Duration::from_secs(20), asked.wait_for(|asked| *asked >= count)).await;
        asked.expect("it asks for an invocation").expect("the API is there");
    }

    async fn freeze(&self) {
        self.signal("-STOP").await;
    }

    async fn signal(&self, signal: &str) {
        let id = self.id().to_string();
        let signalled = tokio::process::Command::new("kill").args([signal, &id]).status().await;
        assert!(signalled.expect("kill runs").success(), "kill {signal} {id}");
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        self.end();
    }
}

async fn invoke(State(api): State<Arc<RuntimeApi>>) -> Response {
    api.asked.send_modify(|asked| *asked += 1);
    let Some((id, payload, deadline)) = api.next.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:ap-northeast-2:1:function:hanip".to_owned()),
        ("lambda-runtime-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0".to_owned()),
    ];
    (AppendHeaders(headers), payload).into_response()
}

async fn respond(State(api): State<Arc<RuntimeApi>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    api.answered(&id, Ok(serde_json::from_slice(&body).expect("JSON"))).await
}

async fn fail(State(api): State<Arc<RuntimeApi>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    api.answered(&id, Err(serde_json::from_slice(&body).expect("JSON"))).await
}

impl RuntimeApi {
    /// An answer to an invocation that was given up is refused.
    async fn answered(&self, id: &str, outcome: Outcome) -> StatusCode {
        let waiting = self.answer.lock().await.take_if(|(waiting, _)| waiting == id);
        match waiting.map(|(_, sender)| sender.send(outcome)) {
            Some(Ok(())) => StatusCode::ACCEPTED,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

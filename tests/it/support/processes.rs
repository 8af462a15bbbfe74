//! Every function as a process of its own, as on a cluster: one database, one origin.

use std::{
    process::{Child, Command},
    time::Duration,
};

use chrono::Days;
use common::{Clock, Env};
use serde_json::json;

use crate::{
    operations::program::{free_port, program},
    support::{
        oidc::{OidcProvider, sign_in_through},
        world::{Person, Reply, database},
    },
};

/// A function on a port, until this value ends.
pub struct Function {
    process: Child,
    pub origin: String,
}

impl Function {
    pub fn start(name: &str, port: u16, settings: &[(&str, &str)]) -> Self {
        let mut command = program(name);
        command.envs(settings.iter().copied()).env("LOG", "warn");
        Self::spawn(command, port)
    }

    pub fn spawn(mut command: Command, port: u16) -> Self {
        let process = command.env("PORT", port.to_string()).spawn();
        Self { process: process.expect("cargo build --workspace has made it"), origin: origin(port) }
    }

    pub async fn is_ready(&self) {
        for _ in 0..2000 {
            if reqwest::get(format!("{}/healthz", self.origin)).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{} is not ready", self.origin);
    }

    /// The id of the process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Ends it as Knative does, and checks that it ends well.
    pub fn stop(mut self) {
        let signalled = Command::new("kill").arg(self.process.id().to_string()).status();
        assert!(signalled.expect("kill runs").success());
        assert!(self.process.wait().expect("it ends").success());
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

pub fn origin(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

#[tokio::test]
async fn the_main_job_goes_across_processes_signed_in_by_a_certified_provider() {
    let auth_port = free_port();
    let public_origin = origin(auth_port);
    let provider = OidcProvider::start(&[&format!("{public_origin}/api/auth/oidc/callback")]);
    let database = database().await;
    let settings =
        [&[("DATABASE_URL", database.as_str()), ("PUBLIC_ORIGIN", &public_origin)][..], &provider.settings()].concat();

    // On an older schema a function is up, and says that it waits.
    let auth = Function::start("auth", auth_port, &settings);
    auth.is_ready().await;
    let ada = Person::new(&public_origin);
    ada.get("/api/auth/oidc/start").await.problem(503, "not-migrated");
    let migrate = || program("migrate").envs(settings.clone()).spawn().expect("cargo build --workspace has made it");
    for mut together in [migrate(), migrate(), migrate()] {
        assert!(together.wait().expect("it ends").success(), "any number of them at once");
    }

    let functions = ["foods", "reviews", "streaks", "tick"].map(|name| Function::start(name, free_port(), &settings));
    for function in &functions {
        function.is_ready().await;
    }
    let [foods, reviews, streaks, tick] = functions;
    let start = format!("{public_origin}/api/auth/oidc/start?time_zone=Asia/Seoul&locale=ko&return_to=/settings");
    let landed = sign_in_through(&ada.client, &start, "ada").await;
    assert_eq!(landed.headers()["location"], "/settings");
    let me = ada.get("/api/auth/me").await.ok();
    assert_eq!(
        (&me["display_name"], &me["email"], &me["time_zone"]),
        (&json!("ada"), &json!("ada@example.test"), &json!("Asia/Seoul"))
    );

    // Each request goes to the owner of its prefix; pages of the one origin send them.
    let at = |function: &Function, method: reqwest::Method, path: String| {
        ada.client.request(method, format!("{}{path}", function.origin)).header("origin", &public_origin)
    };
    let today = common::diary::day::today(
        Clock::system().now(),
        &crate::streaks::zones::zone("Asia/Seoul"),
        chrono::NaiveTime::MIN,
    );
    let begun = today - Days::new(9);
    let food = json!({ "name": "라면", "start_date": begun });
    let food = ada.send(at(&foods, reqwest::Method::POST, "/api/foods".into()).json(&food)).await.created();
    let sheet = json!({ "foods": [{ "food_id": food["id"], "outcome": "kept" }] });
    let put = at(&reviews, reqwest::Method::PUT, format!("/api/reviews/{today}"));
    let answer = ada.send(put.json(&sheet)).await.created();
    assert_eq!(answer["streaks"][0]["current_streak"], 10);
    let event = json!({ "specversion": "1.0", "id": "1", "source": "/test", "type": "tick" });
    let event =
        ada.client.post(&tick.origin).header("content-type", "application/cloudevents+json").body(event.to_string());
    assert_eq!(ada.send(event).await.header("hanip-tick-closed"), "1");
    let shown = ada.send(at(&streaks, reqwest::Method::GET, "/api/streaks/today".into())).await.ok();
    assert_eq!(shown["foods"][0]["streak"], answer["streaks"][0]);
    // Not with `ada.send`, which looks up what the document of streaks says.
    let streaks_of_foods = at(&foods, reqwest::Method::GET, "/api/streaks".into()).send().await;
    Reply::of(streaks_of_foods.expect("an answer")).await.problem(404, "not-found");
    for function in [auth, foods, reviews, streaks, tick] {
        function.stop();
    }
}

#[tokio::test]
async fn a_log_is_one_json_object_a_line_with_the_trace_and_without_what_people_send() {
    let database = database().await;
    migrations::run(&Env::from([("DATABASE_URL", database.as_str())])).await.expect("the schema is applied");
    let port = free_port();
    let origin = origin(port);
    let mut command = program("foods");
    command.env("DATABASE_URL", &database).env("PUBLIC_ORIGIN", &origin).stdout(std::process::Stdio::piped());
    let mut foods = Function::spawn(command, port);
    foods.is_ready().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let asked = reqwest::Client::new().get(format!("{}/api/foods/s3cret-path?q=s3cret-query", foods.origin));
    let asked = asked
        .header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"))
        .header("cookie", format!("hanip_session_{port}=s3cret"));
    asked.send().await.expect("an answer");
    let mut log = foods.process.stdout.take().expect("its output is piped");
    foods.stop();
    let mut lines = String::new();
    std::io::Read::read_to_string(&mut log, &mut lines).expect("its output is text");
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let answered = lines.iter().find(|line| line["route"] == "/api/foods/{id}").expect("the request is logged");
    assert_eq!((&answered["status"], &answered["span"]["trace_id"]), (&json!(401), &json!(trace)));
    assert!(lines.iter().all(|line| !line.to_string().contains("s3cret")), "{lines:?}");
}

#[tokio::test]
async fn a_function_starts_and_recovers_without_its_database() {
    let database = database().await;
    let port = free_port();
    let origin = origin(port);
    let socket = database.rsplit('=').next().expect("a socket").to_owned();
    let link = tempfile::tempdir_in("/tmp").expect("a folder");
    let link = link.path().join("socket");
    let url = database.replace(&socket, link.to_str().expect("text"));
    let foods = Function::start("foods", port, &[("DATABASE_URL", &url), ("PUBLIC_ORIGIN", &origin)]);
    foods.is_ready().await;
    let ask = async || {
        let asked = reqwest::Client::new()
            .get(format!("{origin}/api/foods"))
            .header("cookie", format!("hanip_session_{port}=x"));
        Reply::of(asked.send().await.expect("an answer")).await
    };
    ask().await.problem(503, "unavailable");
    migrations::run(&Env::from([("DATABASE_URL", database.as_str())])).await.expect("the schema is applied");
    std::os::unix::fs::symlink(&socket, &link).expect("the database is back");
    ask().await.problem(401, "session-required");
}

//! The program people run: standalone, with its private MariaDB.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicU16, Ordering::Relaxed},
    },
    time::Duration,
};

use serde_json::json;
use tokio::time::timeout;
use uuid::Uuid;

use crate::support::{
    proxy::{Random, Server},
    world::Person,
    writers::times,
};

/// A binary of the workspace, which `cargo build --workspace` leaves beside the tests.
pub fn program(name: &str) -> Command {
    let beside = std::env::current_exe().expect("this program");
    let target = beside.ancestors().nth(2).expect("target/debug");
    let mut command = Command::new(target.join(name));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// Standalone on a data folder.
pub struct Standalone {
    process: Child,
    pub origin: String,
}

/// A port that stays free until it is used, and again after a restart: below those that the system
/// gives to connections, and each only once.
pub fn free_port() -> u16 {
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(10_000 + (std::process::id() % 10_000) as u16));
    loop {
        let port = NEXT.fetch_add(1, Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

impl Standalone {
    /// The port is a part of who people are, as it is of the built-in provider's address.
    pub fn start(data_dir: &Path, port: u16) -> Self {
        let mut command = program("standalone");
        command.env("DATA_DIR", data_dir).env("PORT", port.to_string()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("cargo build --workspace has made it");
        let mut origin = String::new();
        let stdout = process.stdout.take().expect("its output is piped");
        BufReader::new(stdout).read_line(&mut origin).expect("its output is text");
        assert!(origin.starts_with("http://127.0.0.1:"), "it says where it is: {origin}");
        Self { process, origin: origin.trim().to_owned() }
    }

    /// Kills it, and waits until it is gone: what it listened at is free only then.
    fn kill(mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }

    /// Ctrl-C, and waits until it has ended well.
    pub fn stop(mut self) {
        kill("-INT", &self.process.id().to_string());
        assert!(self.process.wait().expect("it ends").success());
    }
}

/// A test that fails leaves neither a process nor its database behind.
impl Drop for Standalone {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().ok();
            self.process.wait().ok();
        }
    }
}

fn kill(signal: &str, process: &str) {
    let killed = Command::new("kill").args([signal, process]).status();
    assert!(killed.expect("kill runs").success(), "kill {signal} {process}");
}

/// The process of the private MariaDB, if it runs.
fn mariadbd(data_dir: &Path) -> Option<String> {
    let process = std::fs::read_to_string(data_dir.join("mariadb.pid")).ok()?.trim().to_owned();
    let command = std::fs::read_to_string(PathBuf::from("/proc").join(&process).join("comm")).ok()?;
    command.starts_with("maria").then_some(process)
}

#[tokio::test]
async fn everything_answered_is_there_after_a_kill_in_the_middle_of_use() {
    let folder = tempfile::tempdir_in("/tmp").expect("a folder");
    let port = free_port();
    let first = Standalone::start(folder.path(), port);
    let mut ada = Person::new(&first.origin);
    ada.sign_in("ada", "UTC").await;
    let food = ada.food_since("2026-03-01").await;
    let client = ada.client.clone();
    let origin = first.origin.clone();
    // Writes follow each other until nobody answers any more; what was answered is remembered.
    let writing = tokio::spawn(async move {
        let mut answered = Vec::new();
        loop {
            let id = Uuid::new_v4();
            let put = client.put(format!("{origin}/api/reviews/2026-03-05/slips/{id}")).header("origin", &origin);
            match put.json(&json!({ "food_id": food })).send().await {
                Ok(answer) if answer.status() == 201 => answered.push(id),
                Ok(answer) if answer.status() == 422 => return answered, // fifty
                Ok(_) => {}
                Err(_) => return answered,
            }
        }
    });
    tokio::time::sleep(Duration::from_millis(400)).await;
    let database = mariadbd(folder.path()).expect("it runs");
    first.kill();
    kill("-KILL", &database);
    let answered = writing.await.expect("no panic");
    assert!(!answered.is_empty(), "something was answered");

    let second = Standalone::start(folder.path(), port);
    let mut ada = Person::new(&second.origin);
    ada.sign_in("ada", "UTC").await;
    let review = ada.get("/api/reviews/2026-03-05").await.ok();
    let stored = review["slips"].to_string();
    assert!(answered.iter().all(|id| stored.contains(&id.to_string())), "{} answered, {stored}", answered.len());
    second.stop();
    assert_eq!(mariadbd(folder.path()), None, "Ctrl-C stops the database too");
}

#[tokio::test]
async fn a_second_start_adopts_a_database_that_outlived_the_first_and_keeps_the_data() {
    let folder = tempfile::tempdir_in("/tmp").expect("a folder");
    let port = free_port();
    let first = Standalone::start(folder.path(), port);
    let mut ada = Person::new(&first.origin);
    ada.sign_in("ada", "UTC").await;
    ada.food(json!({ "name": "sugar" })).await;
    let database = mariadbd(folder.path()).expect("it runs");
    first.kill();
    let second = Standalone::start(folder.path(), port);
    assert_eq!(mariadbd(folder.path()), Some(database), "the same server");
    let mut ada = Person::new(&second.origin);
    ada.sign_in("ada", "UTC").await;
    assert_eq!(ada.get("/api/foods").await.ok()["foods"][0]["name"], "sugar");
    second.stop();
}

#[tokio::test]
async fn a_first_start_that_is_killed_at_any_moment_is_done_by_the_next() {
    let random = Random::new();
    let mut started = 0;
    for turn in 0..times(3) {
        let folder = tempfile::tempdir_in("/tmp").expect("a folder");
        let mut command = program("standalone");
        command.env("DATA_DIR", folder.path()).env("PORT", free_port().to_string()).stdout(Stdio::null());
        let mut first = command.spawn().expect("cargo build --workspace has made it");
        tokio::time::sleep(Duration::from_millis(random.below(4_000))).await;
        first.kill().expect("it is there");
        first.wait().expect("it ends");
        // With its database, or without.
        if let Some(database) = mariadbd(folder.path()).filter(|_| turn % 2 == 0) {
            kill("-KILL", &database);
        }
        let second = Standalone::start(folder.path(), free_port());
        let mut ada = Person::new(&second.origin);
        ada.sign_in("ada", "UTC").await;
        ada.food(json!({ "name": "sugar" })).await;
        second.stop();
        started += 1;
    }
    println!("first starts killed by SIGKILL that start again: {started} of {}, seed {}", times(3), random.seed());
}

#[tokio::test]
async fn a_database_that_hangs_is_answered_for_and_one_that_dies_is_started_again() {
    let folder = tempfile::tempdir_in("/tmp").expect("a folder");
    let standalone = Standalone::start(folder.path(), 0);
    let mut ada = Person::new(&standalone.origin);
    ada.sign_in("ada", "UTC").await;
    let database = mariadbd(folder.path()).expect("it runs");
    kill("-STOP", &database);
    let hung = timeout(Duration::from_secs(20), ada.get("/api/foods")).await.expect("an answer, whatever it is");
    hung.problem(503, "unavailable");
    kill("-KILL", &database);
    let back = async {
        while ada.get("/api/foods").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(30), back).await.expect("it is back");
    ada.food(json!({ "name": "sugar" })).await;
    standalone.stop();
}

#[tokio::test]
async fn closing_the_terminal_stops_the_program_and_its_database() {
    let folder = tempfile::tempdir_in("/tmp").expect("a folder");
    let mut standalone = Standalone::start(folder.path(), 0);
    assert!(mariadbd(folder.path()).is_some(), "it runs");
    kill("-HUP", &standalone.process.id().to_string());
    assert!(standalone.process.wait().expect("it ends").success());
    assert_eq!(mariadbd(folder.path()), None);
}

#[tokio::test]
async fn a_wrong_setting_stops_the_start_with_its_name() {
    for (name, setting, value) in [
        ("standalone", "PORT", "eighty"),
        ("standalone", "PUBLIC_ORIGIN", "ftp://hanip.example"),
        ("standalone", "PUBLIC_ORIGIN", "http://192.0.2.1:8080"),
        ("standalone", "PUBLIC_ORIGIN", "https://hanip.example"),
        ("standalone", "LISTEN_ADDRESS", "0.0.0.0"),
        ("standalone", "LISTEN_ADDRESS", "everywhere"),
        ("foods", "DATABASE_URL", "postgres://x"),
        ("foods", "DATABASE_URL_FILE", "/nothing/here"),
        ("foods", "DATABASE_URL", "mysql://root@localhost/?socket=/nothing/here"),
        ("foods", "DATABASE_CA", "/etc/ssl/ca.pem"),
        ("foods", "LOG", "common=loud"),
        ("auth", "OIDC_ISSUER", "http://issuer.example"),
        ("auth", "OAUTH_KAKAO_CLIENT_SECRET", "a secret without an id"),
        ("auth", "OAUTH_GOOGLE_CLIENT_ID", "id without a secret"),
        ("migrate", "DATABASE_URL", "nonsense"),
    ] {
        let folder = tempfile::tempdir_in("/tmp").expect("a folder");
        let mut command = program(name);
        command.env("PORT", "0").env("PUBLIC_ORIGIN", "http://127.0.0.1:1").env("DATA_DIR", folder.path());
        if setting == "OIDC_ISSUER" {
            command.env("OIDC_CLIENT_ID", "id").env("OIDC_CLIENT_SECRET", "secret");
        }
        if !setting.starts_with("DATABASE_URL") {
            command.env("DATABASE_URL", "mysql://root@localhost/hanip?socket=/nothing/here");
        }
        let output = tokio::process::Command::from(command).env(setting, value).kill_on_drop(true).output();
        let output = timeout(Duration::from_secs(20), output).await;
        let output = output.unwrap_or_else(|_| panic!("{name} runs with {setting}={value}")).expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr);
        let named = setting.trim_end_matches("CLIENT_ID").trim_end_matches("CLIENT_SECRET").trim_end_matches("_FILE");
        assert!(!output.status.success() && told.contains(named), "{name} {setting}: {told}");
        assert!(!told.contains("panicked"), "{told}");
    }
}

#[tokio::test]
async fn a_server_that_takes_too_small_packets_is_named_at_the_start() {
    let server = Server::start().await;
    let set = "SET GLOBAL max_allowed_packet = 512 * 1024";
    sqlx::raw_sql(set).execute(&mut server.root().await).await.expect("it is set");
    let mut migrate = program("migrate");
    let migrated = migrate.env("DATABASE_URL", server.url()).output().expect("cargo build --workspace has made it");
    let told = String::from_utf8_lossy(&migrated.stdout);
    assert!(migrated.status.success() && told.contains("max_allowed_packet: expected 1048576"), "{told}");
}

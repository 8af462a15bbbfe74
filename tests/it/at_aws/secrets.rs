//! `DATABASE_SECRET_ARN`: a user and its password from Secrets Manager, of which moto plays the part.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    sync::{RwLock, watch},
    time::sleep,
};
use uuid::Uuid;

use super::rds::{Host, REGION, ask, program_at_aws, succeed};
use crate::{
    operations::program::free_port,
    support::{
        network::Network,
        processes::Function,
        tls::Authority,
        world::{Person, Reply, World},
    },
};

/// Secrets Manager, and the STS that gives a pod its credentials (IAM roles for service accounts).
struct Moto {
    process: Child,
    origin: String,
    client: Client,
    folder: TempDir,
}

impl Moto {
    async fn start() -> Self {
        let port = free_port();
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/aws/bin/moto_server");
        let mut server = Command::new(program);
        let server =
            server.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let process = server.spawn().expect("scripts/test installs it");
        let (origin, folder) = (format!("http://127.0.0.1:{port}"), tempfile::tempdir().expect("a folder"));
        std::fs::write(folder.path().join("token"), "of this pod").expect("written");
        let moto = Self { process, origin, client: Client::builder().no_proxy().build().expect("a client"), folder };
        for _ in 0..600 {
            if moto.client.get(format!("{}/moto-api/", moto.origin)).send().await.is_ok() {
                return moto;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("moto does not start");
    }

    async fn call(&self, action: &str, body: Value) -> Value {
        let scope = format!("Credential=x/20260101/{REGION}/secretsmanager/aws4_request");
        let request = self.client.post(&self.origin).header("x-amz-target", format!("secretsmanager.{action}"));
        let request =
            request.header("authorization", format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=x"));
        let request = request.header("content-type", "application/x-amz-json-1.1").body(body.to_string());
        let answer = request.send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("text"));
        assert!(status.is_success(), "{action}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// The settings of a pod whose service account has a role.
    fn settings(&self, arn: &Value) -> Vec<(&'static str, String)> {
        vec![
            ("DATABASE_SECRET_ARN", arn.as_str().expect("text").into()),
            ("AWS_REGION", REGION.into()),
            ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/hanip".into()),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", self.folder.path().join("token").display().to_string()),
            ("AWS_ENDPOINT_URL", self.origin.clone()),
        ]
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A database whose user and password are in a secret, with all that RDS writes into it.
struct Place {
    host: Host,
    moto: Moto,
    network: Network,
    arn: Value,
    version: String,
    hosts: PathBuf,
}

impl Place {
    async fn start() -> Self {
        let (moto, authority) = (Moto::start().await, Arc::new(Authority::new()));
        let host = Host::start(&authority, "localhost", &[]).await;
        let network = Network::before(&host.server).await;
        let hosts = host.folder.path().join("hosts");
        std::fs::write(&hosts, "127.0.0.1 localhost\n").expect("written");
        let mut place = Self { host, moto, network, arn: Value::Null, version: String::new(), hosts };
        place.set_password("ada", "first").await;
        let created = json!({ "Name": "database", "SecretString": place.secret("ada", "first") });
        let created = place.moto.call("CreateSecret", created).await;
        (place.arn, place.version) = (created["ARN"].clone(), created["VersionId"].as_str().expect("text").into());
        place
    }

    async fn set_password(&self, user: &str, password: &str) {
        let make = format!(
            "CREATE USER IF NOT EXISTS {user}@localhost; ALTER USER {user}@localhost IDENTIFIED BY '{password}';
             GRANT ALL ON hanip.* TO {user}@localhost"
        );
        self.host.run(make).await;
    }

    fn secret(&self, user: &str, password: &str) -> String {
        let port = self.network.port.to_string();
        json!({ "engine": "mariadb", "host": "localhost", "port": port, "dbname": "hanip", "username": user,
                "password": password, "dbInstanceIdentifier": "hanip" })
        .to_string()
    }

    fn command(&self, name: &str) -> Command {
        let mut command = program_at_aws(name, &self.hosts);
        command.envs(self.moto.settings(&self.arn)).env("DATABASE_CA", &self.host.authority.pem);
        command
    }

    async fn foods(&self, world: &World) -> Function {
        let mut command = self.command("foods");
        command.env("PUBLIC_ORIGIN", &world.origin);
        let foods = Function::spawn(command, free_port());
        foods.is_ready().await;
        foods
    }

    /// As the rotation of AWS does it: the next password, of this user or of another, is pending, the database takes it,
    /// then it is the current one. All connections of the user end in between, as they do at last, but not while a request is `under_way`: whether what
    /// it commits then is stored, nobody could tell.
    async fn rotate(&mut self, user: &str, password: &str, under_way: &RwLock<()>) {
        let next = Uuid::new_v4().to_string();
        let pending = json!({ "SecretId": self.arn, "ClientRequestToken": next,
            "SecretString": self.secret(user, password), "VersionStages": ["AWSPENDING"] });
        self.moto.call("PutSecretValue", pending).await;
        self.set_password(user, password).await;
        self.throw_out(under_way).await;
        sleep(Duration::from_millis(1_500)).await;
        let current = json!({ "SecretId": self.arn, "VersionStage": "AWSCURRENT", "MoveToVersionId": next,
            "RemoveFromVersionId": self.version });
        self.moto.call("UpdateSecretVersionStage", current).await;
        self.version = next;
        self.throw_out(under_way).await;
        sleep(Duration::from_millis(500)).await;
    }

    async fn throw_out(&self, under_way: &RwLock<()>) {
        let _none = under_way.write().await;
        self.host.throw_out("ada").await;
    }
}

/// Writes until told to stop; returns how many writes were acknowledged, which all were.
async fn write(
    person: Person,
    origin: String,
    name: usize,
    under_way: Arc<RwLock<()>>,
    stop: watch::Receiver<bool>,
) -> usize {
    let mut written = 0;
    while !*stop.borrow() {
        let one = under_way.read().await;
        let body = json!({ "name": format!("{name} {written}") });
        let request = person.client.post(format!("{origin}/api/foods")).header("origin", &person.origin).json(&body);
        Reply::to(request).await.created();
        written += 1;
        drop(one);
        sleep(Duration::from_millis(150)).await;
    }
    written
}

#[tokio::test]
async fn a_password_that_is_rotated_meanwhile_fails_no_request() {
    let mut place = Place::start().await;
    succeed(place.command("migrate")).await;
    let world = place.host.world().await;
    let foods = place.foods(&world).await;
    let (stop, stopped) = watch::channel(false);
    let under_way = Arc::new(RwLock::new(()));
    let mut writers = Vec::new();
    for name in 0..4 {
        let person = world.person(&format!("writer {name}")).await;
        writers.push(tokio::spawn(write(person, foods.origin.clone(), name, under_way.clone(), stopped.clone())));
    }
    for (user, password) in [("ada", "second"), ("ada", "third"), ("grace", "fourth")] {
        place.rotate(user, password, &under_way).await;
    }
    place.host.run("ALTER USER ada@localhost IDENTIFIED BY 'nobody knows'").await;
    place.throw_out(&under_way).await;
    sleep(Duration::from_millis(500)).await;
    stop.send(true).expect("they write");
    let mut written = 0;
    for writer in writers {
        written += writer.await.expect("each write is acknowledged");
    }
    let stored: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM foods").fetch_one(world.db()).await.expect("a number");
    assert_eq!(usize::try_from(stored), Ok(written), "each once");
    println!("writes that a rotated password failed: 0 of {written}");
    foods.stop();
}

#[tokio::test]
async fn a_secret_that_can_not_be_read_is_named_in_the_log_and_is_asked_for_again() {
    let place = Place::start().await;
    let world = place.host.world().await;
    let ada = world.person("ada").await;
    place.moto.call("DeleteSecret", json!({ "SecretId": place.arn })).await;
    let log = place.host.folder.path().join("log");
    let mut command = place.command("foods");
    command.env("PUBLIC_ORIGIN", &world.origin).stdout(std::fs::File::create(&log).expect("a file"));
    let foods = Function::spawn(command, free_port());
    foods.is_ready().await;
    let list = async || Reply::to(ask(&ada, &foods, Method::GET, "/api/foods")).await;
    list().await.problem(503, "unavailable");
    let text = std::fs::read_to_string(&log).expect("text");
    assert!(text.contains("DATABASE_SECRET_ARN") && text.contains("InvalidRequestException"), "{text}");
    place.moto.call("RestoreSecret", json!({ "SecretId": place.arn })).await;
    sleep(Duration::from_secs(1)).await;
    list().await.ok();
    let text = std::fs::read_to_string(&log).expect("text");
    assert!(!text.contains("first"), "no password: {text}");
}

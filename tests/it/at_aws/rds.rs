//! What stands in for RDS and for the credentials of a pod.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
};

use axum::{Router, routing::get};
use chrono::TimeDelta;
use common::{Clock, Env};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::{
    operations::program::{free_port, program},
    support::{
        network::Network,
        processes::Function,
        proxy::Server,
        tls::Authority,
        world::{Person, World},
    },
};

pub const NAME: &str = "hanip.c0ffee.ap-northeast-2.rds.amazonaws.com";
pub const REGION: &str = "ap-northeast-2";
const TESTS: &str = env!("CARGO_MANIFEST_DIR");

/// A server whose certificate names [`NAME`], and a machine that finds it by that name alone.
pub struct Host {
    pub server: Server,
    pub authority: Arc<Authority>,
    pub folder: TempDir,
}

impl Host {
    pub async fn start(authority: &Arc<Authority>, name: &str, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (certificate, key) = authority.issue(&[name]);
        let file = |name: &str, pem: String| {
            let file = folder.path().join(name);
            std::fs::write(&file, pem).expect("written");
            file.display().to_string()
        };
        let certificate = format!("--ssl-cert={}", file("certificate", certificate.pem()));
        let key = format!("--ssl-key={}", file("key", key.serialize_pem()));
        let server = Server::start_with(&[&[certificate.as_str(), &key], options].concat()).await;
        Self { server, authority: authority.clone(), folder }
    }

    /// Does this as somebody who may do everything.
    pub async fn run(&self, statements: impl Into<String>) {
        let statements = common::db::safe(statements.into());
        sqlx::raw_sql(statements).execute(&mut self.server.root().await).await.expect("done");
    }

    /// Ends all connections of a user, so that it has to come in again.
    pub async fn throw_out(&self, user: &str) {
        let ids: Vec<(i64,)> = sqlx::query_as("SELECT id FROM information_schema.processlist WHERE user = ?")
            .bind(user)
            .fetch_all(&mut self.server.root().await)
            .await
            .expect("an answer");
        for (id,) in ids {
            // One may have ended by itself.
            let kill = common::db::safe(format!("KILL {id}"));
            sqlx::raw_sql(kill).execute(&mut self.server.root().await).await.ok();
        }
    }

    /// A world beside the functions at AWS, whose people they know: over the same database, at the present time.
    pub async fn world(&self) -> World {
        World::over(self.server.url(), &Clock::system().now().to_rfc3339()).await
    }
}

/// A program that is built with the feature `aws`, on a machine where `hosts` says which address a name has.
pub fn program_at_aws(name: &str, hosts: &Path) -> Command {
    let path = program(&format!("aws/{name}")).get_program().to_owned();
    let mut command = Command::new("unshare");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("LOG", "warn");
    command.args(["--mount", "sh", "-c", r#"mount --bind "$0" /etc/hosts && exec "$1""#]).arg(hosts).arg(path);
    command
}

/// Runs it to its end, which has to be a good one.
pub async fn succeed(command: Command) {
    let ended = tokio::process::Command::from(command).status().await;
    assert!(ended.expect("scripts/test has built it").success());
}

/// A request of this person to a function that runs alone.
pub fn ask(person: &Person, function: &Function, method: Method, path: &str) -> RequestBuilder {
    person.client.request(method, format!("{}{path}", function.origin)).header("origin", &person.origin)
}

/// RDS, with a user `hanip_iam` who comes in by a token, and `hanip_other`.
pub struct Rds {
    pub host: Host,
    pub network: Network,
    /// What RDS knows: see tests/aws/token.py.
    knows: Arc<Mutex<Value>>,
    /// How many seconds credentials live.
    pub life: Arc<AtomicI64>,
    credentials: String,
    service: PathBuf,
}

impl Rds {
    pub async fn start() -> Self {
        let plugins = Env::process().required("TEST_PLUGIN_DIR", "the folder of auth_pam_v1.so; scripts/test finds it");
        let plugins = format!("--plugin-dir={}", plugins.expect("scripts/test sets it"));
        let options = [plugins.as_str(), "--plugin-load-add=auth_pam_v1", "--pam-use-cleartext-plugin"];
        let host = Host::start(&Arc::new(Authority::new()), NAME, &options).await;
        let network = Network::before(&host.server).await;
        let service = pam_service(host.folder.path());
        let user = |name: &str| {
            let service = service.file_name().expect("a name").to_string_lossy();
            format!(
                "CREATE USER {name}@localhost IDENTIFIED VIA pam USING '{service}' REQUIRE SSL;
                 GRANT ALL ON hanip.* TO {name}@localhost;"
            )
        };
        host.run(user("hanip_iam") + &user("hanip_other")).await;
        std::fs::write(host.folder.path().join("hosts"), format!("127.0.0.1 {NAME} localhost\n")).expect("written");
        let knows = json!({ "address": format!("{NAME}:{}", network.port), "region": REGION, "keys": {}, "ahead": 0, "life": 900 });
        let (knows, life) = (Arc::new(Mutex::new(knows)), Arc::new(AtomicI64::new(3600)));
        let credentials = serve_credentials(host.folder.path(), knows.clone(), life.clone()).await;
        Self { host, network, knows, life, credentials, service }
    }

    /// Changes what RDS knows.
    pub fn know(&self, name: &str, value: impl Into<Value>) {
        let mut knows = self.knows.lock().expect("no panic");
        knows[name] = value.into();
        write(self.host.folder.path(), &knows);
    }

    /// The tokens that came, each with why it was refused.
    pub fn seen(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(self.host.folder.path().join("log")).unwrap_or_default();
        log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// The settings of a program at AWS, with the credentials of a pod.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DATABASE_URL", format!("mysql://hanip_iam@{NAME}:{}/hanip", self.network.port)),
            ("DATABASE_CA", self.host.authority.pem.clone()),
            ("DATABASE_IAM", "true".into()),
            ("AWS_REGION", REGION.into()),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", self.credentials.clone()),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "of this pod".into()),
        ]
    }

    pub fn command(&self, name: &str) -> Command {
        let mut command = program_at_aws(name, &self.host.folder.path().join("hosts"));
        command.envs(self.settings());
        command
    }

    /// The foods of this world, as a function at AWS.
    pub async fn foods(&self, world: &World) -> Function {
        let mut command = self.command("foods");
        command.env("PUBLIC_ORIGIN", &world.origin);
        let foods = Function::spawn(command, free_port());
        foods.is_ready().await;
        foods
    }
}

impl Drop for Rds {
    fn drop(&mut self) {
        std::fs::remove_file(&self.service).ok();
    }
}

/// A PAM service that asks tests/aws/token.py. PAM looks for services in one folder of the machine.
fn pam_service(folder: &Path) -> PathBuf {
    let module = folder.join("pam_token.so");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&module)
        .arg(format!("{TESTS}/aws/pam_token.c"))
        .arg("-l:libpam.so.0")
        .status();
    assert!(compiled.expect("a C compiler").success());
    let python = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().expect("Python");
    let python = String::from_utf8(python.stdout).expect("text");
    let (module, folder) = (module.display(), folder.display());
    let rules = format!(
        "auth required {module} {} -I -S {TESTS}/aws/token.py {folder}\naccount required pam_permit.so\n",
        python.trim()
    );
    let service = PathBuf::from(format!("/etc/pam.d/hanip-{}", Uuid::new_v4().simple()));
    std::fs::write(&service, rules).expect("root may do so");
    service
}

fn write(folder: &Path, knows: &Value) {
    let (new, file) = (folder.join("rds.json.new"), folder.join("rds.json"));
    std::fs::write(&new, knows.to_string()).expect("written");
    std::fs::rename(new, file).expect("renamed");
}

/// As the agent of EKS Pod Identity does it: other credentials each time, which end.
async fn serve_credentials(folder: &Path, knows: Arc<Mutex<Value>>, life: Arc<AtomicI64>) -> String {
    let folder = folder.to_owned();
    let answer = async move || {
        let [id, secret, token] = [(); 3].map(|()| Uuid::new_v4().simple().to_string());
        // Longer than PAM's own programs take.
        let token = token.repeat(30);
        let until = Clock::system().now() + TimeDelta::seconds(life.load(Relaxed));
        let mut knows = knows.lock().expect("no panic");
        knows["keys"][&id] =
            json!({ "secret": secret, "token": token, "until": until.timestamp_millis() as f64 / 1e3 });
        write(&folder, &knows);
        let until = until.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        json!({ "AccessKeyId": id, "SecretAccessKey": secret, "Token": token, "Expiration": until }).to_string()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().route("/credentials", get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/credentials")
}

//! A household's own server: the one program behind a proxy that ends TLS, with a provider to sign in with.

use std::{
    io::{BufRead, BufReader},
    net::Ipv4Addr,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use reqwest::{Certificate, Client, header, redirect::Policy};
use serde_json::{Value, json};
use sqlx::{Connection, MySqlConnection};

use super::program::{free_port, program};
use crate::support::{
    oidc::{CLIENT_ID, CLIENT_SECRET, OidcProvider, sign_in_through},
    person::Reply,
    tls::Authority,
    world::database,
};

const HOST: &str = "hanip.test";

/// A process that ends with this value.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        Command::new("kill").arg(self.0.id().to_string()).status().ok();
        self.0.wait().ok();
    }
}

struct Home {
    origin: String,
    /// Where the program listens, behind the proxy.
    behind: u16,
    settings: Vec<(&'static str, String)>,
    client: Client,
    _proxy: Process,
    _provider: OidcProvider,
    folder: tempfile::TempDir,
}

impl Home {
    async fn new() -> Self {
        let (port, behind) = (free_port(), free_port());
        let origin = format!("https://{HOST}:{port}");
        let provider = OidcProvider::start(&[&format!("{origin}/api/auth/oidc/callback")]);
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("it is ours");
        let authority = Authority::new();
        let proxy = proxy(folder.path(), &authority, port, behind);
        let client = Client::builder().cookie_store(true).redirect(Policy::none()).no_proxy();
        let client =
            client.add_root_certificate(Certificate::from_pem(authority.pem.as_bytes()).expect("a certificate"));
        let client = client.resolve(HOST, (Ipv4Addr::LOCALHOST, port).into()).build().expect("a client");
        let settings = vec![
            ("PUBLIC_ORIGIN", origin.clone()),
            ("PORT", behind.to_string()),
            ("TRUST_EDGE", "true".to_owned()),
            ("DATABASE_URL", database_of_one_user().await),
            ("DATA_DIR", folder.path().join("data").to_str().expect("a text").to_owned()),
            ("OIDC_ISSUER", provider.issuer().to_owned()),
            ("OIDC_CLIENT_ID", CLIENT_ID.to_owned()),
            ("OIDC_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
        ];
        Self { origin, behind, settings, client, _proxy: proxy, _provider: provider, folder }
    }

    /// Starts the program, and waits until it says that it is there.
    fn start(&self) -> Process {
        let mut command = program("standalone");
        command.envs(self.settings.iter().map(|(name, value)| (*name, value))).stdout(Stdio::piped());
        let mut process = command.spawn().expect("cargo build --workspace has made it");
        let mut origin = String::new();
        BufReader::new(process.stdout.take().expect("it is piped")).read_line(&mut origin).expect("a text");
        assert_eq!(origin.trim(), self.origin);
        Process(process)
    }

    async fn get(&self, path: &str) -> Reply {
        Reply::to(self.client.get(format!("{}{path}", self.origin))).await
    }
}

/// An nginx that ends TLS, and says whom it speaks for.
fn proxy(folder: &Path, authority: &Authority, port: u16, behind: u16) -> Process {
    let (certificate, key) = authority.issue(&[HOST]);
    std::fs::write(folder.join("certificate"), certificate.pem()).expect("written");
    std::fs::write(folder.join("key"), key.serialize_pem()).expect("written");
    let folder = folder.display();
    let configuration = format!(
        "daemon off; pid {folder}/pid; error_log stderr; events {{}}
         http {{
           access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
           fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
           server {{
             listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/certificate; ssl_certificate_key {folder}/key;
             location / {{
               proxy_pass http://127.0.0.1:{behind}; proxy_http_version 1.1;
               proxy_set_header Host $http_host; proxy_set_header X-Real-IP $remote_addr;
             }}
           }}
         }}"
    );
    let file = format!("{folder}/nginx.conf");
    std::fs::write(&file, configuration).expect("written");
    let nginx = Command::new("nginx").args(["-e", "stderr", "-c", &file]).stderr(Stdio::null()).spawn();
    Process(nginx.expect("nginx is installed; scripts/test does it"))
}

/// An empty database, whose user has it and nothing else.
async fn database_of_one_user() -> String {
    let url = database().await;
    let (_, rest) = url.split_once('@').expect("a user");
    let name = rest.split(['/', '?']).nth(1).expect("a name");
    let user = &name[..30];
    let mut root = MySqlConnection::connect(&url).await.expect("it is reached");
    let rights = format!("CREATE USER {user}@localhost IDENTIFIED BY 'pw'; GRANT ALL ON {name}.* TO {user}@localhost");
    sqlx::raw_sql(common::db::safe(rights)).execute(&mut root).await.expect("a user");
    format!("mysql://{user}:pw@{rest}")
}

#[tokio::test]
async fn a_household_signs_in_through_its_own_provider_and_stays_signed_in_over_a_restart() {
    let home = Home::new().await;
    let program = home.start();
    let providers = home.get("/api/auth/providers").await.ok();
    let ids: Vec<&Value> = providers["providers"].as_array().expect("a list").iter().map(|it| &it["id"]).collect();
    assert_eq!(ids, ["oidc"], "nobody signs in by a name alone");
    for path in ["/local/authorize", "/local/.well-known/openid-configuration", "/local/page.css"] {
        assert_ne!(home.get(path).await.header("content-type"), "text/css", "{path}");
    }
    home.get("/api/auth/local/start").await.problem(404, "not-found");

    let start = format!("{}/api/auth/oidc/start?time_zone=Asia/Seoul&locale=ko", home.origin);
    let landed = sign_in_through(&home.client, &start, "ada").await;
    assert_eq!(landed.headers()["location"], "/");
    let cookie = landed.headers()["set-cookie"].to_str().expect("a text").to_owned();
    assert!(cookie.starts_with("__Host-") && cookie.contains("Secure"), "{cookie}");
    let food = home.client.post(format!("{}/api/foods", home.origin)).header(header::ORIGIN, &home.origin);
    Reply::to(food.json(&json!({ "name": "라면" }))).await.created();
    let key = home.get("/api/reminders").await.ok();

    drop(program);
    let _program = home.start();
    assert_eq!(home.get("/api/foods").await.ok()["foods"][0]["name"], "라면");
    assert_eq!(home.get("/api/reminders").await.ok(), key, "browsers stay subscribed");
    let kept = std::fs::metadata(home.folder.path().join("data/vapid-private-key")).expect("it is kept");
    assert_eq!(kept.permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_server_of_a_household_answers_to_its_own_name_alone() {
    let home = Home::new().await;
    let _program = home.start();
    let ask = |host: &str| {
        let request = home.client.get(format!("http://127.0.0.1:{}/api/auth/providers", home.behind));
        request.header(header::HOST, host)
    };
    Reply::to(ask(home.origin.strip_prefix("https://").expect("a scheme"))).await.ok();
    Reply::to(ask("evil.test")).await.problem(421, "misdirected-request");
    let sent_on = ask(&format!("localhost:{}", home.behind)).send().await.expect("an answer");
    assert_eq!(sent_on.headers()["location"], format!("{}/api/auth/providers", home.origin));
}

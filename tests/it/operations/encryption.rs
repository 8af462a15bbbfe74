//! A database across a network: nothing is sent to it before it has shown who it is, and nothing in the clear.

use std::path::{Path, PathBuf};

use common::Env;
use serde_json::json;

use crate::support::{
    network::Network,
    proxy::Server,
    tls::Authority,
    world::{NOON, World},
};

/// What nobody on the way may read.
const SECRET: &str = "pa55word";
const NAME: &str = "fermented soybeans";

/// The address of the database, whose certificate must come from the authority of `file` and name `host`.
fn url(network: &Network, host: &str, file: &Path) -> String {
    let (port, file) = (network.port, file.display());
    format!("mysql://far_away:{SECRET}@{host}:{port}/hanip?ssl-mode=VERIFY_IDENTITY&ssl-ca={file}")
}

fn write(folder: &Path, name: &str, pem: &str) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, pem).expect("written");
    file
}

/// A server with a user `far_away`, and a certificate by `authority` for `localhost` alone if there is one.
async fn server(folder: &Path, authority: Option<&Authority>) -> Server {
    let server = match authority {
        Some(authority) => {
            let (certificate, key) = authority.issue(&["localhost"]);
            let certificate = write(folder, "certificate", &certificate.pem());
            let key = write(folder, "key", &key.serialize_pem());
            let (certificate, key) =
                (format!("--ssl-cert={}", certificate.display()), format!("--ssl-key={}", key.display()));
            Server::start_with(&[&certificate, &key]).await
        }
        None => Server::start().await,
    };
    let user =
        format!("CREATE USER far_away@localhost IDENTIFIED BY '{SECRET}'; GRANT ALL ON hanip.* TO far_away@localhost");
    sqlx::raw_sql(common::db::safe(user)).execute(&mut server.root().await).await.expect("a user");
    server
}

#[tokio::test]
async fn a_database_that_must_show_who_it_is_is_spoken_to_in_secret() {
    let (folder, authority) = (tempfile::tempdir().expect("a folder"), Authority::new());
    let server = server(folder.path(), Some(&authority)).await;
    sqlx::raw_sql("ALTER USER far_away@localhost REQUIRE SSL")
        .execute(&mut server.root().await)
        .await
        .expect("altered");
    let network = Network::before(&server).await;
    let address = url(&network, "localhost", &write(folder.path(), "authority", &authority.pem));
    let world = World::over(address, NOON).await;
    let ada = world.person("ada").await;
    ada.post("/api/foods", json!({ "name": NAME })).await.created();
    assert!(ada.get("/api/foods").await.ok().to_string().contains(NAME));
    assert!(network.heard("mysql_native_password"), "the greeting of the server, as it is");
    let file = folder.path().join("authority");
    for env in both_ways(&url(&network, "localhost", &file), &file) {
        let mut db = common::db::pool(&env).expect("a pool").acquire().await.expect("a connection");
        sqlx::query("SELECT name FROM foods").execute(&mut *db).await.expect("an answer");
    }
    for text in [SECRET, NAME, "SELECT", "users", "far_away"] {
        assert!(!network.heard(text), "{text}");
    }
}

/// The certificates as a file that the address names, and as a setting that wins over what the address says.
fn both_ways(url: &str, file: &Path) -> [Env; 2] {
    let (address, _) = url.split_once('?').expect("parameters");
    let (address, certificates) =
        (format!("{address}?ssl-mode=DISABLED"), std::fs::read_to_string(file).expect("certificates"));
    [
        Env::from([("DATABASE_URL", url)]),
        Env::from([("DATABASE_URL", address.as_str()), ("DATABASE_CA", certificates.as_str())]),
    ]
}

/// Each is refused at the start, before anything is said of who asks.
#[tokio::test]
async fn a_database_that_can_not_show_who_it_is_is_told_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ours, other) = (Authority::new(), Authority::new());
    let (file, others) = (write(folder.path(), "ours", &ours.pem), write(folder.path(), "other", &other.pem));
    let (with_tls, without) = tokio::join!(server(folder.path(), Some(&ours)), server(folder.path(), None));
    let cases = [
        ("another authority", &with_tls, "localhost", others),
        ("another host", &with_tls, "127.0.0.1", file.clone()),
        ("no TLS", &without, "localhost", file),
    ];
    for (case, server, host, file) in cases {
        let network = Network::before(server).await;
        for env in both_ways(&url(&network, host, &file), &file) {
            let error = migrations::run(&env).await.expect_err(case);
            let words = format!("{error:#}");
            assert!(words.starts_with("DATABASE_URL: the database can't be reached: "), "{case}: {words}");
            let acquired = common::db::pool(&env).expect("a pool").acquire().await;
            assert!(matches!(acquired, Err(sqlx::Error::Tls(_) | sqlx::Error::Io(_))), "{case}: {acquired:?}");
            assert!(network.heard("mysql_native_password"), "{case}: it was asked");
            assert!(!network.heard("far_away") && !network.heard("hanip"), "{case}");
        }
    }
}

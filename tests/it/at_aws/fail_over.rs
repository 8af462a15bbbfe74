//! Multi-AZ: the name of the database leads to another server, and functions follow without a restart.

use std::{
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;

use super::rds::{Host, NAME, ask, program_at_aws};
use crate::{
    operations::program::free_port,
    support::{network::Network, processes::Function, tls::Authority, world::Reply},
};

/// The other server has what the first has, as a replica would.
fn replicate(from: &Host, to: &Host) {
    let client = |program: &str, host: &Host| {
        let mut client = Command::new(program);
        client
            .args(["--no-defaults", "-uroot"])
            .arg(format!("--socket={}", host.server.socket().display()))
            .arg("hanip");
        client
    };
    let mut dump = client("mariadb-dump", from).stdout(Stdio::piped()).spawn().expect("mariadb-dump is installed");
    let rows = dump.stdout.take().expect("its output is piped");
    assert!(client("mariadb", to).stdin(rows).status().expect("mariadb is installed").success());
    assert!(dump.wait().expect("it ends").success());
}

#[tokio::test]
async fn a_new_address_of_the_name_is_followed_when_the_old_server_is_read_only_or_dead() {
    let authority = Arc::new(Authority::new());
    let (first, mut second) = tokio::join!(Host::start(&authority, NAME, &[]), Host::start(&authority, NAME, &[]));
    let port = free_port();
    let (_first, _second) = (
        Network::at(&format!("127.0.0.2:{port}"), &first.server).await,
        Network::at(&format!("127.0.0.3:{port}"), &second.server).await,
    );
    let hosts = first.folder.path().join("hosts");
    let leads_to = |address: &str| std::fs::write(&hosts, format!("{address} {NAME}\n")).expect("written");
    leads_to("127.0.0.2");
    let world = first.world().await;
    let ada = world.person("ada").await;
    for host in [&first, &second] {
        host.run("CREATE USER far_away@localhost IDENTIFIED BY 'pa55word'; GRANT ALL ON hanip.* TO far_away@localhost")
            .await;
    }
    let mut command = program_at_aws("foods", &hosts);
    command.env("PUBLIC_ORIGIN", &world.origin).env("DATABASE_CA", &authority.pem);
    command.env("DATABASE_URL", format!("mysql://far_away:pa55word@{NAME}:{port}/hanip"));
    let foods = Function::spawn(command, free_port());
    foods.is_ready().await;
    let write = async |name: &str| {
        Reply::to(ask(&ada, &foods, Method::POST, "/api/foods").json(&json!({ "name": name }))).await
    };
    let write_at_last = async |name: &str| {
        let began = Instant::now();
        let mut answer = write(name).await;
        while answer.status == 503 && began.elapsed() < Duration::from_secs(5) {
            sleep(Duration::from_millis(50)).await;
            answer = write(name).await;
        }
        answer.created();
        began.elapsed()
    };

    write("ramen").await.created();
    first.run("SET GLOBAL read_only = 1").await;
    write("soda").await.problem(503, "unavailable");
    replicate(&first, &second);
    leads_to("127.0.0.3");
    let read_only = write_at_last("soda").await;

    replicate(&second, &first);
    first.run("SET GLOBAL read_only = 0").await;
    second.server.kill();
    write("chips").await.problem(503, "unavailable");
    leads_to("127.0.0.2");
    let dead = write_at_last("chips").await;
    let names = Reply::to(ask(&ada, &foods, Method::GET, "/api/foods")).await.ok().to_string();
    assert!(["ramen", "soda", "chips"].iter().all(|name| names.contains(name)), "{names}");
    println!("time to the first write at a new address: {read_only:?} (read-only), {dead:?} (dead)");
    foods.stop();
}

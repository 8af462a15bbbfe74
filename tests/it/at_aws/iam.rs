//! `DATABASE_IAM`: tokens of RDS.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{
    Connection, MySqlConnection,
    mysql::{MySqlConnectOptions, MySqlSslMode},
};
use tokio::time::sleep;

use super::rds::{NAME, Rds, ask, succeed};
use crate::support::{
    processes::Function,
    world::{Person, Reply},
};

async fn list(person: &Person, foods: &Function) -> Reply {
    Reply::to(ask(person, foods, Method::GET, "/api/foods")).await
}

fn refused(seen: &[Value]) -> Vec<&Value> {
    seen.iter().map(|one| &one["refused"]).filter(|why| !why.is_null()).collect()
}

/// Whether RDS lets somebody in.
async fn come_in(rds: &Rds, user: &str, token: &str, mode: MySqlSslMode) -> bool {
    let options = MySqlConnectOptions::new().socket(rds.host.server.socket()).host(NAME).username(user).password(token);
    let options = options.ssl_mode(mode).ssl_ca_from_pem(rds.host.authority.pem.clone().into_bytes());
    MySqlConnection::connect_with(&options.enable_cleartext_plugin(true)).await.is_ok()
}

#[tokio::test]
async fn functions_and_migrate_come_in_by_tokens_that_nobody_on_the_way_reads() {
    let rds = Rds::start().await;
    succeed(rds.command("migrate")).await;
    let world = rds.host.world().await;
    let ada = world.person("ada").await;
    let foods = rds.foods(&world).await;
    let post = ask(&ada, &foods, Method::POST, "/api/foods").json(&json!({ "name": "fermented soybeans" }));
    Reply::to(post).await.created();
    assert!(list(&ada, &foods).await.ok().to_string().contains("fermented soybeans"));
    foods.stop();
    let seen = rds.seen();
    assert!(seen.len() >= 3 && refused(&seen).is_empty(), "{seen:?}");
    for text in ["X-Amz", "Action=connect", "hanip_iam", "fermented soybeans"] {
        assert!(!rds.network.heard(text), "{text}");
    }
}

#[tokio::test]
async fn a_token_is_for_one_user_at_one_host_unchanged_over_tls_for_fifteen_minutes() {
    let rds = Rds::start().await;
    succeed(rds.command("migrate")).await;
    let token = rds.seen().pop().expect("migrate came in")["token"].as_str().expect("text").to_owned();
    let tls = MySqlSslMode::VerifyIdentity;
    assert!(come_in(&rds, "hanip_iam", &token, tls).await, "as it is, and more than once");
    assert!(!come_in(&rds, "hanip_other", &token, tls).await, "of another user");
    let other = token.replace("DBUser=hanip_iam", "DBUser=hanip_other");
    assert!(!come_in(&rds, "hanip_other", &other, tls).await, "for another user");
    assert!(!come_in(&rds, "hanip_iam", &token.replace("Expires=900", "Expires=901"), tls).await, "for longer");
    let last = if token.ends_with('0') { "1" } else { "0" };
    assert!(!come_in(&rds, "hanip_iam", &format!("{}{last}", &token[..token.len() - 1]), tls).await, "changed");
    assert!(!come_in(&rds, "hanip_iam", &token, MySqlSslMode::Disabled).await, "without TLS");
    rds.know("address", format!("other.{NAME}:{}", rds.network.port));
    assert!(!come_in(&rds, "hanip_iam", &token, tls).await, "at another host");
    rds.know("address", format!("{NAME}:{}", rds.network.port));
    rds.know("ahead", 15 * 60 - 30);
    assert!(come_in(&rds, "hanip_iam", &token, tls).await, "after fourteen minutes");
    rds.know("ahead", 15 * 60 + 1);
    assert!(!come_in(&rds, "hanip_iam", &token, tls).await, "after fifteen");
    let whys: Vec<_> = rds.seen().iter().filter_map(|one| one["refused"].as_str().map(str::to_owned)).collect();
    assert_eq!(
        whys.len(),
        6,
        "the one that crossed without TLS was right, and the server refused it for that: {whys:?}"
    );
    for why in ["another user", "too old", "another signature", "another host"] {
        assert!(whys.iter().any(|other| other == why), "{why}: {whys:?}");
    }
}

#[tokio::test]
async fn a_token_is_made_anew_before_its_credentials_end() {
    let rds = Rds::start().await;
    let world = rds.host.world().await;
    let ada = world.person("ada").await;
    // Less the margin, and what is cut off to whole seconds: a token lives one to two seconds.
    rds.life.store(3, Relaxed);
    let began = Instant::now();
    let foods = rds.foods(&world).await;
    for _ in 0..12 {
        list(&ada, &foods).await.ok();
        rds.host.throw_out("hanip_iam").await;
        sleep(Duration::from_millis(500)).await;
    }
    let seen = rds.seen();
    assert!(refused(&seen).is_empty(), "{seen:?}");
    let mut tokens: Vec<_> = seen.iter().map(|one| one["token"].to_string()).collect();
    tokens.dedup();
    let seconds = began.elapsed().as_secs() as usize;
    assert!(
        (3..=seconds + 2).contains(&tokens.len()),
        "one lives as long as its credentials: {} in {seconds} s",
        tokens.len()
    );
}

#[tokio::test]
async fn a_token_that_is_refused_is_made_anew_and_no_request_notices() {
    let rds = Rds::start().await;
    let world = rds.host.world().await;
    let ada = world.person("ada").await;
    rds.know("life", 2);
    let foods = rds.foods(&world).await;
    for _ in 0..4 {
        list(&ada, &foods).await.ok();
        sleep(Duration::from_millis(2_500)).await;
        rds.host.throw_out("hanip_iam").await;
    }
    assert!(refused(&rds.seen()).len() >= 3, "the old ones were refused");
    // Its clock is wrong: no token helps.
    rds.know("ahead", 3600);
    rds.host.throw_out("hanip_iam").await;
    list(&ada, &foods).await.problem(503, "unavailable");
    rds.know("ahead", 0);
    sleep(Duration::from_secs(1)).await;
    list(&ada, &foods).await.ok();
}

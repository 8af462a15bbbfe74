//! Where a person is signed in, and an end to each.

use chrono::TimeDelta;
use common::App;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::support::world::{Person, World, text};

async fn sessions(person: &Person) -> Vec<Value> {
    person.get("/api/auth/sessions").await.ok()["sessions"].as_array().expect("a list").clone()
}

fn path(session: &Value) -> String {
    format!("/api/auth/sessions/{}", text(&session["id"]))
}

#[tokio::test]
async fn a_person_sees_where_they_are_signed_in_the_last_used_first() {
    let world = World::new().await;
    let phone = world.person("ada").await;
    world.person("eve").await;
    world.app.clock.advance(TimeDelta::hours(2));
    let laptop = world.person("ada").await;
    let list = sessions(&laptop).await;
    let seen = |list: &[Value], field: &str| list.iter().map(|session| session[field].clone()).collect::<Vec<_>>();
    assert_eq!(seen(&list, "current"), [json!(true), json!(false)]);
    assert_eq!(seen(&list, "created_at"), ["2026-03-11T14:00:00Z", "2026-03-11T12:00:00Z"]);
    phone.get("/api/auth/me").await.ok();
    world.afterthoughts().await;
    world.app.clock.advance(TimeDelta::hours(1));
    laptop.get("/api/auth/me").await.ok();
    world.afterthoughts().await;
    let uses = seen(&sessions(&phone).await, "last_used_at");
    assert_eq!(uses, ["2026-03-11T14:00:00Z", "2026-03-11T14:00:00Z"], "a last use is written an hour later at most");
    for stale in &list {
        assert_eq!(stale.as_object().expect("an object").len(), 5, "no token, no hash: {stale}");
    }
}

#[tokio::test]
async fn a_browser_is_named_by_what_it_calls_itself_and_not_at_any_length() {
    let world = World::new().await;
    let long = "Mozilla/5.0 ".repeat(40);
    let client = reqwest::Client::builder().cookie_store(true).redirect(reqwest::redirect::Policy::none());
    let client = client.user_agent(&long).build().expect("a client");
    let mut ada = Person { client, ..world.stranger() };
    ada.sign_in("ada", "UTC").await;
    assert_eq!(sessions(&ada).await[0]["user_agent"], long[..200]);
    assert_eq!(sessions(&world.person("bob").await).await[0]["user_agent"], Value::Null);
}

#[tokio::test]
async fn a_revoked_session_ends_at_its_next_request_in_every_process() {
    let world = World::new().await;
    let (lost, ada, eve) = (world.person("ada").await, world.person("ada").await, world.person("eve").await);
    // A second replica over the same database.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let app = App { clock: world.app.clock.clone(), ..App::from_env(&world.env()).expect("the settings are right") };
    let router =
        common::finish(auth::router(app.clone(), auth::Auth { providers: Vec::new(), trust_edge: false }), &app);
    tokio::spawn(async move { common::listen(listener, router, &app, std::future::pending()).await });
    let elsewhere = Person { origin: format!("http://{address}"), ..lost };
    elsewhere.get("/api/auth/me").await.ok();

    let other = sessions(&ada).await.into_iter().find(|session| session["current"] == false).expect("the lost one");
    eve.delete(&path(&other)).await.problem(404, "not-found");
    elsewhere.get("/api/auth/me").await.ok();
    ada.delete(&path(&other)).await.is(204);
    elsewhere.get("/api/auth/me").await.problem(401, "session-required");
    ada.delete(&path(&other)).await.problem(404, "not-found");
    ada.delete("/api/auth/sessions/x").await.problem(404, "not-found");
    let own = sessions(&ada).await;
    assert_eq!(own.len(), 1);
    ada.delete(&path(&own[0])).await.is(204);
    ada.get("/api/auth/me").await.problem(401, "session-required");
    eve.get("/api/auth/me").await.ok();
}

#[tokio::test]
async fn a_session_that_has_ended_is_not_in_the_list() {
    let world = World::new().await;
    let (_idle, ada) = (world.person("ada").await, world.person("ada").await);
    world.days_pass(29);
    ada.get("/api/auth/me").await.ok();
    world.afterthoughts().await;
    assert_eq!(sessions(&ada).await.len(), 2);
    world.days_pass(1);
    assert_eq!(sessions(&ada).await.len(), 1);
}

#[tokio::test]
async fn of_more_than_twenty_sessions_the_one_used_longest_ago_makes_room() {
    let world = World::new().await;
    let (first, second) = (world.person("ada").await, world.person("ada").await);
    world.app.clock.advance(TimeDelta::hours(2));
    first.get("/api/auth/me").await.ok();
    world.afterthoughts().await;
    for _ in 3..=20 {
        world.person("ada").await;
    }
    assert_eq!(sessions(&first).await.len(), 20);
    world.person("ada").await;
    assert_eq!(sessions(&first).await.len(), 20);
    second.get("/api/auth/me").await.problem(401, "session-required");
}

#[tokio::test]
async fn the_last_use_is_written_hourly_and_never_in_the_way() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let last_use = async || {
        world.afterthoughts().await;
        let last_use: String = sqlx::query_scalar("SELECT DATE_FORMAT(last_used_at, '%d %H:%i') FROM sessions")
            .fetch_one(world.db())
            .await
            .expect("a session");
        last_use
    };
    for (minutes, written) in [(60, "11 12:00"), (1, "11 13:01"), (59, "11 13:01"), (1, "11 13:01"), (1, "11 14:02")] {
        world.app.clock.advance(TimeDelta::minutes(minutes));
        ada.get("/api/auth/me").await.ok();
        assert_eq!(last_use().await, written);
    }
    // Somebody holds the row: requests go on, more at once than there are connections.
    let outside = common::db::pool(&world.env()).expect("a pool");
    let mut held = common::db::begin(outside.acquire().await.expect("a connection")).await.expect("a transaction");
    sqlx::query("SELECT id FROM sessions FOR UPDATE").execute(&mut *held).await.expect("a lock");
    world.days_pass(1);
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..40 {
        requests.spawn(ada.request(reqwest::Method::GET, "/api/auth/me").send());
    }
    let answers = requests.join_all().await.into_iter().map(|answer| answer.expect("an answer").status());
    assert_eq!(answers.filter(|status| *status == 200).count(), 40);
    let waiting: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM information_schema.INNODB_TRX JOIN information_schema.PROCESSLIST ON ID = trx_mysql_thread_id
         WHERE DB = DATABASE() AND trx_state = 'LOCK WAIT'",
    )
    .fetch_one(world.db())
    .await
    .expect("a count");
    assert_eq!(waiting, 0, "a last use waits for who holds the row");
    ada.post("/api/foods", json!({ "name": "ramen", "id": Uuid::new_v4() })).await.created();
    assert_eq!(last_use().await, "11 14:02");
    sqlx::query("ROLLBACK").execute(&mut *held).await.expect("the row is free");
    ada.get("/api/auth/me").await.ok();
    assert_eq!(last_use().await, "12 14:02");
}

#[tokio::test]
async fn a_person_can_sign_in_in_ten_browsers_at_once() {
    let world = World::new().await;
    let mut browsers = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let mut ada = world.stranger();
        browsers.spawn(async move {
            ada.sign_in("ada", "UTC").await;
            ada.id
        });
    }
    let people: std::collections::HashSet<String> = browsers.join_all().await.into_iter().collect();
    assert_eq!(people.len(), 1);
    assert_eq!(sessions(&world.person("ada").await).await.len(), 11);
}

#[tokio::test]
async fn only_one_cookie_of_exactly_our_name_is_a_session() {
    let world = World::new().await;
    world.person("ada").await;
    let cookie = crate::operations::server::session_cookie(&world).await;
    let (ours, token) = cookie.split_once('=').expect("a value");
    let ask = async |cookies: &[&str]| {
        let request = reqwest::Client::new().get(format!("{}/api/auth/me", world.origin));
        let request = cookies.iter().fold(request, |request, cookie| request.header("cookie", *cookie));
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(ask(&[&cookie]).await, 200);
    assert_eq!(ask(&["other=x", &format!("a=b; {cookie}; c=d")]).await, 200);
    assert_eq!(ask(&["other=가"]).await, 401);
    assert_eq!(ask(&[&format!("other=가; {cookie}")]).await, 200, "another site's cookie makes ours no worse");
    for (name, value) in [
        (ours, &token[1..]),
        (ours, &token.to_uppercase()),
        (ours, &format!("{token} x")),
        (ours, ""),
        (&ours.to_uppercase(), token),
        (&format!("__Host-{ours}"), token),
        ("hanip_session", token),
        ("session", token),
        (&format!("\u{2000}{ours}"), token),
        (&format!("$Version=1; ${ours}"), token),
    ] {
        assert_eq!(ask(&[&format!("{name}={value}")]).await, 401, "{name}={value}");
    }
    // A second one may have been planted: neither counts.
    assert_eq!(ask(&[&format!("{cookie}; {ours}=x")]).await, 401);
    assert_eq!(ask(&[&cookie, &format!("{ours}=x")]).await, 401);
}

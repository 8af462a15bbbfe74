//! Tokens, for a person's scripts.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::world::{Person, Reply, World, text};

pub async fn token(person: &Person, name: &str, scope: &str) -> (String, String) {
    let made = person.post("/api/auth/tokens", json!({ "name": name, "scope": scope })).await.created();
    (text(&made["id"]), text(&made["token"]))
}

/// A request as a script sends it: no cookies, no origin.
pub async fn script(world: &World, token: &str, method: Method, path: &str, body: Option<Value>) -> Reply {
    let request = reqwest::Client::new().request(method, format!("{}{path}", world.origin)).bearer_auth(token);
    let request = body.iter().fold(request, |request, body| request.json(body));
    Reply::to(request).await
}

async fn tokens(person: &Person) -> Vec<Value> {
    person.get("/api/auth/tokens").await.ok()["tokens"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn a_script_with_a_token_acts_for_its_person_until_the_token_is_revoked() {
    let world = World::new().await;
    let (ada, eve) = (world.person("ada").await, world.person("eve").await);
    let (id, secret) = token(&ada, "cron", "write").await;
    let me = script(&world, &secret, Method::GET, "/api/auth/me", None).await.ok();
    assert_eq!(text(&me["id"]), ada.id);
    script(&world, &secret, Method::POST, "/api/foods", Some(json!({ "name": "ramen" }))).await.created();
    let renamed = script(&world, &secret, Method::PATCH, "/api/auth/me", Some(json!({ "display_name": "A" }))).await;
    assert_eq!(renamed.ok()["display_name"], "A");
    assert_eq!(ada.get("/api/foods").await.ok()["foods"][0]["name"], "ramen");

    eve.delete(&format!("/api/auth/tokens/{id}")).await.problem(404, "not-found");
    script(&world, &secret, Method::GET, "/api/auth/me", None).await.ok();
    ada.delete(&format!("/api/auth/tokens/{id}")).await.is(204);
    script(&world, &secret, Method::GET, "/api/auth/me", None).await.problem(401, "session-required");
    ada.delete(&format!("/api/auth/tokens/{id}")).await.problem(404, "not-found");
}

#[tokio::test]
async fn a_token_for_reading_changes_nothing() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let (_, secret) = token(&ada, "dashboard", "read").await;
    for path in ["/api/auth/me", "/api/foods", "/api/streaks/today", "/api/reviews"] {
        script(&world, &secret, Method::GET, path, None).await.ok();
    }
    let id = Uuid::new_v4();
    for (method, path) in [
        (Method::POST, "/api/foods".to_owned()),
        (Method::PATCH, format!("/api/foods/{food}")),
        (Method::DELETE, format!("/api/foods/{food}")),
        (Method::PUT, "/api/foods/order".to_owned()),
        (Method::PUT, "/api/reviews/2026-03-10".to_owned()),
        (Method::DELETE, "/api/reviews/2026-03-10".to_owned()),
        (Method::PUT, format!("/api/reviews/2026-03-10/slips/{id}")),
        (Method::PUT, format!("/api/reviews/skips/{id}")),
        (Method::PATCH, "/api/auth/me".to_owned()),
    ] {
        script(&world, &secret, method, &path, Some(json!({}))).await.problem(403, "token-read-only");
    }
}

#[tokio::test]
async fn a_token_opens_nothing_that_opens_the_account() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let (id, secret) = token(&ada, "cron", "write").await;
    for (method, path) in [
        (Method::GET, "/api/auth/sessions".to_owned()),
        (Method::DELETE, format!("/api/auth/sessions/{id}")),
        (Method::POST, "/api/auth/logout".to_owned()),
        (Method::DELETE, "/api/auth/me".to_owned()),
        (Method::POST, "/api/auth/local/link".to_owned()),
        (Method::GET, "/api/auth/identities".to_owned()),
        (Method::DELETE, format!("/api/auth/identities/{id}")),
        (Method::GET, "/api/auth/tokens".to_owned()),
        (Method::POST, "/api/auth/tokens".to_owned()),
        (Method::DELETE, format!("/api/auth/tokens/{id}")),
    ] {
        let body = json!({ "name": "x", "scope": "read" });
        script(&world, &secret, method, &path, Some(body)).await.problem(403, "token-refused");
    }
    assert_eq!(tokens(&ada).await.len(), 1);
}

#[tokio::test]
async fn a_token_is_shown_once_and_only_its_hash_is_stored() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let (id, secret) = token(&ada, " cron ", "read").await;
    assert!(secret.starts_with("hanip_") && secret.len() == 49, "256 bits that can be told from other secrets");
    let listed = tokens(&ada).await;
    let expected = json!({ "id": id, "name": "cron", "scope": "read", "created_at": "2026-03-11T12:00:00Z", "last_used_at": null });
    assert_eq!(listed, [expected]);
    let stored: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM api_tokens WHERE token_hash = UNHEX(SHA2(?, 256))")
        .bind(&secret)
        .fetch_one(world.db())
        .await
        .expect("a count");
    assert_eq!(stored, 1);
    // What lies in the database opens nothing.
    let hash: String =
        sqlx::query_scalar("SELECT HEX(token_hash) FROM api_tokens").fetch_one(world.db()).await.expect("a hash");
    for wrong in [&hash, &secret.to_uppercase(), &secret[6..], "hanip_", ""] {
        let refused = script(&world, wrong, Method::GET, "/api/auth/me", None).await.problem(401, "session-required");
        assert_eq!(refused["detail"], "That token is wrong or was revoked.", "the words are for people with a token");
    }
}

#[tokio::test]
async fn the_last_use_of_a_token_is_written_hourly() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let (_, secret) = token(&ada, "cron", "read").await;
    for (minutes, written) in [(5, "2026-03-11T12:05:00Z"), (60, "2026-03-11T12:05:00Z"), (1, "2026-03-11T13:06:00Z")] {
        world.app.clock.advance(TimeDelta::minutes(minutes));
        script(&world, &secret, Method::GET, "/api/auth/me", None).await.ok();
        world.afterthoughts().await;
        assert_eq!(tokens(&ada).await[0]["last_used_at"], written);
    }
}

#[tokio::test]
async fn a_request_with_a_token_has_nothing_to_do_with_cookies() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let (_, secret) = token(&ada, "cron", "read").await;
    let ask = |authorization: &[&str]| {
        let request = bob.request(Method::GET, "/api/auth/me");
        bob.send(authorization.iter().fold(request, |request, value| request.header("authorization", *value)))
    };
    assert_eq!(text(&ask(&[&format!("Bearer {secret}")]).await.ok()["id"]), ada.id);
    assert_eq!(text(&ask(&[&format!("bearer {secret}")]).await.ok()["id"]), ada.id);
    for wrong in
        [&["Bearer x"][..], &["Bearer"], &["Basic eDp5"], &[&secret], &["Bearer x", &format!("Bearer {secret}")]]
    {
        let refused = ask(wrong).await;
        refused.problem(401, "session-required");
        assert_eq!(refused.header("www-authenticate"), "Bearer");
    }
    // A scheme that is none of ours does not open the door to other sites.
    let foreign = bob.client.post(format!("{}/api/foods", world.origin)).header("origin", "https://evil.test");
    let foreign = foreign.header("authorization", "Basic eDp5").json(&json!({ "name": "x" }));
    bob.send(foreign).await.problem(403, "origin-foreign");
}

#[tokio::test]
async fn a_person_has_at_most_twenty_tokens_each_with_a_name_and_a_scope() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    for (body, place, code) in [
        (json!({ "scope": "read" }), "/name", "field-missing"),
        (json!({ "name": "x" }), "/scope", "field-missing"),
        (json!({ "name": " ", "scope": "read" }), "/name", "name-blank"),
        (json!({ "name": "x".repeat(51), "scope": "read" }), "/name", "name-too-long"),
        (json!({ "name": "x", "scope": "admin" }), "/scope", "value-invalid"),
        (json!({ "name": "x", "scope": "read", "token": "mine" }), "/token", "field-unknown"),
    ] {
        ada.post("/api/auth/tokens", body).await.fault(place, code);
    }
    let mut making = tokio::task::JoinSet::new();
    for number in 0..25 {
        let body = json!({ "name": format!("{number}"), "scope": "read" });
        making.spawn(ada.request(Method::POST, "/api/auth/tokens").json(&body).send());
    }
    let made = making.join_all().await.into_iter().map(|answer| answer.expect("an answer").status().as_u16());
    assert_eq!(made.filter(|status| *status == 201).count(), 20, "however many ask at once");
    let again = json!({ "name": "y".repeat(50), "scope": "read" });
    ada.post("/api/auth/tokens", again.clone()).await.problem(409, "too-many-tokens");
    let newest = text(&tokens(&ada).await[0]["id"]);
    ada.delete(&format!("/api/auth/tokens/{newest}")).await.is(204);
    ada.post("/api/auth/tokens", again).await.created();
    assert_eq!(tokens(&ada).await.len(), 20);
}

//! One account with several ways in.

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::support::world::{Person, Reply, World, text};

const LINK: &str = "/api/auth/local/link?return_to=/settings";

/// Begins to link an identity called `name`; the answer is the path of the callback, not yet called.
async fn begun(person: &Person, name: &str) -> String {
    let form = text(&person.send(person.request(Method::POST, LINK)).await.ok()["location"]);
    let code = person
        .client
        .post(&form)
        .header("origin", &person.origin)
        .form(&[("name", name)])
        .send()
        .await
        .expect("an answer");
    let callback = Reply::of(code).await.location();
    callback.strip_prefix(&person.origin).expect("our callback").to_owned()
}

async fn identities(person: &Person) -> Vec<Value> {
    person.get("/api/auth/identities").await.ok()["identities"].as_array().expect("a list").clone()
}

async fn count(world: &World, table: &str) -> i64 {
    let sql = match table {
        "identities" => "SELECT COUNT(*) FROM identities",
        _ => "SELECT COUNT(*) FROM users",
    };
    sqlx::query_scalar(sql).fetch_one(world.db()).await.expect("a count")
}

#[tokio::test]
async fn a_second_identity_opens_the_same_account() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let first = identities(&ada).await;
    assert_eq!(first.len(), 1);
    let expected = json!([world.origin.clone() + "/local", "local", "2026-03-11T12:00:00Z"]);
    assert_eq!(json!([first[0]["issuer"], first[0]["provider"], first[0]["created_at"]]), expected);
    let callback = begun(&ada, "ada at work").await;
    let landed = ada.get(&callback).await;
    landed.is_found();
    assert_eq!((landed.location().as_str(), landed.header("set-cookie")), ("/settings", ""), "the session stays");
    assert_eq!(identities(&ada).await.len(), 2);
    assert_eq!(world.person("ada at work").await.id, ada.id);
    // Again: nothing to do.
    ada.get(&begun(&ada, "ada at work").await).await.is_found();
    assert_eq!((identities(&ada).await.len(), count(&world, "users").await), (2, 1));
}

#[tokio::test]
async fn an_identity_of_another_account_is_refused_and_nothing_changes() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let callback = begun(&ada, "bob").await;
    ada.get(&callback).await.problem(409, "identity-taken");
    let browser = ada.request(Method::GET, &begun(&ada, "bob").await).header(header::ACCEPT, "text/html");
    assert_eq!(ada.send(browser).await.location(), "/settings?problem=identity-taken");
    assert_eq!((identities(&ada).await.len(), identities(&bob).await.len(), count(&world, "users").await), (1, 1, 2));
    assert_eq!(world.person("bob").await.id, bob.id);
}

#[tokio::test]
async fn a_link_that_came_too_late_is_not_taken_for_one_that_was_made() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let look = |path: &str| ada.request(Method::GET, path).header(header::ACCEPT, "text/html");
    let done = begun(&ada, "ada at work").await;
    assert_eq!(ada.send(look(&done)).await.location(), "/settings");
    let late = begun(&ada, "new").await;
    world.app.clock.advance(chrono::TimeDelta::minutes(10));
    assert_eq!(ada.send(look(&late)).await.location(), "/settings?problem=sign-in-expired");
    assert_eq!(ada.send(look(&done)).await.location(), "/settings", "reloaded");
    assert_eq!(identities(&ada).await.len(), 2);
}

#[tokio::test]
async fn an_identity_is_linked_only_in_the_session_that_asked_for_it() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    world.stranger().send(world.stranger().request(Method::POST, LINK)).await.problem(401, "session-required");
    ada.get(LINK).await.problem(405, "method-not-allowed");
    ada.send(ada.request(Method::POST, "/api/auth/nowhere/link")).await.problem(404, "not-found");

    // Another browser, whoever is signed in there, has not the binding of this one.
    let eve = world.person("eve").await;
    let callback = begun(&ada, "new").await;
    eve.get(&callback).await.problem(400, "sign-in-expired");
    // Somebody else has signed in at this browser since.
    let mut shared = ada;
    shared.sign_in("bob", "UTC").await;
    shared.get(&callback).await.problem(401, "session-required");
    // The session was revoked, or has ended.
    let callback = begun(&shared, "new").await;
    shared.send(shared.request(Method::POST, "/api/auth/logout")).await.is(204);
    shared.get(&callback).await.problem(401, "session-required");
    shared.sign_in("bob", "UTC").await;
    let callback = begun(&shared, "new").await;
    sqlx::query("UPDATE sessions SET last_used_at = ?")
        .bind(world.now() - chrono::TimeDelta::days(30))
        .execute(world.db())
        .await
        .expect("an update");
    shared.get(&callback).await.problem(401, "session-required");
    // The account is gone.
    shared.sign_in("bob", "UTC").await;
    let callback = begun(&shared, "new").await;
    shared.delete("/api/auth/me").await.is(204);
    shared.get(&callback).await.problem(400, "sign-in-expired");
    assert_eq!((count(&world, "identities").await, count(&world, "users").await), (2, 2), "ada and eve");
}

#[tokio::test]
async fn the_last_identity_stays_however_many_requests_come_at_once() {
    let world = World::new().await;
    let (ada, eve) = (world.person("ada").await, world.person("eve").await);
    let only = format!("/api/auth/identities/{}", text(&identities(&ada).await[0]["id"]));
    ada.delete(&only).await.problem(409, "last-identity");
    for name in ["b", "c", "d", "e"] {
        ada.get(&begun(&ada, name).await).await.is_found();
    }
    eve.delete(&only).await.problem(404, "not-found");
    let mut unlinking = tokio::task::JoinSet::new();
    for identity in identities(&ada).await {
        let path = format!("/api/auth/identities/{}", text(&identity["id"]));
        unlinking.spawn(ada.request(Method::DELETE, &path).send());
    }
    let mut statuses: Vec<u16> =
        unlinking.join_all().await.into_iter().map(|answer| answer.expect("an answer").status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 204, 204, 204, 409]);
    assert_eq!(identities(&ada).await.len(), 1);
}

#[tokio::test]
async fn an_unlinked_identity_opens_the_account_no_more() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    ada.get(&begun(&ada, "old").await).await.is_found();
    let old = identities(&ada).await.pop().expect("the newest");
    ada.delete(&format!("/api/auth/identities/{}", text(&old["id"]))).await.is(204);
    assert_ne!(world.person("old").await.id, ada.id);
}

//! Slips: each time a food was eaten.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::world::{Person, Reply, World, text};

#[tokio::test]
async fn a_slip_says_when_and_why_and_all_of_it_is_optional() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let path = format!("/api/reviews/2026-03-10/slips/{}", Uuid::new_v4());
    let slip = json!({ "food_id": food, "time": "23:30", "craving": 7, "trigger": "stress", "amount": "half a bowl", "note": "늦은 밤" });
    let answer = ada.put(&path, slip.clone()).await.created();
    for (name, value) in slip.as_object().expect("an object") {
        assert_eq!(&answer["slip"][name], value, "{name}");
    }
    assert_eq!(answer["streaks"][0]["current_streak"], 0);
    assert_eq!(ada.get("/api/reviews/2026-03-10").await.ok()["slips"][0], answer["slip"]);
    assert_eq!(ada.put(&path, slip).await.ok(), answer, "sent again it is the same slip");
    let bare = ada.put(&path, json!({ "food_id": food })).await.ok();
    assert_eq!((&bare["slip"]["time"], &bare["slip"]["note"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_slip_put_under_another_date_or_food_moves_there() {
    let ada = World::new().await.person("ada").await;
    let (ramen, soda) = (ada.food_since("2026-03-01").await, ada.food_since("2026-03-01").await);
    let id = Uuid::new_v4();
    ada.put(&format!("/api/reviews/2026-03-10/slips/{id}"), json!({ "food_id": ramen })).await.created();
    ada.put(&format!("/api/reviews/2026-03-05/slips/{id}"), json!({ "food_id": soda })).await.ok();
    assert_eq!(ada.streak(&ramen).await["current_streak"], 10);
    assert_eq!(ada.streak(&soda).await["current_streak"], 5);
    ada.get("/api/reviews/2026-03-10").await.problem(404, "not-found");
}

#[tokio::test]
async fn a_deleted_slip_gives_its_day_back_also_after_the_day_was_closed() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let slip = ada.slip("2026-03-05", &food).await;
    tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    assert_eq!(ada.streak(&food).await["current_streak"], 5);
    ada.delete(&slip).await.is(204);
    assert_eq!(ada.streak(&food).await["current_streak"], 10);
    ada.delete(&slip).await.problem(404, "not-found");
}

#[tokio::test]
async fn a_slip_of_a_deleted_food_waits_there_until_it_is_restored() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let (ramen, soda) = (ada.food_since("2026-03-01").await, ada.food_since("2026-03-01").await);
    let slip = ada.slip("2026-03-05", &ramen).await;
    tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    ada.delete(&format!("/api/foods/{ramen}")).await.is(204);
    ada.put(&slip, json!({ "food_id": soda })).await.problem(404, "not-found");
    ada.delete(&slip).await.problem(404, "not-found");
    ada.send(ada.request(reqwest::Method::POST, &format!("/api/foods/{ramen}/restore"))).await.ok();
    assert_eq!(ada.streak(&ramen).await["current_streak"], 5);
    assert_eq!(ada.streak(&soda).await["current_streak"], 10);
}

#[tokio::test]
async fn fifty_slips_a_day_are_enough() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    for _ in 0..50 {
        ada.slip("2026-03-10", &food).await;
    }
    let path = format!("/api/reviews/2026-03-10/slips/{}", Uuid::new_v4());
    ada.put(&path, json!({ "food_id": food })).await.fault("/food_id", "too-many-slips");
    ada.slip("2026-03-09", &food).await;
}

/// Records a slip of today, maybe under a key.
async fn quick(person: &Person, body: Value, key: Option<&str>) -> Reply {
    let request = person.request(Method::POST, "/api/reviews/slips").json(&body);
    let request = key.into_iter().fold(request, |request, key| request.header("idempotency-key", key));
    person.send(request).await
}

#[tokio::test]
async fn one_request_without_an_id_records_a_slip_of_this_moment() {
    let world = World::at("2026-03-11T16:30:45Z").await; // 01:30 in Seoul, and a day that begins at four
    let mut ada = world.stranger();
    ada.sign_in("ada", "Asia/Seoul").await;
    ada.patch("/api/auth/me", json!({ "day_start": "04:00" })).await.ok();
    let food = ada.food_since("2026-03-01").await;
    let answer = quick(&ada, json!({ "food_id": food, "time": "now", "trigger": "stress" }), None).await.created();
    assert_eq!((&answer["slip"]["date"], &answer["slip"]["time"]), (&json!("2026-03-11"), &json!("01:30")));
    assert_eq!(answer["streaks"][0]["current_streak"], 0);
    assert_eq!(ada.get("/api/reviews/2026-03-11").await.ok()["slips"], json!([answer["slip"]]));
    quick(&ada, json!({ "food_id": food }), None).await.created();
    let slips = ada.get("/api/reviews/2026-03-11").await.ok()["slips"].clone();
    assert_eq!(slips.as_array().map(Vec::len), Some(2), "another request is another slip");
}

#[tokio::test]
async fn the_same_key_records_one_slip_however_often_and_late_it_is_sent() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let (ramen, soda) = (ada.food_since("2026-03-01").await, bob.food_since("2026-03-01").await);
    let body = json!({ "food_id": ramen, "time": "now" });
    let answer = quick(&ada, body.clone(), Some("button-1")).await.created();
    assert_eq!(quick(&ada, body.clone(), Some("button-1")).await.ok(), answer);
    world.days_pass(1);
    assert_eq!(quick(&ada, body.clone(), Some("button-1")).await.ok()["slip"], answer["slip"]);
    quick(&ada, body, Some("button-2")).await.created();
    quick(&bob, json!({ "food_id": soda }), Some("button-1")).await.created();
    assert_eq!(ada.get("/api/reviews/2026-03-11").await.ok()["slips"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_slip_that_was_taken_back_stays_so_when_its_request_comes_once_more() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let (ramen, soda) = (ada.food_since("2026-03-01").await, ada.food_since("2026-03-01").await);
    let body = json!({ "food_id": ramen });
    let answer = quick(&ada, body.clone(), Some("button-1")).await.created();
    ada.delete(&format!("/api/reviews/2026-03-11/slips/{}", text(&answer["slip"]["id"]))).await.is(204);
    let again = quick(&ada, body.clone(), Some("button-1")).await.ok();
    assert_eq!((&again["slip"], &again["streaks"][0]["slip_days"]), (&answer["slip"], &json!(0)));
    ada.get("/api/reviews/2026-03-11").await.problem(404, "not-found");
    // Of a food that was deleted it is the same.
    let body = json!({ "food_id": soda });
    let answer = quick(&ada, body.clone(), Some("button-2")).await.created();
    ada.delete(&format!("/api/foods/{soda}")).await.is(204);
    let again = quick(&ada, body, Some("button-2")).await.ok();
    assert_eq!((&again["slip"], &again["streaks"]), (&answer["slip"], &json!([])));
    // A week later it is forgotten.
    world.days_pass(8);
    tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    quick(&ada, json!({ "food_id": ramen }), Some("button-1")).await.created();
}

#[tokio::test]
async fn what_a_slip_of_this_moment_cannot_take_is_named() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let faults = [
        (json!({ "food_id": food, "time": "soon" }), None, "time-invalid"),
        (json!({ "food_id": Uuid::new_v4() }), None, "food-not-found"),
        (json!({ "food_id": food, "date": "2026-03-01" }), None, "field-unknown"),
        (json!({ "food_id": food }), Some("k".repeat(65)), "text-too-long"),
        (json!({ "food_id": food }), Some(String::new()), "value-invalid"),
    ];
    for (body, key, code) in faults {
        quick(&ada, body, key.as_deref()).await.problem(422, code);
    }
    ada.get("/api/reviews/2026-03-11").await.problem(404, "not-found");
}

//! Slips: each time a food was eaten.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::world::World;

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

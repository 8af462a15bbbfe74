//! The first screen in one call.

use serde_json::{Value, json};

use crate::support::world::World;

#[tokio::test]
async fn one_call_shows_the_whole_first_screen() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let today = ada.get("/api/streaks/today").await.ok();
    assert_eq!((&today["as_of"], &today["next_day_at"]), (&json!("2026-03-11"), &json!("2026-03-12T00:00:00Z")));
    assert_eq!(today["me"], ada.get("/api/auth/me").await.ok());
    assert_eq!(today["foods"][0]["food"], ada.get(&format!("/api/foods/{food}")).await.ok());
    assert_eq!(today["foods"][0]["streak"], ada.streak(&food).await);
    assert_eq!(today["review"], Value::Null);
    ada.review("2026-03-11", &food, "kept").await;
    let today = ada.get("/api/streaks/today").await.ok();
    assert_eq!(today["review"], ada.get("/api/reviews/2026-03-11").await.ok());
}

#[tokio::test]
async fn yesterday_waits_for_the_foods_that_it_says_nothing_of() {
    let ada = World::new().await.person("ada").await;
    let (ramen, soda) = (ada.food_since("2026-03-01").await, ada.food_since("2026-03-01").await);
    let new = ada.food_since("2026-03-11").await;
    ada.slip("2026-03-10", &ramen).await;
    let pending = ada.get("/api/streaks/today").await.ok()["pending"].clone();
    assert_eq!(pending, json!({ "date": "2026-03-10", "food_ids": [soda] }), "not {new}, which began today");
    ada.review("2026-03-10", &soda, "kept").await;
    assert_eq!(ada.get("/api/streaks/today").await.ok()["pending"], Value::Null);
}

//! Ranges of days off: a holiday in one request.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::world::{Person, World};

async fn skip(ada: &Person, from: &str, to: &str) -> String {
    let path = format!("/api/reviews/skips/{}", Uuid::new_v4());
    ada.put(&path, json!({ "from": from, "to": to })).await.created();
    path
}

async fn counts(ada: &Person, food: &str) -> [u64; 4] {
    let streak = ada.streak(food).await;
    ["current_streak", "longest_streak", "kept_days", "skipped_days"]
        .map(|name| streak[name].as_u64().expect("a count"))
}

#[tokio::test]
async fn a_holiday_adds_nothing_breaks_nothing_and_gives_way_to_what_is_recorded() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let holiday = skip(&ada, "2026-03-08", "2026-03-14").await;
    assert_eq!(counts(&ada, &food).await, [7, 7, 7, 4], "03-08 to today");
    ada.review("2026-03-09", &food, "kept").await;
    assert_eq!(counts(&ada, &food).await, [8, 8, 8, 3]);
    ada.slip("2026-03-10", &food).await;
    assert_eq!(counts(&ada, &food).await, [0, 8, 8, 2]);
    ada.delete(&holiday).await.is(204);
    assert_eq!(counts(&ada, &food).await, [0, 9, 9, 0], "the days are as they were");
    ada.delete(&holiday).await.problem(404, "not-found");
}

#[tokio::test]
async fn a_food_that_is_off_all_the_time_has_no_share_of_days_kept() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    skip(&ada, "2026-02-01", "2026-03-20").await;
    assert_eq!(counts(&ada, &food).await, [0, 0, 0, 11]);
    assert_eq!(ada.streak(&food).await["success_rate"], Value::Null);
    ada.patch(&format!("/api/foods/{food}"), json!({ "start_date": "2026-03-11" })).await.ok();
}

#[tokio::test]
async fn a_tick_in_a_holiday_and_an_edit_after_it_change_no_number() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let holiday = skip(&ada, "2026-03-05", "2026-03-20").await;
    skip(&ada, "2026-03-18", "2026-03-25").await;
    tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    world.days_pass(20);
    let before = ada.streak(&food).await;
    tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    assert_eq!(ada.streak(&food).await, before);
    assert_eq!(counts(&ada, &food).await, [9, 9, 9, 21]);
    ada.put(&holiday, json!({ "from": "2026-03-05", "to": "2026-03-06" })).await.ok();
    assert_eq!(counts(&ada, &food).await, [20, 20, 20, 10]);
}

#[tokio::test]
async fn a_range_is_for_the_foods_it_names_else_for_those_that_are_active() {
    let ada = World::new().await.person("ada").await;
    let (ramen, soda) = (ada.food_since("2026-03-01").await, ada.food_since("2026-03-01").await);
    let path = format!("/api/reviews/skips/{}", Uuid::new_v4());
    let named = json!({ "from": "2026-03-10", "to": "2026-03-10", "food_ids": [soda], "note": "wedding" });
    let answer = ada.put(&path, named.clone()).await.created();
    assert_eq!(ada.put(&path, named).await.ok(), answer, "sent again it is the same range");
    assert_eq!((counts(&ada, &ramen).await[0], counts(&ada, &soda).await[0]), (10, 9));
    skip(&ada, "2026-03-09", "2026-03-09").await;
    let later = ada.food_since("2026-03-01").await;
    assert_eq!((counts(&ada, &ramen).await[0], counts(&ada, &later).await[0]), (9, 10));
    let skips = ada.get("/api/reviews/skips").await.ok();
    assert_eq!(skips["skips"][0], answer["skip"]);
    let today = ada.get("/api/streaks/today").await.ok();
    assert_eq!(today["pending"]["food_ids"], json!([ramen, later]), "a day off waits for nothing");
    let calendar = ada.get(&format!("/api/streaks/{soda}/calendar?from=2026-03-10&to=2026-03-10")).await.ok();
    assert_eq!(calendar["days"][0]["status"], "skipped");
}

#[tokio::test]
async fn a_deleted_food_is_restored_with_its_days_off_and_without_those_deleted_meanwhile() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let (kept, gone) = (skip(&ada, "2026-03-03", "2026-03-04").await, skip(&ada, "2026-03-06", "2026-03-07").await);
    tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    ada.delete(&format!("/api/foods/{food}")).await.is(204);
    ada.put(&kept, json!({ "from": "2026-03-03", "to": "2026-03-03", "food_ids": [] })).await.ok();
    ada.delete(&gone).await.is(204);
    ada.send(ada.request(reqwest::Method::POST, &format!("/api/foods/{food}/restore"))).await.ok();
    assert_eq!(counts(&ada, &food).await, [9, 9, 9, 1]);
}

#[tokio::test]
async fn a_range_can_be_sent_as_it_was_read_when_one_of_its_foods_was_archived_before_it() {
    let ada = World::new().await.person("ada").await;
    let (ramen, soda) = (ada.food_since("2026-03-01").await, ada.food_since("2026-03-01").await);
    let path = skip(&ada, "2026-03-20", "2026-03-22").await;
    ada.patch(&format!("/api/foods/{soda}"), json!({ "archived": true })).await.ok();
    let mut range = ada.get("/api/reviews/skips").await.ok()["skips"][0].clone();
    range.as_object_mut().expect("a range").remove("id");
    range["to"] = json!("2026-03-21");
    let stored = ada.put(&path, range.clone()).await.ok();
    assert_eq!(stored["skip"]["food_ids"].as_array().map(Vec::len), Some(2));
    let other = format!("/api/reviews/skips/{}", Uuid::new_v4());
    let new = json!({ "from": "2026-03-20", "to": "2026-03-20", "food_ids": [ramen, soda] });
    ada.put(&other, new).await.fault("/food_ids/1", "food-archived");
}

#[tokio::test]
async fn ranges_have_limits() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let put = async |body: Value| ada.put(&format!("/api/reviews/skips/{}", Uuid::new_v4()), body).await;
    put(json!({ "from": "2026-03-02", "to": "2026-03-01" })).await.fault("/to", "range-invalid");
    put(json!({ "from": "2026-03-01", "to": "2026-06-01" })).await.fault("/to", "skip-too-long");
    put(json!({ "from": "2026-03-01", "to": "2026-05-31" })).await.created();
    put(json!({ "from": "2027-03-13", "to": "2027-03-13" })).await.fault("/to", "skip-too-far");
    put(json!({ "from": "2027-03-12", "to": "2027-03-12" })).await.created();
    let unknown = json!({ "from": "2026-03-01", "to": "2026-03-01", "food_ids": [food, Uuid::new_v4()] });
    put(unknown).await.fault("/food_ids/1", "food-not-found");
    put(json!({ "from": "2026-03-01", "to": "2026-03-01", "food_ids": [food, food] }))
        .await
        .fault("/food_ids/1", "field-twice");
    for _ in 0..98 {
        put(json!({ "from": "2026-03-01", "to": "2026-03-01" })).await.created();
    }
    put(json!({ "from": "2026-03-01", "to": "2026-03-01" })).await.problem(409, "too-many-skips");
}

//! The foods a person quits.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    data::{export, import},
    support::world::{World, text},
};

#[tokio::test]
async fn only_a_name_is_needed_and_it_begins_today() {
    let ada = World::new().await.person("ada").await;
    let reply = ada.post("/api/foods", json!({ "name": " 라면 " })).await;
    let food = reply.created();
    assert_eq!(reply.location(), format!("/api/foods/{}", text(&food["id"])));
    assert_eq!(
        (&food["name"], &food["start_date"], &food["counting"]),
        (&json!("라면"), &json!("2026-03-11"), &json!("assume"))
    );
    assert_eq!(ada.get(&reply.location()).await.ok(), food);
    assert_eq!(ada.get("/api/foods").await.ok(), json!({ "foods": [food] }));
}

#[tokio::test]
async fn everything_a_food_can_hold_comes_back_as_it_was_sent() {
    let ada = World::new().await.person("ada").await;
    let body = json!({
        "name": "탄산음료", "icon": "🥤", "color": "#aa33cc", "start_date": "2025-12-31", "counting": "confirm",
        "goal_days": 66, "motivation": "sleep\nteeth", "price_per_day": "1500", "currency": "KRW",
    });
    let food = ada.post("/api/foods", body.clone()).await.created();
    for (name, value) in body.as_object().expect("an object") {
        assert_eq!(&food[name], value, "{name}");
    }
}

#[tokio::test]
async fn a_food_created_again_with_its_id_is_no_second_food() {
    let ada = World::new().await.person("ada").await;
    let body = json!({ "id": Uuid::new_v4(), "name": "sugar" });
    let food = ada.post("/api/foods", body.clone()).await.created();
    let path = format!("/api/foods/{}", text(&food["id"]));
    ada.patch(&path, json!({ "name": "white sugar" })).await.ok();
    assert_eq!(ada.post("/api/foods", body.clone()).await.ok()["name"], "white sugar", "as it is now");
    let other = json!({ "id": body["id"], "name": "salt" });
    ada.post("/api/foods", other).await.problem(409, "food-exists");
    assert_eq!(ada.get("/api/foods").await.ok()["foods"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn an_icon_is_one_grapheme_however_many_bytes_it_takes() {
    let ada = World::new().await.person("ada").await;
    for icon in ["👨‍👩‍👧‍👦", "🇰🇷", "☕️", "🏃🏽‍♀️", "각", "A"] {
        let id = ada.food(json!({ "name": "sugar", "icon": icon })).await;
        assert_eq!(ada.get(&format!("/api/foods/{id}")).await.ok()["icon"], icon);
    }
    let long = format!("a{}", "\u{301}".repeat(33));
    for icon in ["AB", "ABCDEF", "🍜🥤", "🇰🇷🇯🇵", &long] {
        ada.post("/api/foods", json!({ "name": "sugar", "icon": icon })).await.fault("/icon", "text-too-long");
    }
}

#[tokio::test]
async fn a_change_keeps_what_is_absent_and_clears_what_is_null() {
    let ada = World::new().await.person("ada").await;
    let id = ada.food(json!({ "name": "sugar", "icon": "🍬", "goal_days": 30 })).await;
    let changed = ada.patch(&format!("/api/foods/{id}"), json!({ "goal_days": null, "color": "#00FF00" })).await.ok();
    assert_eq!(
        (&changed["icon"], &changed["goal_days"], &changed["color"]),
        (&json!("🍬"), &Value::Null, &json!("#00ff00"))
    );
}

#[tokio::test]
async fn a_start_moves_earlier_freely_and_later_only_up_to_the_first_record() {
    let ada = World::new().await.person("ada").await;
    let id = ada.food_since("2026-03-01").await;
    let path = format!("/api/foods/{id}");
    ada.patch(&path, json!({ "start_date": "2025-11-16" })).await.ok();
    assert_eq!(ada.streak(&id).await["current_streak"], 115);
    ada.slip("2026-03-05", &id).await;
    ada.patch(&path, json!({ "start_date": "2026-03-05" })).await.ok();
    let problem =
        ada.patch(&path, json!({ "start_date": "2026-03-06" })).await.problem(409, "start-date-after-history");
    assert_eq!(problem["detail"], "There is a record on March 5, so the start can't move past it.");
    assert_eq!(problem["errors"][0]["pointer"], "/start_date");
    assert_eq!(ada.get(&path).await.ok()["start_date"], "2026-03-05");
}

#[tokio::test]
async fn a_deleted_food_is_gone_and_restored_it_is_as_if_never_deleted() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let id = ada.food_since("2026-03-01").await;
    ada.slip("2026-03-05", &id).await;
    let (path, before) = (format!("/api/foods/{id}"), ada.streak(&id).await);
    ada.delete(&path).await.is(204);
    ada.get(&path).await.problem(404, "not-found");
    ada.get(&format!("/api/streaks/{id}")).await.problem(404, "not-found");
    ada.get("/api/reviews/2026-03-05").await.problem(404, "not-found");
    assert_eq!(ada.get("/api/foods?state=deleted").await.ok()["foods"][0]["id"], id);
    let review = json!({ "foods": [{ "food_id": id, "outcome": "kept" }] });
    ada.put("/api/reviews/2026-03-05", review).await.fault("/foods/0/food_id", "food-not-found");
    ada.send(ada.request(reqwest::Method::POST, &format!("{path}/restore"))).await.ok();
    assert_eq!(ada.streak(&id).await, before);
}

#[tokio::test]
async fn a_food_can_be_restored_for_thirty_days_and_is_then_erased() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let id = ada.food_since("2026-03-01").await;
    ada.delete(&format!("/api/foods/{id}")).await.is(204);
    world.days_pass(30);
    let ada = world.person("ada").await;
    ada.send(ada.request(reqwest::Method::POST, &format!("/api/foods/{id}/restore"))).await.problem(404, "not-found");
    tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    let (left,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM foods").fetch_one(world.db()).await.expect("a count");
    assert_eq!(left, 0);
}

#[tokio::test]
async fn foods_come_in_the_order_they_are_put_in() {
    let ada = World::new().await.person("ada").await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d"] {
        ids.push(ada.food(json!({ "name": name })).await);
    }
    ada.put("/api/foods/order", json!({ "ids": [ids[2], ids[0]] })).await.is(204);
    let foods = ada.get("/api/foods").await.ok();
    let names: Vec<&str> =
        foods["foods"].as_array().expect("foods").iter().filter_map(|food| food["name"].as_str()).collect();
    assert_eq!(names, ["c", "a", "b", "d"]);
    ada.put("/api/foods/order", json!({ "ids": [ids[0], ids[0]] })).await.fault("/ids/1", "field-twice");
    ada.put("/api/foods/order", json!({ "ids": [Uuid::new_v4()] })).await.fault("/ids/0", "food-not-found");
}

#[tokio::test]
async fn two_hundred_foods_are_enough_even_when_two_come_at_once() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    for name in 0..199 {
        ada.food(json!({ "name": name.to_string() })).await;
    }
    let (one, two) =
        tokio::join!(ada.post("/api/foods", json!({ "name": "x" })), ada.post("/api/foods", json!({ "name": "y" })));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort();
    assert_eq!(statuses, [201, 409], "{} {}", one.body, two.body);
    ada.post("/api/foods", json!({ "name": "z" })).await.problem(409, "too-many-foods");
}

#[tokio::test]
async fn foods_created_and_deleted_in_a_loop_come_to_an_end() {
    let world = World::new().await;
    let (ada, eve) = (world.person("ada").await, world.person("eve").await);
    let at = "2026-03-10T00:00:00Z";
    let deleted = |index| {
        json!({ "id": Uuid::from_u64_pair(1, index), "name": "tea", "start_date": "2026-03-01", "counting": "assume",
                "deleted_at": at, "created_at": at, "updated_at": at })
    };
    let archive =
        |count| json!({ "format": "hanip", "version": 1, "foods": (0..count).map(deleted).collect::<Vec<_>>() });
    import(&ada, &archive(999)).await;
    let last = ada.food(json!({ "name": "tea" })).await;
    ada.delete(&format!("/api/foods/{last}")).await.is(204);
    ada.post("/api/foods", json!({ "name": "coffee" })).await.problem(409, "too-many-deleted");
    ada.post("/api/data/import", archive(1000)).await.problem(409, "too-many-deleted");
    ada.send(ada.request(Method::POST, &format!("/api/foods/{last}/restore"))).await.ok();
    import(&eve, &export(&ada).await).await;
}

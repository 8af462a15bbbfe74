//! The examples of what a count is, and the calendar that shows it.

mod days;
mod feed;
mod http_laws;
mod looking_back;
mod stats;
mod streak_laws;
mod today;
pub mod zones;

use serde_json::{Value, json};

use crate::support::world::{Person, World};

/// (current, longest, kept, day_number)
async fn counts(ada: &Person, food: &str) -> [u64; 4] {
    let streak = ada.streak(food).await;
    ["current_streak", "longest_streak", "kept_days", "day_number"].map(|name| streak[name].as_u64().expect("a count"))
}

#[tokio::test]
async fn on_its_first_day_a_food_counts_nothing_yet() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food_since("2026-03-11").await;
    assert_eq!(counts(&ada, &food).await, [0, 0, 0, 1]);
    assert_eq!(ada.streak(&food).await["success_rate"], Value::Null);
}

#[tokio::test]
async fn silence_is_success_where_it_is_assumed() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    assert_eq!(counts(&ada, &food).await, [10, 10, 10, 11]);
    ada.review("2026-03-11", &food, "kept").await;
    assert_eq!(counts(&ada, &food).await, [11, 11, 11, 11], "today counts once it is reviewed");
}

#[tokio::test]
async fn a_slip_ends_the_run_and_takes_its_day_but_nothing_else() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    ada.slip("2026-03-05", &food).await;
    assert_eq!(counts(&ada, &food).await, [5, 5, 9, 11]);
    ada.review("2026-03-08", &food, "skipped").await;
    assert_eq!(counts(&ada, &food).await, [4, 4, 8, 11], "a day off neither adds nor breaks");
    ada.slip("2026-03-11", &food).await;
    assert_eq!(counts(&ada, &food).await, [0, 4, 8, 11], "best and total stay");
}

#[tokio::test]
async fn where_days_are_confirmed_only_reviewed_ones_count() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food(json!({ "name": "ramen", "start_date": "2026-03-01", "counting": "confirm" })).await;
    assert_eq!(counts(&ada, &food).await, [0, 0, 0, 11]);
    assert_eq!(ada.streak(&food).await["missing_days"], 10);
    for day in ["2026-03-03", "2026-03-04", "2026-03-09", "2026-03-10"] {
        ada.review(day, &food, "kept").await;
    }
    assert_eq!(counts(&ada, &food).await, [2, 2, 4, 11]);
    assert_eq!(ada.streak(&food).await["confirmed_days"], 4);
}

#[tokio::test]
async fn a_slip_is_stronger_than_a_kept_review_and_two_slips_are_one_day() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    ada.review("2026-03-05", &food, "kept").await;
    ada.slip("2026-03-05", &food).await;
    ada.slip("2026-03-05", &food).await;
    assert_eq!(counts(&ada, &food).await, [5, 5, 9, 11]);
    assert_eq!(ada.streak(&food).await["slip_days"], 1);
}

#[tokio::test]
async fn a_day_off_yesterday_or_today_changes_no_run() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    ada.review("2026-03-10", &food, "skipped").await;
    assert_eq!(counts(&ada, &food).await, [9, 9, 9, 11]);
    ada.put("/api/reviews/2026-03-10", json!({ "foods": [{ "food_id": food, "outcome": null }] })).await.ok();
    ada.review("2026-03-11", &food, "skipped").await;
    assert_eq!(counts(&ada, &food).await, [10, 10, 10, 11]);
}

#[tokio::test]
async fn a_note_is_no_outcome_and_a_missing_yesterday_still_waits() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food(json!({ "name": "ramen", "start_date": "2026-03-01", "counting": "confirm" })).await;
    for day in ["2026-03-07", "2026-03-08", "2026-03-09"] {
        ada.review(day, &food, "kept").await;
    }
    ada.put("/api/reviews/2026-03-10", json!({ "note": "a long day" })).await.created();
    assert_eq!(counts(&ada, &food).await, [0, 3, 3, 11]);
    assert_eq!(ada.streak(&food).await["current_if_yesterday_kept"], 4);
}

#[tokio::test]
async fn the_way_of_counting_applies_to_all_of_history_and_switching_back_loses_nothing() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let path = format!("/api/foods/{food}");
    ada.patch(&path, json!({ "counting": "confirm" })).await.ok();
    assert_eq!(counts(&ada, &food).await, [0, 0, 0, 11]);
    ada.patch(&path, json!({ "counting": "assume" })).await.ok();
    assert_eq!(counts(&ada, &food).await, [10, 10, 10, 11]);
}

#[tokio::test]
async fn milestones_have_the_day_that_reached_them_and_the_next_its_distance() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food(json!({ "name": "ramen", "start_date": "2026-03-01", "goal_days": 10 })).await;
    let streak = ada.streak(&food).await;
    let reached = |days: u32, on: &str| json!({ "days": days, "reached_on": on });
    let expected =
        [reached(1, "2026-03-01"), reached(3, "2026-03-03"), reached(7, "2026-03-07"), reached(10, "2026-03-10")];
    assert_eq!(streak["milestones"], json!(expected));
    assert_eq!(streak["goal_reached_on"], "2026-03-10");
    assert_eq!(streak["next_milestone"], json!({ "days": 14, "remaining": 4, "on": "2026-03-14" }));
}

#[tokio::test]
async fn the_share_of_days_kept_and_the_money_saved_follow_the_days() {
    let ada = World::new().await.person("ada").await;
    let food = json!({ "name": "ramen", "start_date": "2026-03-05", "price_per_day": "1.50", "currency": "EUR" });
    let food = ada.food(food).await;
    ada.slip("2026-03-06", &food).await;
    let streak = ada.streak(&food).await;
    assert_eq!(streak["success_rate"], 0.8333, "5 of 6");
    assert_eq!(streak["saved"], json!({ "amount": "7.50", "currency": "EUR" }));
}

#[tokio::test]
async fn a_count_needs_no_tick_for_four_hundred_days() {
    let world = World::new().await;
    let food = world.person("ada").await.food_since("2026-03-11").await;
    world.days_pass(400);
    let ada = world.person("ada").await;
    assert_eq!(counts(&ada, &food).await, [400, 400, 400, 401]);
    ada.slip("2026-06-01", &food).await;
    assert_eq!(counts(&ada, &food).await, [317, 317, 399, 401]);
}

#[tokio::test]
async fn the_calendar_shows_every_date_from_the_start_to_today() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food_since("2026-03-08").await;
    ada.slip("2026-03-09", &food).await;
    ada.slip("2026-03-09", &food).await;
    let calendar = ada.get(&format!("/api/streaks/{food}/calendar?from=2026-02-01&to=2026-04-30")).await.ok();
    let day = |date: &str, status: &str, recorded: bool, slips: u32| json!({ "date": date, "status": status, "recorded": recorded, "slips": slips });
    let days = [
        day("2026-03-08", "kept", false, 0),
        day("2026-03-09", "slipped", true, 2),
        day("2026-03-10", "kept", false, 0),
        day("2026-03-11", "open", false, 0),
    ];
    assert_eq!(calendar, json!({ "days": days }));
}

#[tokio::test]
async fn an_archived_food_is_counted_as_of_the_day_it_was_archived() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let path = format!("/api/foods/{food}");
    ada.patch(&path, json!({ "archived": true })).await.ok();
    world.days_pass(5);
    let streak = ada.streak(&food).await;
    assert_eq!((&streak["as_of"], &streak["current_streak"]), (&json!("2026-03-11"), &json!(10)));
    assert_eq!(ada.get("/api/streaks").await.ok()["streaks"], json!([]));
    let late = json!({ "foods": [{ "food_id": food, "outcome": "kept" }] });
    ada.put("/api/reviews/2026-03-12", late.clone()).await.fault("/foods/0/food_id", "food-archived");
    let on_its_last_day = ada.put("/api/reviews/2026-03-11", late.clone()).await.created();
    assert_eq!(on_its_last_day["streaks"], json!([ada.streak(&food).await]), "what was recorded since is found");
    assert_eq!(on_its_last_day["streaks"][0]["current_streak"], 11);
    ada.put("/api/reviews/2026-03-10", late).await.created();
    ada.patch(&path, json!({ "archived": false })).await.ok();
    assert_eq!(counts(&ada, &food).await, [15, 15, 15, 16], "brought back, it resumes by the ordinary rules");
}

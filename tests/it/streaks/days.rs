//! Days are labels: the zone says which is today, and nothing else.

use chrono::TimeDelta;
use serde_json::json;

use crate::support::{compare::Differences, diarist::Diarist, proxy::Random, world::World, writers::times};

#[tokio::test]
async fn today_is_the_persons_own() {
    let world = World::at("2026-03-11T20:00:00Z").await;
    let ada = world.person("ada").await;
    for (zone, day_start, today) in [
        ("Asia/Seoul", "00:00", "2026-03-12"),
        ("Asia/Seoul", "06:00", "2026-03-11"),
        ("America/Los_Angeles", "00:00", "2026-03-11"),
        ("Pacific/Kiritimati", "00:00", "2026-03-12"),
        ("Asia/Kathmandu", "02:00", "2026-03-11"),
    ] {
        ada.patch("/api/auth/me", json!({ "time_zone": zone, "day_start": day_start })).await.ok();
        assert_eq!(ada.get("/api/streaks").await.ok()["as_of"], today, "{zone} from {day_start}");
    }
}

#[tokio::test]
async fn flying_west_the_same_day_comes_again_and_its_review_is_edited() {
    let world = World::at("2026-03-11T20:00:00Z").await;
    let mut ada = world.stranger();
    ada.sign_in("ada", "Asia/Seoul").await;
    let food = ada.food_since("2026-03-01").await;
    ada.review("2026-03-12", &food, "kept").await;
    assert_eq!(ada.streak(&food).await["current_streak"], 12);
    ada.patch("/api/auth/me", json!({ "time_zone": "America/Los_Angeles" })).await.ok();
    assert_eq!(ada.streak(&food).await["current_streak"], 10, "03-12 has not come here yet");
    world.days_pass(1);
    let again = ada.put("/api/reviews/2026-03-12", json!({ "foods": [{ "food_id": food, "outcome": "kept" }] })).await;
    again.ok();
    assert_eq!(ada.streak(&food).await["current_streak"], 12, "nothing lost, nothing doubled");
}

#[tokio::test]
async fn a_food_sent_again_after_flying_west_is_still_the_same_food() {
    let world = World::at("2026-03-11T12:00:00Z").await;
    let mut ada = world.stranger();
    ada.sign_in("ada", "Pacific/Kiritimati").await;
    let body = json!({ "id": uuid::Uuid::new_v4(), "name": "ramen", "start_date": "2026-03-12" });
    ada.post("/api/foods", body.clone()).await.created();
    ada.patch("/api/auth/me", json!({ "time_zone": "Pacific/Niue" })).await.ok();
    ada.post("/api/foods", body).await.ok();
}

#[tokio::test]
async fn a_food_begun_before_flying_west_counts_nothing_until_its_day_comes() {
    let world = World::at("2026-03-11T20:00:00Z").await;
    let mut ada = world.stranger();
    ada.sign_in("ada", "Asia/Seoul").await;
    let food = ada.food(json!({ "name": "ramen" })).await;
    ada.patch("/api/auth/me", json!({ "time_zone": "America/Los_Angeles" })).await.ok();
    let streak = ada.streak(&food).await;
    assert_eq!((&streak["day_number"], &streak["today"]), (&json!(0), &json!(null)));
    ada.patch("/api/auth/me", json!({ "time_zone": "Asia/Seoul" })).await.ok();
    assert_eq!(ada.streak(&food).await["day_number"], 1);
}

#[tokio::test]
async fn somebody_who_changes_zone_fifty_times_a_day_loses_and_doubles_nothing() {
    let (world, random, mut differences) = (World::new().await, Random::new(), Differences::default());
    let mut ada = Diarist::at(&world, "ada", 4, random.fork()).await;
    let (days, mut changes) = (times(14), 0);
    for _ in 0..days {
        for _ in 0..50 {
            world.app.clock.advance(TimeDelta::minutes(29));
            ada.travels().await;
            match random.below(6) {
                0 => _ = tick::run(&world.app, 1 + random.below(3) as u32).await.expect("a tick"),
                1 => ada.acts().await,
                _ => {}
            }
            changes += 1;
        }
        ada.stays_signed_in().await;
        let all_closed = random.below(2) == 0;
        while all_closed && tick::run(&world.app, tick::CHUNK).await.expect("a tick").remaining > 0 {}
        ada.compare(&world, all_closed, &mut differences).await;
    }
    let (labels, seed) = (ada.compare_labels().await, random.seed());
    println!("labels that a change of zone moved: 0 of {labels}, {changes} changes, seed {seed}");
    assert!(labels > 0);
    differences.are_none(&format!("{changes} changes of zone in {days} days, seed {seed}"));
}

//! Promises about those who write at the same moment, or twice.

use common::App;
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::{proxy::Random, world::World, writers::times};

#[tokio::test]
async fn eight_devices_and_eight_ticks_at_once_see_no_error_and_leave_the_numbers_right() {
    let (random, mut good, mut asked) = (Random::new(), 0, 0);
    for _ in 0..times(1) {
        let (fine, all) = eight_and_eight(&random).await;
        (good, asked) = (good + fine, asked + all);
    }
    println!("writes and ticks at once without an error: {good} of {asked}");
    assert_eq!(good, asked);
}

/// Fifteen days of writes and ticks in a world of their own; how many were fine, of how many.
async fn eight_and_eight(random: &Random) -> (usize, usize) {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let mut foods = Vec::new();
    for _ in 0..3 {
        foods.push(ada.food_since("2026-01-01").await);
    }
    // The tick is a process of its own: its pool is, too.
    let ticking = App { clock: world.app.clock.clone(), ..App::from_env(&world.env()).expect("settings") };
    let (mut good, mut asked) = (0, 0);
    for _ in 0..15 {
        world.days_pass(1);
        let ticks: JoinSet<_> = (0..8)
            .map(|_| {
                let app = ticking.clone();
                async move { tick::run(&app, tick::CHUNK).await.is_ok() }
            })
            .collect();
        let writes: JoinSet<_> = (0..16)
            .map(|write| {
                let (food, other) = (&foods[random.below(3) as usize], &foods[random.below(3) as usize]);
                let day = format!("/api/reviews/2026-03-{:02}", 1 + random.below(11));
                let outcome = ["kept", "skipped", "slipped"][random.below(3) as usize];
                let request = match write % 4 {
                    0 => ada
                        .request(Method::PUT, &day)
                        .json(&json!({ "foods": [{ "food_id": food, "outcome": outcome }] })),
                    1 => ada.request(Method::PATCH, &format!("/api/foods/{food}")).json(&json!({ "name": outcome })),
                    _ => ada
                        .request(Method::PUT, &format!("{day}/slips/{}", Uuid::new_v4()))
                        .json(&json!({ "food_id": other })),
                };
                async move { request.send().await.expect("an answer").status().is_success() }
            })
            .collect();
        let (ticks, writes) = tokio::join!(ticks.join_all(), writes.join_all());
        asked += ticks.len() + writes.len();
        good += ticks.into_iter().chain(writes).filter(|&is_good| is_good).count();
    }
    assert_eq!(tick::run(&ticking, tick::CHUNK).await.expect("a tick").remaining, 0);
    let cached = ada.get("/api/streaks").await.ok();
    for counting in ["confirm", "assume"] {
        for food in &foods {
            ada.patch(&format!("/api/foods/{food}"), json!({ "counting": counting })).await.ok();
        }
    }
    assert_eq!(ada.get("/api/streaks").await.ok(), cached, "as counted from the records alone");
    (good, asked)
}

#[tokio::test]
async fn what_is_sent_twice_changes_nothing() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let foods = json!([{ "food_id": food, "outcome": "kept", "note": "tea" }]);
    let [slip, range] = [(); 2].map(|()| Uuid::new_v4());
    let sent = [
        ("/api/reviews/2026-03-10".to_owned(), json!({ "mood": 4, "note": "a walk", "foods": foods })),
        (format!("/api/reviews/2026-03-05/slips/{slip}"), json!({ "food_id": food, "craving": 3, "note": "soup" })),
        (format!("/api/reviews/skips/{range}"), json!({ "from": "2026-03-07", "to": "2026-03-08" })),
    ];
    for (path, body) in &sent {
        let (first, before) = (ada.put(path, body.clone()).await.created(), checksums(&world).await);
        for _ in 0..times(20) {
            world.app.clock.advance(chrono::TimeDelta::minutes(1));
            assert_eq!(ada.put(path, body.clone()).await.ok(), first, "{path}");
        }
        assert_eq!(checksums(&world).await, before, "{path}");
        println!("PUTs of what is stored that change a row of {path}: 0 of {}", times(20));
    }
}

/// What the tables of records hold, in a number each.
async fn checksums(world: &World) -> Vec<(String, i64)> {
    let checksums = sqlx::query_as("CHECKSUM TABLE foods, counters, reviews, outcomes, slips, skips, skip_foods");
    checksums.fetch_all(world.db()).await.expect("rows")
}

//! Whatever becomes of ticks and clocks: at most one a reminder and date, and none is lost that was due in the last hour.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use common::App;
use serde_json::{Value, json};

use super::{Evening, instant, remind};
use crate::support::{proxy::Random, world::text};

#[tokio::test]
async fn later_than_an_hour_it_is_not_told_and_the_next_evening_is() {
    let evening = Evening::new().await;
    evening.reminded("ada", "UTC", "21:00").await;
    evening.at("2026-03-11T22:00:00Z");
    evening.tick().await.is(204);
    assert_eq!(evening.titles().await.len(), 1, "an hour late is in time");
    evening.at("2026-03-12T22:00:01Z");
    evening.tick().await.is(204);
    assert_eq!(evening.titles().await.len(), 0);
    evening.at("2026-03-20T21:30:00Z");
    evening.tick().await.is(204);
    assert_eq!(evening.titles().await.len(), 1, "after a week without a tick, that of this evening");
}

#[tokio::test]
async fn a_zone_that_changes_before_the_time_moves_it_and_one_that_changes_after_does_not_double_it() {
    let evening = Evening::new().await;
    let (ada, _) = evening.reminded("ada", "Asia/Seoul", "21:00").await;
    evening.at("2026-03-11T11:00:00Z"); // 20:00 in Seoul
    ada.patch("/api/auth/me", json!({ "time_zone": "Europe/London" })).await.ok();
    evening.at("2026-03-11T12:00:00Z");
    evening.tick().await.is(204);
    assert_eq!(evening.titles().await.len(), 0, "it is noon in London");
    evening.at("2026-03-11T21:00:00Z");
    evening.tick().await.is(204);
    assert_eq!(evening.titles().await.len(), 1);
    ada.patch("/api/auth/me", json!({ "time_zone": "America/New_York" })).await.ok();
    for hour in 0..6 {
        evening.at(&format!("2026-03-12T{hour:02}:00:00Z"));
        evening.tick().await.is(204);
    }
    assert_eq!(evening.titles().await.len(), 0, "nine came again on the same date");
}

#[tokio::test]
async fn what_was_due_before_the_zone_changed_is_told_by_a_late_tick() {
    let evening = Evening::new().await;
    let (ada, _) = evening.reminded("ada", "Asia/Seoul", "21:00").await;
    evening.at("2026-03-11T12:10:00Z");
    ada.patch("/api/auth/me", json!({ "time_zone": "Europe/London" })).await.ok();
    evening.tick().await.is(204);
    assert_eq!(evening.titles().await.len(), 1);
}

#[tokio::test]
async fn a_newer_zone_database_plans_anew() {
    let evening = Evening::new().await;
    evening.reminded("ada", "Asia/Seoul", "21:00").await;
    let wrong = "UPDATE reminders SET zones = '2000a', next_at = '2026-03-12 18:00'";
    sqlx::query(wrong).execute(evening.world.db()).await.expect("planned by an old database");
    evening.tick().await.is(204);
    evening.tick().await.is(204);
    let next: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("SELECT next_at FROM reminders").fetch_one(evening.world.db()).await.expect("a row");
    assert_eq!(next, instant("2026-03-12T12:00:00Z"));
    assert_eq!(evening.titles().await.len(), 1, "it is nine in Seoul now");
}

#[tokio::test]
async fn a_call_that_died_halfway_is_made_up_for_after_its_lease() {
    let evening = Evening::new().await;
    evening.reminded("ada", "UTC", "21:00").await;
    evening.at("2026-03-11T21:00:00Z");
    evening.tick().await.is(204);
    let first = evening.push.messages().await;
    // What a kill between the answer of the push service and the mark leaves.
    let dead =
        "UPDATE sends JOIN (SELECT ? AS payload) AS before_it SET due_at = '2026-03-11 21:02', outcome = 'pending',
                status = NULL, sends.payload = before_it.payload";
    sqlx::query(dead).bind(first[0]["payload"].to_string()).execute(evening.world.db()).await.expect("a claim");
    evening.at("2026-03-11T21:01:59Z");
    evening.tick().await.is(204);
    assert_eq!(evening.push.messages().await.len(), 0, "the lease holds");
    evening.at("2026-03-11T21:02:00Z");
    evening.tick().await.is(204);
    let second = evening.push.messages().await;
    assert_eq!((second.len(), &second[0]["topic"]), (1, &first[0]["topic"]), "it replaces the first on the device");
}

#[tokio::test]
async fn a_notification_at_which_a_process_dies_each_time_is_given_up_and_no_other_with_it() {
    let evening = Evening::new().await;
    for name in ["ada", "grace"] {
        evening.reminded(name, "UTC", "21:00").await;
    }
    evening.at("2026-03-11T21:00:00Z");
    evening.tick().await.is(204);
    let messages = evening.push.messages().await;
    // What nineteen or twenty kills leave: a claim each, and no mark.
    let dead = "UPDATE sends JOIN users USING (user_id)
                SET due_at = '2026-03-11 21:40', outcome = 'pending', status = NULL, sends.payload = ?,
                    attempts = IF(display_name = 'ada', 20, 19)";
    sqlx::query(dead).bind(messages[0]["payload"].to_string()).execute(evening.world.db()).await.expect("claims");
    evening.at("2026-03-11T21:40:00Z");
    evening.tick().await.is(204);
    assert_eq!(evening.push.messages().await.len(), 1, "the twentieth claim is the last that sends");
    let outcomes: Vec<(String, String)> = sqlx::query_as(
        "SELECT display_name, CAST(outcome AS CHAR) FROM sends JOIN users USING (user_id) ORDER BY display_name",
    )
    .fetch_all(evening.world.db())
    .await
    .expect("sends");
    assert_eq!(outcomes, [("ada", "failed"), ("grace", "sent")].map(|(name, outcome)| (name.into(), outcome.into())));
    evening.at("2026-03-11T21:50:00Z");
    evening.tick().await.is(204);
    assert_eq!(evening.push.messages().await.len(), 0);
}

/// Ticks come late, twice, at once in three processes, or not at all, through two changes of clocks.
#[tokio::test]
async fn hostile_ticks_tell_every_reminder_of_a_date_at_most_once() {
    let evening = Evening::new().await;
    let random = Random::new();
    let zones =
        ["Asia/Seoul", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"];
    for (index, zone) in zones.into_iter().enumerate() {
        let (person, _) = evening.reminded(&format!("person {index}"), zone, "21:00").await;
        remind(&person, json!({ "time": "02:30", "about": "review" })).await;
    }
    evening.at("2026-03-27T00:00:00Z"); // two days before clocks change in Europe, nine before they do in Australia
    let (mut told, mut last_tick) = (BTreeMap::<(String, String), usize>::new(), evening.world.now());
    let mut deliveries = 0;
    while evening.world.now() < instant("2026-04-07T00:00:00Z") {
        let minutes = 1 + random.below(if random.below(10) == 0 { 55 } else { 20 });
        evening.world.app.clock.advance(TimeDelta::minutes(minutes as i64));
        let at_once = 1 + random.below(3);
        let calls = (0..at_once).map(|_| {
            let app = App { db: evening.app.db.clone(), ..evening.app.clone() };
            let sender = evening.sender.clone();
            tokio::spawn(async move { reminders::run(&app, &sender).await })
        });
        for call in calls.collect::<Vec<_>>() {
            // One may have been rolled back beside another: the Trigger sends its event again.
            let _ = call.await.expect("no panic");
            deliveries += 1;
        }
        // What one left is done by the next.
        while !matches!(reminders::run(&evening.app, &evening.sender).await, Ok(0)) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert!(evening.world.now() - last_tick < TimeDelta::hours(1));
        last_tick = evening.world.now();
    }
    for message in evening.push.messages().await {
        let Value::Object(payload) = &message["payload"] else { panic!("{message}") };
        let key = (text(&payload["account"]) + &text(&payload["tag"]), text(&payload["date"]));
        *told.entry(key).or_default() += 1;
    }
    println!("{deliveries} deliveries, {} reminders told, seed {}", told.len(), random.seed());
    assert!(told.values().all(|times| *times == 1), "{told:?}, seed {}", random.seed());
    // 11 days of six people, twice a day, less what falls before the first and after the last tick.
    assert!(told.len() >= 10 * 2 * zones.len(), "{}, seed {}", told.len(), random.seed());
}

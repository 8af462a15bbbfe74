//! Channels: what they take, how they fail, and that nothing opens them but who stored them.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use axum::http::HeaderMap;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};
use uuid::Uuid;

use super::{
    Evening, channel, push_channel, remind,
    taker::{Taker, header},
};
use crate::support::world::{Reply, World, text};

#[tokio::test]
async fn a_push_service_that_knows_nobody_any_more_ends_the_channel() {
    for status in [404, 410] {
        let evening = Evening::new().await;
        let (ada, subscription) = evening.reminded("ada", "UTC", "21:00").await;
        evening.push.answers(&subscription, status, json!({}), false).await;
        evening.at("2026-03-11T21:00:00Z");
        evening.tick().await.is(204);
        assert_eq!(ada.get("/api/reminders").await.ok()["channels"], json!([]));
        let send = &ada.get("/api/reminders/sends").await.ok()["sends"][0];
        assert_eq!((&send["outcome"], &send["status"]), (&json!("gone"), &json!(status)));
    }
}

#[tokio::test]
async fn a_push_service_that_is_busy_is_asked_again_when_it_says_or_after_1_5_15_and_30_minutes() {
    let evening = Evening::new().await;
    let (ada, subscription) = evening.reminded("ada", "UTC", "21:00").await;
    evening.at("2026-03-11T21:00:00Z");
    evening.push.answers(&subscription, 429, json!({ "retry-after": "90" }), false).await;
    evening.tick().await.is(204);
    let mut asked_at = vec![evening.world.now()];
    evening.push.answers(&subscription, 503, json!({}), false).await;
    evening.push.messages().await;
    for _ in 0..240 {
        evening.world.app.clock.advance(TimeDelta::seconds(30));
        evening.tick().await.is(204);
        asked_at.extend(evening.push.messages().await.iter().map(|_| evening.world.now()));
    }
    let waits: Vec<_> = asked_at.windows(2).map(|pair| (pair[1] - pair[0]).num_seconds()).collect();
    assert_eq!(waits, [90, 5 * 60, 15 * 60, 30 * 60]);
    let send = &ada.get("/api/reminders/sends").await.ok()["sends"][0];
    assert_eq!((&send["outcome"], &send["status"]), (&json!("failed"), &json!(503)));
    assert_eq!(ada.get("/api/reminders").await.ok()["channels"][0]["off_since"], Value::Null);
}

#[tokio::test]
async fn a_message_that_would_be_refused_again_is_not_sent_again() {
    for status in [400, 403, 413, 302] {
        let evening = Evening::new().await;
        let (ada, subscription) = evening.reminded("ada", "UTC", "21:00").await;
        evening.push.answers(&subscription, status, json!({ "location": "/other" }), false).await;
        evening.at("2026-03-11T21:00:00Z");
        evening.tick().await.is(204);
        evening.at("2026-03-11T21:40:00Z");
        evening.tick().await.is(204);
        assert_eq!(evening.push.messages().await.len(), 1);
        assert_eq!(ada.get("/api/reminders/sends").await.ok()["sends"][0]["outcome"], "failed");
    }
}

#[tokio::test]
async fn who_does_not_answer_keeps_nobody_else_waiting() {
    let evening = Evening::new().await;
    let (ada, hanging) = evening.reminded("ada", "UTC", "21:00").await;
    evening.push.answers(&hanging, 201, json!({}), true).await;
    for index in 0..8 {
        evening.reminded(&format!("person {index}"), "UTC", "21:00").await;
    }
    evening.at("2026-03-11T21:00:00Z");
    evening.tick().await.is(204);
    assert_eq!(evening.push.messages().await.len(), 9);
    let send = &ada.get("/api/reminders/sends").await.ok()["sends"][0];
    assert_eq!((&send["outcome"], &send["status"]), (&json!("pending"), &Value::Null));
}

#[tokio::test]
async fn one_address_that_hangs_keeps_none_of_a_thousand_waiting() {
    let (evening, taker) = (Evening::new().await, Taker::default());
    let address = taker.start().await;
    // What is due at once is sent in the order of people: the one that hangs is the first.
    for index in 0..51 {
        let person = evening.world.person(&format!("person {index}")).await;
        person.food(json!({ "name": "ramen", "start_date": "2026-03-01", "counting": "confirm" })).await;
        remind(&person, json!({ "time": "21:00" })).await;
        let url = if index == 0 { address.replace("/hook", "/hang") } else { address.clone() };
        channel(&person, json!({ "kind": "webhook", "url": url })).await;
    }
    // As nineteen more requests of each of them would.
    let more = "INSERT INTO channels (user_id, id, kind, url, milestones, created_at)
                SELECT user_id, UNHEX(MD5(CONCAT(HEX(id), seq))), kind, url, milestones, created_at
                FROM channels JOIN seq_1_to_19 WHERE url LIKE '%/hook'";
    sqlx::query(more).execute(evening.world.db()).await.expect("they are stored");
    evening.at("2026-03-11T21:00:00Z");
    let release = async {
        while taker.count() < 1000 && taker.beside().is_none() {
            sleep(Duration::from_millis(20)).await;
        }
        taker.release.notify_one();
    };
    let (answer, ()) = tokio::join!(evening.tick(), release);
    answer.is(204);
    let beside = taker.beside().expect("it was asked");
    let taken = taker.taken();
    let ids: HashSet<_> = taken.iter().map(|(headers, _)| header(headers, "webhook-id").to_owned()).collect();
    assert_eq!((taken.len(), ids.len()), (1000, 1000));
    // Where each waited for the one before, none would have been taken; ten seconds are enough for half of them anywhere.
    println!("taken beside the one that hung: {beside} of 1000");
    assert!(beside > 500, "{beside}");
}

#[tokio::test]
async fn no_more_are_sent_in_a_second_than_the_setting_says() {
    let (evening, taker) = (Evening::with(&[("SENDS_PER_SECOND", "40")]).await, Taker::default());
    let address = taker.start().await;
    for index in 0..5 {
        let (person, _) = evening.reminded(&format!("person {index}"), "UTC", "21:00").await;
        for _ in 0..7 {
            channel(&person, json!({ "kind": "webhook", "url": address })).await;
        }
    }
    evening.at("2026-03-11T21:00:00Z");
    let began = Instant::now();
    evening.tick().await.is(204);
    let took = began.elapsed();
    assert_eq!((taker.count(), evening.push.messages().await.len()), (35, 5));
    // The fortieth begins 39/40 of a second after the first. A process that was late may make up for 20 ms of it.
    assert!(took > Duration::from_millis(900), "{took:?}");
}

#[tokio::test]
async fn one_person_with_two_hundred_addresses_that_hang_keeps_nobody_waiting() {
    let (evening, taker) = (Evening::new().await, Taker::default());
    let address = taker.start().await;
    let mut people = Vec::new();
    for name in ["ada", "bob"] {
        let person = evening.world.person(name).await;
        person.food(json!({ "name": "ramen", "start_date": "2026-03-01", "counting": "confirm" })).await;
        people.push(person);
    }
    let [ada, bob] = &people[..] else { panic!("two") };
    for index in 0..20 {
        let url = format!("{}?{index}", address.replace("/hook", "/hang"));
        channel(ada, json!({ "kind": "webhook", "url": url })).await;
    }
    for _ in 0..10 {
        remind(ada, json!({ "time": "21:00" })).await;
    }
    channel(bob, json!({ "kind": "webhook", "url": address })).await;
    remind(bob, json!({ "time": "21:00" })).await;
    evening.at("2026-03-11T21:00:00Z");
    let release = async {
        while taker.count() == 0 && taker.beside().is_none() {
            sleep(Duration::from_millis(20)).await;
        }
        taker.release.notify_one();
    };
    let (answer, ()) = tokio::join!(evening.tick(), release);
    answer.is(204);
    assert_eq!(taker.beside(), Some(1), "bob's was taken before the first of ada's was given up or let go");
    let sent: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sends WHERE outcome = 'sent'")
        .fetch_one(evening.world.db())
        .await
        .expect("a number");
    assert_eq!(sent, 201);
}

#[tokio::test]
async fn a_person_sends_themselves_thirty_tests_in_ten_minutes_however_many_come_at_once() {
    let (evening, taker) = (Evening::new().await, Taker::default());
    let address = taker.start().await;
    let ada = evening.world.person("ada").await;
    let path = channel(&ada, json!({ "kind": "webhook", "url": address })).await;
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..6 {
        let mut asked = JoinSet::new();
        for _ in 0..8 {
            asked.spawn(Reply::to(ada.request(Method::POST, &format!("{path}/test"))));
        }
        for reply in asked.join_all().await {
            match reply.status.as_u16() {
                202 => accepted += 1,
                429 => refused += usize::from(reply.problem(429, "too-many-tests")["code"].is_string()),
                _ => _ = reply.problem(503, "unavailable"),
            }
        }
    }
    assert_eq!((accepted, taker.taken().len()), (30, 30), "{refused} refused");
    evening.world.app.clock.advance(TimeDelta::minutes(11));
    ada.post(&format!("{path}/test"), json!({})).await.is(202);
}

#[tokio::test]
async fn a_browser_belongs_to_one_account_and_its_keys_never_come_out() {
    let evening = Evening::new().await;
    let (ada, subscription) = evening.reminded("ada", "UTC", "21:00").await;
    let bob = evening.world.person("bob").await;
    let listed = ada.get("/api/reminders").await;
    for secret in [&subscription["endpoint"], &subscription["keys"]["auth"], &subscription["keys"]["p256dh"]] {
        assert!(!listed.body.contains(&text(secret)), "{}", listed.body);
    }
    let path = channel(&bob, push_channel(&subscription)).await;
    assert_eq!(ada.get("/api/reminders").await.ok()["channels"], json!([]));
    assert_eq!(bob.get("/api/reminders").await.ok()["channels"].as_array().map(Vec::len), Some(1));
    bob.post(&format!("{path}/test"), json!({})).await.is(202);
    assert_eq!(evening.titles().await, ["Hanip"]);
    ada.post(&format!("{path}/test"), json!({})).await.problem(404, "not-found");
    // Another id for the same browser takes the place of the first.
    channel(&bob, push_channel(&subscription)).await;
    assert_eq!(bob.get("/api/reminders").await.ok()["channels"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_webhook_is_a_cloudevent_that_a_library_of_standard_webhooks_takes() {
    let (evening, taker) = (Evening::new().await, Taker::default());
    let address = taker.start().await;
    let ada = evening.world.person("ada").await;
    ada.food(json!({ "name": "ramen", "start_date": "2026-03-01", "counting": "confirm" })).await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let hook = json!({ "kind": "webhook", "url": address, "secret": secret, "label": "home" });
    let path = channel(&ada, hook).await;
    let listed = ada.get("/api/reminders").await;
    assert!(!listed.body.contains("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    assert_eq!(
        (&listed.ok()["channels"][0]["url"], &listed.json()["channels"][0]["has_secret"]),
        (&json!(address), &json!(true))
    );
    remind(&ada, json!({ "time": "21:00" })).await;
    taker.answers(500);
    evening.at("2026-03-11T21:00:00Z");
    evening.tick().await.is(204);
    // Stored again as it was read: without its secret, which stays.
    ada.put(&path, json!({ "kind": "webhook", "url": address, "label": "home" })).await.ok();
    evening.at("2026-03-11T21:00:05Z");
    evening.tick().await.is(204);
    let taken = taker.taken();
    assert_eq!(taken.len(), 2);
    let library = standardwebhooks::Webhook::new(secret).expect("a secret");
    let ids: Vec<_> = taken.iter().map(|(headers, _)| header(headers, "webhook-id").to_owned()).collect();
    assert_eq!(ids[0], ids[1], "who has taken it knows it again");
    for (headers, body) in &taken {
        let seconds = header(headers, "webhook-timestamp").parse().expect("a number");
        let signature = library.sign(&ids[0], seconds, body.as_bytes()).expect("a signature");
        assert_eq!(header(headers, "webhook-signature"), signature);
    }
    let (headers, body) = &taken[0];
    let event: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(header(headers, "content-type"), "application/cloudevents+json");
    assert_eq!(header(headers, "webhook-timestamp"), evening_seconds("2026-03-11T21:00:00Z"));
    assert_eq!(
        (&event["specversion"], &event["type"], &event["id"]),
        (&json!("1.0"), &json!("hanip.reminder.due"), &json!(ids[0]))
    );
    assert_eq!((&event["source"], &event["data"]["body"]), (&json!(evening.world.origin), &json!("ramen")));
}

#[tokio::test]
async fn a_webhook_that_somebody_replays_is_known_again_or_refused() {
    let (evening, taker) = (Evening::new().await, Taker::default());
    let address = taker.start().await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let library = standardwebhooks::Webhook::new(secret).expect("a secret");
    // The library goes by the clock of this computer.
    let now = common::Clock::system().now();
    let mut sent = Vec::new();
    for ago in [TimeDelta::zero(), TimeDelta::minutes(6)] {
        evening.world.app.clock.set(now - ago);
        let ada = evening.world.person("ada").await;
        let path = channel(&ada, json!({ "kind": "webhook", "url": address, "secret": secret })).await;
        ada.post(&format!("{path}/test"), json!({})).await.is(202);
        sent.push(taker.taken().remove(0));
    }
    let ((headers, body), (old_headers, old_body)) = (&sent[0], &sent[1]);
    let accepts = |headers: &HeaderMap, body: &str| library.verify(body.as_bytes(), headers).is_ok();
    assert!(accepts(headers, body), "as it came; once more it has the id that is known");
    assert!(!accepts(old_headers, old_body), "recorded six minutes ago");
    for (name, value) in [
        ("webhook-id", header(old_headers, "webhook-id")),
        ("webhook-timestamp", &(now.timestamp() + 60).to_string()),
        ("webhook-signature", header(old_headers, "webhook-signature")),
    ] {
        let mut changed = headers.clone();
        changed.insert(name, value.parse().expect("a value"));
        assert!(!accepts(&changed, body), "with another {name}");
    }
    assert!(!accepts(headers, old_body), "with the body of another");
}

#[tokio::test]
async fn webhooks_that_arrive_in_another_order_say_when_they_were_due() {
    let (evening, taker) = (Evening::new().await, Taker::default());
    let address = taker.start().await;
    let ada = evening.world.person("ada").await;
    ada.food(json!({ "name": "ramen", "start_date": "2026-03-01", "counting": "confirm" })).await;
    channel(&ada, json!({ "kind": "webhook", "url": address })).await;
    for time in ["21:00", "21:05"] {
        remind(&ada, json!({ "time": time })).await;
    }
    taker.answers(500);
    let mut refused = Vec::new();
    for now in ["21:00:00", "21:00:05", "21:00:35", "21:02:35"] {
        evening.at(&format!("2026-03-11T{now}Z"));
        evening.tick().await.is(204);
        refused.extend(taker.taken());
    }
    taker.answers(200);
    for now in ["21:05:00", "21:12:35", "21:13:00"] {
        evening.at(&format!("2026-03-11T{now}Z"));
        evening.tick().await.is(204);
    }
    let taken = taker.taken();
    let event = |body: &str| serde_json::from_str::<Value>(body).expect("JSON");
    let due: Vec<_> = taken.iter().map(|(_, body)| text(&event(body)["time"])).collect();
    assert_eq!(due, ["2026-03-11T21:05:00Z", "2026-03-11T21:00:00Z"]);
    // Whoever took it before refusing it knows it again, whatever came between.
    assert_eq!(refused.len(), 4);
    for (headers, body) in &refused {
        assert_eq!((header(headers, "webhook-id"), body), (header(&taken[1].0, "webhook-id"), &taken[1].1));
    }
}

fn evening_seconds(text: &str) -> String {
    super::instant(text).timestamp().to_string()
}

#[tokio::test]
async fn a_webhook_is_tried_for_an_hour_and_five_days_of_failure_switch_it_off() {
    let (evening, taker) = (Evening::new().await, Taker::default());
    let address = taker.start().await;
    let ada = evening.world.person("ada").await;
    ada.food(json!({ "name": "ramen", "start_date": "2026-03-01", "counting": "confirm" })).await;
    let path = channel(&ada, json!({ "kind": "webhook", "url": address })).await;
    remind(&ada, json!({ "time": "21:00" })).await;
    taker.answers(404);
    evening.at("2026-03-11T21:00:00Z");
    let mut asked_at = Vec::new();
    for _ in 0..1000 {
        evening.tick().await.is(204);
        asked_at.extend(taker.taken().iter().map(|_| evening.world.now()));
        evening.world.app.clock.advance(TimeDelta::seconds(5));
    }
    let waits: Vec<_> = asked_at.windows(2).map(|pair| (pair[1] - pair[0]).num_seconds()).collect();
    assert_eq!(waits, [5, 30, 120, 600, 3600]);
    for day in 12..=16 {
        evening.at(&format!("2026-03-{day}T21:00:00Z"));
        evening.tick().await.is(204);
    }
    let ada = evening.world.person("ada").await;
    let channel = &ada.get("/api/reminders").await.ok()["channels"][0];
    assert_eq!(
        (&channel["failing_since"], &channel["off_since"]),
        (&json!("2026-03-11T21:00:00Z"), &json!("2026-03-16T21:00:00Z"))
    );
    taker.taken();
    evening.at("2026-03-17T21:00:00Z");
    evening.tick().await.is(204);
    assert_eq!(taker.taken().len(), 0);
    let ada = evening.world.person("ada").await;
    ada.put(&path, json!({ "kind": "webhook", "url": address })).await.ok();
    assert_eq!(ada.get("/api/reminders").await.ok()["channels"][0]["off_since"], Value::Null);
}

#[tokio::test]
async fn a_test_to_who_does_not_answer_is_taken_soon_and_is_among_the_sends() {
    let (evening, taker) = (Evening::new().await, Taker::default());
    let address = taker.start().await;
    let ada = evening.world.person("ada").await;
    let path = channel(&ada, json!({ "kind": "webhook", "url": address.replace("/hook", "/hang") })).await;
    let began = std::time::Instant::now();
    ada.post(&format!("{path}/test"), json!({})).await.is(202);
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    let outcome = async || ada.get("/api/reminders/sends").await.ok()["sends"][0]["outcome"].clone();
    assert_eq!(outcome().await, "pending");
    let failed = async {
        while outcome().await != "failed" {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(15), failed).await.expect("it goes on after the answer");
}

#[tokio::test]
async fn a_topic_of_ntfy_gets_its_own_headers() {
    let (evening, taker) = (Evening::new().await, Taker::default());
    let address = taker.start().await;
    let ada = evening.world.person("ada").await;
    ada.patch("/api/auth/me", json!({ "locale": "ko" })).await.ok();
    let path = channel(&ada, json!({ "kind": "ntfy", "url": address, "token": "tk_secret" })).await;
    assert!(!ada.get("/api/reminders").await.body.contains("tk_secret"));
    ada.post(&format!("{path}/test"), json!({})).await.is(202);
    let taken = taker.taken();
    let (headers, body) = &taken[0];
    assert_eq!((header(headers, "title"), body.as_str()), ("=?UTF-8?B?7ZWc7J6F?=", "알림이 잘 도착했어요."));
    assert_eq!(
        (header(headers, "click"), header(headers, "authorization")),
        (format!("{}/", evening.world.origin).as_str(), "Bearer tk_secret")
    );
    assert!(header(headers, "actions").starts_with("=?UTF-8?B?") && !header(headers, "tags").is_empty());
    // Another host is not told the token.
    let other = taker.start().await;
    ada.put(&path, json!({ "kind": "ntfy", "url": other })).await.ok();
    ada.post(&format!("{path}/test"), json!({})).await.is(202);
    assert_eq!(header(&taker.taken()[0].0, "authorization"), "");
}

#[tokio::test]
async fn channels_are_checked_and_there_are_twenty() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let path = format!("/api/reminders/channels/{}", Uuid::new_v4());
    for (channel, place, code) in [
        (json!({ "url": "https://example.com/" }), "/kind", "field-missing"),
        (json!({ "kind": "mail", "url": "https://example.com/" }), "/kind", "value-invalid"),
        (json!({ "kind": "webhook" }), "/url", "field-missing"),
        (json!({ "kind": "webhook", "url": "https://example.com/", "token": "t" }), "/token", "field-unknown"),
        (json!({ "kind": "webhook", "url": "https://example.com/", "secret": "short" }), "/secret", "value-invalid"),
        (json!({ "kind": "ntfy", "url": "https://example.com/", "token": "a b" }), "/token", "value-invalid"),
        (json!({ "kind": "ntfy", "url": "nothing" }), "/url", "address-invalid"),
        (json!({ "kind": "ntfy", "url": "http://example.com/" }), "/url", "address-insecure"),
        (json!({ "kind": "ntfy", "url": "https://127.0.0.1/" }), "/url", "address-private"),
        (json!({ "kind": "ntfy", "url": "https://[::ffff:169.254.169.254]/" }), "/url", "address-private"),
        (json!({ "kind": "ntfy", "url": "https://example.com/", "label": "x".repeat(51) }), "/label", "text-too-long"),
    ] {
        ada.put(&path, channel).await.fault(place, code);
    }
    let push = json!({ "kind": "push", "endpoint": "https://example.com/", "keys": { "p256dh": "AA", "auth": "AA" } });
    ada.put(&path, push).await.problem(409, "push-off");
    for index in 0..20 {
        channel(&ada, json!({ "kind": "ntfy", "url": format!("https://example.com/{index}") })).await;
    }
    ada.put(&path, json!({ "kind": "ntfy", "url": "https://example.com/" })).await.problem(409, "too-many-channels");
}

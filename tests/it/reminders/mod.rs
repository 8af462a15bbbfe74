//! Reminders: what a person wants is told once, at its time, to every channel.

mod channels;
mod deliveries;
mod killed;
mod taker;
mod times;

use std::{os::unix::fs::PermissionsExt, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use common::{App, Env};
use reminders::Sender;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::{
    operations::program::{Standalone, free_port},
    support::{
        push_service::PushService,
        world::{Person, Reply, World, text},
    },
};

/// A private key of P-256, for tests alone.
const KEY: &str = "RS0WdYWWo1HajXg3NZR1olzCf31i-ZBGDkFyCs7j1jw";
const SETTINGS: [(&str, &str); 3] =
    [("VAPID_PRIVATE_KEY", KEY), ("VAPID_SUBJECT", "mailto:ada@hanip.test"), ("ALLOW_PRIVATE_ADDRESSES", "true")];

/// A world with a push service, and reminders as a function of its own.
struct Evening {
    world: World,
    push: PushService,
    /// Where events go.
    address: String,
    app: App,
    sender: Arc<Sender>,
}

impl Evening {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    async fn with(settings: &[(&str, &str)]) -> Self {
        let world = World::with(&SETTINGS).await;
        let mut env = world.env();
        for (name, value) in SETTINGS.iter().chain(settings) {
            env.set(name, *value);
        }
        let sender = Sender::from_env(&env).expect("the settings are right");
        let app = App { db: world.db_of("reminders"), ..world.app.clone() };
        let address = served(&app, &sender).await;
        Self { world, push: PushService::start(), address, app, sender }
    }

    fn at(&self, now: &str) {
        self.world.app.clock.set(instant(now));
    }

    /// One event of the schedule.
    async fn tick(&self) -> Reply {
        self.event("dev.knative.sources.ping", &json!({})).await
    }

    async fn event(&self, kind: &str, data: &Value) -> Reply {
        let event = json!({ "specversion": "1.0", "id": "1", "source": "/test", "type": kind, "data": data });
        let request = Client::new().post(&self.address).header("content-type", "application/cloudevents+json");
        Reply::of(request.body(event.to_string()).send().await.expect("an answer")).await
    }

    /// The titles of what browsers got.
    async fn titles(&self) -> Vec<String> {
        self.push.messages().await.iter().map(|message| text(&message["payload"]["title"])).collect()
    }

    /// Somebody with a food that counts reviewed days, a browser, and a reminder at this time.
    async fn reminded(&self, name: &str, zone: &str, time: &str) -> (Person, Value) {
        let mut person = self.world.stranger();
        person.sign_in(name, zone).await;
        person.food(json!({ "name": "ramen", "start_date": "2026-03-01", "counting": "confirm" })).await;
        let subscription = self.subscribed(&person).await;
        remind(&person, json!({ "time": time })).await;
        (person, subscription)
    }

    async fn subscribed(&self, person: &Person) -> Value {
        let subscription = self.push.subscription().await;
        channel(person, push_channel(&subscription)).await;
        subscription
    }
}

async fn served(app: &App, sender: &Arc<Sender>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}/", listener.local_addr().expect("an address"));
    let (app, router) = (app.clone(), common::finish(reminders::events(app.clone(), sender.clone()), app));
    tokio::spawn(async move { common::listen(listener, router, &app, std::future::pending()).await });
    address
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn push_channel(subscription: &Value) -> Value {
    json!({ "kind": "push", "endpoint": subscription["endpoint"], "keys": subscription["keys"], "milestones": true })
}

/// Stores a channel; the answer is its path.
async fn channel(person: &Person, channel: Value) -> String {
    let path = format!("/api/reminders/channels/{}", Uuid::new_v4());
    person.put(&path, channel).await.created();
    path
}

/// Stores a reminder; the answer is its path.
async fn remind(person: &Person, reminder: Value) -> String {
    let path = format!("/api/reminders/{}", Uuid::new_v4());
    person.put(&path, reminder).await.created();
    path
}

#[tokio::test]
async fn what_waits_is_told_in_the_evening_once_and_only_the_browser_can_read_it() {
    let evening = Evening::new().await;
    let (ada, _) = evening.reminded("ada", "Asia/Seoul", "21:00").await;
    let food = text(&ada.get("/api/foods").await.ok()["foods"][0]["id"]);
    let listed = ada.get("/api/reminders").await.ok();
    let reminder = listed["reminders"][0].clone();
    evening.at("2026-03-12T11:59:59Z");
    assert_eq!(evening.tick().await.status, 204);
    assert_eq!(evening.push.messages().await.len(), 0, "it is not nine yet");
    evening.at("2026-03-12T12:00:00Z");
    for _ in 0..3 {
        let answer = evening.tick().await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""));
    }
    let messages = evening.push.messages().await;
    assert_eq!(messages.len(), 1, "{messages:?}");
    let (message, payload) = (&messages[0], &messages[0]["payload"]);
    assert_eq!(message["sender"]["key"], listed["push_key"]);
    let until = DateTime::from_timestamp(message["sender"]["exp"].as_i64().expect("a number"), 0).expect("an instant");
    assert!(until <= evening.world.now() + chrono::TimeDelta::hours(24), "RFC 8292, section 2");
    assert_eq!((&message["ttl"], &message["topic"]), (&json!("14400"), &payload["tag"]));
    assert_eq!((&payload["body"], &payload["date"]), (&json!("ramen"), &json!("2026-03-12")));
    assert_eq!((&payload["account"], &payload["food_ids"]), (&json!(ada.id), &json!([food])));
    assert_eq!(payload["waiting"], 1, "of this one the icon of the app tells");
    let sends = ada.get("/api/reminders/sends").await.ok();
    let channel = listed["channels"][0]["id"].clone();
    let send = json!({ "at": "2026-03-12T12:00:00Z", "reminder_id": reminder["id"], "channel_id": channel, "outcome": "sent", "status": 201 });
    assert_eq!(sends["sends"], json!([send]));
}

#[tokio::test]
async fn where_nothing_waits_nothing_is_told() {
    let evening = Evening::new().await;
    let (ada, _) = evening.reminded("ada", "UTC", "21:00").await;
    let food = text(&ada.get("/api/foods").await.ok()["foods"][0]["id"]);
    // An outcome, a slip, a day off; and a food that counts silence as kept waits for nothing.
    ada.review("2026-03-11", &food, "kept").await;
    evening.at("2026-03-12T12:00:00Z");
    let ada = evening.world.person("ada").await;
    ada.slip("2026-03-12", &food).await;
    let off = json!({ "from": "2026-03-13", "to": "2026-03-13", "food_ids": [food] });
    ada.put(&format!("/api/reviews/skips/{}", Uuid::new_v4()), off).await.created();
    ada.food_since("2026-03-01").await;
    for day in 11..=13 {
        evening.at(&format!("2026-03-{day}T21:00:00Z"));
        evening.tick().await.is(204);
        assert_eq!(evening.titles().await, [""; 0], "{day}");
    }
    evening.at("2026-03-14T21:00:00Z");
    evening.tick().await.is(204);
    assert_eq!(evening.titles().await, ["How was today?"]);
}

#[tokio::test]
async fn a_reminder_of_the_review_comes_until_the_date_has_one() {
    let evening = Evening::new().await;
    let ada = evening.world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    evening.subscribed(&ada).await;
    remind(&ada, json!({ "time": "21:00", "about": "review" })).await;
    evening.at("2026-03-11T21:00:00Z");
    evening.tick().await.is(204);
    assert_eq!(evening.titles().await.len(), 1);
    evening.at("2026-03-12T12:00:00Z");
    evening.world.person("ada").await.review("2026-03-12", &food, "kept").await;
    evening.at("2026-03-12T21:00:00Z");
    evening.tick().await.is(204);
    assert_eq!(evening.titles().await.len(), 0);
}

#[tokio::test]
async fn a_discreet_reminder_names_no_food_and_words_are_of_the_persons_language() {
    let evening = Evening::new().await;
    let ada = evening.world.person("ada").await;
    ada.food(json!({ "name": "라면", "start_date": "2026-03-01", "counting": "confirm" })).await;
    ada.patch("/api/auth/me", json!({ "locale": "ko" })).await.ok();
    evening.subscribed(&ada).await;
    remind(&ada, json!({ "time": "21:00", "discreet": true })).await;
    remind(&ada, json!({ "time": "22:00" })).await;
    evening.at("2026-03-11T22:00:00Z");
    evening.tick().await.is(204);
    let mut told: Vec<_> = evening.push.messages().await.iter().map(|message| message["payload"].to_string()).collect();
    told.sort_by_key(|told| told.contains("라면"));
    assert!(told.iter().all(|told| told.contains("모두 지켰어요")), "{told:?}");
    assert!(told[0].contains("기록할 시간이에요") && told[1].contains("오늘 하루 어땠나요?"), "{told:?}");
    assert_eq!(told.iter().map(|told| told.contains("라면")).collect::<Vec<_>>(), [false, true]);
}

#[tokio::test]
async fn a_clock_that_is_forty_days_ahead_passes_over_no_reminder() {
    let evening = Evening::new().await;
    evening.reminded("ada", "UTC", "21:00").await;
    evening.at("2026-03-11T21:00:00Z");
    for wrong in [TimeDelta::days(40), TimeDelta::days(-40)] {
        let app = App { clock: evening.app.clock.ahead(wrong), ..evening.app.clone() };
        reminders::run(&app, &evening.sender).await.expect_err("the clocks are apart");
    }
    evening.tick().await.is(204);
    assert_eq!(evening.titles().await, ["How was today?"]);
}

#[tokio::test]
async fn standalone_tells_a_milestone_where_nothing_else_carries_its_event() {
    let evening = Evening::new().await;
    let ada = evening.world.person("ada").await;
    ada.food_since("2026-03-10").await;
    evening.subscribed(&ada).await;
    evening.at("2026-03-13T09:00:00Z");
    // In standalone all functions have one user of the database.
    let app = App { db: evening.world.db().clone(), ..evening.world.app.clone() };
    for _ in 0..2 {
        standalone::tick_and_tell(&app).await.expect("a tick");
        evening.tick().await.is(204);
    }
    let mut told = evening.titles().await;
    told.sort();
    assert_eq!(told, ["ramen: 1 day 🎉", "ramen: 3 days 🎉"], "once each");
}

#[tokio::test]
async fn a_milestone_is_told_once_and_wakes_nobody() {
    let evening = Evening::new().await;
    let ada = evening.world.person("ada").await;
    let food = ada.food_since("2026-03-10").await;
    evening.subscribed(&ada).await;
    evening.at("2026-03-13T23:30:00Z");
    tick::run(&evening.world.app, tick::CHUNK).await.expect("a tick");
    let told = json!({ "user_id": ada.id, "food_id": food, "days": 3, "reached_on": "2026-03-12" });
    let forged = json!({ "user_id": ada.id, "food_id": food, "days": 365, "reached_on": "2026-03-12" });
    // As where the zone was changed a moment ago: the reminder is to be planned again, which is no time to tell.
    remind(&ada, json!({ "time": "21:00" })).await;
    sqlx::query("UPDATE reminders SET next_at = '2026-03-13 23:30'").execute(evening.world.db()).await.expect("a row");
    for data in [&told, &told, &forged] {
        evening.event("hanip.milestone.reached", data).await.is(204);
    }
    assert_eq!(evening.titles().await.len(), 0, "it is night");
    evening.at("2026-03-14T08:00:00Z");
    evening.tick().await.is(204);
    evening.event("hanip.milestone.reached", &told).await.is(204);
    assert_eq!(evening.titles().await, ["ramen: 3 days 🎉"]);
    for wrong in [json!({}), json!({ "user_id": 1 })] {
        evening.event("hanip.milestone.reached", &wrong).await.problem(400, "event-invalid");
    }
}

#[tokio::test]
async fn a_milestone_that_is_tried_again_waits_for_the_morning_or_the_next_reminder() {
    for (reminder, told_at) in [(None, "08:00"), (Some("23:30"), "23:30"), (Some("06:30"), "06:30")] {
        let evening = Evening::new().await;
        let ada = evening.world.person("ada").await;
        let food = ada.food_since("2026-03-10").await;
        let subscription = evening.subscribed(&ada).await;
        if let Some(time) = reminder {
            remind(&ada, json!({ "time": time })).await;
        }
        evening.at("2026-03-13T21:50:00Z");
        tick::run(&evening.world.app, tick::CHUNK).await.expect("a tick");
        evening.push.answers(&subscription, 429, json!({ "retry-after": "1200" }), false).await;
        let told = json!({ "user_id": ada.id, "food_id": food, "days": 3, "reached_on": "2026-03-12" });
        evening.event("hanip.milestone.reached", &told).await.is(204);
        evening.push.answers(&subscription, 201, json!({}), false).await;
        evening.titles().await;
        for time in ["22:10", "22:30", "23:25", "23:30", "06:30", "08:00", "08:05"] {
            let date = if time < "12:00" { 14 } else { 13 };
            evening.at(&format!("2026-03-{date}T{time}:00Z"));
            evening.tick().await.is(204);
            let expected: &[&str] = if time == told_at { &["ramen: 3 days 🎉"] } else { &[] };
            assert_eq!(evening.titles().await, expected, "{time}, {reminder:?}");
        }
    }
}

#[tokio::test]
async fn a_reminder_is_by_five_minutes_on_days_of_the_week_and_there_are_ten() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let path = format!("/api/reminders/{}", Uuid::new_v4());
    for (reminder, place, code) in [
        (json!({}), "/time", "field-missing"),
        (json!({ "time": "21:03" }), "/time", "time-invalid"),
        (json!({ "time": "24:00" }), "/time", "time-invalid"),
        (json!({ "time": "21:00", "days": [] }), "/days", "value-invalid"),
        (json!({ "time": "21:00", "days": [0] }), "/days/0", "number-out-of-range"),
        (json!({ "time": "21:00", "days": [1, 8] }), "/days/1", "number-out-of-range"),
        (json!({ "time": "21:00", "days": [1, 1] }), "/days/1", "field-twice"),
        (json!({ "time": "21:00", "about": "all" }), "/about", "value-invalid"),
        (json!({ "time": "21:00", "loud": true }), "/loud", "field-unknown"),
    ] {
        ada.put(&path, reminder).await.fault(place, code);
    }
    let stored = ada.put(&path, json!({ "time": "21:00" })).await.created();
    let id = path.rsplit('/').next();
    let expected =
        json!({ "id": id, "time": "21:00", "days": [1, 2, 3, 4, 5, 6, 7], "about": "waiting", "discreet": false });
    assert_eq!(stored, expected);
    ada.put(&path, json!({ "time": "07:05", "days": [7, 1], "about": "review" })).await.ok();
    let listed = ada.get("/api/reminders").await.ok();
    assert_eq!((&listed["reminders"][0]["days"], &listed["push_key"]), (&json!([1, 7]), &Value::Null));
    for _ in 0..9 {
        remind(&ada, json!({ "time": "21:00" })).await;
    }
    let one_more = format!("/api/reminders/{}", Uuid::new_v4());
    ada.put(&one_more, json!({ "time": "21:00" })).await.problem(409, "too-many-reminders");
    ada.delete(&path).await.is(204);
    ada.delete(&path).await.problem(404, "not-found");
    ada.put(&one_more, json!({ "time": "21:00" })).await.created();
}

#[tokio::test]
async fn a_reminder_that_is_imported_is_told_from_then_on_where_its_person_lives_and_no_channel_comes_with_it() {
    let evening = Evening::new().await;
    let (ada, _) = evening.reminded("ada", "Asia/Seoul", "21:00").await;
    let hook = json!({ "kind": "webhook", "url": "https://hooks.example.org/x", "secret": "whsec_bWlnaHR5IGxvbmcgc2VjcmV0IG9mIG1pbmU=" });
    channel(&ada, hook).await;
    let archive = ada.get("/api/data/export").await.ok();
    let told = archive.to_string();
    assert!(!told.contains("hooks.example.org") && !told.contains("p256dh") && !told.contains("bWlnaHR5"), "{told}");
    evening.world.app.clock.set(instant("2026-03-11T20:30:00Z"));
    let mut eve = evening.world.stranger();
    eve.sign_in("eve", "UTC").await;
    eve.post("/api/data/import", archive.clone()).await.ok();
    let listed = eve.get("/api/reminders").await.ok();
    assert_eq!(listed["reminders"], ada.get("/api/reminders").await.ok()["reminders"]);
    assert_eq!(listed["channels"], json!([]));
    evening.subscribed(&eve).await;
    for (now, titles) in [
        ("2026-03-11T20:35:00Z", 0),
        ("2026-03-11T21:04:00Z", 1),
        ("2026-03-11T21:05:00Z", 0),
        ("2026-03-12T20:59:00Z", 0),
        ("2026-03-12T21:00:00Z", 1),
    ] {
        evening.at(now);
        evening.tick().await.is(204);
        let messages = evening.push.messages().await;
        let to_eve = messages.iter().filter(|message| message["payload"]["account"] == json!(eve.id)).count();
        assert_eq!(to_eve, titles, "{now}");
    }
    // Imported after its time, it is not told late.
    evening.at("2026-03-13T21:10:00Z");
    let mut noa = evening.world.stranger();
    noa.sign_in("noa", "UTC").await;
    noa.post("/api/data/import", archive).await.ok();
    evening.subscribed(&noa).await;
    evening.tick().await.is(204);
    let messages = evening.push.messages().await;
    assert!(messages.iter().all(|message| message["payload"]["account"] != json!(noa.id)), "{messages:?}");
}

#[tokio::test]
async fn with_an_account_all_of_its_reminders_go() {
    let evening = Evening::new().await;
    let (ada, _) = evening.reminded("ada", "UTC", "21:00").await;
    evening.at("2026-03-11T21:00:00Z");
    evening.tick().await.is(204);
    ada.delete("/api/auth/me").await.is(204);
    for count in ["SELECT COUNT(*) FROM reminders", "SELECT COUNT(*) FROM channels", "SELECT COUNT(*) FROM sends"] {
        let rows: i64 = sqlx::query_scalar(count).fetch_one(evening.world.db()).await.expect("a number");
        assert_eq!(rows, 0, "{count}");
    }
}

#[test]
fn a_wrong_key_of_push_stops_the_start() {
    for (settings, name) in [
        ([("VAPID_PRIVATE_KEY", "abc"), ("VAPID_SUBJECT", "mailto:ada@hanip.test")], "VAPID_PRIVATE_KEY"),
        ([("VAPID_PRIVATE_KEY", KEY), ("VAPID_SUBJECT", "ada")], "VAPID_SUBJECT"),
        ([("VAPID_PRIVATE_KEY", KEY), ("LOG", "info")], "VAPID_SUBJECT"),
        ([("ALLOW_PRIVATE_ADDRESSES", "maybe"), ("LOG", "info")], "ALLOW_PRIVATE_ADDRESSES"),
        ([("SENDS_PER_SECOND", "0"), ("LOG", "info")], "SENDS_PER_SECOND"),
    ] {
        let mut env = Env::from(settings);
        env.set("PUBLIC_ORIGIN", "https://hanip.test");
        let error = Sender::from_env(&env).err().expect("it is wrong");
        assert!(error.to_string().starts_with(name), "{error}");
    }
}

#[tokio::test]
async fn standalone_keeps_the_key_that_browsers_subscribe_under_and_nobody_else_can_read_it() {
    let (folder, port) = (tempfile::tempdir_in("/tmp").expect("a folder"), free_port());
    let mut keys = Vec::new();
    for _start in 0..2 {
        let standalone = Standalone::start(folder.path(), port);
        let mut ada = Person::new(&standalone.origin);
        ada.sign_in("ada", "UTC").await;
        keys.push(text(&ada.get("/api/reminders").await.ok()["push_key"]));
        standalone.stop();
    }
    assert_eq!((keys[0].len(), &keys[0]), (87, &keys[1]));
    let file = std::fs::metadata(folder.path().join("vapid-private-key")).expect("it is kept");
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
}

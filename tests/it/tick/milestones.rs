//! Milestones are announced once for ever; stored counts are checked against the records.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use common::Env;
use serde_json::{Value, json};
use tick::Sink;
use tokio::{net::TcpListener, sync::Semaphore};

use crate::{
    support::{tls, world::World},
    tick::{binary, served},
};

/// Who listens to milestones, and takes only so many.
#[derive(Clone, Default)]
struct Listener {
    taken: Arc<Mutex<Vec<Value>>>,
    takes: Arc<Mutex<usize>>,
    /// Finds fault with this event.
    refuses: Arc<Mutex<Option<String>>>,
    /// Where it has to wake first: what it waits for.
    wakes: Arc<Mutex<Option<Arc<Semaphore>>>>,
}

impl Listener {
    async fn start(&self) -> Option<Sink> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}/", listener.local_addr().expect("an address"));
        let router = Router::new().route("/", post(take)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Sink::from_env(&Env::from([("K_SINK", address.as_str())])).expect("a URL")
    }

    /// Listens under a certificate of the tests' own authority; the answer is the address.
    async fn start_tls(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("https://{}/", listener.local_addr().expect("an address"));
        let router = Router::new().route("/", post(take)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(tls::Listener::new(listener), router).await });
        address
    }

    fn takes(&self, count: usize) {
        *self.takes.lock().expect("no panic") = count;
    }

    fn taken(&self) -> Vec<Value> {
        std::mem::take(&mut *self.taken.lock().expect("no panic"))
    }
}

async fn take(State(listener): State<Listener>, event: String) -> StatusCode {
    let wakes = listener.wakes.lock().expect("no panic").clone();
    if let Some(wakes) = wakes {
        wakes.acquire().await.expect("open").forget();
    }
    let mut takes = listener.takes.lock().expect("no panic");
    if *takes == 0 {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let event: Value = serde_json::from_str(&event).expect("JSON");
    if listener.refuses.lock().expect("no panic").as_deref() == event["id"].as_str() {
        return StatusCode::BAD_REQUEST;
    }
    *takes -= 1;
    listener.taken.lock().expect("no panic").push(event);
    StatusCode::ACCEPTED
}

fn days(events: &[Value]) -> Vec<u64> {
    let mut days: Vec<u64> = events.iter().map(|event| event["data"]["days"].as_u64().expect("a number")).collect();
    days.sort_unstable();
    days
}

#[tokio::test]
async fn a_milestone_is_announced_once_whatever_edits_and_ticks_follow() {
    let (world, listener) = (World::new().await, Listener::default());
    let tick = served(&world, listener.start().await).await;
    listener.takes(100);
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-08").await; // three days over: 1 and 3 are reached
    assert_eq!(binary(&tick).await.status, 204);
    let events = listener.taken();
    assert_eq!(days(&events), [1, 3]);
    let of_three = events.iter().find(|event| event["data"]["days"] == 3).expect("it was announced");
    let data = json!({ "user_id": ada.id, "food_id": food, "days": 3, "reached_on": "2026-03-10" });
    assert_eq!(of_three["data"], data);
    assert_eq!(of_three["id"], format!("{}/{food}/3", ada.id));
    assert_eq!(of_three["type"], "hanip.milestone.reached");

    let slip = ada.slip("2026-03-09", &food).await;
    world.days_pass(1);
    assert_eq!(binary(&tick).await.status, 204);
    ada.delete(&slip).await.is(204);
    world.days_pass(1);
    binary(&tick).await;
    binary(&tick).await;
    assert_eq!(listener.taken(), [] as [Value; 0], "they were reached again, and are no news");
}

#[tokio::test]
async fn a_milestone_that_is_not_taken_is_announced_by_the_next_tick() {
    let (world, listener) = (World::new().await, Listener::default());
    let tick = served(&world, listener.start().await).await;
    world.person("ada").await.food_since("2026-03-08").await;
    assert_eq!(binary(&tick).await.status, 204, "nobody's days wait for who listens");
    listener.takes(1);
    binary(&tick).await;
    assert_eq!(listener.taken().len(), 1);
    listener.takes(100);
    binary(&tick).await;
    assert_eq!(listener.taken().len(), 1);
    binary(&tick).await;
    assert_eq!(listener.taken().len(), 0);
}

#[tokio::test]
async fn who_listens_may_have_to_wake_first_and_no_write_waits_for_it() {
    let (world, listener) = (World::new().await, Listener::default());
    let asleep = Arc::new(Semaphore::new(0));
    *listener.wakes.lock().expect("no panic") = Some(asleep.clone());
    listener.takes(100);
    let tick = served(&world, listener.start().await).await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-10").await;
    let ticking = tokio::spawn(async move { binary(&tick).await });
    // Longer than it may have taken once, while the event is under way.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    ada.slip("2026-03-11", &food).await;
    ada.patch(&format!("/api/foods/{food}"), json!({ "start_date": "2026-03-09" })).await.ok();
    asleep.add_permits(100);
    assert_eq!(ticking.await.expect("no panic").status, 204);
    assert_eq!(days(&listener.taken()), [1]);
}

#[tokio::test]
async fn who_listens_may_have_an_authority_of_its_own() {
    let (world, listener) = (World::new().await, Listener::default());
    let address = listener.start_tls().await;
    listener.takes(100);
    world.person("ada").await.food_since("2026-03-10").await;
    let sink = Sink::from_env(&Env::from([("K_SINK", address.as_str())])).expect("a URL");
    binary(&served(&world, sink).await).await;
    assert_eq!(listener.taken().len(), 0, "nobody vouches for it");
    let settings = [("K_SINK", address.as_str()), ("K_CA_CERTS", tls::authority())];
    let sink = Sink::from_env(&Env::from(settings)).expect("a URL and certificates");
    binary(&served(&world, sink).await).await;
    assert_eq!(days(&listener.taken()), [1]);
    for wrong in ["no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"] {
        let wrong = Sink::from_env(&Env::from([("K_SINK", address.as_str()), ("K_CA_CERTS", wrong)]));
        assert!(wrong.err().expect("it is named at the start").to_string().starts_with("K_CA_CERTS"));
    }
}

#[tokio::test]
async fn an_event_that_the_listener_finds_fault_with_stands_in_no_other_ones_way() {
    let (world, listener) = (World::new().await, Listener::default());
    let tick = served(&world, listener.start().await).await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-08").await;
    *listener.refuses.lock().expect("no panic") = Some(format!("{}/{food}/1", ada.id));
    listener.takes(100);
    binary(&tick).await;
    binary(&tick).await;
    assert_eq!(days(&listener.taken()), [3]);
}

#[tokio::test]
async fn of_ticks_at_once_one_announces_a_milestone() {
    let (world, listener) = (World::new().await, Listener::default());
    listener.takes(1000);
    let ada = world.person("ada").await;
    for _ in 0..30 {
        ada.food_since("2026-03-10").await;
    }
    let tick = served(&world, listener.start().await).await;
    let ticks: Vec<_> = (0..8)
        .map(|_| {
            tokio::spawn({
                let tick = tick.clone();
                async move { binary(&tick).await }
            })
        })
        .collect();
    for ticked in ticks {
        ticked.await.expect("no panic");
    }
    binary(&tick).await;
    assert_eq!(listener.taken().len(), 30);
}

#[tokio::test]
async fn a_past_that_is_entered_today_is_no_news() {
    let (world, listener) = (World::new().await, Listener::default());
    let tick = served(&world, listener.start().await).await;
    listener.takes(100);
    let ada = world.person("ada").await;
    ada.food_since("2024-03-11").await; // two years: 730 is reached yesterday
    let deleted = ada.food_since("2026-03-10").await;
    ada.delete(&format!("/api/foods/{deleted}")).await.is(204);
    binary(&tick).await;
    assert_eq!(days(&listener.taken()), [730]);
}

#[tokio::test]
async fn a_milestone_that_an_edit_took_back_before_it_was_announced_is_not_announced() {
    let (world, listener) = (World::new().await, Listener::default());
    let tick = served(&world, listener.start().await).await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-08").await;
    binary(&tick).await;
    ada.slip("2026-03-09", &food).await;
    listener.takes(100);
    binary(&tick).await;
    assert_eq!(days(&listener.taken()), [1]);
}

#[tokio::test]
async fn a_tick_leaves_a_row_of_what_it_did_and_a_count_that_drifted_is_mended() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let tick = served(&world, None).await;
    binary(&tick).await;
    let right = ada.streak(&food).await;
    sqlx::query("UPDATE counters SET kept_days = 99, current_run = 98").execute(world.db()).await.expect("it drifts");
    assert_ne!(ada.streak(&food).await, right);
    for _ in 0..2 {
        world.app.clock.advance(chrono::TimeDelta::minutes(15));
        binary(&tick).await;
    }
    assert_eq!(ada.streak(&food).await, right);
    let ticks: Vec<(u64, u64, u32, u32, u32)> =
        sqlx::query_as("SELECT closed, remaining, lag_days, checked, drifted FROM ticks ORDER BY id")
            .fetch_all(world.db())
            .await
            .expect("rows");
    assert_eq!(ticks, [(1, 0, 0, 1, 0), (0, 0, 0, 1, 1), (0, 0, 0, 1, 0)]);
}

#[tokio::test]
async fn checks_of_counts_go_round_and_round() {
    let world = World::new().await;
    for number in 0..20 {
        world.person(&format!("person {number}")).await;
    }
    let tick = served(&world, None).await;
    for _ in 0..3 {
        world.app.clock.advance(chrono::TimeDelta::minutes(15));
        binary(&tick).await;
    }
    let checked: Vec<u32> =
        sqlx::query_scalar("SELECT checked FROM ticks ORDER BY id").fetch_all(world.db()).await.expect("rows");
    assert_eq!(checked, [20, 20, 20]);
}

#[tokio::test]
async fn what_a_write_holds_is_left_and_how_long_it_has_waited_is_told() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    ada.food_since("2026-03-01").await;
    let tick = served(&world, None).await;
    let held = common::db::lock(world.db().acquire().await.expect("a connection"), ada.id.parse().expect("an id"))
        .await
        .expect("the lock");
    binary(&tick).await.problem(503, "work-remains");
    drop(held);
    let lag: u32 = sqlx::query_scalar("SELECT lag_days FROM ticks").fetch_one(world.db()).await.expect("a row");
    assert_eq!(lag, 10);
    assert_eq!(binary(&tick).await.header("hanip-tick-closed"), "1");
}

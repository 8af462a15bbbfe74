//! The tick: closes finished days, and owns nothing a person can lose.

mod clocks;
mod deliveries;
mod milestones;

use chrono::{Days, NaiveDate};
use reqwest::Client;
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::world::{Person, Reply, World, date};

/// The address of the tick as a function of its own.
pub async fn served(world: &World, sink: Option<tick::Sink>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}/", listener.local_addr().expect("an address"));
    let (app, router) = (world.app.clone(), common::finish(tick::router(world.app.clone(), sink), &world.app));
    tokio::spawn(async move { common::listen(listener, router, &app, std::future::pending()).await });
    address
}

pub async fn binary(address: &str) -> Reply {
    let headers =
        [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/test"), ("ce-type", "dev.knative.sources.ping")];
    let request =
        headers.into_iter().fold(Client::new().post(address), |request, (name, value)| request.header(name, value));
    Reply::of(request.send().await.expect("an answer")).await
}

async fn closed_through(world: &World) -> Vec<NaiveDate> {
    let rows: Vec<(NaiveDate,)> =
        sqlx::query_as("SELECT closed_through FROM counters").fetch_all(world.db()).await.expect("rows");
    rows.into_iter().map(|(date,)| date).collect()
}

#[tokio::test]
async fn an_event_in_either_mode_closes_finished_days_and_a_second_changes_nothing() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let before = ada.streak(&food).await;
    let tick = served(&world, None).await;
    let first = binary(&tick).await;
    assert_eq!((first.status.as_u16(), first.header("hanip-tick-closed"), first.body.as_str()), (204, "1", ""));
    assert_eq!(closed_through(&world).await, [date("2026-03-10")]);
    let event =
        json!({ "specversion": "1.0", "id": "2", "source": "/test", "type": "tick", "data": { "date": "2031-01-01" } });
    let structured =
        Client::new().post(&tick).header("content-type", "application/cloudevents+json").body(event.to_string());
    let second = Reply::of(structured.send().await.expect("an answer")).await;
    assert_eq!((second.status.as_u16(), second.header("hanip-tick-closed")), (204, "0"));
    assert_eq!(closed_through(&world).await, [date("2026-03-10")], "nothing is read from the event");
    assert_eq!(ada.streak(&food).await, before, "no number depends on a tick");
}

#[tokio::test]
async fn what_is_no_event_is_refused() {
    let world = World::new().await;
    let tick = served(&world, None).await;
    for (kind, body) in [
        ("application/json", "{}"),
        ("application/cloudevents+json", "{"),
        ("application/cloudevents-batch+json", "[]"),
    ] {
        let request = Client::new().post(&tick).header("content-type", kind).body(body);
        Reply::of(request.send().await.expect("an answer")).await.problem(400, "event-invalid");
    }
}

#[tokio::test]
async fn an_event_that_is_too_large_is_a_problem_too() {
    let world = World::new().await;
    let tick = served(&world, None).await;
    let request =
        Client::new().post(&tick).header("content-type", "application/cloudevents+json").body("x".repeat(70 * 1024));
    Reply::of(request.send().await.expect("an answer")).await.problem(413, "body-too-large");
}

#[tokio::test]
async fn a_late_tick_closes_all_days_as_reads_had_counted_them() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let foods = [
        ada.food_since("2026-03-01").await,
        ada.food(json!({ "name": "soda", "start_date": "2026-03-01", "counting": "confirm", "goal_days": 4 })).await,
    ];
    for food in &foods {
        ada.review("2026-03-09", food, "kept").await;
        ada.review("2026-03-10", food, "kept").await;
        ada.slip("2026-03-04", food).await;
    }
    world.days_pass(20);
    let before = [ada.streak(&foods[0]).await, ada.streak(&foods[1]).await];
    tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    assert_eq!(closed_through(&world).await, [date("2026-03-30"), date("2026-03-30")]);
    assert_eq!([ada.streak(&foods[0]).await, ada.streak(&foods[1]).await], before);
}

#[tokio::test]
async fn an_edit_of_a_closed_day_counts_at_once() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    ada.review("2026-03-06", &food, "slipped").await;
    assert_eq!(ada.streak(&food).await["current_streak"], 4);
    ada.delete("/api/reviews/2026-03-06").await.is(204);
    assert_eq!(ada.streak(&food).await["current_streak"], 10);
}

#[tokio::test]
async fn a_person_far_east_is_closed_before_one_far_west() {
    let world = World::at("2026-03-11T20:00:00Z").await;
    for (name, zone) in [("east", "Asia/Seoul"), ("west", "America/Los_Angeles")] {
        let mut person = world.stranger();
        person.sign_in(name, zone).await;
        person.food_since("2026-03-01").await;
    }
    tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    let mut closed = closed_through(&world).await;
    closed.sort();
    assert_eq!(closed, [date("2026-03-10"), date("2026-03-11")]);
}

#[tokio::test]
async fn eight_ticks_at_once_with_writers_among_them_lose_and_double_nothing() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let ticks = (0..8).map(|_| {
        let app = world.app.clone();
        tokio::spawn(async move { tick::run(&app, tick::CHUNK).await.map(|done| done.closed) })
    });
    let ticks: Vec<_> = ticks.collect();
    for day in ["2026-03-02", "2026-03-05", "2026-03-09"] {
        ada.slip(day, &food).await;
    }
    let mut closed = 0;
    for tick in ticks {
        closed += tick.await.expect("no panic").expect("no error");
    }
    // A writer may have held the food whenever a tick came by.
    closed += tick::run(&world.app, tick::CHUNK).await.expect("no error").closed;
    assert_eq!(closed, 1, "of nine, one closed the food");
    let streak = ada.streak(&food).await;
    let counts = ["current_streak", "longest_streak", "kept_days", "slip_days"].map(|name| streak[name].as_u64());
    assert_eq!(counts, [Some(1), Some(3), Some(7), Some(3)]);
}

#[tokio::test]
async fn the_tick_is_not_reachable_in_standalone() {
    let world = World::new().await;
    binary(&format!("{}/", world.origin)).await.problem(405, "method-not-allowed");
}

/// A food with a random past: what people do in 40 days, and a tick now and then.
async fn random_food(ada: &Person, seed: u64) -> String {
    let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut below = |bound: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % bound
    };
    let counting = ["assume", "confirm"][usize::try_from(below(2)).expect("few")];
    let start = date("2026-01-30") + Days::new(below(40));
    let goal = below(30) + 1;
    let food = json!({ "name": "x", "start_date": start, "counting": counting, "goal_days": goal });
    let food = ada.food(food).await;
    for _ in 0..below(6) {
        let on = start
            + Days::new(below(41))
                .min(Days::new(u64::try_from((date("2026-03-11") - start).num_days()).expect("past")));
        match below(4) {
            0 => drop(ada.slip(&on.to_string(), &food).await),
            1 => drop(ada.review(&on.to_string(), &food, "kept").await),
            2 => drop(ada.review(&on.to_string(), &food, "skipped").await),
            _ => {
                let skip = json!({ "from": on, "to": on + Days::new(below(20)), "food_ids": [food] });
                ada.put(&format!("/api/reviews/skips/{}", uuid::Uuid::new_v4()), skip).await.created();
            }
        }
    }
    if below(5) == 0 {
        ada.patch(&format!("/api/foods/{food}"), json!({ "archived": true })).await.ok();
    }
    food
}

#[tokio::test]
async fn the_arithmetic_of_the_tick_agrees_with_the_fold_on_random_pasts() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let mut foods = Vec::new();
    for seed in 1..=150 {
        foods.push(random_food(&ada, seed).await);
    }
    for days in [0, 1, 1, 6, 20] {
        world.days_pass(days);
        let ada = world.person("ada").await;
        tick::run(&world.app, tick::CHUNK).await.expect("a tick");
        let mut db =
            common::db::lock(world.db().acquire().await.expect("a connection"), ada.id.parse().expect("an id"))
                .await
                .expect("the lock");
        let user_id = ada.id.parse().expect("an id");
        let ticked =
            common::db::select(&mut db, common::diary::counted_food::Foods { user_id }).await.expect("counters");
        let ids: Vec<uuid::Uuid> = ticked.iter().map(|food| food.id).collect();
        let today = (world.now()).date_naive();
        common::diary::counters::recompute(&mut db, &ids, today).await.expect("a fold from the start");
        let folded =
            common::db::select(&mut db, common::diary::counted_food::Foods { user_id }).await.expect("counters");
        for (ticked, folded) in ticked.iter().zip(&folded) {
            assert_eq!(ticked.counter, folded.counter, "after {days} days");
        }
        assert_eq!(ticked.len(), foods.len());
    }
}

#[tokio::test]
async fn a_food_that_cannot_be_closed_stands_in_no_other_ones_way() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let mut foods = Vec::new();
    for _ in 0..30 {
        foods.push(ada.food_since("2026-03-01").await);
    }
    // No request can make such a row; a fault of a disk or of an operator could.
    sqlx::query("UPDATE counters SET milestones = '[7]' WHERE food_id = UNHEX(REPLACE(?, '-', ''))")
        .bind(&foods[7])
        .execute(world.db())
        .await
        .expect("a broken row");
    let done = tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    assert_eq!((done.closed, done.remaining), (29, 1));
}

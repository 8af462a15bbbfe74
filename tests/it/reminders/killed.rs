//! Reminders that are killed, or told to stop, in the middle of a delivery.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use common::Clock;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::json;
use sqlx::{Connection, MySqlConnection};
use tokio::time::sleep;
use uuid::Uuid;

use super::{
    channel, remind,
    taker::{Taker, header},
};
use crate::{
    operations::{killed::copy, program::free_port},
    support::{
        processes::Function,
        proxy::Random,
        world::{World, database},
        writers::times,
    },
};

/// Who is like the one who came through HTTP: with the same food, webhook and reminder.
const COPY: &str = concat!(copy!("users"), copy!("foods"), copy!("channels"), copy!("reminders"));
const PEOPLE: usize = 1001;
/// A killed process may have had so many under way, or answered and not marked.
const UNDER_WAY: usize = 128 + 100;

#[tokio::test]
async fn reminders_that_are_killed_or_stopped_in_a_delivery_lose_none_and_tell_none_again_that_was_marked() {
    let (url, random, taker) = (database().await, Random::new(), Taker::default());
    let world = World::over(url.clone(), &Clock::system().now().to_rfc3339()).await;
    let ada = world.person("ada").await;
    let start_date = (world.now() - TimeDelta::days(9)).date_naive();
    ada.food(json!({ "name": "ramen", "start_date": start_date, "counting": "confirm" })).await;
    channel(&ada, json!({ "kind": "webhook", "url": "https://hooks.example.org/" })).await;
    remind(&ada, json!({ "time": "21:00" })).await;
    let mut db = MySqlConnection::connect(&url).await.expect("the database is reached");
    let local = sqlx::query("UPDATE channels SET url = ?").bind(taker.start().await);
    local.execute(&mut db).await.expect("it is on this computer");
    sqlx::raw_sql(COPY).execute(&mut db).await.expect("copies");
    let (mut killed, mut stopped, mut halfway, mut repeated) = (0, 0, 0, 0);
    for turn in 0..times(3) {
        due(&mut db, TimeDelta::minutes(random.below(50) as i64)).await;
        let reminders = start(&url).await;
        let answer = tokio::spawn(event(&reminders).send());
        // Long enough for the event to be with it: one that a SIGTERM finds on its way is sent again.
        sleep(Duration::from_millis(20 + random.below(200))).await;
        let (moment, began) = (random.below(PEOPLE as u64) as usize, Instant::now());
        while taker.count() < moment {
            assert!(began.elapsed() < Duration::from_secs(60), "{moment} are sent");
            sleep(Duration::from_millis(1)).await;
        }
        let is_kill = turn % 3 != 1;
        if is_kill {
            drop(reminders);
            drop(answer.await);
            // What it has sent arrives.
            sleep(Duration::from_millis(100)).await;
            killed += 1;
        } else {
            // Beside it, this thread answers what is under way.
            tokio::task::spawn_blocking(|| reminders.stop()).await.expect("it ended well");
            let answer = answer.await.expect("no panic").expect("who asked is answered").status();
            assert!([StatusCode::NO_CONTENT, StatusCode::SERVICE_UNAVAILABLE].contains(&answer), "{answer}");
            stopped += 1;
        }
        let marked = ids(&mut db, "SELECT id FROM sends WHERE outcome = 'sent'").await;
        let first = taken(&taker);
        if is_kill {
            let later = "UPDATE sends SET due_at = due_at - INTERVAL 2 MINUTE WHERE due_at IS NOT NULL";
            sqlx::query(later).execute(&mut db).await.expect("two minutes pass");
        }
        let (reminders, began) = (start(&url).await, Instant::now());
        while event(&reminders).send().await.expect("an answer").status() != StatusCode::NO_CONTENT {
            assert!(began.elapsed() < Duration::from_secs(60), "what the killed one held is still held");
            sleep(Duration::from_millis(50)).await;
        }
        let second = taken(&taker);
        let all = ids(&mut db, "SELECT id FROM sends WHERE outcome = 'sent'").await;
        assert_eq!(all.len(), PEOPLE, "each is told, and by one id");
        assert_eq!(first.union(&second).collect::<HashSet<_>>(), all.iter().collect(), "lost");
        assert!(marked.is_disjoint(&second), "told again, though it was marked");
        let again = first.intersection(&second).count();
        assert!(again <= if is_kill { UNDER_WAY } else { 0 }, "{again} told again");
        repeated += again;
        halfway += usize::from(is_kill && (1..PEOPLE).contains(&first.len()));
    }
    let (seed, all) = (random.seed(), PEOPLE * times(3));
    println!(
        "deliveries of reminders ended halfway: {halfway} of {killed} by kill -9 ({stopped} by SIGTERM), seed {seed}"
    );
    println!("reminders lost, or told again though marked, by a kill or SIGTERM: 0 of {all}, seed {seed}");
    println!("reminders under way at a kill that were told again, by the same id: {repeated} of {all}, seed {seed}");

    due(&mut db, TimeDelta::minutes(61)).await;
    let reminders = start(&url).await;
    while event(&reminders).send().await.expect("an answer").status() != StatusCode::NO_CONTENT {}
    assert_eq!(taken(&taker).len(), 0, "more than an hour late");
}

/// Everybody's reminder was due so long ago, to the minute, and nothing has been told.
async fn due(db: &mut MySqlConnection, ago: TimeDelta) {
    let at: DateTime<Utc> =
        (Clock::system().now() - ago).duration_trunc(TimeDelta::minutes(1)).expect("a whole minute");
    sqlx::query("DELETE FROM sends").execute(&mut *db).await.expect("none is sent");
    let due = "UPDATE reminders SET time = TIME(?), next_on = DATE(?), next_at = ?";
    sqlx::query(due).bind(at).bind(at).bind(at).execute(db).await.expect("they are due");
}

async fn ids(db: &mut MySqlConnection, select: &'static str) -> HashSet<String> {
    let ids: Vec<Uuid> = sqlx::query_scalar(select).fetch_all(db).await.expect("ids");
    ids.iter().map(Uuid::to_string).collect()
}

/// The ids of what was taken since, each once.
fn taken(taker: &Taker) -> HashSet<String> {
    let taken = taker.taken();
    let ids: HashSet<_> = taken.iter().map(|(headers, _)| header(headers, "webhook-id").to_owned()).collect();
    assert_eq!(ids.len(), taken.len(), "twice by one process");
    ids
}

async fn start(url: &str) -> Function {
    let settings =
        [("DATABASE_URL", url), ("PUBLIC_ORIGIN", "http://127.0.0.1:1"), ("ALLOW_PRIVATE_ADDRESSES", "true")];
    let reminders = Function::start("reminders", free_port(), &settings);
    reminders.is_ready().await;
    reminders
}

fn event(reminders: &Function) -> RequestBuilder {
    let event = Client::new().post(&reminders.origin).header("ce-specversion", "1.0").header("ce-id", "1");
    event.header("ce-source", "/test").header("ce-type", "dev.knative.sources.ping")
}

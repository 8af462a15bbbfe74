//! Functions that are replaced while people use them: scripts/containers does it, and these are the people.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::json;
use tokio::{task::JoinSet, time::sleep};
use uuid::Uuid;

use crate::{
    place::Place,
    world::{Person, date, text},
};

/// How long somebody waits between two requests: a constant load, whatever the answers take.
const PAUSE: Duration = Duration::from_millis(5);

/// What somebody was told, and what went wrong.
#[derive(Default)]
struct Told {
    requests: usize,
    failed: Vec<String>,
    /// Which slips are stored, and on which date.
    slips: Vec<(String, Uuid)>,
    slowest: Duration,
}

struct User {
    person: Person,
    food: String,
    told: Told,
}

impl User {
    async fn sign_in(place: &Place, name: &str) -> Self {
        let person = place.person(name).await;
        let food = person.food_since("2020-01-01").await;
        Self { person, food, told: Told::default() }
    }

    /// Sends a request once; the answer is whether it was a success.
    async fn asks(&mut self, method: Method, path: &str, body: Option<serde_json::Value>) -> bool {
        let mut request = self.person.request(method.clone(), path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let began = Instant::now();
        let answer = request.send().await;
        self.told.requests += 1;
        self.told.slowest = self.told.slowest.max(began.elapsed());
        let fault = match answer {
            Ok(answer) if answer.status().is_success() => return answer.bytes().await.is_ok(),
            Ok(answer) => format!("{} {}", answer.status(), answer.text().await.unwrap_or_default()),
            Err(error) => format!("{error:?}"),
        };
        self.told.failed.push(format!("{method} {path}: {fault}"));
        false
    }

    /// Eats, looks, changes their mind: every function is asked.
    async fn goes_on_until(mut self, stop: Arc<AtomicBool>) -> Self {
        let mut turn = 0;
        while !stop.load(Relaxed) {
            let day = (date("2020-01-01") + chrono::Days::new(turn / 40)).to_string();
            let slip = Uuid::new_v4();
            let path = format!("/api/reviews/{day}/slips/{slip}");
            if self.asks(Method::PUT, &path, Some(json!({ "food_id": self.food, "note": "once" }))).await {
                self.told.slips.push((day.clone(), slip));
            }
            sleep(PAUSE).await;
            match turn % 5 {
                0 => self.asks(Method::GET, "/api/auth/me", None).await,
                1 => self.asks(Method::GET, "/api/streaks/today", None).await,
                2 => {
                    let path = format!("/api/foods/{}", self.food);
                    self.asks(Method::PATCH, &path, Some(json!({ "motivation": format!("turn {turn}") }))).await
                }
                3 => self.asks(Method::GET, "/api/data/export", None).await,
                _ => self.asks(Method::GET, &format!("/api/reviews/{day}"), None).await,
            };
            sleep(PAUSE).await;
            turn += 1;
        }
        self
    }

    /// Checks that what was acknowledged is stored once each, and nothing else.
    async fn finds_all(&self) {
        let mut days: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (day, slip) in &self.told.slips {
            days.entry(day).or_default().push(slip.to_string());
        }
        for (day, mut told) in days {
            let review = self.person.get(&format!("/api/reviews/{day}")).await.ok();
            let slips = review["slips"].as_array().expect("slips");
            let mut stored: Vec<String> = slips.iter().map(|slip| text(&slip["id"])).collect();
            told.sort();
            stored.sort();
            assert_eq!(stored, told, "{day}");
        }
    }
}

#[tokio::test]
#[ignore = "scripts/containers replaces the functions, until standard input ends"]
async fn no_request_fails_and_every_acknowledged_write_is_there_once_while_functions_are_replaced() {
    let place = Place::get().await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut people = JoinSet::new();
    for number in 0..4 {
        people.spawn(User::sign_in(&place, &format!("user {number}")).await.goes_on_until(stop.clone()));
    }
    let ends = tokio::task::spawn_blocking(|| std::io::read_to_string(std::io::stdin()));
    ends.await.expect("no panic").expect("a text");
    stop.store(true, Relaxed);
    let people = people.join_all().await;
    let requests: usize = people.iter().map(|user| user.told.requests).sum();
    let writes: usize = people.iter().map(|user| user.told.slips.len()).sum();
    let failed: Vec<&String> = people.iter().flat_map(|user| &user.told.failed).collect();
    let slowest = people.iter().map(|user| user.told.slowest).max();
    println!("functions replaced under load, requests failed: {} of {requests}, slowest {slowest:?}", failed.len());
    assert!(failed.is_empty() && writes > 0, "{failed:#?}");
    for user in &people {
        user.finds_all().await;
    }
    println!("functions replaced under load, acknowledged writes lost or doubled: 0 of {writes}");
}

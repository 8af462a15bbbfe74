//! Functions that are replaced while people use them: scripts/containers does it, and these are the people.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use chrono::{Days, NaiveDate};
use common::Env;
use reqwest::Method;
use serde_json::json;
use tokio::{task::JoinSet, time::sleep};
use uuid::Uuid;

use crate::support::{
    broker::Sent,
    deployment::{Place, today},
    world::{Person, date, text},
};

/// How long somebody waits between two requests: a constant load, whatever the answers take.
const PAUSE: Duration = Duration::from_millis(5);

/// Since when everybody tracks their first food.
const BEGUN: &str = "2020-01-01";

/// What somebody was told, and what went wrong.
#[derive(Default)]
struct Told {
    requests: usize,
    failed: Vec<String>,
    /// Which slips are stored, and on which date.
    slips: Vec<(String, Uuid)>,
    /// Foods they added, three days after they began.
    foods: Vec<Uuid>,
    slowest: Duration,
}

struct User {
    person: Person,
    food: String,
    today: NaiveDate,
    told: Told,
}

impl User {
    async fn sign_in(place: &Place, name: &str) -> Self {
        let person = place.person(name).await;
        let food = person.food_since(BEGUN).await;
        let today = today(&person).await;
        Self { person, food, today, told: Told::default() }
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
            let day = (date(BEGUN) + Days::new(turn / 40)).to_string();
            let slip = Uuid::new_v4();
            let path = format!("/api/reviews/{day}/slips/{slip}");
            if self.asks(Method::PUT, &path, Some(json!({ "food_id": self.food, "note": "once" }))).await {
                self.told.slips.push((day.clone(), slip));
            }
            sleep(PAUSE).await;
            match turn % 6 {
                0 => self.asks(Method::GET, "/api/auth/me", None).await,
                1 => self.asks(Method::GET, "/api/streaks/today", None).await,
                2 => {
                    let path = format!("/api/foods/{}", self.food);
                    self.asks(Method::PATCH, &path, Some(json!({ "motivation": format!("turn {turn}") }))).await
                }
                3 => self.asks(Method::GET, "/api/data/export", None).await,
                4 => self.adds_a_food().await,
                _ => self.asks(Method::GET, &format!("/api/reviews/{day}"), None).await,
            };
            sleep(PAUSE).await;
            turn += 1;
        }
        self
    }

    /// One with finished days that the next tick closes, and two milestones that it announces.
    async fn adds_a_food(&mut self) -> bool {
        let id = Uuid::new_v4();
        let food = json!({ "id": id, "name": "soda", "start_date": self.today - Days::new(3) });
        let added = self.asks(Method::POST, "/api/foods", Some(food)).await;
        self.told.foods.extend(added.then_some(id));
        added
    }

    /// Checks every number against what was recorded: a slip a day from the first on, and nothing else.
    async fn counts_right(&self) {
        let slipped: BTreeSet<&str> = self.told.slips.iter().map(|(day, _)| day.as_str()).collect();
        let first = (self.today - date(BEGUN)).num_days() - slipped.len() as i64;
        let streaks = self.person.get("/api/streaks").await.ok();
        let streaks = streaks["streaks"].as_array().expect("streaks");
        assert_eq!(streaks.len(), 1 + self.told.foods.len());
        for streak in streaks {
            let days = if streak["food_id"] == json!(self.food) { first } else { 3 };
            let numbers = ["current_streak", "longest_streak", "kept_days"].map(|name| streak[name].as_i64());
            assert_eq!(numbers, [Some(days); 3], "{streak}");
        }
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
async fn no_request_fails_and_no_write_or_tick_is_lost_while_functions_are_replaced() {
    let place = Place::get().await;
    let gateway = Env::process().required("HANIP_GATEWAY", "where ticks are sent to").expect("it is set");
    let mut earlier = Sent::default();
    earlier.ticks_to_the_end(&gateway).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut people = JoinSet::new();
    for number in 0..4 {
        people.spawn(User::sign_in(&place, &format!("user {number}")).await.goes_on_until(stop.clone()));
    }
    let ticks = tokio::spawn(Sent::default().ticks_until(gateway.clone(), stop.clone()));
    let ends = tokio::task::spawn_blocking(|| std::io::read_to_string(std::io::stdin()));
    ends.await.expect("no panic").expect("a text");
    stop.store(true, Relaxed);
    let people = people.join_all().await;
    let mut ticks = ticks.await.expect("no panic");

    let requests: usize = people.iter().map(|user| user.told.requests).sum();
    let writes: usize = people.iter().map(|user| user.told.slips.len() + user.told.foods.len()).sum();
    let failed: Vec<&String> = people.iter().flat_map(|user| &user.told.failed).collect();
    let slowest = people.iter().map(|user| user.told.slowest).max().unwrap_or_default();
    println!("functions replaced under load, requests failed: {} of {requests}, slowest {slowest:?}", failed.len());
    assert!(failed.is_empty() && writes > 0, "{failed:#?}");
    println!(
        "functions replaced under load, ticks lost: {} of {}, {} sent again",
        ticks.lost.len(),
        ticks.ticks,
        ticks.again
    );
    assert!(ticks.lost.is_empty() && ticks.ticks > 0, "{:#?}", ticks.lost);

    for user in &people {
        user.finds_all().await;
    }
    println!("functions replaced under load, acknowledged writes lost or doubled: 0 of {writes}");
    ticks.ticks_to_the_end(&gateway).await;
    for user in &people {
        user.counts_right().await;
    }
    let foods: usize = people.iter().map(|user| 1 + user.told.foods.len()).sum();
    assert_eq!(ticks.closed, foods as u64, "each food's days are closed once");
    println!("functions replaced under load, foods whose days were closed more or less than once: 0 of {foods}");
}

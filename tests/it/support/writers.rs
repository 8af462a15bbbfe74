//! People who eat the same food again and again, and remember what they were told is stored.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use common::Env;
use reqwest::{RequestBuilder, header};
use serde_json::json;
use sqlx::{Connection, MySqlConnection};
use tokio::{task::JoinSet, time::sleep};
use uuid::Uuid;

use crate::support::world::{Person, Reply};

/// The database is back, so soon a write succeeds.
pub const SOON: Duration = Duration::from_secs(2);

/// How often something is tried: `HANIP_PROVE=10` tries it ten times as often.
pub fn times(count: usize) -> usize {
    count * Env::process().parsed("HANIP_PROVE", "a factor", 1).expect("HANIP_PROVE is right")
}

/// Somebody who eats the same food again and again.
pub struct Eater {
    pub person: Person,
    food: String,
    slips: u64,
    /// Where a function of its own takes the slips; it may die before it answers.
    function: Option<String>,
}

impl Eater {
    pub async fn at(origin: &str, name: &str) -> Self {
        let mut person = Person::new(origin);
        person.sign_in(name, "UTC").await;
        let food = person.food_since("2020-01-01").await;
        Self { person, food, slips: 0, function: None }
    }

    /// The same, whose slips go to a function of its own that may die.
    pub fn writing_to(self, function: &str) -> Self {
        Self { function: Some(function.to_owned()), ..self }
    }

    pub async fn several(origin: &str, count: usize) -> Vec<Self> {
        let mut eaters = Vec::new();
        for number in 0..count {
            eaters.push(Self::at(origin, &format!("eater {number}")).await);
        }
        eaters
    }

    /// The next slip, not sent yet: a date takes fifty.
    pub fn slip(&mut self) -> (Uuid, RequestBuilder) {
        let id = Uuid::new_v4();
        let date = crate::support::world::date("2020-01-01") + chrono::Days::new(self.slips / 40);
        self.slips += 1;
        let origin = self.function.as_ref().unwrap_or(&self.person.origin);
        let request = self.person.client.put(format!("{origin}/api/reviews/{date}/slips/{id}"));
        let request = request.header(header::ORIGIN, &self.person.origin);
        (id, request.json(&json!({ "food_id": self.food })))
    }

    /// Logs a slip; the answer is its id where it was acknowledged.
    pub async fn eat(&mut self) -> Option<Uuid> {
        let (id, request) = self.slip();
        let acknowledged = match self.function {
            Some(_) => request.send().await.is_ok_and(|answer| answer.status().is_success()),
            None => acknowledged(&self.person.send(request).await),
        };
        acknowledged.then_some(id)
    }

    /// Checks that writes are refused, and at once: the answer is how long the longest of eight took.
    pub async fn is_refused(&mut self, fault: &str) -> Duration {
        let mut longest = Duration::ZERO;
        for _ in 0..8 {
            let began = Instant::now();
            assert_eq!(self.eat().await, None, "{fault}");
            longest = longest.max(began.elapsed());
        }
        assert!(longest < SOON, "{fault}: a write was refused after {longest:?}");
        longest
    }

    /// Checks how long it takes until a write succeeds.
    pub async fn first_good_write(&mut self, fault: &str) -> Duration {
        let began = Instant::now();
        while self.eat().await.is_none() {
            sleep(Duration::from_millis(5)).await;
        }
        assert!(began.elapsed() < SOON, "{fault}");
        began.elapsed()
    }

    /// Eats until told to stop; the answer is what was acknowledged, and when.
    pub fn eats_until(mut self, stop: &Arc<AtomicBool>) -> impl Future<Output = Vec<(Uuid, Instant)>> + 'static {
        let stop = stop.clone();
        async move {
            let mut eaten = Vec::new();
            while !stop.load(Relaxed) {
                match self.eat().await {
                    Some(id) => eaten.push((id, Instant::now())),
                    None => sleep(Duration::from_millis(5)).await,
                }
            }
            eaten
        }
    }
}

/// Whether an answer is a success; else it must be one that says to try again.
#[track_caller]
pub fn acknowledged(reply: &Reply) -> bool {
    if !reply.status.is_success() {
        reply.problem(503, "unavailable");
        assert_eq!(reply.header("retry-after"), "1");
    }
    reply.status.is_success()
}

/// Checks that every acknowledged slip is seen by somebody else.
pub async fn none_is_lost(fault: &str, db: &mut MySqlConnection, acknowledged: &[Uuid]) {
    let stored: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM slips").fetch_all(db).await.expect("rows");
    let stored: HashSet<Uuid> = stored.into_iter().collect();
    let lost = acknowledged.iter().filter(|id| !stored.contains(id)).count();
    println!("{fault}, acknowledged writes lost: {lost} of {}", acknowledged.len());
    assert!(lost == 0 && !acknowledged.is_empty());
}

/// Lets a fault come and go again and again while four people write. Checks that all they were
/// told is stored holds, and that after each fault somebody was told so soon.
pub async fn while_people_write(fault: &str, origin: &str, url: &str, count: usize, happens: impl AsyncFnMut()) {
    while_these_write(fault, Eater::several(origin, 4).await, url, count, happens).await;
}

/// The same, with these people.
pub async fn while_these_write(
    fault: &str,
    eaters: Vec<Eater>,
    url: &str,
    count: usize,
    mut happens: impl AsyncFnMut(),
) {
    let stop = Arc::new(AtomicBool::new(false));
    let (mut writing, mut ends) = (JoinSet::new(), Vec::new());
    for eater in eaters {
        writing.spawn(eater.eats_until(&stop));
    }
    for _ in 0..count {
        happens().await;
        ends.push(Instant::now());
    }
    sleep(SOON).await;
    stop.store(true, Relaxed);
    let eaten: Vec<_> = writing.join_all().await.into_iter().flatten().collect();
    let after = |end| eaten.iter().filter_map(|(_, at)| at.checked_duration_since(end)).min();
    let waits = ends.into_iter().map(|end| after(end).expect("a write after the last fault"));
    let longest = waits.max().expect("a fault");
    println!("{fault}, first good write after, the longest of {count}: {longest:?} of {SOON:?}");
    assert!(longest < SOON);
    let ids: Vec<Uuid> = eaten.into_iter().map(|(id, _)| id).collect();
    let mut other = MySqlConnection::connect(url).await.expect("the database is reached");
    none_is_lost(&format!("{fault}, {count} times"), &mut other, &ids).await;
}

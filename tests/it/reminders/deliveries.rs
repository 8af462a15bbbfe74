//! Hostile deliveries: whatever comes, whenever and however often, each reminder of a date is told once, within the hour.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use common::{App, Env, diary::zone::Zone};
use reminders::Sender;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use uuid::Uuid;

use super::{Evening, SETTINGS, instant, remind, served};
use crate::{
    streaks::zones::zone,
    support::{
        proxy::Random,
        world::{Reply, pool_of, text},
        writers::times,
    },
};

/// How many deliveries one world gets.
const DELIVERIES: usize = 500;
/// Some hours before clocks change: in America, in Europe, in Australia, and back in America.
const STARTS: [&str; 4] =
    ["2026-03-07T22:00:30Z", "2026-03-28T18:00:30Z", "2026-04-04T08:00:30Z", "2026-10-31T22:00:30Z"];
const ZONES: [&str; 6] =
    ["Asia/Seoul", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"];
const TIMES: [&str; 7] = ["00:00", "01:30", "02:00", "02:30", "03:00", "12:05", "21:00"];

#[tokio::test]
async fn deliveries_that_are_doubled_late_lost_forged_or_killed_tell_each_reminder_of_a_date_once() {
    let random = Arc::new(Random::new());
    let (mut deliveries, mut told) = (0, 0);
    for _ in 0..times(1) {
        let (delivered, reminders) = hostile_night(&random).await;
        deliveries += delivered;
        told += reminders;
    }
    let seed = random.seed();
    println!("reminders lost, told late or twice in {deliveries} hostile deliveries: 0 of {told}, seed {seed}");
    assert!(told > 0);
}

/// How many were delivered, and how many reminders were told.
async fn hostile_night(random: &Arc<Random>) -> (usize, usize) {
    let evening = Evening::new().await;
    let start = instant(STARTS[random.below(STARTS.len() as u64) as usize]);
    evening.world.app.clock.set(start);
    let mut people = Vec::new();
    for (index, zone) in ZONES.into_iter().enumerate() {
        let (person, _) = evening.reminded(&format!("person {index}"), zone, TIMES[0]).await;
        let day_start = ["00:00", "04:00"][random.below(2) as usize];
        person.patch("/api/auth/me", json!({ "day_start": day_start })).await.ok();
        for (index, time) in TIMES.into_iter().enumerate().skip(1) {
            let about = ["waiting", "review"][index % 2];
            remind(&person, json!({ "time": time, "about": about })).await;
        }
        people.push((person.id, zone, day_start));
    }
    let mut pods = vec![Pod::of(&evening, evening.app.clone(), evening.address.clone())];
    for _ in 0..2 {
        let app = App { db: evening.world.db_of("reminders"), ..evening.world.app.clone() };
        let address = served(&app, &evening.sender).await;
        pods.push(Pod::of(&evening, app, address));
    }
    let pods: Vec<_> = pods.into_iter().map(Arc::new).collect();
    // By whose it is and by its tag: on which date, and in which rounds it came.
    let mut told = BTreeMap::<(String, String), (String, Vec<usize>)>::new();
    let (mut delivered, mut kills, mut was_killed, mut was_lost) = (0, Vec::new(), false, false);
    for round in 0.. {
        let is_last = delivered >= DELIVERIES;
        // What a kill has left comes again after its lease.
        let minutes = if was_killed || is_last { 2 + random.below(3) } else { 1 + random.below(25) };
        evening.world.app.clock.advance(TimeDelta::minutes(minutes as i64));
        if !was_killed && !was_lost && !is_last && random.below(6) == 0 {
            was_lost = true;
            continue;
        }
        let deliveries = if is_last { Vec::new() } else { deliveries(random, !was_killed) };
        (was_lost, was_killed) = (false, deliveries.contains(&Delivery::Killed));
        kills.extend(was_killed.then_some(round));
        let mut working = JoinSet::new();
        for delivery in deliveries {
            delivered += 1;
            let (pod, random) = (pods[random.below(3) as usize].clone(), random.clone());
            working.spawn(async move {
                sleep(Duration::from_millis(random.below(40))).await;
                delivery.arrives(&pod, &random).await;
            });
        }
        working.join_all().await;
        // What they left is done by one more.
        while !matches!(reminders::run(&evening.app, &evening.sender).await, Ok(0)) {
            sleep(Duration::from_millis(20)).await;
        }
        for message in evening.push.messages().await {
            let payload = &message["payload"];
            let told = told.entry((text(&payload["account"]), text(&payload["tag"])));
            told.or_insert_with(|| (text(&payload["date"]), Vec::new())).1.push(round);
        }
        if is_last {
            break;
        }
    }
    let seed = random.seed();
    let mut counts = BTreeMap::<(String, NaiveDate), usize>::new();
    for ((account, tag), (date, rounds)) in &told {
        *counts.entry((account.clone(), date.parse().expect("a date"))).or_default() += 1;
        // One that a killed process had under way comes again under the same tag, by which it replaces the first.
        let (_, before) = rounds.split_last().expect("it came");
        assert!(
            before.iter().all(|round| kills.contains(round)),
            "{tag} came in {rounds:?}, kills {kills:?}, seed {seed}"
        );
    }
    let mut expected = BTreeMap::<(String, NaiveDate), usize>::new();
    for (account, name, day_start) in &people {
        for time in TIMES {
            for date in due(&zone(name), wall_time(day_start), wall_time(time), (start, evening.world.now())) {
                *expected.entry((account.clone(), date)).or_default() += 1;
            }
        }
    }
    assert_eq!(counts, expected, "seed {seed}");
    (delivered, told.len())
}

fn wall_time(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").expect("a time")
}

/// The dates of a reminder that fall between two instants: one comes when the wall clock first shows its time or a later one.
fn due(
    zone: &Zone,
    day_start: NaiveTime,
    time: NaiveTime,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> Vec<NaiveDate> {
    let (mut now, mut latest, mut dates) = (from, zone.wall_clock(from), Vec::new());
    while now < until {
        now += TimeDelta::minutes(1);
        let wall = zone.wall_clock(now);
        for date in latest.date().iter_days().take_while(|date| *date <= wall.date()) {
            let shown = date.and_time(time);
            if latest < shown && shown <= wall {
                dates.push(if time < day_start { date - Days::new(1) } else { date });
            }
        }
        latest = latest.max(wall);
    }
    dates
}

/// What comes to the function.
#[derive(Clone, Copy, PartialEq)]
enum Delivery {
    Event,
    /// Of a milestone that nobody has reached.
    Forged,
    Garbage,
    /// The process is told to stop after some milliseconds.
    Stopped,
    /// The process dies after some milliseconds, whatever it was doing.
    Killed,
}

/// What comes at once: now and then eight times the same.
fn deliveries(random: &Random, may_kill: bool) -> Vec<Delivery> {
    let mut arriving = if random.below(8) == 0 { vec![Delivery::Event; 8] } else { Vec::new() };
    for _ in 0..1 + random.below(8) {
        arriving.push(match random.below(10) {
            0 => Delivery::Forged,
            1 => Delivery::Garbage,
            2 | 3 => Delivery::Stopped,
            4 | 5 if may_kill => Delivery::Killed,
            _ => Delivery::Event,
        });
    }
    arriving
}

/// The function as a process of its own: its pool is, too.
struct Pod {
    app: App,
    sender: Arc<Sender>,
    address: String,
    database: String,
    env: Env,
    client: Client,
}

impl Pod {
    fn of(evening: &Evening, app: App, address: String) -> Self {
        let mut env = evening.world.env();
        for (name, value) in SETTINGS {
            env.set(name, value);
        }
        // The server ends a connection that idles for 8 s: nothing is sent on one that it may be ending.
        let client = Client::builder().pool_idle_timeout(Duration::from_secs(4)).build().expect("a client");
        let (sender, database) = (evening.sender.clone(), evening.world.database.clone());
        Self { app, sender, address, database, env, client }
    }

    fn event(&self, kind: &str, data: Value) -> RequestBuilder {
        let event = json!({ "specversion": "1.0", "id": "1", "source": "/test", "type": kind, "data": data });
        let request = self.client.post(&self.address).header("content-type", "application/cloudevents+json");
        request.body(event.to_string())
    }

    async fn takes(&self, event: RequestBuilder) {
        Reply::of(event.send().await.expect("an answer")).await.is_taken_or_left();
    }
}

impl Delivery {
    async fn arrives(self, pod: &Pod, random: &Random) {
        let moment = Duration::from_micros(random.below(40_000));
        match self {
            Self::Event => {
                // What it says of itself changes nothing.
                let data = json!({ "now": "2999-01-01T00:00:00Z", "user_id": Uuid::new_v4(), "days": i64::MAX });
                pod.takes(pod.event("dev.knative.sources.ping", data)).await;
            }
            Self::Forged => {
                let data = json!({ "user_id": Uuid::new_v4(), "food_id": Uuid::new_v4(), "days": 7 });
                pod.takes(pod.event("hanip.milestone.reached", data)).await;
            }
            Self::Garbage => {
                let event = pod.event("hanip.milestone.reached", json!({ "user_id": "'; DELETE FROM sends; --" }));
                let reply = Reply::of(event.send().await.expect("an answer")).await;
                assert_eq!(reply.status, 400, "{}", reply.body);
            }
            Self::Stopped => {
                let app = App { tasks: Default::default(), ..pod.app.clone() };
                // One that was rolled back beside another is sent again.
                let (_, ()) = tokio::join!(reminders::run(&app, &pod.sender), async {
                    sleep(moment).await;
                    app.tasks.close();
                });
            }
            Self::Killed => {
                let (app, database, env) = (pod.app.clone(), pod.database.clone(), pod.env.clone());
                let killed = tokio::task::spawn_blocking(move || run_and_die(app, &database, &env, moment));
                killed.await.expect("no panic");
            }
        }
    }
}

/// A call on a runtime of its own, which ends as a killed process does: connections break, and nothing is cleared up.
fn run_and_die(app: App, database: &str, env: &Env, after: Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let app = App { db: pool_of("reminders", database), tasks: Default::default(), ..app };
        let sender = Sender::from_env(env).expect("the settings are right");
        drop(timeout(after, reminders::run(&app, &sender)).await);
    });
}

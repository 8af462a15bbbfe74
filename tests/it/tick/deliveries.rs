//! Hostile ticks: whatever comes, whenever and however often, no day is doubled and none is missed.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use common::{App, Clock, Env};
use reqwest::{Client, RequestBuilder};
use serde_json::json;
use tokio::{
    net::TcpListener,
    task::JoinSet,
    time::{sleep, timeout},
};
use uuid::Uuid;

use crate::support::{
    compare::Differences,
    diarist::Diarist,
    proxy::Random,
    world::{Reply, World},
    writers::times,
};

/// How many deliveries one world gets, and in how many rounds.
const DELIVERIES: usize = 500;
const ROUNDS: usize = 20;

#[tokio::test]
async fn ticks_that_are_doubled_lost_late_forged_or_killed_double_no_day_and_miss_none() {
    let (random, mut differences, mut deliveries) = (Arc::new(Random::new()), Differences::default(), 0);
    for _ in 0..times(1) {
        deliveries += hostile_world(&random, &mut differences).await;
    }
    let (foods, seed) = (differences.foods, random.seed());
    differences.are_none(&format!("{deliveries} deliveries, {foods} comparisons of a food, seed {seed}"));
}

/// A year and a half of people and of ticks; how many were delivered.
async fn hostile_world(random: &Arc<Random>, differences: &mut Differences) -> usize {
    let world = World::new().await;
    let mut people = Vec::new();
    for number in 0..10 {
        people.push(Diarist::at(&world, &format!("person {number}"), 3, random.fork()).await);
    }
    let mut pods = Vec::new();
    for _ in 0..3 {
        pods.push(Arc::new(Pod::of(&world).await));
    }
    let (mut on_their_way, mut delivered) = (Vec::new(), 0);
    for round in 0..ROUNDS {
        world.app.clock.advance(TimeDelta::minutes(random.below(36 * 60) as i64));
        if round == ROUNDS / 2 {
            world.days_pass(400);
        }
        for person in &mut people {
            person.stays_signed_in().await;
        }
        let ticks = deliveries(random, &mut on_their_way, world.now(), DELIVERIES / ROUNDS);
        delivered += ticks.len();
        let mut working = JoinSet::new();
        for delivery in ticks {
            let (pod, random) = (pods[random.below(3) as usize].clone(), random.clone());
            working.spawn(async move {
                sleep(Duration::from_millis(random.below(60))).await;
                delivery.arrives(&pod, &random).await;
            });
        }
        let mut acting = JoinSet::new();
        for mut person in people {
            let acts = random.below(6);
            acting.spawn(async move {
                for _ in 0..acts {
                    person.acts().await;
                }
                person
            });
        }
        // Time does not wait for a tick.
        sleep(Duration::from_millis(30)).await;
        world.app.clock.advance(TimeDelta::hours(random.below(24) as i64));
        people = acting.join_all().await;
        working.join_all().await;
        let all_closed = round % 4 == 3;
        while all_closed && tick::run(&world.app, tick::CHUNK).await.expect("a tick").remaining > 0 {}
        for person in &people {
            person.compare(&world, all_closed, differences).await;
        }
        assert!(differences.others.is_empty(), "round {round}: {:#?}", differences.others);
    }
    for person in &people {
        person.compare_labels().await;
    }
    // A tick mends what it finds to be wrong: that it never had to is a part of the promise.
    let drifted: (i64,) = sqlx::query_as("SELECT CAST(SUM(drifted) AS SIGNED) FROM ticks")
        .fetch_one(world.db())
        .await
        .expect("what ticks did");
    assert_eq!(drifted, (0,), "counts mended by ticks");
    delivered
}

/// The tick as a process of its own: its pool is, too.
struct Pod {
    app: App,
    env: Env,
    address: String,
    client: Client,
}

impl Pod {
    async fn of(world: &World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}/", listener.local_addr().expect("an address"));
        let app = App { clock: world.app.clock.clone(), ..App::from_env(&world.env()).expect("settings") };
        let (serving, router) = (app.clone(), common::finish(tick::router(app.clone(), None), &app));
        tokio::spawn(async move { common::listen(listener, router, &serving, std::future::pending()).await });
        // The server ends a connection that idles for 8 s: nothing is sent on one that it may be ending.
        let client = Client::builder().pool_idle_timeout(Duration::from_secs(4)).build().expect("a client");
        Self { app, env: world.env(), address, client }
    }
}

/// What comes to the tick.
#[derive(Clone)]
enum Delivery {
    Event {
        id: Uuid,
        sent: DateTime<Utc>,
    },
    Forged,
    Garbage,
    /// The process is told to stop after some milliseconds.
    Stopped,
    /// The process dies after some milliseconds, whatever it was doing.
    Killed,
}

/// What arrives in one round, in no order: of the events sent now and before, some arrive more than
/// once, some later, some never; eight are the same one at once.
fn deliveries(random: &Random, on_their_way: &mut Vec<Delivery>, now: DateTime<Utc>, count: usize) -> Vec<Delivery> {
    let event = || Delivery::Event { id: Uuid::new_v4(), sent: now };
    let mut arriving = vec![event(); 8];
    while arriving.len() < count {
        on_their_way.push(event());
        let one = random.below(on_their_way.len() as u64) as usize;
        match random.below(10) {
            0 | 1 => arriving.push(on_their_way[one].clone()),
            2 => arriving.push(on_their_way.swap_remove(one)),
            3 => drop(on_their_way.swap_remove(one)),
            4 => arriving.push(Delivery::Forged),
            5 => arriving.push(Delivery::Garbage),
            6 | 7 => arriving.push(Delivery::Stopped),
            _ => arriving.push(Delivery::Killed),
        }
    }
    arriving
}

impl Delivery {
    async fn arrives(self, pod: &Pod, random: &Random) {
        let moment = Duration::from_micros(random.below(30_000));
        let chunk = 1 + random.below(4) as u32;
        match self {
            Self::Event { id, sent } => pod.takes(pod.event(&id.to_string(), sent)).await,
            Self::Forged => pod.takes(pod.forged(random)).await,
            Self::Garbage => pod.refuses(pod.garbage(random)).await,
            Self::Stopped => {
                let app = App { tasks: Default::default(), ..pod.app.clone() };
                let (done, ()) = tokio::join!(tick::run(&app, chunk), async {
                    sleep(moment).await;
                    app.tasks.close();
                });
                done.map(drop).expect("it finishes the chunk in hand");
            }
            Self::Killed => {
                let (env, clock) = (pod.env.clone(), pod.app.clock.clone());
                let killed = tokio::task::spawn_blocking(move || run_and_die(&env, clock, chunk, moment));
                killed.await.expect("no panic");
            }
        }
    }
}

/// A tick on a runtime of its own, which ends as a killed process does: connections break, and
/// nothing is cleared up.
fn run_and_die(env: &Env, clock: Clock, chunk: u32, after: Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let app = App { clock, ..App::from_env(env).expect("settings") };
        drop(timeout(after, tick::run(&app, chunk)).await);
    });
}

impl Pod {
    fn event(&self, id: &str, sent: DateTime<Utc>) -> RequestBuilder {
        let event = self.client.post(&self.address).header("ce-specversion", "1.0").header("ce-id", id);
        event.header("ce-time", sent.to_rfc3339()).header("ce-source", "/test").header("ce-type", "tick")
    }

    /// An event that would have the tick close other days, of somebody, or the whole table.
    fn forged(&self, random: &Random) -> RequestBuilder {
        let data = json!({
            "date": "2031-01-01", "until": "9999-12-31", "closed_through": "9999-12-31", "now": "2999-01-01T00:00:00Z",
            "user_id": Uuid::new_v4(), "time_zone": "'; DROP TABLE counters; --", "chunk": -1, "days": i64::MAX,
        });
        let event = json!({
            "specversion": "1.0", "id": "'; DELETE FROM counters; --", "source": "/../../", "type": "tick", "data": data,
            "time": "2999-01-01T00:00:00Z", "subject": "x".repeat(random.below(60_000) as usize),
        });
        let event = self.client.post(&self.address).body(event.to_string());
        event.header("content-type", "application/cloudevents+json")
    }

    fn garbage(&self, random: &Random) -> RequestBuilder {
        let post = self.client.post(&self.address);
        let structured = |body: Vec<u8>| {
            self.client.post(&self.address).header("content-type", "application/cloudevents+json").body(body)
        };
        match random.below(7) {
            0 => post,
            1 => post
                .header("ce-specversion", "9.9")
                .header("ce-id", "1")
                .header("ce-source", "/")
                .header("ce-type", "x"),
            2 => post.header("ce-specversion", "1.0").header("ce-time", "yesterday").header("ce-id", "1"),
            3 => structured((0..random.below(200)).map(|_| random.below(256) as u8).collect()),
            4 => structured("[".repeat(60_000).into_bytes()),
            5 => structured(vec![b'x'; 65 * 1024 + random.below(1 << 20) as usize]),
            _ => post.header("content-type", "application/cloudevents-batch+json").body("[{}]"),
        }
    }

    async fn takes(&self, event: RequestBuilder) {
        Reply::of(event.send().await.expect("an answer")).await.is_taken_or_left();
    }

    async fn refuses(&self, garbage: RequestBuilder) {
        let reply = Reply::of(garbage.send().await.expect("an answer")).await;
        assert!([400, 413, 415].contains(&reply.status.as_u16()), "{} {}", reply.status, reply.body);
    }
}

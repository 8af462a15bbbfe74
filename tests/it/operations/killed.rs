//! Promises about functions that are killed, or told to stop, while they work.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use common::{App, Clock};
use reqwest::{Client, RequestBuilder, StatusCode};
use sqlx::{Connection, MySqlConnection};
use tokio::time::sleep;

use crate::{
    operations::program::free_port,
    support::{
        compare::Differences,
        diarist::Diarist,
        processes::Function,
        proxy::Random,
        world::{World, database},
        writers::{Eater, times, while_these_write},
    },
};

/// A port that is never handed out as one's own to who connects: it is there again after a kill.
fn lasting_port(random: &Random) -> u16 {
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| 12_000 + random.below(18_000) as u16).find(free).expect("a free port")
}

#[tokio::test]
async fn a_function_that_is_killed_loses_no_acknowledged_write_and_is_written_to_soon_after() {
    let (url, random) = (database().await, Random::new());
    let World { origin, .. } = World::over(url.clone(), &Clock::system().now().to_rfc3339()).await;
    let port = lasting_port(&random);
    let start = || Some(Function::start("reviews", port, &[("DATABASE_URL", &url), ("PUBLIC_ORIGIN", &origin)]));
    let mut reviews = start();
    let at = format!("http://127.0.0.1:{port}");
    let eaters = Eater::several(&origin, 4).await.into_iter().map(|eater| eater.writing_to(&at)).collect();
    while_these_write("kill -9 of a function", eaters, &url, times(10), async || {
        sleep(Duration::from_millis(random.below(300))).await;
        drop(reviews.take());
        sleep(Duration::from_millis(random.below(100))).await;
        reviews = start();
    })
    .await;
}

/// A thousand people more for each there is, with the same foods, records and counts: thousands of
/// foods through HTTP would take minutes. Who came through HTTP has an identity.
macro_rules! copy {
    ($table:literal) => {
        concat!(
            "CREATE TABLE copies AS SELECT ",
            $table,
            ".*, seq FROM ",
            $table,
            " JOIN seq_1_to_1000;
             UPDATE copies SET user_id = UNHEX(MD5(CONCAT(HEX(user_id), seq)));
             ALTER TABLE copies DROP COLUMN seq;
             INSERT INTO ",
            $table,
            " SELECT * FROM copies;
             DROP TABLE copies;"
        )
    };
}
pub(crate) use copy;

const COPY: &str = concat!(
    copy!("users"),
    copy!("foods"),
    copy!("counters"),
    copy!("outcomes"),
    copy!("slips"),
    copy!("skips"),
    copy!("skip_foods"),
    "CREATE TABLE not_closed AS SELECT * FROM counters"
);
const OPEN_AGAIN: &str = "DELETE FROM counters; INSERT INTO counters SELECT * FROM not_closed; DELETE FROM milestones";
const CLOSED: &str = "SELECT COUNT(*) FROM counters JOIN not_closed USING (user_id, food_id)
    WHERE counters.closed_through > not_closed.closed_through";
/// How many copies have other counts than who they are copies of.
const DIFFERENT: &str = "
    SELECT COUNT(*) FROM identities JOIN counters AS one ON one.user_id = identities.user_id JOIN seq_1_to_1000
    LEFT JOIN counters AS other
        ON other.user_id = UNHEX(MD5(CONCAT(HEX(one.user_id), seq))) AND other.food_id = one.food_id
    WHERE NOT (one.closed_through, one.kept_days, one.confirmed_days, one.slip_days, one.skipped_days,
               one.missing_days, one.current_run, one.longest_run, one.next_milestone, one.waiting_run,
               one.last_slip_on, one.milestones)
        <=> (other.closed_through, other.kept_days, other.confirmed_days, other.slip_days, other.skipped_days,
             other.missing_days, other.current_run, other.longest_run, other.next_milestone, other.waiting_run,
             other.last_slip_on, other.milestones)";

#[tokio::test]
async fn a_tick_that_is_killed_or_stopped_among_thousands_of_foods_leaves_every_count_right() {
    let (url, random) = (database().await, Random::new());
    let world = World::over(url.clone(), &(Clock::system().now() - TimeDelta::days(25)).to_rfc3339()).await;
    let mut people = Vec::new();
    for name in ["ada", "bob", "eve"] {
        let mut person = Diarist::at(&world, name, 4, random.fork()).await;
        for _ in 0..30 {
            person.acts().await;
        }
        people.push(person);
    }
    let mut db = MySqlConnection::connect(&url).await.expect("the database is reached");
    sqlx::raw_sql(COPY).execute(&mut db).await.expect("copies");
    world.app.clock.set(Clock::system().now());
    let (mut longest, mut killed, mut stopped, mut halfway, mut foods) = (2_000, 0, 0, 0, 0);
    for turn in 0..times(5) {
        sqlx::raw_sql(OPEN_AGAIN).execute(&mut db).await.expect("the days are open again");
        let tick = start_tick(&url).await;
        let answer = tokio::spawn(event(&tick).send());
        // Long enough for the event to be with it: one that a SIGTERM finds on its way is sent again.
        sleep(Duration::from_millis(20 + random.below(longest))).await;
        if turn % 3 == 1 {
            tick.stop(); // and it ended well
            let answer = answer.await.expect("no panic").expect("who asked is answered").status();
            assert!([StatusCode::NO_CONTENT, StatusCode::SERVICE_UNAVAILABLE].contains(&answer), "{answer}");
            stopped += 1;
        } else {
            drop(tick);
            drop(answer.await);
            killed += 1;
        }
        let begun: i64 = sqlx::query_scalar(CLOSED).fetch_one(&mut db).await.expect("a count");
        let (tick, began) = (start_tick(&url).await, Instant::now());
        while event(&tick).send().await.expect("an answer").status() != StatusCode::NO_CONTENT {
            assert!(began.elapsed() < Duration::from_secs(60), "what the killed one held is still held");
            sleep(Duration::from_millis(50)).await;
        }
        longest = longest.min(50 + began.elapsed().as_millis() as u64);
        let all: i64 = sqlx::query_scalar(CLOSED).fetch_one(&mut db).await.expect("a count");
        halfway += usize::from(0 < begun && begun < all);
        let different: i64 = sqlx::query_scalar(DIFFERENT).fetch_one(&mut db).await.expect("a count");
        assert_eq!(different, 0, "counts doubled or missed");
        foods +=
            sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM counters").fetch_one(&mut db).await.expect("a count");
        let mut differences = Differences::default();
        for person in &mut people {
            person.stays_signed_in().await;
            person.compare(&world, false, &mut differences).await;
        }
        assert!(differences.others.is_empty(), "{:#?}", differences.others);
    }
    let seed = random.seed();
    println!("ticks ended halfway: {halfway} of {killed} by kill -9 and {stopped} by SIGTERM, seed {seed}");
    println!("counts wrong after ticks that were ended so: 0 of {foods}, seed {seed}");
}

async fn start_tick(url: &str) -> Function {
    let port = free_port();
    let tick = Function::start("tick", port, &[("DATABASE_URL", url), ("PUBLIC_ORIGIN", "http://127.0.0.1:1")]);
    tick.is_ready().await;
    tick
}

fn event(tick: &Function) -> RequestBuilder {
    let event = Client::new().post(&tick.origin).header("ce-specversion", "1.0").header("ce-id", "1");
    event.header("ce-source", "/test").header("ce-type", "tick")
}

#[tokio::test]
async fn a_tick_that_is_told_to_stop_closes_whole_chunks_and_leaves_the_rest() {
    let (world, mut people) = (World::new().await, Vec::new());
    for number in 0..60 {
        let person = world.person(&format!("person {number}")).await;
        people.push((person.food_since("2026-03-01").await, person.food_since("2026-03-01").await));
    }
    // The tick as a process of its own: it is told alone.
    let app = App { clock: world.app.clock.clone(), ..App::from_env(&world.env()).expect("settings") };
    let closed = async || {
        let closed = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM counters WHERE closed_through = '2026-03-10'");
        closed.fetch_one(world.db()).await.expect("a count")
    };
    let (done, ()) = tokio::join!(tick::run(&app, 1), async {
        while closed().await == 0 {}
        app.tasks.close();
    });
    let (done, closed) = (done.expect("a tick"), closed().await);
    assert!(closed > 0 && closed < 120 && closed % 2 == 0, "{closed} of two foods each for 60 people");
    assert_eq!((done.closed, done.remaining), (closed as u64, 120 - closed as u64));
}

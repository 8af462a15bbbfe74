//! What operators watch, as Prometheus reads it: the figures of the service, asked of the database.

use std::{collections::BTreeSet, fs, net::Ipv4Addr, time::Duration};

use chrono::TimeDelta;
use common::App;
use serde_json::json;
use sqlx::Executor;
use tokio::net::TcpListener;

use crate::{
    auth::tokens::token,
    support::{proxy::Server, world::World},
};

/// The names that rules and dashboard may ask for: `scripts/check-monitoring` reads them too.
const EXPOSED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/monitoring/exposed/figures.txt");

/// The function over the database of a world, as the user that it is there, with the clock of the world.
struct Figures {
    address: String,
}

impl Figures {
    async fn of(world: &World) -> Self {
        let app = App { db: world.db_of("figures"), ..world.app.clone() };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let router = common::finish(figures::router(app.clone()), &app);
        tokio::spawn(async move { common::listen(listener, router, &app, std::future::pending()).await });
        Self { address }
    }

    async fn text(&self) -> String {
        let answer = reqwest::get(format!("{}/figures", self.address)).await.expect("an answer");
        assert_eq!(answer.status(), 200);
        answer.text().await.expect("text")
    }

    /// The value of a series; none where it is not exposed.
    async fn value(&self, series: &str) -> Option<f64> {
        let text = self.text().await;
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map(|value| value.parse().expect("a number"))
    }
}

#[tokio::test]
async fn what_is_due_is_what_the_tick_closes() {
    let world = World::at("2026-03-11T12:00:00Z").await;
    let figures = Figures::of(&world).await;
    assert_eq!(figures.value("hanip_due_foods").await, Some(0.0), "of an empty service");
    // Noon in UTC is the next date on Kiritimati, and the one before it on Niue until eleven.
    for (name, zone, day_start) in [
        ("ada", "UTC", "00:00"),
        ("bob", "Asia/Seoul", "04:00"),
        ("cleo", "Pacific/Kiritimati", "00:00"),
        ("dan", "Pacific/Niue", "12:00"),
    ] {
        let person = world.person(name).await;
        person.patch("/api/auth/me", json!({ "time_zone": zone, "day_start": day_start })).await.ok();
        person.food_since("2026-03-01").await;
        let archived = person.food_since("2026-03-01").await;
        person.patch(&format!("/api/foods/{archived}"), json!({ "archived": true })).await.ok();
    }
    for hours in [0, 1, 7, 5, 13, 26] {
        world.app.clock.advance(TimeDelta::hours(hours));
        let (due, age) =
            (figures.value("hanip_due_foods").await, figures.value("hanip_oldest_due_day_age_seconds").await);
        let age = age.expect("it is exposed");
        let closed = tick::run(&world.app, tick::CHUNK).await.expect("a tick").closed;
        assert_eq!(due, Some(closed as f64), "after {hours} more hours");
        assert_eq!(age > 0.0, closed > 0, "after {hours} more hours: {age}");
        assert!(age <= (hours * 3600).max(14 * 86_400) as f64, "{age}");
        assert_eq!(figures.value("hanip_due_foods").await, Some(0.0), "nothing is left");
        assert_eq!(figures.value("hanip_oldest_due_day_age_seconds").await, Some(0.0));
    }
    assert_eq!(figures.value("hanip_tick_last_timestamp_seconds").await, Some(world.now().timestamp() as f64));
}

#[tokio::test]
async fn the_oldest_due_day_is_as_old_as_the_time_since_it_was_over() {
    let world = World::at("2026-03-11T12:00:00Z").await;
    let figures = Figures::of(&world).await;
    let ada = world.person("ada").await;
    ada.patch("/api/auth/me", json!({ "day_start": "04:00" })).await.ok();
    ada.food_since("2026-03-11").await;
    world.app.clock.advance(TimeDelta::minutes(16 * 60 + 15));
    assert_eq!(figures.value("hanip_oldest_due_day_age_seconds").await, Some(900.0), "04:15 of the next day");
    world.days_pass(3);
    assert_eq!(figures.value("hanip_oldest_due_day_age_seconds").await, Some(3.0 * 86_400.0 + 900.0));
}

#[tokio::test]
async fn people_milestones_and_drift_are_counted() {
    let world = World::new().await;
    let figures = Figures::of(&world).await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let (_, key) = token(&bob, "calendar", "feed").await;
    ada.food_since("2026-03-10").await;
    let gone = ada.food_since("2026-03-10").await;
    world.days_pass(1);
    tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    assert_eq!(figures.value("hanip_milestones_unannounced").await, Some(2.0));
    ada.delete(&format!("/api/foods/{gone}")).await.is(204);
    assert_eq!(
        figures.value("hanip_milestones_unannounced").await,
        Some(1.0),
        "nobody waits for that of a deleted one"
    );
    world.days_pass(4);
    ada.get("/api/foods").await.ok();
    // A program that looks for news is nobody who uses the service.
    assert_eq!(bob.get(&format!("/api/streaks/feed.ics?key={key}")).await.status, 200);
    world.afterthoughts().await;
    for (days, people) in [("1", 1.0), ("7", 2.0), ("30", 2.0)] {
        assert_eq!(figures.value(&format!("hanip_people{{days=\"{days}\"}}")).await, Some(people), "{days}");
    }
    assert_eq!(figures.value("hanip_drifted_foods").await, Some(0.0));
    world.db().execute("UPDATE counters SET kept_days = 99").await.expect("a wrong count");
    tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    assert_ne!(figures.value("hanip_drifted_foods").await, Some(0.0));
}

#[tokio::test]
async fn a_reminder_is_late_ten_minutes_after_its_time() {
    let world = World::new().await;
    let figures = Figures::of(&world).await;
    let ada = world.person("ada").await;
    let reminder = json!({ "time": "13:00" });
    ada.put("/api/reminders/0198c0de-0000-7000-8000-000000000001", reminder).await.any_ok();
    assert_eq!(figures.value("hanip_reminders_late").await, Some(0.0), "an hour before");
    world.app.clock.advance(TimeDelta::minutes(69));
    assert_eq!(figures.value("hanip_reminders_late").await, Some(0.0));
    world.app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(figures.value("hanip_reminders_late").await, Some(1.0));
}

#[tokio::test]
async fn sign_ins_are_counted_by_provider_and_outcome() {
    let world = World::new().await;
    let figures = Figures::of(&world).await;
    world.person("ada").await;
    world.person("bob").await;
    let refused = world.stranger();
    let start = refused.get("/api/auth/local/start").await;
    let location = start.header("location").to_owned();
    let state = url::Url::parse(&location).expect("a URL");
    let state = state.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
    refused.get(&format!("/api/auth/local/callback?error=access_denied&state={state}")).await;
    let of = async |outcome: &str| {
        figures.value(&format!("hanip_sign_ins_total{{outcome=\"{outcome}\",provider=\"local\"}}")).await
    };
    assert_eq!((of("completed").await, of("refused").await, of("failed").await), (Some(2.0), Some(1.0), None));
    // What nobody has begun here is no sign-in.
    world.stranger().get("/api/auth/local/callback?error=access_denied&state=made-up").await;
    assert_eq!(of("refused").await, Some(1.0));
}

#[tokio::test]
async fn without_the_database_only_that_is_said() {
    let server = Server::start().await;
    drop(server.root().await);
    let world = World::granted(server.url_of("root", "hanip")).await;
    let figures = Figures::of(&world).await;
    assert_eq!(figures.value("hanip_database_up").await, Some(1.0));
    drop(server);
    let text = figures.text().await;
    let series: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let [build, up] = series[..] else { panic!("{text}") };
    assert!(build.starts_with("hanip_build_info{") && up == "hanip_database_up 0", "{text}");
}

#[tokio::test]
async fn a_scrape_waits_two_seconds_for_its_statement_and_the_server_ends_it() {
    let world = World::new().await;
    let figures = Figures::of(&world).await;
    figures.text().await;
    let mut other = world.db().acquire().await.expect("a connection");
    other.execute("LOCK TABLES counters WRITE").await.expect("locked");
    assert_eq!(figures.value("hanip_database_up").await, Some(0.0));
    // Longer than the difference of the two limits: what the server has not ended would still be there.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let running: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM information_schema.processlist
         WHERE user = 'hanip_figures' AND command <> 'Sleep' AND db = DATABASE()",
    )
    .fetch_one(&mut *other)
    .await
    .expect("the list");
    other.execute("UNLOCK TABLES").await.expect("unlocked");
    assert_eq!(running, 0, "the server has ended it");
    assert_eq!(figures.value("hanip_database_up").await, Some(1.0), "and it goes on");
}

#[tokio::test]
async fn what_is_exposed_is_what_rules_and_dashboard_know_and_holds_nothing_of_people() {
    let world = World::new().await;
    let figures = Figures::of(&world).await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-10").await;
    tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    let text = figures.text().await;
    let names: BTreeSet<_> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let known = fs::read_to_string(EXPOSED).expect("it is there");
    assert_eq!(names, known.lines().collect(), "{EXPOSED} has every name");
    let labels: BTreeSet<_> = text.split(['{', ',']).filter_map(|part| part.split_once("=\"")).map(|it| it.0).collect();
    assert_eq!(labels, BTreeSet::from(["days", "outcome", "provider", "tzdata", "version"]));
    assert!(!text.contains(&food) && !text.contains("ada"), "{text}");
}

#[tokio::test]
async fn the_user_of_the_figures_may_change_nothing() {
    let world = World::new().await;
    let rights: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT privilege_type FROM (
             SELECT grantee, privilege_type FROM information_schema.table_privileges WHERE table_schema = DATABASE()
             UNION ALL
             SELECT grantee, privilege_type FROM information_schema.column_privileges WHERE table_schema = DATABASE()
         ) AS rights WHERE grantee LIKE '%hanip_figures%'",
    )
    .fetch_all(world.db())
    .await
    .expect("rights");
    assert_eq!(rights, ["SELECT"]);
}

//! A clock that is wrong destroys nothing.

use std::time::Duration;

use chrono::TimeDelta;
use common::App;
use sqlx::{Connection, MySqlConnection};
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};

use super::{binary, closed_through, served};
use crate::{
    operations::program::{Standalone, free_port},
    support::world::{Reply, World, date, serve},
};

async fn count(db: &common::db::Pool, rows: &'static str) -> i64 {
    sqlx::query_scalar(rows).fetch_one(db).await.expect("a count")
}

#[tokio::test]
async fn a_tick_whose_clock_is_forty_days_ahead_of_the_databases_does_nothing_and_says_so() {
    let mut world = World::new().await;
    let ada = world.person("ada").await;
    let (food, deleted) = (ada.food_since("2026-03-01").await, ada.food_since("2026-03-01").await);
    ada.delete(&format!("/api/foods/{deleted}")).await.is(204);
    for wrong in [TimeDelta::days(40), TimeDelta::days(-40), TimeDelta::minutes(3)] {
        let right = world.app.clock.clone();
        world.app = App { clock: right.ahead(wrong), ..world.app };
        binary(&served(&world, None).await).await.problem(503, "clocks-apart");
        world.app = App { clock: right, ..world.app };
    }
    assert_eq!(closed_through(&world).await, [date("2026-02-28"), date("2026-02-28")], "no day is closed");
    assert_eq!(count(world.db(), "SELECT COUNT(*) FROM milestones").await, 0, "nothing is announced");
    ada.post(&format!("/api/foods/{deleted}/restore"), serde_json::json!({})).await.ok();
    assert_eq!(ada.streak(&food).await["current_streak"], 10, "who reads needs no tick");
    let almost = App { clock: world.app.clock.ahead(TimeDelta::seconds(90)), ..world.app.clone() };
    assert_eq!(tick::run(&almost, tick::CHUNK).await.expect("a tick").closed, 1);
}

#[tokio::test]
async fn an_import_on_a_computer_whose_clock_is_forty_days_ahead_erases_no_food_that_was_just_deleted() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let deleted = ada.food_since("2026-03-01").await;
    ada.delete(&format!("/api/foods/{deleted}")).await.is(204);
    sqlx::query("UPDATE sessions SET created_at = created_at + INTERVAL 40 DAY, last_used_at = created_at")
        .execute(world.db())
        .await
        .expect("it has not ended by that clock either");
    let clock = world.app.clock.ahead(TimeDelta::days(40));
    let app = App { clock, db: world.db_of("data"), ..world.app.clone() };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    serve(listener, &app, |_| app.clone(), &world.env());
    let import = ada.client.post(format!("http://{address}/api/data/import"));
    let import = import.header("host", app.origin.authority()).header("origin", &ada.origin);
    let import = import.json(&serde_json::json!({ "format": "hanip", "version": 2 }));
    Reply::of(import.send().await.expect("an answer")).await.problem(503, "clocks-apart");
    ada.post(&format!("/api/foods/{deleted}/restore"), serde_json::json!({})).await.ok();
}

#[tokio::test]
async fn a_tick_after_one_that_ran_later_by_its_clock_deletes_nothing_and_the_next_one_does() {
    let world = World::new().await;
    let gone = world.person("ada").await;
    world.days_pass(31);
    tick::close_days(&world.app, tick::CHUNK).await.expect("a tick");
    sqlx::query("UPDATE ticks SET started_at = started_at + INTERVAL 40 DAY").execute(world.db()).await.expect("a row");
    for left in [1, 0] {
        tick::run(&world.app, tick::CHUNK).await.expect("a tick");
        assert_eq!(count(world.db(), "SELECT COUNT(*) FROM sessions").await, left);
    }
    gone.get("/api/foods").await.problem(401, "session-required");
}

/// After weeks without a tick there are so many that one statement for all of them would take longer than it may, every time.
#[tokio::test]
async fn what_has_expired_is_deleted_in_portions_that_stay_deleted() {
    let world = World::new().await;
    sqlx::raw_sql(
        "INSERT INTO sign_in_attempts (state_hash, binding_hash, provider, nonce, verifier, return_to, time_zone, locale, expires_at)
         SELECT UNHEX(SHA2(seq, 256)), UNHEX(SHA2(seq, 256)), 'google', '', '', '/', 'UTC', 'en',
                '2026-01-01' + INTERVAL seq SECOND FROM seq_1_to_25000",
    )
    .execute(world.db())
    .await
    .expect("attempts");
    let mut other = world.db().acquire().await.expect("a connection");
    let mut other = other.begin().await.expect("a transaction");
    let last = "SELECT nonce FROM sign_in_attempts ORDER BY expires_at DESC LIMIT 1 FOR UPDATE";
    sqlx::query(last).execute(&mut *other).await.expect("a row that somebody else has locked");
    tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    assert_eq!(count(world.db(), "SELECT COUNT(*) FROM sign_in_attempts").await, 5000, "the last portion waits");
    other.rollback().await.expect("it is free");
    tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    assert_eq!(count(world.db(), "SELECT COUNT(*) FROM sign_in_attempts").await, 0);
}

#[tokio::test]
async fn events_that_somebody_sends_by_the_hundred_leave_one_row_a_minute() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let tick = served(&world, None).await;
    for _ in 0..100 {
        ada.food_since("2026-03-01").await;
        binary(&tick).await.is(204);
    }
    let row: (i64, i64, i64) =
        sqlx::query_as("SELECT COUNT(*), CAST(SUM(closed) AS SIGNED), CAST(SUM(checked) AS SIGNED) FROM ticks")
            .fetch_one(world.db())
            .await
            .expect("a row");
    assert_eq!(row, (1, 100, 1), "it says what all of them did");
    world.app.clock.advance(TimeDelta::minutes(1));
    binary(&tick).await.is(204);
    assert_eq!(count(world.db(), "SELECT COUNT(*) FROM ticks").await, 2);
}

#[tokio::test]
async fn the_first_tick_of_a_start_on_a_computer_of_ones_own_deletes_nothing() {
    let folder = tempfile::tempdir_in("/tmp").expect("a folder");
    let port = free_port();
    Standalone::start(folder.path(), port).stop();
    let started = Standalone::start(folder.path(), port);
    let socket = folder.path().join("mariadb.sock");
    let url = format!("mysql://root@localhost/hanip?socket={}", socket.display());
    let mut db = MySqlConnection::connect(&url).await.expect("the database is reached");
    // As if the clock were wrong by more than a session lasts: all of them seem to have ended.
    sqlx::raw_sql(
        "INSERT INTO users (user_id, display_name, locale, time_zone, created_at)
         VALUES (UNHEX('01'), 'ada', 'en', 'UTC', '2020-01-01');
         INSERT INTO sessions (user_id, id, token_hash, created_at, last_used_at)
         VALUES (UNHEX('01'), UNHEX('01'), UNHEX('01'), '2020-01-01', '2020-01-01');
         DELETE FROM ticks",
    )
    .execute(&mut db)
    .await
    .expect("a session");
    started.stop();
    let started = Standalone::start(folder.path(), port);
    let mut db = loop {
        match MySqlConnection::connect(&url).await {
            Ok(db) => break db,
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    };
    let ticked = async {
        while sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM ticks").fetch_one(&mut db).await.expect("a count") == 0
        {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(20), ticked).await.expect("a tick comes at the start");
    sleep(Duration::from_millis(300)).await;
    let left: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sessions").fetch_one(&mut db).await.expect("a count");
    assert_eq!(left, 1);
    started.stop();
}

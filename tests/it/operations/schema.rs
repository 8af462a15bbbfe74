//! The schema is applied by whoever comes, however often they are killed, and an older program works with a newer one.

use std::{sync::Arc, time::Duration};

use common::Env;
use sqlx::{Connection, MySqlConnection, Row};
use tokio::time::timeout;

use crate::support::{
    proxy::{Proxy, Random},
    world::{World, database, set_passwords},
    writers::times,
};

async fn connect(url: &str) -> MySqlConnection {
    MySqlConnection::connect(url).await.expect("the database is reached")
}

/// The schema as statements, a table each.
async fn schema(url: &str) -> Vec<String> {
    let mut db = connect(url).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1",
    )
    .fetch_all(&mut db)
    .await
    .expect("tables");
    let mut statements = Vec::new();
    for table in tables {
        let show = common::db::safe(format!("SHOW CREATE TABLE {table}"));
        let row = sqlx::raw_sql(show).fetch_one(&mut db).await.expect("a table");
        statements.push(row.get::<String, _>(1));
    }
    statements
}

async fn migrate(url: &str) -> Result<(), String> {
    migrations::run(&Env::from([("DATABASE_URL", url)])).await.map_err(|error| format!("{error:#}"))
}

async fn run(url: &str, statements: &str) {
    let statements = common::db::safe(statements.to_owned());
    sqlx::raw_sql(statements).execute(&mut connect(url).await).await.expect("they run");
}

#[tokio::test]
async fn a_migration_that_is_killed_at_any_moment_is_done_by_the_next_start() {
    let whole = database().await;
    migrate(&whole).await.expect("it is applied");
    let whole = schema(&whole).await;
    let random = Arc::new(Random::new());
    let (mut killed, mut moment) = (0, 0);
    loop {
        let url = database().await;
        let proxy = Proxy::new(&url, &random);
        // The connection is cut instead of passing on the packet after so many: the server may have it, or not.
        proxy.cut_after(moment);
        let first = migrate(&proxy.url).await;
        if !proxy.has_cut() {
            first.expect("nothing was cut");
            break;
        }
        killed += 1;
        migrate(&url).await.unwrap_or_else(|error| panic!("killed after {moment} packets: {error}"));
        assert_eq!(schema(&url).await, whole, "killed after {moment} packets");
        moment += 1 + random.below(2 * (9 / times(1).min(9)) as u64 + 1) as i64;
    }
    println!("migrations killed at some moment and done by the next start: {killed} of {killed}");
    assert!(killed > 10);
}

#[tokio::test]
async fn a_migration_that_waited_for_a_reader_when_it_was_killed_is_done_by_the_next_start() {
    let url = database().await;
    migrate(&url).await.expect("it is applied");
    let whole = schema(&url).await;
    run(&url, "ALTER TABLE sessions DROP COLUMN user_agent; DELETE FROM _sqlx_migrations WHERE version = 14").await;
    let mut reader = connect(&url).await;
    let read = "START TRANSACTION; SELECT * FROM sessions";
    sqlx::raw_sql(read).execute(&mut reader).await.expect("it reads");
    timeout(Duration::from_millis(500), migrate(&url)).await.expect_err("it waits for the reader");
    let next = tokio::spawn({
        let url = url.clone();
        async move { migrate(&url).await }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    // Who comes meanwhile does not wait behind it for long.
    let mut other = connect(&url).await;
    let asked = sqlx::query("SELECT * FROM sessions").execute(&mut other);
    timeout(Duration::from_secs(8), asked).await.expect("an answer").expect("rows");
    sqlx::raw_sql("ROLLBACK").execute(&mut reader).await.expect("it ends");
    next.await.expect("no panic").expect("it is applied");
    assert_eq!(schema(&url).await, whole);
}

#[tokio::test]
async fn every_migration_can_be_applied_again() {
    let url = database().await;
    migrate(&url).await.expect("it is applied");
    let whole = schema(&url).await;
    run(&url, "UPDATE _sqlx_migrations SET success = 0").await;
    migrate(&url).await.expect("it is applied again");
    assert_eq!(schema(&url).await, whole);
    let left: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM _sqlx_migrations WHERE success = 0")
        .fetch_one(&mut connect(&url).await)
        .await
        .expect("a count");
    assert_eq!(left, 0);
}

#[tokio::test]
async fn an_older_program_passes_over_newer_migrations_and_takes_no_right_away() {
    let world = World::new().await;
    let url = world.env().required("DATABASE_URL", "").expect("a world has one");
    run(
        &url,
        "CREATE TABLE newer (id INT PRIMARY KEY);
         GRANT SELECT ON newer TO hanip_foods;
         INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'newer', 1, '', 1)",
    )
    .await;
    let mut env = world.env();
    set_passwords(&mut env);
    migrations::run(&env).await.expect("what is newer is passed over");
    let newer = sqlx::query("SELECT * FROM newer").execute(&world.db_of("foods")).await;
    newer.expect("the newer function, which still runs, keeps its right");
    world.person("ada").await.food_since("2026-03-01").await;
    // With the newer program gone for good, its rights go too.
    run(&url, "DELETE FROM _sqlx_migrations WHERE version = 9999").await;
    migrations::run(&env).await.expect("it is applied");
    let newer = sqlx::query("SELECT * FROM newer").execute(&world.db_of("foods")).await;
    newer.expect_err("a right that no file gives is taken away");
}

#[tokio::test]
async fn a_migration_waits_for_one_at_another_server_until_that_one_dies() {
    let url = database().await;
    migrate(&url).await.expect("it is applied");
    // Servers of one cluster do not share the locks of sessions: this row is all that they see of each other.
    run(&url, "UPDATE migration_lock SET server = 'other', until = UTC_TIMESTAMP(6) + INTERVAL 1 DAY").await;
    timeout(Duration::from_secs(1), migrate(&url)).await.expect_err("the other one works");
    run(&url, "UPDATE migration_lock SET until = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND").await;
    timeout(Duration::from_secs(20), migrate(&url)).await.expect("it does not wait").expect("it is applied");
}

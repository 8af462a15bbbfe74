//! On a cluster each function is a user of its own in the database, and may do what it needs and nothing else.
//! Every other test goes through functions that are such users, too.

use std::fs;

use common::Env;
use serde_json::json;
use sqlx::mysql::MySqlDatabaseError;

use crate::support::{
    logs::Logs,
    proxy::Server,
    world::{World, database, set_passwords},
};

/// What is nobody else's business.
const REFUSED: [(&str, &str); 44] = [
    ("auth", "SELECT note FROM reviews"),
    ("auth", "SELECT note FROM slips"),
    ("auth", "SELECT name FROM foods"),
    ("auth", "UPDATE sessions SET token_hash = ''"),
    ("auth", "UPDATE sign_in_attempts SET user_id = NULL"),
    ("auth", "UPDATE counters SET longest_run = 0"),
    ("foods", "SELECT subject FROM identities"),
    ("foods", "SELECT nonce FROM sign_in_attempts"),
    ("foods", "INSERT INTO sessions SELECT * FROM sessions"),
    ("foods", "UPDATE users SET time_zone = 'UTC'"),
    ("foods", "DELETE FROM foods"),
    ("foods", "DELETE FROM slips"),
    ("foods", "SELECT email FROM users"),
    ("foods", "SELECT display_name FROM users"),
    ("foods", "SELECT user_agent FROM sessions"),
    ("foods", "SELECT name FROM api_tokens"),
    ("reviews", "SELECT email FROM users"),
    ("reviews", "SELECT * FROM sessions"),
    ("reviews", "DELETE FROM users"),
    ("reviews", "UPDATE foods SET name = ''"),
    ("reviews", "INSERT INTO api_tokens SELECT * FROM api_tokens"),
    ("streaks", "UPDATE counters SET longest_run = 0"),
    ("streaks", "DELETE FROM outcomes"),
    ("streaks", "INSERT INTO slips SELECT * FROM slips"),
    ("streaks", "SELECT user_agent FROM sessions"),
    ("data", "SELECT issuer FROM identities"),
    ("data", "SELECT name FROM api_tokens"),
    ("data", "DELETE FROM reviews"),
    ("data", "DELETE FROM reminders"),
    ("data", "SELECT url FROM channels"),
    ("reminders", "SELECT note FROM reviews"),
    ("reminders", "SELECT note FROM outcomes"),
    ("reminders", "SELECT note FROM skips"),
    ("reminders", "SELECT cause FROM slips"),
    ("reminders", "SELECT motivation FROM foods"),
    ("reminders", "SELECT email FROM users"),
    ("auth", "SELECT secret FROM channels"),
    ("tick", "SELECT token_hash FROM api_tokens"),
    ("tick", "SELECT token_hash FROM sessions"),
    ("tick", "SELECT email FROM users"),
    ("tick", "SELECT verifier FROM sign_in_attempts"),
    ("tick", "UPDATE users SET day_start = '00:00'"),
    ("tick", "UPDATE outcomes SET outcome = NULL"),
    ("tick", "UPDATE milestones SET reached_on = '2026-01-01'"),
];

/// What no function may do.
const REFUSED_TO_ALL: [&str; 5] = [
    "CREATE TABLE mine (id INT)",
    "DROP TABLE ticks",
    "ALTER TABLE users ADD COLUMN admin BOOLEAN",
    "SELECT authentication_string FROM mysql.user",
    "CREATE USER somebody",
];

#[tokio::test]
async fn a_function_reads_and_changes_nothing_that_is_not_its_business() {
    let world = World::new().await;
    let to_all = migrations::functions().into_iter().flat_map(|function| REFUSED_TO_ALL.map(|sql| (function, sql)));
    for (function, sql) in to_all.chain(REFUSED) {
        let error = sqlx::raw_sql(sql).execute(&world.db_of(function)).await.expect_err(sql);
        let number = error.as_database_error().and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>());
        let number = number.map(MySqlDatabaseError::number);
        // To a database, a table, a column, a server.
        assert!(matches!(number, Some(1044 | 1142 | 1143 | 1227)), "{function}: {sql}: {error}");
    }
}

#[tokio::test]
async fn a_right_that_is_missing_fails_the_request_until_the_next_migration() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = json!({ "name": "ramen" });
    sqlx::raw_sql("REVOKE INSERT ON foods FROM hanip_foods; GRANT DELETE ON foods TO hanip_foods")
        .execute(world.db())
        .await
        .expect("rights are changed");
    ada.post("/api/foods", food.clone()).await.problem(500, "internal");
    let mut env = world.env();
    set_passwords(&mut env);
    migrations::run(&env).await.expect("the rights are as they should be");
    ada.post("/api/foods", food).await.created();
    let too_much = sqlx::query("DELETE FROM foods").execute(&world.db_of("foods")).await;
    too_much.expect_err("what nobody gave it by the file is taken away");
}

/// `auth` may read the key of a slip and not what was written in it.
#[tokio::test]
async fn a_right_to_a_table_that_is_taken_away_leaves_those_to_its_columns() {
    let world = World::new().await;
    sqlx::raw_sql("GRANT SELECT ON slips TO hanip_auth").execute(world.db()).await.expect("rights are changed");
    let mut env = world.env();
    set_passwords(&mut env);
    migrations::run(&env).await.expect("the rights are as they should be");
    let auth = world.db_of("auth");
    sqlx::query("SELECT note FROM slips").execute(&auth).await.expect_err("the table");
    sqlx::query("SELECT id FROM slips").execute(&auth).await.expect("a column");
}

/// Until their revisions have gone, functions of the version before run beside new ones.
#[tokio::test]
async fn what_the_version_before_may_read_it_reads_until_the_next() {
    let world = World::new().await;
    sqlx::raw_sql("GRANT SELECT ON users TO hanip_foods").execute(world.db()).await.expect("as it was granted");
    let mut env = world.env();
    set_passwords(&mut env);
    migrations::run(&env).await.expect("the rights are as they should be");
    sqlx::query("SELECT email FROM users").execute(&world.db_of("foods")).await.expect("it is left");
}

/// For a moment `migrate` may have taken away a right on a table and not yet given those on its columns.
#[tokio::test]
async fn a_request_that_is_refused_a_right_runs_again() {
    let server = Server::start().await;
    let mut root = server.root().await;
    let world = World::granted(server.url_of("root", "hanip")).await;
    let ada = world.person("ada").await;
    let refuse = "SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = ON;
                  REVOKE SELECT (email) ON users FROM hanip_streaks";
    sqlx::raw_sql(refuse).execute(&mut root).await.expect("it is refused from now on");
    let logs = Logs::listen();
    ada.get("/api/streaks/today").await.problem(500, "internal");
    assert_eq!(logs.take().matches("database error").count(), 1, "it is logged when it is given up");
    let asked = "SELECT COUNT(*) FROM mysql.general_log
                 WHERE argument LIKE '%display_name, email FROM%' AND argument NOT LIKE '%general_log%'";
    let (asked,): (i64,) = sqlx::query_as(asked).fetch_one(&mut root).await.expect("the log");
    assert!(asked > 1, "it ran {asked} times");
}

#[tokio::test]
async fn a_password_that_changes_is_the_only_one_from_then_on() {
    let server = Server::start().await;
    drop(server.root().await);
    let world = World::granted(server.url_of("root", "hanip")).await;
    let change = async |password: &str| {
        let mut env = world.env();
        set_passwords(&mut env);
        env.set("FOODS_PASSWORD", password);
        migrations::run(&env).await
    };
    let comes_in = async |password: &str| {
        let url = server.url_of(&format!("hanip_foods:{password}"), "hanip");
        let db = common::db::pool(&Env::from([("DATABASE_URL", url.as_str())])).expect("a pool");
        sqlx::query("SELECT id FROM foods").execute(&db).await.is_ok()
    };
    change("it's \\ \"new\"").await.expect("it is changed");
    assert!(!comes_in("secret-foods").await);
    let quoted = "it%27s%20%5C%20%22new%22";
    assert!(comes_in(quoted).await, "whatever is in it");
    change("").await.expect_err("an empty one is none");
    assert!(comes_in(quoted).await && !comes_in("").await);
}

/// A function is replaced step by step: for a minute, some of its pods know the new password and some the one before.
#[tokio::test]
async fn a_password_counts_beside_the_one_before_it_until_that_is_taken_away() {
    let server = Server::start().await;
    drop(server.root().await);
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    for function in migrations::functions() {
        fs::write(file(&format!("{function}-password")), "first").expect("it is written");
    }
    let (url, path) = (server.url_of("root", "hanip"), folder.path().to_str().expect("text"));
    let env = Env::from([("DATABASE_URL", url.as_str()), ("PASSWORDS_DIR", path)]);
    let comes_in = async |password: &str| {
        let url = server.url_of(&format!("hanip_foods:{password}"), "hanip");
        let db = common::db::pool(&Env::from([("DATABASE_URL", url.as_str())])).expect("a pool");
        sqlx::query("SELECT id FROM foods").execute(&db).await.is_ok()
    };
    migrations::run(&env).await.expect("the first one");
    fs::write(file("foods-password"), "second").expect("it is written");
    fs::write(file("foods-password-before"), "first").expect("it is written");
    migrations::run(&env).await.expect("both");
    assert!(comes_in("first").await && comes_in("second").await && !comes_in("third").await);
    fs::remove_file(file("foods-password-before")).expect("it was there");
    migrations::run(&env).await.expect("the second alone");
    assert!(!comes_in("first").await && comes_in("second").await);
}

#[tokio::test]
async fn passwords_may_be_the_files_of_a_folder_and_one_that_is_missing_is_named() {
    let server = Server::start().await;
    drop(server.root().await);
    let folder = tempfile::tempdir().expect("a folder");
    let put = |function: &str, password: &str| {
        fs::write(folder.path().join(format!("{function}-password")), password).expect("it is written");
    };
    migrations::functions().into_iter().for_each(|function| put(function, &format!("{function} of a file\n")));
    let (url, path) = (server.url_of("root", "hanip"), folder.path().to_str().expect("text"));
    let env = Env::from([("DATABASE_URL", url.as_str()), ("PASSWORDS_DIR", path)]);
    migrations::run(&env).await.expect("every function has one");
    let url = server.url_of("hanip_foods:foods%20of%20a%20file", "hanip");
    let db = common::db::pool(&Env::from([("DATABASE_URL", url.as_str())])).expect("a pool");
    sqlx::query("SELECT id FROM foods").execute(&db).await.expect("it comes in");
    fs::remove_file(folder.path().join("tick-password")).expect("it was there");
    let error = migrations::run(&env).await.expect_err("one is missing").to_string();
    assert!(error.starts_with("PASSWORDS_DIR: ") && error.contains("tick-password"), "{error}");
}

#[tokio::test]
async fn passwords_are_for_all_functions_or_for_none() {
    let database = database().await;
    let env = Env::from([("DATABASE_URL", database.as_str()), ("TICK_PASSWORD", "secret")]);
    let error = migrations::run(&env).await.expect_err("five are missing").to_string();
    assert_eq!(error, "AUTH_PASSWORD: not set; expected one for each function");
}

/// RDS alone has the plugin: any other server names it, so that the statement was understood.
#[tokio::test]
async fn users_who_come_in_by_their_roles_are_for_a_server_of_rds_and_have_no_passwords() {
    let database = database().await;
    let mut env = Env::from([("DATABASE_URL", database.as_str()), ("FUNCTIONS_IAM", "true")]);
    let error = migrations::run(&env).await.expect_err("no plugin");
    let error = format!("{error:#}");
    // Which of the two statements fails depends on whether another test has made the users.
    assert!(error.contains(" USER: FUNCTIONS_IAM expects RDS, with its AWSAuthenticationPlugin: "), "{error}");
    env.set("TICK_PASSWORD", "secret");
    let error = migrations::run(&env).await.expect_err("one or the other").to_string();
    assert_eq!(error, "FUNCTIONS_IAM: set it or the passwords of functions, not both");
}

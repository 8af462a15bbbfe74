//! A world of its own for each test: a database, a clock that stands still, every function on a
//! port, and people who act through HTTP as browsers do.

use std::net::Ipv4Addr;

use chrono::{DateTime, TimeDelta, Utc};
use common::{App, Clock, Env};
use sqlx::{Connection, MySqlConnection, MySqlPool};
use tokio::net::TcpListener;
use uuid::Uuid;

pub use crate::support::person::{Person, Reply, date, text};

/// The day of the examples: noon of Wednesday 2026-03-11, everywhere near UTC.
pub const NOON: &str = "2026-03-11T12:00:00Z";

/// With these, each function is a user of its own in the database, as on a cluster: a query beyond its grants fails.
pub const PASSWORDS: [(&str, &str); 6] = [
    ("AUTH_PASSWORD", "secret-auth"),
    ("FOODS_PASSWORD", "secret-foods"),
    ("REVIEWS_PASSWORD", "secret-reviews"),
    ("STREAKS_PASSWORD", "secret-streaks"),
    ("DATA_PASSWORD", "secret-data"),
    ("TICK_PASSWORD", "secret-tick"),
];

pub struct World {
    /// The tick's, as to the database.
    pub app: App,
    pub origin: String,
    database: String,
    db: MySqlPool,
    /// Those of the functions.
    pools: Vec<MySqlPool>,
}

impl World {
    pub async fn new() -> Self {
        Self::at(NOON).await
    }

    /// A new world, at this instant.
    pub async fn at(now: &str) -> Self {
        Self::build(database().await, now, &PASSWORDS).await
    }

    /// A new world whose functions have these settings too.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::build(database().await, NOON, &[&PASSWORDS, settings].concat()).await
    }

    /// A world over this database, whose user may make users.
    pub async fn granted(database: String) -> Self {
        Self::build(database, NOON, &PASSWORDS).await
    }

    /// A world over this database, at this instant.
    pub async fn over(database: String, now: &str) -> Self {
        Self::build(database, now, &[]).await
    }

    /// Another process over the database of `world`, with a clock of its own.
    pub async fn beside(world: &Self, settings: &[(&str, &str)]) -> Self {
        Self::build(world.database.clone(), NOON, settings).await
    }

    async fn build(database: String, now: &str, settings: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let origin = format!("http://{address}");
        let mut env = Env::from([("DATABASE_URL", database.as_str()), ("PUBLIC_ORIGIN", &origin)]);
        for (name, value) in settings {
            env.set(name, *value);
        }
        migrations::run(&env).await.expect("the schema is applied");
        let clock = Clock::fixed(now.parse().expect("an instant"));
        let app = App { clock, ..App::from_env(&env).expect("the settings are right") };
        let mut pools = Vec::new();
        let mut of = |function: &str| {
            let granted = settings.contains(&PASSWORDS[0]);
            pools.push(if granted { pool_of(function, &database) } else { app.db.clone() });
            App { db: pools[pools.len() - 1].clone(), ..app.clone() }
        };
        let ticking = of("tick");
        let router = standalone::router(&app, of, &env, address).expect("the settings are right");
        let serving = app.clone();
        tokio::spawn(async move { common::listen(listener, router, &serving, std::future::pending()).await });
        Self { app: ticking, origin, database, db: app.db, pools }
    }

    /// No function reaches the database any more.
    pub async fn lose_database(&self) {
        for pool in &self.pools {
            pool.close().await;
        }
    }

    /// Everything in the database, as nobody but a test may see it.
    pub fn db(&self) -> &MySqlPool {
        &self.db
    }

    /// The way of a function to the database, where it is a user of its own.
    pub fn db_of(&self, function: &str) -> MySqlPool {
        pool_of(function, &self.database)
    }

    /// The settings of a function in this world.
    pub fn env(&self) -> Env {
        Env::from([("DATABASE_URL", self.database.as_str()), ("PUBLIC_ORIGIN", &self.origin)])
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }

    pub fn days_pass(&self, days: i64) {
        self.app.clock.advance(TimeDelta::days(days));
    }

    /// Waits for what is done after answers.
    pub async fn afterthoughts(&self) {
        while !self.app.tasks.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// Somebody who is signed in.
    pub async fn person(&self, name: &str) -> Person {
        let mut person = self.stranger();
        person.sign_in(name, "UTC").await;
        person
    }

    /// Somebody who has not signed in, in a browser of their own.
    pub fn stranger(&self) -> Person {
        Person::new(&self.origin)
    }
}

/// The way of a function to a database, as the user that it has with [`PASSWORDS`].
fn pool_of(function: &str, database: &str) -> MySqlPool {
    let of = |(name, _): &&(&str, &str)| name.strip_suffix("_PASSWORD") == Some(&function.to_uppercase());
    let (_, password) = PASSWORDS.iter().find(of).expect("a function");
    let (_, server) = database.split_once('@').expect("a user");
    let url = format!("mysql://hanip_{function}:{password}@{server}");
    common::db::pool(&Env::from([("DATABASE_URL", url.as_str())])).expect("a pool")
}

/// The address of an empty database of its own.
pub async fn database() -> String {
    let server = common::Env::process().required("TEST_DATABASE_URL", "a MariaDB for tests; scripts/test starts one");
    let server = server.expect("scripts/test sets it");
    let name = format!("test_{}", Uuid::new_v4().simple());
    let mut db = MySqlConnection::connect(&server).await.expect("the test database is reached");
    #[expect(clippy::disallowed_methods, reason = "an identifier can't be bound; this one is ours")]
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"));
    sqlx::raw_sql(create).execute(&mut db).await.expect("a database is created");
    server.replacen("/?", &format!("/{name}?"), 1)
}

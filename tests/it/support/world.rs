//! A world of its own for each test: a database, a clock that stands still, every function on a
//! port, and people who act through HTTP as browsers do.

use std::net::Ipv4Addr;

use chrono::{DateTime, TimeDelta, Utc};
use common::{App, Clock, Env, db::Pool};
use sqlx::{Connection, MySqlConnection};
use tokio::net::TcpListener;
use uuid::Uuid;

pub use crate::support::person::{Person, Reply, date, text};

/// The day of the examples: noon of Wednesday 2026-03-11, everywhere near UTC.
pub const NOON: &str = "2026-03-11T12:00:00Z";

/// The setting that gives a function a database user of its own, as on a cluster: a query beyond its grants fails.
pub fn password(function: &str) -> (String, String) {
    (format!("{}_PASSWORD", function.to_uppercase()), format!("secret-{function}"))
}

/// Who the functions are to the database.
#[derive(PartialEq)]
enum Users {
    /// Each has a user of its own.
    Own,
    /// All come in as the user who applies the schema.
    Shared,
}

pub struct World {
    /// The tick's, as to the database.
    pub app: App,
    pub origin: String,
    pub database: String,
    db: Pool,
    /// Those of the functions.
    pools: Vec<Pool>,
}

impl World {
    pub async fn new() -> Self {
        Self::at(NOON).await
    }

    /// A new world, at this instant.
    pub async fn at(now: &str) -> Self {
        Self::build(database().await, now, Users::Own, &[]).await
    }

    /// A new world whose functions have these settings too.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::build(database().await, NOON, Users::Own, settings).await
    }

    /// A world over this database, whose user may make users.
    pub async fn granted(database: String) -> Self {
        Self::build(database, NOON, Users::Own, &[]).await
    }

    /// A world over this database, at this instant.
    pub async fn over(database: String, now: &str) -> Self {
        Self::build(database, now, Users::Shared, &[]).await
    }

    /// Another process over the database of `world`, with a clock of its own.
    pub async fn beside(world: &Self, settings: &[(&str, &str)]) -> Self {
        Self::build(world.database.clone(), NOON, Users::Shared, settings).await
    }

    async fn build(database: String, now: &str, users: Users, settings: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let origin = format!("http://{address}");
        let mut env = Env::from([("DATABASE_URL", database.as_str()), ("PUBLIC_ORIGIN", &origin)]);
        for (name, value) in settings {
            env.set(name, *value);
        }
        if users == Users::Own {
            set_passwords(&mut env);
        }
        migrations::run(&env).await.expect("the schema is applied");
        let clock = Clock::fixed(now.parse().expect("an instant"));
        let app = App { clock, ..App::from_env(&env).expect("the settings are right") };
        let mut pools = Vec::new();
        let mut of = |function: &str| {
            pools.push(if users == Users::Own { pool_of(function, &database) } else { app.db.clone() });
            App { db: pools[pools.len() - 1].clone(), ..app.clone() }
        };
        let ticking = of("tick");
        serve(listener, &app, of, &env);
        Self { app: ticking, origin, database, db: app.db, pools }
    }

    /// No function reaches the database any more.
    pub async fn lose_database(&self) {
        for pool in &self.pools {
            pool.close().await;
        }
    }

    /// Everything in the database, as nobody but a test may see it.
    pub fn db(&self) -> &Pool {
        &self.db
    }

    /// The way of a function to the database, where it is a user of its own.
    pub fn db_of(&self, function: &str) -> Pool {
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

/// Serves every function at `listener`.
pub fn serve(listener: TcpListener, app: &App, of: impl FnMut(&str) -> App, env: &Env) {
    let address = listener.local_addr().expect("an address");
    let (router, app) = (standalone::router(app, of, env, address).expect("the settings are right"), app.clone());
    tokio::spawn(async move { common::listen(listener, router, &app, std::future::pending()).await });
}

/// Sets the [`password`] of every function that has rights in the database.
pub fn set_passwords(env: &mut Env) {
    for (name, value) in migrations::functions().into_iter().map(password) {
        env.set(&name, value);
    }
}

/// The way of a function to a database, as the user that it has with its [`password`].
pub fn pool_of(function: &str, database: &str) -> Pool {
    let (_, password) = password(function);
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

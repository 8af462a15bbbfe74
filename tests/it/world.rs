//! A world of its own for each test: a database, a clock that stands still, every function on a
//! port, and people who act through HTTP as browsers do.

use std::net::Ipv4Addr;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use common::{App, Clock, Env};
use reqwest::{Client, Method, RequestBuilder, StatusCode, header, redirect::Policy};
use serde_json::{Value, json};
use sqlx::{Connection, MySqlConnection, MySqlPool};
use tokio::net::TcpListener;
use uuid::Uuid;

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

/// A browser and who sits before it.
pub struct Person {
    pub client: Client,
    pub origin: String,
    pub id: String,
    /// The session, as a client without a memory for cookies sends it.
    pub cookie: String,
}

impl Person {
    pub fn new(origin: &str) -> Self {
        let client = Client::builder().cookie_store(true).redirect(Policy::none()).no_proxy();
        Self {
            client: client.build().expect("a client"),
            origin: origin.to_owned(),
            id: String::new(),
            cookie: String::new(),
        }
    }

    /// Signs in through the built-in identity provider, and remembers who one is.
    pub async fn sign_in(&mut self, name: &str, time_zone: &str) {
        let start = format!("/api/auth/local/start?time_zone={time_zone}&locale=en");
        let form = self.get(&start).await.location();
        let code = self.client.post(&form).form(&[("name", name)]).send().await.expect("an answer");
        let callback = Reply::of(code).await.location();
        let landed = self.get(callback.strip_prefix(&self.origin).expect("our callback")).await;
        assert_eq!((landed.status, landed.location().as_str()), (StatusCode::FOUND, "/"), "{}", landed.body);
        self.cookie = landed.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
        self.id = text(&self.get("/api/auth/me").await.ok()["id"]);
    }

    /// A request as a page of ours sends it.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.origin)).header(header::ORIGIN, &self.origin)
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub async fn send(&self, request: RequestBuilder) -> Reply {
        Reply::of(request.send().await.expect("an answer")).await
    }

    /// Registers a food; the answer is its id.
    pub async fn food(&self, food: Value) -> String {
        text(&self.post("/api/foods", food).await.created()["id"])
    }

    /// Registers a food that counts as `assume` since `start_date`.
    pub async fn food_since(&self, start_date: &str) -> String {
        self.food(json!({ "name": "ramen", "start_date": start_date })).await
    }

    /// Reviews one food on one date.
    pub async fn review(&self, date: &str, food_id: &str, outcome: &str) -> Value {
        let foods = json!([{ "food_id": food_id, "outcome": outcome }]);
        self.put(&format!("/api/reviews/{date}"), json!({ "foods": foods })).await.any_ok()
    }

    /// Logs a slip; the answer is its path.
    pub async fn slip(&self, date: &str, food_id: &str) -> String {
        let path = format!("/api/reviews/{date}/slips/{}", Uuid::new_v4());
        self.put(&path, json!({ "food_id": food_id })).await.created();
        path
    }

    /// The numbers of one food.
    pub async fn streak(&self, food_id: &str) -> Value {
        self.get(&format!("/api/streaks/{food_id}")).await.ok()
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: header::HeaderMap,
    pub body: String,
}

impl Reply {
    pub async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, body: response.text().await.expect("a text") }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} without JSON: {}", self.status, self.body))
    }

    #[track_caller]
    pub fn is(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    #[track_caller]
    pub fn ok(&self) -> Value {
        self.is(200)
    }

    #[track_caller]
    pub fn is_found(&self) {
        assert_eq!(self.status, StatusCode::FOUND, "{}", self.body);
    }

    #[track_caller]
    pub fn created(&self) -> Value {
        self.is(201)
    }

    #[track_caller]
    pub fn any_ok(&self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.body);
        self.json()
    }

    /// Checks that the answer is a problem with this status and code; the answer is its body.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.body);
        let problem = self.is(status);
        assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status)), "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        problem
    }

    /// Checks that a field was refused: a pointer into the body, or a parameter's name.
    #[track_caller]
    pub fn fault(&self, place: &str, code: &str) {
        let problem = self.problem(422, code);
        let first = &problem["errors"][0];
        let key = if place.starts_with('/') { "pointer" } else { "parameter" };
        assert_eq!((&first[key], &first["code"]), (&json!(place), &json!(code)), "{problem}");
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a text"))
    }

    pub fn location(&self) -> String {
        self.header("location").to_owned()
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}

pub fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

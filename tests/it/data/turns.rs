//! What one person uploads, downloads or stores stops nobody else.

use std::time::Duration;

use reqwest::{Method, header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};
use uuid::Uuid;

use crate::{
    data::{export, import},
    support::{
        logs::Logs,
        proxy::Server,
        world::{Person, World},
    },
};

/// Long enough for what is too slow to be ended.
const LONG: Duration = Duration::from_secs(30);

fn file(list: &str, records: &[Value]) -> Value {
    json!({ "format": "hanip", "version": 1, list: records })
}

fn nothing() -> Value {
    json!({ "format": "hanip", "version": 1 })
}

/// A file with nothing in it, so large that it is received as it comes.
fn large(archive: &Value) -> String {
    archive.to_string() + &" ".repeat(2 * 1024 * 1024)
}

fn import_of(person: &Person, body: String) -> reqwest::RequestBuilder {
    let request = person.request(Method::POST, "/api/data/import");
    request.header(header::CONTENT_TYPE, "application/json").body(body)
}

/// Sends the head of a request and a part of its body, and then nothing.
async fn begin(person: &Person, method: &str, path: &str, length: usize, sent: &str) -> TcpStream {
    let host = person.origin.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.expect("a connection");
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nOrigin: {}\r\nCookie: {}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{sent}",
        person.origin, person.cookie
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream
}

#[tokio::test]
async fn uploads_that_stand_still_stop_nobody_and_are_ended() {
    let world = World::new().await;
    let eve = world.person("eve").await;
    let mut slow = Vec::new();
    for name in ["ada", "bob", "cleo", "dan"] {
        let person = world.person(name).await;
        slow.push(begin(&person, "POST", "/api/data/import", 8 << 20, &" ".repeat(1 << 20)).await);
        slow.push(begin(&person, "POST", "/api/data/import", 8 << 20, &" ".repeat(1 << 20)).await);
    }
    sleep(Duration::from_millis(300)).await;
    eve.send(import_of(&eve, large(&nothing()))).await.ok();
    for mut upload in slow {
        let mut answer = Vec::new();
        timeout(LONG, upload.read_to_end(&mut answer)).await.expect("it is ended").ok();
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 408") || answer.starts_with("HTTP/1.1 503"), "{answer}");
    }
}

#[tokio::test]
async fn downloads_that_stand_still_stop_nobody_and_are_ended() {
    let world = World::new().await;
    let eve = world.person("eve").await;
    let mut slow = Vec::new();
    for name in ["ada", "bob"] {
        let person = world.person(name).await;
        person.food_since("2001-01-01").await;
        // More than the buffers of a connection hold.
        sqlx::query(
            "INSERT INTO reviews (user_id, date, note, updated_at)
             SELECT user_id, '2001-01-01' + INTERVAL seq DAY, REPEAT('a', 2000), NOW() FROM users JOIN seq_1_to_9000
             WHERE user_id = UNHEX(REPLACE(?, '-', ''))",
        )
        .bind(&person.id)
        .execute(world.db())
        .await
        .expect("rows");
        for _ in 0..2 {
            slow.push(begin(&person, "GET", "/api/data/export", 0, "").await);
        }
    }
    sleep(Duration::from_millis(300)).await;
    assert_eq!(export(&eve).await["foods"], json!([]));
    sleep(Duration::from_secs(8)).await;
    for mut download in slow {
        // Only now it reads on: what comes breaks off, or says that somebody else was served.
        let mut answer = Vec::new();
        timeout(LONG, download.read_to_end(&mut answer)).await.expect("it is ended").ok();
        let text = String::from_utf8_lossy(&answer);
        assert!(text.starts_with("HTTP/1.1 503") || !text.trim_end().ends_with('0'), "it looks whole");
    }
    world.afterthoughts().await;
}

#[tokio::test]
async fn what_is_too_much_is_refused_before_anything_is_stored() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    // Who would store something would be told that it may not.
    for table in ["foods", "reviews", "outcomes", "slips", "skips", "skip_foods", "counters"] {
        let revoke = common::db::safe(format!("REVOKE INSERT ON {table} FROM hanip_data"));
        sqlx::raw_sql(revoke).execute(world.db()).await.expect("it is taken away");
    }
    let at = "2026-03-05T00:00:00Z";
    let foods: Vec<Value> = (0..250)
        .map(|_| json!({ "id": Uuid::new_v4(), "name": "x", "start_date": "2026-03-01", "counting": "assume", "created_at": at, "updated_at": at }))
        .collect();
    ada.post("/api/data/import", file("foods", &foods)).await.problem(409, "too-many-foods");
    let slips: Vec<Value> = (0..51)
        .map(|_| json!({ "id": Uuid::new_v4(), "food_id": food, "date": "2026-03-05", "updated_at": at }))
        .collect();
    ada.post("/api/data/import", file("slips", &slips)).await.fault("/slips/0", "too-many-slips");
    let skip = |_| json!({ "id": Uuid::new_v4(), "from": "2026-03-06", "to": "2026-03-06", "food_ids": [food] });
    let skips: Vec<Value> = (0..50_000).map(skip).collect();
    ada.send(import_of(&ada, file("skips", &skips).to_string())).await.problem(409, "too-many-skips");
    ada.post("/api/data/import", file("slips", &slips[..1])).await.problem(500, "internal");
}

#[tokio::test]
async fn an_import_whose_client_went_away_ends() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let mut holder = world.db().acquire().await.expect("a connection");
    sqlx::raw_sql("LOCK TABLES outcomes WRITE").execute(&mut *holder).await.expect("it is locked");
    let review = json!({ "date": "2026-03-05", "note": "a", "updated_at": "2026-03-05T00:00:00Z" });
    let body = large(&file("reviews", &[review]));
    let upload = begin(&ada, "POST", "/api/data/import", body.len(), &body).await;
    sleep(Duration::from_millis(500)).await;
    drop(upload);
    sleep(Duration::from_millis(300)).await;
    sqlx::raw_sql("UNLOCK TABLES").execute(&mut *holder).await.expect("it is free");
    world.afterthoughts().await;
    assert_eq!(export(&ada).await["reviews"], json!([]));
    ada.review("2026-03-05", &food, "kept").await;
}

#[tokio::test]
async fn there_is_an_end_to_what_one_person_can_import() {
    let world = World::new().await;
    let (ada, eve) = (world.person("ada").await, world.person("eve").await);
    sqlx::query(
        "SET STATEMENT max_statement_time = 0 FOR INSERT INTO reviews (user_id, date, updated_at)
         SELECT user_id, '0001-01-01' + INTERVAL seq DAY, NOW() FROM users JOIN seq_1_to_999999
         WHERE user_id = UNHEX(REPLACE(?, '-', ''))",
    )
    .bind(&ada.id)
    .execute(world.db())
    .await
    .expect("rows");
    let review = |date: &str| json!({ "date": date, "note": "a", "updated_at": "2026-03-05T00:00:00Z" });
    // From the first of January in the year 1 on, a million days end in 2738: these are not among those stored.
    sqlx::query("DELETE FROM reviews WHERE date IN ('2026-03-04', '2026-03-05')")
        .execute(world.db())
        .await
        .expect("rows");
    let (first, second, third) = (review("2026-03-04"), review("2026-03-05"), review("2026-03-03"));
    let added = import(&ada, &file("reviews", &[first.clone(), second, third])).await;
    assert_eq!((&added["added"]["reviews"], &added["kept"]["reviews"]), (&json!(2), &json!(1)));
    let food = json!({ "id": Uuid::new_v4(), "name": "x", "start_date": "2026-03-01", "counting": "assume",
                       "created_at": "2026-03-01T00:00:00Z", "updated_at": "2026-03-01T00:00:00Z" });
    let kept = |date: &str| json!({ "food_id": food["id"], "date": date, "outcome": "kept" });
    let two = json!({ "format": "hanip", "version": 1, "foods": [food], "outcomes": [kept("2026-03-04"), kept("2026-03-05")] });
    ada.post("/api/data/import", two.clone()).await.problem(409, "too-many-records");
    import(&eve, &two).await;
    import(&ada, &file("reviews", &[first])).await;
}

#[tokio::test]
async fn a_server_that_takes_small_packets_takes_a_large_import_and_a_tick() {
    let server = Server::start().await;
    sqlx::raw_sql("SET GLOBAL max_allowed_packet = 1024 * 1024")
        .execute(&mut server.root().await)
        .await
        .expect("it is set");
    let world = World::granted(server.url_of("root", "hanip")).await;
    let ada = world.person("ada").await;
    let at = "2026-03-01T00:00:00Z";
    let id = |number: usize| Uuid::from_u64_pair(1, number as u64);
    // Today they reach a milestone, after thirty others: the tick writes all of these of all foods.
    let start = crate::support::world::date("2026-03-11") - chrono::Days::new(21 * 365 - 1);
    let foods: Vec<Value> = (0..200)
        .map(|number| {
            json!({ "id": id(number), "name": "x", "start_date": start, "counting": "assume",
                              "motivation": "가".repeat(1000), "created_at": at, "updated_at": at })
        })
        .collect();
    let reviews: Vec<Value> = (0..1500)
        .map(|day| {
            json!({ "date": crate::support::world::date("2020-01-01") + chrono::Days::new(day),
                           "note": "가".repeat(2000), "updated_at": at })
        })
        .collect();
    let archive = json!({ "format": "hanip", "version": 1, "foods": foods, "reviews": reviews });
    let added = ada.send(import_of(&ada, archive.to_string())).await.ok();
    assert_eq!((&added["added"]["foods"], &added["added"]["reviews"]), (&json!(200), &json!(1500)));
    for _ in 0..7 {
        let person = world.person(&Uuid::new_v4().to_string()).await;
        person.post("/api/data/import", file("foods", &foods)).await.ok();
    }
    world.days_pass(1);
    let logs = Logs::listen();
    let done = tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    assert_eq!((done.closed, done.remaining), (1600, 0));
    let told = logs.take();
    assert!(!told.contains("could not be closed"), "it closed them in one go: {told}");
}

//! Files that are wrong, too large, or only half there.

use std::time::Duration;

use reqwest::{Method, header};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::sleep};
use uuid::Uuid;

use crate::{
    data::{export, import, records},
    operations::program::free_port,
    support::{
        processes::{Function, origin},
        world::{Person, Reply, World, date as date_of},
        writers::times,
    },
};

const LIMIT: usize = 64 * 1024 * 1024;

/// A small file in which everything is right.
fn small() -> Value {
    let (food, at) = (Uuid::new_v4(), "2026-03-01T10:00:00Z");
    json!({
        "format": "hanip", "version": 2, "exported_at": at, "account": null,
        "foods": [{ "id": food, "name": "ramen", "start_date": "2026-03-01", "counting": "assume", "price_per_day": "1500",
                    "currency": "KRW", "created_at": at, "updated_at": at }],
        "reviews": [{ "date": "2026-03-05", "difficulty": 2, "updated_at": at }],
        "outcomes": [{ "food_id": food, "date": "2026-03-05", "outcome": "kept" }],
        "slips": [{ "id": Uuid::new_v4(), "food_id": food, "date": "2026-03-06", "updated_at": at }],
        "skips": [{ "id": Uuid::new_v4(), "from": "2026-03-08", "to": "2026-03-09", "food_ids": [food] }],
        "reminders": [{ "id": Uuid::new_v4(), "time": "21:00", "days": [1, 7], "about": "waiting", "discreet": true }],
    })
}

#[tokio::test]
async fn a_file_of_the_version_without_reminders_is_taken() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let mut file = small();
    file["version"] = json!(1);
    file.as_object_mut().expect("an object").remove("reminders").expect("a list");
    let added = import(&ada, &file).await["added"].take();
    assert_eq!(added, json!({ "foods": 1, "reviews": 1, "outcomes": 1, "slips": 1, "skips": 1, "reminders": 0 }));
    assert_eq!(export(&ada).await["version"], 2);
}

#[tokio::test]
async fn text_an_odd_instant_and_an_odd_id_come_back_from_a_database_of_whatever_character_set() {
    let world = World::new().await;
    sqlx::query("ALTER DATABASE CHARACTER SET latin1").execute(world.db()).await.expect("it is altered");
    let ada = world.person("ada").await;
    let mut file = small();
    file["foods"][0]["name"] = json!("라면🍜");
    file["outcomes"][0]["note"] = json!("힘들었다");
    file["slips"][0]["trigger"] = json!("야식");
    file["slips"][0]["id"] = json!(Uuid::nil());
    file["slips"][0]["updated_at"] = json!("2016-12-31T23:59:60Z");
    ada.post("/api/data/import", file.clone()).await.ok();
    let back = ada.get("/api/data/export").await.ok();
    assert_eq!(back["foods"][0]["name"], "라면🍜");
    assert_eq!(back["outcomes"][0]["note"], "힘들었다");
    assert_eq!((&back["slips"][0]["trigger"], &back["slips"][0]["id"]), (&json!("야식"), &json!(Uuid::nil())));
    assert_eq!(back["slips"][0]["updated_at"], "2017-01-01T00:00:00Z");
}

#[tokio::test]
async fn a_file_that_an_editor_saved_with_a_byte_order_mark_is_taken() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    for (mark, status) in [("\u{FEFF}", 200), ("\u{FEFF}\u{FEFF}", 400)] {
        let body = format!("{mark}{}", small());
        let sent = ada.request(Method::POST, "/api/data/import").header(header::CONTENT_TYPE, "application/json");
        assert_eq!(sent.body(body).send().await.expect("an answer").status(), status);
    }
    assert_eq!(export(&ada).await["foods"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_file_with_a_wrong_value_is_refused_by_its_field_and_nothing_is_stored() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let other = json!(Uuid::new_v4());
    let long = |length: usize| json!("a".repeat(length));
    let cases = [
        ("/format", json!("other"), "value-invalid"),
        ("/version", json!(3), "version-unknown"),
        ("/version", json!(0), "version-unknown"),
        ("/version", Value::Null, "value-invalid"),
        ("/more", json!([]), "field-unknown"),
        ("/foods", json!({}), "value-invalid"),
        ("/foods/0", json!([]), "value-invalid"),
        ("/foods/0/id", json!("x"), "value-invalid"),
        ("/foods/0/name", json!(" "), "name-blank"),
        ("/foods/0/name", long(51), "name-too-long"),
        ("/foods/0/icon", long(17), "text-too-long"),
        ("/foods/0/color", json!("red"), "value-invalid"),
        ("/foods/0/start_date", json!("2026-03-13"), "start-date-future"),
        ("/foods/0/start_date", json!("1999-12-31"), "date-too-early"),
        ("/foods/0/start_date", json!("2026-02-30"), "date-invalid"),
        ("/foods/0/counting", json!("guess"), "value-invalid"),
        ("/foods/0/goal_days", json!(0), "number-out-of-range"),
        ("/foods/0/goal_days", json!(36501), "number-out-of-range"),
        ("/foods/0/motivation", long(1001), "text-too-long"),
        ("/foods/0/price_per_day", json!("-1"), "value-invalid"),
        ("/foods/0/price_per_day", Value::Null, "price-without-currency"),
        ("/foods/0/currency", json!("won"), "value-invalid"),
        ("/foods/0/currency", Value::Null, "price-without-currency"),
        ("/foods/0/archived_on", json!("2026-03-13"), "review-date-future"),
        ("/foods/0/deleted_at", json!("yesterday"), "value-invalid"),
        ("/foods/0/created_at", json!("1999-12-31T23:59:59Z"), "date-too-early"),
        ("/foods/0/created_at", json!("-9999-01-01T00:00:00Z"), "date-too-early"),
        ("/foods/0/created_at", json!("2026-03-01"), "value-invalid"),
        ("/foods/0/updated_at", Value::Null, "value-invalid"),
        ("/foods/0/position", json!(1), "field-unknown"),
        ("/reviews/0/date", json!("2026-03-13"), "review-date-future"),
        ("/reviews/0/difficulty", json!(6), "number-out-of-range"),
        ("/reviews/0/mood", json!(0), "number-out-of-range"),
        ("/reviews/0/mood", json!(300), "value-invalid"),
        ("/reviews/0/note", long(2001), "text-too-long"),
        ("/reviews/0/note", json!("a\u{202E}b"), "text-invalid"),
        ("/reviews/0/updated_at", json!(1), "value-invalid"),
        ("/outcomes/0/food_id", other.clone(), "food-not-found"),
        ("/outcomes/0/date", json!("2026-02-28"), "review-before-start"),
        ("/outcomes/0/date", json!("2026-03-13"), "review-date-future"),
        ("/outcomes/0/outcome", json!("eaten"), "value-invalid"),
        ("/outcomes/0/outcome", Value::Null, "field-missing"),
        ("/outcomes/0/note", long(501), "text-too-long"),
        ("/slips/0/id", json!(1), "value-invalid"),
        ("/slips/0/food_id", other.clone(), "food-not-found"),
        ("/slips/0/date", json!("2026-02-28"), "review-before-start"),
        ("/slips/0/date", json!("2026-03-13"), "review-date-future"),
        ("/slips/0/time", json!("24:00"), "time-invalid"),
        ("/slips/0/craving", json!(11), "number-out-of-range"),
        ("/slips/0/trigger", long(51), "text-too-long"),
        ("/slips/0/amount", json!("a\nb"), "text-invalid"),
        ("/slips/0/note", long(501), "text-too-long"),
        ("/slips/0/updated_at", json!("1999-01-01T00:00:00Z"), "date-too-early"),
        ("/skips/0/id", Value::Null, "value-invalid"),
        ("/skips/0/from", json!("x"), "date-invalid"),
        ("/skips/0/to", json!("2026-03-07"), "range-invalid"),
        ("/skips/0/to", json!("2026-06-08"), "skip-too-long"),
        ("/skips/0/food_ids", json!("all"), "value-invalid"),
        ("/skips/0/food_ids/0", other, "food-not-found"),
        ("/skips/0/note", long(501), "text-too-long"),
        ("/reminders/0/id", json!("x"), "value-invalid"),
        ("/reminders/0/time", json!("21:03"), "time-invalid"),
        ("/reminders/0/time", json!("24:00"), "time-invalid"),
        ("/reminders/0/days", json!([]), "value-invalid"),
        ("/reminders/0/days/1", json!(8), "number-out-of-range"),
        ("/reminders/0/days/1", json!(1), "field-twice"),
        ("/reminders/0/about", json!("all"), "value-invalid"),
        ("/reminders/0/discreet", Value::Null, "value-invalid"),
        ("/reminders/0/next_at", json!("2026-03-11T21:00:00Z"), "field-unknown"),
        ("/channels", json!([]), "field-unknown"),
    ];
    let count = cases.len();
    for (pointer, value, code) in cases {
        let mut archive = small();
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        match archive.pointer_mut(parent).expect("it is there") {
            Value::Array(items) => items[name.parse::<usize>().expect("an index")] = value,
            parent => parent[name] = value,
        }
        ada.post("/api/data/import", archive).await.fault(pointer, code);
    }
    for list in ["foods", "reviews", "outcomes", "slips", "skips", "reminders"] {
        let mut archive = small();
        let doubled = archive[list][0].clone();
        archive[list].as_array_mut().expect("a list").push(doubled);
        let key = if ["reviews", "outcomes"].contains(&list) { "date" } else { "id" };
        ada.post("/api/data/import", archive).await.fault(&format!("/{list}/1/{key}"), "field-twice");
    }
    let left = records(export(&ada).await);
    let empty = json!({ "format": "hanip", "version": 2, "foods": [], "reviews": [], "outcomes": [], "slips": [], "skips": [],
                         "reminders": [] });
    assert_eq!(left, empty);
    println!("files with one wrong value that are refused by its field and leave nothing: {count} of {count}");
    import(&ada, &small()).await;
}

#[tokio::test]
async fn an_import_has_the_limits_of_the_api() {
    let world = World::new().await;
    let food = |index: usize| {
        let mut food = small()["foods"][0].clone();
        food["id"] = json!(Uuid::from_u64_pair(1, index as u64));
        food
    };
    let (ada, eve) = (world.person("ada").await, world.person("eve").await);
    let mut archive = json!({ "format": "hanip", "version": 1, "foods": (0..200).map(food).collect::<Vec<_>>() });
    import(&eve, &archive).await;
    archive["foods"] = json!((0..201).map(food).collect::<Vec<_>>());
    ada.post("/api/data/import", archive.clone()).await.problem(409, "too-many-foods");
    archive["foods"][0]["deleted_at"] = json!("2026-03-10T00:00:00Z");
    import(&ada, &archive).await;

    let slip = |_| json!({ "id": Uuid::new_v4(), "food_id": food(0)["id"], "date": "2026-03-06", "updated_at": "2026-03-06T00:00:00Z" });
    let mut slips: Vec<Value> = (0..51).map(slip).collect();
    let with = |list: &str, records: &[Value]| json!({ "format": "hanip", "version": 1, list: records });
    eve.post("/api/data/import", with("slips", &slips)).await.fault("/slips/0", "too-many-slips");
    slips.pop();
    import(&eve, &with("slips", &slips)).await;
    let skip = |_| json!({ "id": Uuid::new_v4(), "from": "2026-03-06", "to": "2026-03-06", "food_ids": [] });
    let mut skips: Vec<Value> = (0..101).map(skip).collect();
    eve.post("/api/data/import", with("skips", &skips)).await.problem(409, "too-many-skips");
    skips.pop();
    import(&eve, &with("skips", &skips)).await;
    let reminder =
        |_| json!({ "id": Uuid::new_v4(), "time": "21:00", "days": [1], "about": "review", "discreet": false });
    let mut reminders: Vec<Value> = (0..11).map(reminder).collect();
    eve.post("/api/data/import", with("reminders", &reminders)).await.problem(409, "too-many-reminders");
    reminders.pop();
    import(&eve, &with("reminders", &reminders)).await;
}

#[tokio::test]
async fn an_import_may_be_64_mib_and_not_a_byte_more() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let send = async |person: &Person, size: usize| {
        let mut body = small().to_string();
        body.push_str(&" ".repeat(size - body.len()));
        let request = person.request(Method::POST, "/api/data/import").header(header::CONTENT_TYPE, "application/json");
        person.send(request.body(body)).await
    };
    for size in [LIMIT - 1, LIMIT] {
        send(&ada, size).await.ok();
    }
    send(&ada, LIMIT + 1).await.problem(413, "body-too-large");
    assert_eq!(export(&ada).await["foods"].as_array().map(Vec::len), Some(2));
    send(&world.stranger(), 2 * 1024 * 1024).await.problem(401, "session-required");
    // Other routes keep their limits.
    let large = json!({ "name": "x", "motivation": "a".repeat(2 * 1024 * 1024) });
    ada.post("/api/foods", large).await.problem(413, "body-too-large");
}

#[tokio::test]
async fn a_client_that_goes_away_in_the_middle_of_a_large_import_leaves_nothing_and_nobody_waiting() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let body = small().to_string() + &" ".repeat(2 * 1024 * 1024);
    for sent in [body.len() / 2, body.len() - 1] {
        let host = world.origin.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).await.expect("a connection");
        let head = format!(
            "POST /api/data/import HTTP/1.1\r\nHost: {host}\r\nOrigin: {}\r\nCookie: {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            world.origin,
            ada.cookie,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        stream.write_all(&body.as_bytes()[..sent]).await.expect("sent");
        sleep(Duration::from_millis(200)).await;
        // A turn begins when the body is there: whoever comes now does not wait.
        let eve = world.person("eve").await;
        import(&eve, &json!({ "format": "hanip", "version": 1 })).await;
        drop(stream);
        sleep(Duration::from_millis(100)).await;
        world.afterthoughts().await;
        import(&eve, &json!({ "format": "hanip", "version": 1 })).await;
    }
    assert_eq!(export(&ada).await["foods"], json!([]));
    assert_eq!(export(&ada).await["slips"], json!([]));
}

/// The most memory that the process has had, in MiB.
fn most_memory(function: &Function) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", function.id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
}

#[tokio::test]
async fn the_largest_import_and_its_export_take_a_bounded_memory() {
    let world = World::new().await;
    world.app.clock.set(common::Clock::system().now());
    let ada = world.person("ada").await;
    let port = free_port();
    let database = world.env().required("DATABASE_URL", "").expect("a world has one");
    let data = Function::start("data", port, &[("DATABASE_URL", &database), ("PUBLIC_ORIGIN", &origin(port))]);
    data.is_ready().await;
    let (_, token) = ada.cookie.split_once('=').expect("a value");
    let cookie = format!("hanip_session_{port}={token}");
    let before = most_memory(&data);
    let mut food = small()["foods"][0].clone();
    food["start_date"] = json!("2015-01-01");
    let (start, note) = (date_of("2015-01-01"), "노트".repeat(70));
    let mut body = format!("{{\"format\":\"hanip\",\"version\":1,\"foods\":[{food}],\"slips\":[");
    let mut slips = 0;
    // All of it where there is time: a quarter shows the same.
    let size = LIMIT / 4 * times(1).min(4);
    while body.len() < size - 1024 {
        let comma = if slips == 0 { "" } else { "," };
        let date = start + chrono::Days::new(slips % 4000);
        let slip = json!({ "id": Uuid::new_v4(), "food_id": food["id"], "date": date, "note": note,
                           "updated_at": "2026-03-01T00:00:00Z" });
        body.push_str(&format!("{comma}{slip}"));
        slips += 1;
    }
    body.push_str("]}");
    let client = reqwest::Client::new();
    let ask = |method: Method, path: &str| {
        client
            .request(method, format!("{}{path}", data.origin))
            .header("origin", &data.origin)
            .header("cookie", &cookie)
            .header("content-type", "application/json")
    };
    let began = std::time::Instant::now();
    let imported =
        Reply::of(ask(Method::POST, "/api/data/import").body(body).send().await.expect("an answer")).await.ok();
    assert_eq!(imported["added"]["slips"], slips);
    let (took, at_import) = (began.elapsed(), most_memory(&data));
    let mut reading = ask(Method::GET, "/api/data/export").send().await.expect("an answer");
    let mut exported = 0;
    while let Some(piece) = reading.chunk().await.expect("a piece") {
        exported += piece.len();
    }
    let (size, exported, at_export) = (size >> 20, exported >> 20, most_memory(&data));
    println!(
        "memory for an import of {size} MiB ({slips} slips, {took:?}): {before} to {at_import} MiB, \
         and its export of {exported} MiB: to {at_export} MiB"
    );
    assert!(at_import < before + 3 * size as u64 && at_export < at_import + 16);
    data.stop();
}

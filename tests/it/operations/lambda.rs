//! Functions on AWS Lambda: frozen between requests, behind API Gateway, woken by a schedule.

use std::{path::Path, sync::atomic::Ordering::Relaxed, time::Duration};

use chrono::{Days, NaiveDate};
use common::{Clock, functions::APIS};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use sqlx::MySqlPool;

use crate::support::{
    api_gateway::{FROM, Payload},
    aws::{Aws, TIME, schedule},
    deployment::{Place, food},
    fake_provider::{Documented, StandIn, kakao},
    oidc::{CLIENT_ID, CLIENT_SECRET},
    world::{Person, Reply, text},
};

/// Somebody who is signed in.
async fn somebody(aws: &Aws) -> Person {
    Place::at(&aws.origin).somebody().await
}

/// The date where nobody has set a zone.
fn today() -> NaiveDate {
    Clock::system().now().date_naive()
}

/// Begins a sign-in as from this address, with headers that name another.
async fn begin(aws: &Aws, from: &str, said: &str) -> Reply {
    let start = Person::new(&aws.origin).request(Method::GET, "/api/auth/oidc/start").header(FROM, from);
    let forged = ["x-forwarded-for", "x-real-ip", "forwarded", "cloudfront-viewer-address", "true-client-ip"];
    let start = forged.into_iter().fold(start, |start, name| start.header(name, said));
    Reply::of(start.send().await.expect("an answer")).await
}

/// How many transactions are open in the database of the functions.
async fn open_transactions(db: &MySqlPool) -> i64 {
    let count = sqlx::query_scalar(
        "SELECT COUNT(*) FROM information_schema.innodb_trx
         JOIN information_schema.processlist ON id = trx_mysql_thread_id WHERE db = DATABASE() AND id <> CONNECTION_ID()",
    );
    count.fetch_one(db).await.expect("a count")
}

/// The connections of the functions.
async fn connections(db: &MySqlPool) -> Vec<u64> {
    let ids = sqlx::query_scalar(
        "SELECT CAST(id AS UNSIGNED) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()",
    );
    ids.fetch_all(db).await.expect("rows")
}

#[tokio::test]
async fn an_address_begins_a_hundred_sign_ins_whatever_its_headers_say() {
    for payload in [Payload::V2, Payload::V1] {
        let aws = Aws::start(&["auth"], payload, "$default", TIME).await;
        for number in 1..=100 {
            let begun = begin(&aws, "198.51.100.1", &format!("192.0.2.{number}")).await;
            assert_eq!(begun.status, 302, "{number}: {}", begun.body);
        }
        begin(&aws, "198.51.100.1", "192.0.2.200").await.problem(429, "too-many-attempts");
        assert_eq!(begin(&aws, "198.51.100.2", "198.51.100.1").await.status, 302, "another address");
    }
}

#[tokio::test]
async fn who_knows_the_secret_of_the_edge_says_for_whom_it_asks() {
    let aws = Aws::start_with(&["auth"], Payload::V2, "$default", TIME, &[("EDGE_SECRET", "s3cret")]).await;
    let begin = async |secret: &str, client: &str| {
        let start = Person::new(&aws.origin).request(Method::GET, "/api/auth/oidc/start");
        let start = start.header("hanip-edge", secret).header("hanip-client", client).header(FROM, "198.51.100.1");
        start.send().await.expect("an answer").status().as_u16()
    };
    for number in 1..=100 {
        assert_eq!(begin("s3cret", &format!("192.0.2.{number}")).await, 302, "each is somebody else");
        assert_eq!(begin("guessed", &format!("192.0.2.{number}")).await, 302, "all are the one who asks");
    }
    assert_eq!((begin("guessed", "192.0.2.200").await, begin("", "192.0.2.200").await), (429, 429));
    assert_eq!(begin("s3cret", "192.0.2.200").await, 302);
}

#[tokio::test]
async fn a_provider_that_takes_its_time_is_known_at_the_second_try() {
    // Longer for both halves of a description than anybody is kept waiting; nothing is asked in a freeze.
    let provider = StandIn::start(Documented { takes: Duration::from_millis(2500), ..kakao() }).await;
    let settings = [
        ("OAUTH_KAKAO_CLIENT_ID", CLIENT_ID),
        ("OAUTH_KAKAO_CLIENT_SECRET", CLIENT_SECRET),
        ("OAUTH_KAKAO_ISSUER", &provider.issuer),
    ];
    let aws = Aws::start_with(&["auth"], Payload::V2, "$default", TIME, &settings).await;
    let start = async || Person::new(&aws.origin).get("/api/auth/kakao/start").await;
    start().await.problem(503, "sign-in-failed");
    assert_eq!(start().await.status, 302);
}

#[tokio::test]
async fn nothing_but_the_api_is_reached_there() {
    let aws = Aws::with(&["tick"]).await;
    let ask = async |method: Method, path: &str| {
        let event = json!({ "specversion": "1.0", "id": "1", "source": "/test", "type": "tick" }).to_string();
        let request = Client::new().request(method, format!("{}{path}", aws.origin)).body(event);
        let request = request.header("content-type", "application/cloudevents+json");
        Reply::of(request.send().await.expect("an answer")).await
    };
    for path in ["/metrics", "/healthz", "/figures", "/nothing", "/api/nothing", "/"] {
        ask(Method::GET, path).await.problem(404, "not-found");
    }
    ask(Method::POST, "/").await.problem(404, "not-found");
    let ticks: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM ticks").fetch_one(&aws.db().await).await.expect("a count");
    assert_eq!(ticks, 0);
}

#[tokio::test]
async fn a_schedule_wakes_the_tick_alone_and_twice_is_once() {
    let aws = Aws::with(&["auth", "foods", "tick"]).await;
    let (ada, db) = (somebody(&aws).await, aws.db().await);
    food(&ada, today()).await;
    let closed = async || {
        let closed = sqlx::query_scalar::<_, chrono::NaiveDate>("SELECT closed_through FROM counters");
        closed.fetch_one(&db).await.expect("a row")
    };
    let before = closed().await;
    // As an event of EventBridge is, for a target without an input.
    let event = json!({
        "version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "detail-type": "Scheduled Event",
        "source": "aws.scheduler", "account": "1", "time": "2026-11-27T12:00:00Z", "region": "ap-northeast-2",
        "resources": [], "detail": "{}",
    });
    assert_eq!(aws.function("tick").invoke(&schedule()).await, Ok(Value::Null));
    let after = closed().await;
    assert!(after > before, "{before} {after}");
    for again in [schedule(), event] {
        assert_eq!(aws.function("tick").invoke(&again).await, Ok(Value::Null));
        assert_eq!(closed().await, after);
    }
    for function in ["auth", "foods"] {
        let refused = aws.function(function).invoke(&schedule()).await.expect_err("it takes no events");
        assert_eq!(refused["errorMessage"], "this function takes no events: tick and reminders do", "{function}");
    }
    for payload in [json!({}), json!(null), json!("x"), json!({ "specversion": "1.0" }), json!({ "detail-type": 1 })] {
        let refused = aws.function("tick").invoke(&payload).await.expect_err("it is no event");
        assert_eq!(refused["errorType"], "event-invalid", "{payload}");
    }
    ada.get("/api/foods").await.ok();
}

#[tokio::test]
async fn work_that_is_left_fails_the_invocation_which_lambda_then_repeats() {
    let aws = Aws::with(&["auth", "foods", "tick"]).await;
    let (ada, db) = (somebody(&aws).await, aws.db().await);
    food(&ada, today()).await;
    let mut held = db.begin().await.expect("a transaction");
    sqlx::raw_sql("SELECT * FROM counters FOR UPDATE; SELECT * FROM users FOR UPDATE")
        .execute(&mut *held)
        .await
        .expect("they are locked");
    let left = aws.function("tick").invoke(&schedule()).await.expect_err("somebody writes there");
    assert_eq!(left["errorType"], "work-remains", "{left}");
    held.rollback().await.expect("it ends");
    assert_eq!(aws.function("tick").invoke(&schedule()).await, Ok(Value::Null));
}

#[tokio::test]
async fn a_stage_is_no_part_of_a_path() {
    for (payload, stage) in [(Payload::V2, "prod"), (Payload::V2, "api"), (Payload::V1, "api")] {
        let aws = Aws::start(&["foods"], payload, stage, TIME).await;
        let ask = async |path: &str| {
            Reply::of(reqwest::get(format!("{}/{stage}{path}", aws.origin)).await.expect("an answer")).await
        };
        ask("/api/foods").await.problem(401, "session-required");
        if stage != "api" {
            ask("/foods").await.problem(404, "not-found");
        }
        ask("/metrics").await.problem(404, "not-found");
    }
}

#[tokio::test]
async fn what_is_sent_and_answered_comes_through_either_payload() {
    for payload in [Payload::V2, Payload::V1] {
        let aws = Aws::start(&["auth", "foods"], payload, "$default", TIME).await;
        let ada = somebody(&aws).await;
        let made = ada.post("/api/foods", json!({ "name": "라면 \"매운\"", "motivation": "잠\n돈" })).await;
        assert_eq!(
            (&made.created()["name"], made.header("content-type")),
            (&json!("라면 \"매운\""), "application/json")
        );
        let path = made.location();
        assert_eq!(ada.get(&path).await.ok()["motivation"], "잠\n돈");
        // A client may send each cookie in a header of its own (RFC 9113, section 8.2.3), or one twice.
        let split = Client::new().get(format!("{}{path}", aws.origin));
        let split = split.header("cookie", &ada.cookie).header("cookie", "theme=dark");
        assert_eq!(split.send().await.expect("an answer").status(), 200);
        let korean =
            ada.request(Method::GET, "/api/foods?state=%EB%A8%B9%EC%9D%8C+%22%3C").header("accept-language", "ko");
        ada.send(korean).await.fault("state", "value-invalid");
        ada.get("/api/foods/%ED%95%9C%20%3F%23%22%3C").await.problem(404, "not-found");
        assert_eq!(ada.request(Method::HEAD, "/api/foods").send().await.expect("an answer").status(), 200);
        ada.delete(&path).await.is(204);
        let large = json!({ "name": "x", "motivation": "x".repeat(20_000) });
        ada.post("/api/foods", large).await.problem(413, "body-too-large");
        let signed_out = ada.send(ada.request(Method::POST, "/api/auth/logout")).await;
        signed_out.is(204);
        assert!(signed_out.headers.get_all("set-cookie").iter().count() > 1, "each cookie by itself");
    }
}

#[tokio::test]
async fn a_request_with_what_no_uri_may_have_is_answered() {
    let aws = Aws::with(&["foods"]).await;
    for (path, query) in
        [("/api/foods", "state=\"<>`{ }|\\^한"), ("/api/foods/\"<> 한?#\\..", "%"), ("", ""), ("//", "?")]
    {
        let request = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
            "headers": { "host": "no host", "x-forwarded-proto": "no scheme", "x-name": "한" },
            "requestContext": {
                "http": { "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "nobody" },
                "stage": "$default", "timeEpoch": 0,
            },
            "isBase64Encoded": false,
        });
        let answer = aws.function("foods").invoke(&request).await;
        let status = answer.as_ref().map(|answer| answer["statusCode"].as_u64().unwrap_or_default());
        assert!(status.is_ok_and(|status| [400, 401, 404].contains(&status)), "{path}?{query}: {answer:?}");
    }
}

#[tokio::test]
async fn a_connection_that_dies_in_a_freeze_is_not_noticed() {
    let aws = Aws::with(&["auth", "foods"]).await;
    let (ada, db) = (somebody(&aws).await, aws.db().await);
    for number in 0..5 {
        for id in connections(&db).await {
            let kill = sqlx::query("KILL ?").bind(id).execute(&db).await;
            kill.expect("it is there");
        }
        let made = ada.post("/api/foods", json!({ "name": format!("food {number}") })).await;
        made.created();
        // As a firewall forgets it, which neither end is told.
        aws.proxy.forget();
    }
    assert_eq!(ada.get("/api/foods").await.ok()["foods"].as_array().map(Vec::len), Some(5));
    assert!(connections(&db).await.len() <= 2, "each function holds one");
}

#[tokio::test]
async fn what_a_request_began_is_ended_before_its_answer() {
    let aws = Aws::with(&["auth", "foods"]).await;
    let (ada, db) = (somebody(&aws).await, aws.db().await);
    sqlx::query("UPDATE sessions SET last_used_at = NOW() - INTERVAL 2 HOUR").execute(&db).await.expect("a row");
    // Far enough that what follows an answer would be cut.
    aws.proxy.delay(40);
    let food = food(&ada, today()).await;
    let noted: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sessions WHERE last_used_at > NOW() - INTERVAL 1 HOUR")
        .fetch_one(&db)
        .await
        .expect("a count");
    assert_eq!(noted, 1, "when a session was used last is written after answers elsewhere");
    for _ in 0..5 {
        // Refused in the middle of its transaction.
        ada.post("/api/foods", json!({ "id": food, "name": "other" })).await.problem(409, "food-exists");
        assert_eq!(open_transactions(&db).await, 0, "a frozen function would hold its locks");
    }
}

#[tokio::test]
async fn a_request_is_answered_before_its_time_is_over_and_does_nothing_after_it() {
    let time = Duration::from_millis(1500);
    let aws = Aws::start(&["auth", "foods"], Payload::V2, "$default", time).await;
    let (ada, db) = (somebody(&aws).await, aws.db().await);
    let mut held = db.begin().await.expect("a transaction");
    sqlx::query("SELECT * FROM users FOR UPDATE").execute(&mut *held).await.expect("they are locked");
    let before = aws.function("foods").id();
    for _ in 0..2 {
        ada.post("/api/foods", json!({ "name": "late" })).await.problem(503, "unavailable");
    }
    assert_eq!(aws.function("foods").id(), before, "Lambda had not to end it");
    held.rollback().await.expect("it ends");
    assert_eq!(ada.get("/api/foods").await.ok()["foods"], json!([]), "what was given up is not done later");
    ada.post("/api/foods", json!({ "name": "in time" })).await.created();
}

#[tokio::test]
async fn clocks_that_disagree_hold_nobody_up() {
    let aws = Aws::with(&["auth", "foods"]).await;
    let ada = somebody(&aws).await;
    for seconds in [-86_400, 86_400] {
        for function in ["auth", "foods"] {
            aws.function(function).clock_ahead.store(seconds * 1000, Relaxed);
        }
        food(&ada, today() - Days::new(1)).await;
    }
    assert_eq!(text(&ada.get("/api/auth/me").await.ok()["id"]), ada.id);
}

#[tokio::test]
#[ignore = "scripts/prove aws builds every function for Lambda"]
async fn every_function_but_tick_and_reminders_refuses_the_schedule() {
    let aws = Aws::whole(Payload::V2).await;
    for api in APIS {
        let outcome = aws.function(api.name).invoke(&schedule()).await;
        match api.name {
            "reminders" => assert_eq!(outcome, Ok(Value::Null)),
            name => assert_eq!(outcome.expect_err(name)["errorType"], "not-found", "{name}"),
        }
    }
    for _ in 0..2 {
        for name in ["tick", "reminders"] {
            assert_eq!(aws.function(name).invoke(&schedule()).await, Ok(Value::Null), "{name}");
        }
    }
    println!("functions that take a schedule which they should not: 0 of {}", APIS.len());
}

#[tokio::test]
#[ignore = "scripts/prove aws builds every function for Lambda"]
async fn forty_seconds_in_a_freeze_are_not_noticed() {
    let aws = Aws::whole(Payload::V2).await;
    let place = Place::at(&aws.edge.as_ref().expect("all is there").origin);
    let ada = place.somebody().await;
    let requests = ["/api/auth/me", "/api/foods", "/api/reviews", "/api/streaks/today", "/api/reminders"];
    for forgets in [false, true] {
        tokio::time::sleep(Duration::from_secs(40)).await;
        if forgets {
            aws.proxy.forget();
        }
        for path in requests {
            ada.get(path).await.ok();
        }
        ada.get("/api/data/export").await.ok();
        food(&ada, today()).await;
    }
    println!("requests that failed after 40 s in a freeze: 0 of {}", 2 * (requests.len() + 2));
}

#[tokio::test]
#[ignore = "scripts/prove aws builds every function for Lambda"]
async fn an_answer_that_lambda_does_not_take_is_a_problem() {
    let aws = Aws::whole(Payload::V2).await;
    let place = Place::at(&aws.edge.as_ref().expect("all is there").origin);
    let ada = place.somebody().await;
    // 6,000 bytes each.
    for ago in 0..1_100 {
        let date = today() - Days::new(ago);
        ada.put(&format!("/api/reviews/{date}"), json!({ "note": "긴".repeat(2_000) })).await.created();
    }
    // Only Lambda answers so, and no document says it.
    let export = ada.request(Method::GET, "/api/data/export").send().await.expect("an answer");
    Reply::of(export).await.problem(413, "body-too-large");
    ada.get("/api/foods").await.ok();
}

#[tokio::test]
#[ignore = "scripts/prove aws builds every function for Lambda"]
async fn a_person_does_the_main_job_in_a_browser_on_functions_that_are_frozen() {
    let aws = Aws::whole(Payload::V2).await;
    main_job(&aws.edge.as_ref().expect("all is there").origin, "aws.png").await;
}

/// The main job in a browser, which leaves a picture of this name.
pub async fn main_job(origin: &str, picture: &str) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::create_dir_all(tests.join("output")).expect("a folder for pictures");
    let mut script = tokio::process::Command::new("node");
    script.arg(tests.join("browser/main-job.mjs")).arg(origin).arg(tests.join("output").join(picture));
    assert!(script.status().await.expect("node runs").success(), "what it could not do is told above");
}

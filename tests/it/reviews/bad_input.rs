//! Bad input: a clear problem that names the field, in both languages, and nothing stored.

use reqwest::{Method, header};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::world::World;

#[tokio::test]
async fn a_food_with_a_wrong_value_is_refused_by_its_field() {
    let ada = World::new().await.person("ada").await;
    for (body, pointer, code) in [
        (json!({ "name": "" }), "/name", "name-blank"),
        (json!({ "name": " \u{3000} " }), "/name", "name-blank"),
        (json!({ "name": "가".repeat(51) }), "/name", "name-too-long"),
        (json!({ "name": "\u{3164}\u{200b}" }), "/name", "name-blank"),
        (json!({ "name": "x", "counting": { "assume": null } }), "/counting", "value-invalid"),
        (json!({ "name": "a\u{202e}b" }), "/name", "text-invalid"),
        (json!({ "name": 5 }), "/name", "value-invalid"),
        (json!({}), "/name", "field-missing"),
        (json!({ "name": "x", "start_date": "2026-03-12" }), "/start_date", "start-date-future"),
        (json!({ "name": "x", "start_date": "2026-02-30" }), "/start_date", "date-invalid"),
        (json!({ "name": "x", "start_date": "1999-12-31" }), "/start_date", "date-too-early"),
        (json!({ "name": "x", "start_date": 20260301 }), "/start_date", "value-invalid"),
        (json!({ "name": "x", "goal_days": 0 }), "/goal_days", "number-out-of-range"),
        (json!({ "name": "x", "goal_days": -1 }), "/goal_days", "value-invalid"),
        (json!({ "name": "x", "counting": "guess" }), "/counting", "value-invalid"),
        (json!({ "name": "x", "color": "red" }), "/color", "value-invalid"),
        (json!({ "name": "x", "icon": "🍜🍜🍜🍜🍜" }), "/icon", "text-too-long"),
        (json!({ "name": "x", "motivation": "a".repeat(1001) }), "/motivation", "text-too-long"),
        (json!({ "name": "x", "price_per_day": "-1", "currency": "KRW" }), "/price_per_day", "value-invalid"),
        (json!({ "name": "x", "price_per_day": "1" }), "/currency", "price-without-currency"),
        (json!({ "name": "x", "currency": "won", "price_per_day": "1" }), "/currency", "value-invalid"),
        (json!({ "name": "x", "position": 3 }), "/position", "field-unknown"),
        (json!({ "name": "x", "a/b": 3 }), "/a~1b", "field-unknown"),
        (json!({ "name": "x", "id": "1" }), "/id", "value-invalid"),
    ] {
        let reply = ada.post("/api/foods", body.clone()).await;
        assert_eq!(reply.status, 422, "{body}");
        reply.fault(pointer, code);
    }
    assert_eq!(ada.get("/api/foods").await.ok(), json!({ "foods": [] }));
    ada.food(json!({ "name": "가".repeat(50) })).await;
}

#[tokio::test]
async fn a_change_clears_nothing_that_must_be_there() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    for field in ["name", "start_date", "counting", "archived"] {
        let reply = ada.patch(&format!("/api/foods/{food}"), json!({ field: null })).await;
        reply.fault(&format!("/{field}"), "value-invalid");
    }
}

#[tokio::test]
async fn all_wrong_fields_are_told_at_once() {
    let ada = World::new().await.person("ada").await;
    let problem =
        ada.post("/api/foods", json!({ "name": "", "color": "red", "goal_days": 0 })).await.problem(422, "name-blank");
    let pointers: Vec<&Value> =
        problem["errors"].as_array().expect("errors").iter().map(|error| &error["pointer"]).collect();
    assert_eq!(pointers, ["/name", "/color", "/goal_days"]);
}

#[tokio::test]
async fn a_review_with_a_wrong_value_is_refused_by_its_field() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let kept = |food: &str| json!({ "food_id": food, "outcome": "kept" });
    for (date, body, place, code) in [
        ("2026-03-12", json!({}), "date", "review-date-future"),
        ("2026-02-30", json!({}), "date", "date-invalid"),
        ("2026-3-1", json!({}), "date", "date-invalid"),
        ("1999-12-31", json!({}), "date", "date-too-early"),
        ("2026-02-28", json!({ "foods": [kept(&food)] }), "/foods/0/food_id", "review-before-start"),
        ("2026-03-10", json!({ "foods": [kept(&Uuid::new_v4().to_string())] }), "/foods/0/food_id", "food-not-found"),
        ("2026-03-10", json!({ "foods": [kept("me")] }), "/foods/0/food_id", "value-invalid"),
        ("2026-03-10", json!({ "foods": [kept(&food), kept(&food)] }), "/foods/1/food_id", "field-twice"),
        ("2026-03-10", json!({ "foods": [{ "food_id": food }] }), "/foods/0/outcome", "field-missing"),
        (
            "2026-03-10",
            json!({ "foods": [{ "food_id": food, "outcome": "won" }] }),
            "/foods/0/outcome",
            "value-invalid",
        ),
        (
            "2026-03-10",
            json!({ "foods": [{ "food_id": food, "outcome": null, "x": 1 }] }),
            "/foods/0/x",
            "field-unknown",
        ),
        ("2026-03-10", json!({ "foods": [[food, "kept", null]] }), "/foods/0", "value-invalid"),
        ("2026-03-10", json!({ "difficulty": 6 }), "/difficulty", "number-out-of-range"),
        ("2026-03-10", json!({ "mood": 0 }), "/mood", "number-out-of-range"),
        ("2026-03-10", json!({ "mood": 1.5 }), "/mood", "value-invalid"),
        ("2026-03-10", json!({ "note": "a".repeat(2001) }), "/note", "text-too-long"),
        ("2026-03-10", json!({ "note": "a\u{0}b" }), "/note", "text-invalid"),
    ] {
        let reply = ada.put(&format!("/api/reviews/{date}"), body.clone()).await;
        assert_eq!(reply.status, 422, "{date} {body}");
        reply.fault(place, code);
    }
    assert_eq!(ada.get("/api/reviews").await.ok()["reviews"], json!([]));
}

#[tokio::test]
async fn a_slip_with_a_wrong_value_is_refused_by_its_field() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    for (date, field, value, place, code) in [
        ("2026-03-10", "craving", json!(11), "/craving", "number-out-of-range"),
        ("2026-03-10", "time", json!("24:00"), "/time", "time-invalid"),
        ("2026-03-10", "time", json!(" 9:05"), "/time", "time-invalid"),
        ("2026-03-10", "trigger", json!("a".repeat(51)), "/trigger", "text-too-long"),
        ("2026-03-10", "note", json!("a".repeat(501)), "/note", "text-too-long"),
        ("2026-03-12", "note", json!("x"), "date", "review-date-future"),
        ("2026-02-28", "note", json!("x"), "/food_id", "review-before-start"),
    ] {
        let mut body = json!({ "food_id": food });
        body[field] = value;
        ada.put(&format!("/api/reviews/{date}/slips/{}", Uuid::new_v4()), body).await.fault(place, code);
    }
    ada.put("/api/reviews/2026-03-10/slips/x", json!({ "food_id": food })).await.problem(404, "not-found");
    assert_eq!(ada.get("/api/reviews").await.ok()["reviews"], json!([]));
}

#[tokio::test]
async fn a_wrong_query_is_refused_by_its_parameter() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let calendar = format!("/api/streaks/{food}/calendar");
    for (path, place, code) in [
        (format!("{calendar}?from=2026-03-01"), "to", "field-missing"),
        (format!("{calendar}?from=2026-02-30&to=2026-03-01"), "from", "date-invalid"),
        (format!("{calendar}?from=2026-03-02&to=2026-03-01"), "to", "range-invalid"),
        (format!("{calendar}?from=2025-01-01&to=2026-03-01"), "to", "range-too-long"),
        ("/api/streaks/calendar?to=2026-03-01".to_owned(), "from", "field-missing"),
        ("/api/streaks/calendar?from=2026-03-02&to=2026-03-01".to_owned(), "to", "range-invalid"),
        ("/api/streaks/calendar?from=2025-01-01&to=2026-02-05".to_owned(), "to", "range-too-long"),
        ("/api/reviews/stats?from=2026-03-02&to=2026-03-01".to_owned(), "to", "range-invalid"),
        ("/api/reviews/stats?from=2025-01-01&to=2026-02-05".to_owned(), "to", "range-too-long"),
        ("/api/reviews?limit=0".to_owned(), "limit", "number-out-of-range"),
        ("/api/reviews?limit=x".to_owned(), "limit", "value-invalid"),
        ("/api/reviews?page=2".to_owned(), "page", "field-unknown"),
        ("/api/reviews?cursor=x".to_owned(), "cursor", "date-invalid"),
        ("/api/foods?state=gone".to_owned(), "state", "value-invalid"),
    ] {
        ada.get(&path).await.fault(place, code);
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_or_too_large_is_refused() {
    let ada = World::new().await.person("ada").await;
    let post = |kind: &str, body: String| {
        ada.request(Method::POST, "/api/foods").header(header::CONTENT_TYPE, kind).body(body)
    };
    ada.send(post("application/json", "{\"name\":".to_owned())).await.problem(400, "json-invalid");
    ada.send(post("application/json", "{\"name\":\"x\"} {}".to_owned())).await.problem(400, "json-invalid");
    ada.send(post("application/json", format!("{{\"name\":{}", "[".repeat(9000)))).await.problem(422, "value-invalid");
    ada.send(post("application/json", "[\"sugar\"]".to_owned())).await.problem(422, "value-invalid");
    ada.send(post("text/plain", "{\"name\":\"x\"}".to_owned())).await.problem(415, "json-required");
    ada.send(ada.request(Method::POST, "/api/foods").body("{}")).await.problem(415, "json-required");
    for size in [16 * 1024 + 1, 1024 * 1024] {
        let body = json!({ "name": "x", "motivation": "a".repeat(size) });
        ada.post("/api/foods", body).await.problem(413, "body-too-large");
    }
    ada.send(post("application/json; charset=utf-8", "{\"name\":\"x\"}".to_owned())).await.created();
    let sheet = |size| json!({ "note": "a".repeat(size) });
    ada.put("/api/reviews/2026-03-11", sheet(100 * 1024)).await.fault("/note", "text-too-long");
    ada.put("/api/reviews/2026-03-11", sheet(512 * 1024)).await.problem(413, "body-too-large");
}

#[tokio::test]
async fn another_persons_food_is_as_missing_as_one_that_never_was() {
    let world = World::new().await;
    let (ada, eve) = (world.person("ada").await, world.person("eve").await);
    let food = ada.food_since("2026-03-01").await;
    let before = ada.streak(&food).await;
    for id in [food.clone(), Uuid::new_v4().to_string(), "1".to_owned(), "%F0".to_owned()] {
        eve.get(&format!("/api/foods/{id}")).await.problem(404, "not-found");
        eve.patch(&format!("/api/foods/{id}"), json!({ "name": "mine" })).await.problem(404, "not-found");
        eve.delete(&format!("/api/foods/{id}")).await.problem(404, "not-found");
        eve.get(&format!("/api/streaks/{id}")).await.problem(404, "not-found");
        eve.get(&format!("/api/streaks/{id}/calendar?from=2026-03-01&to=2026-03-02")).await.problem(404, "not-found");
    }
    let named = json!({ "foods": [{ "food_id": food, "outcome": "slipped" }] });
    eve.put("/api/reviews/2026-03-10", named).await.fault("/foods/0/food_id", "food-not-found");
    let slip = format!("/api/reviews/2026-03-10/slips/{}", Uuid::new_v4());
    eve.put(&slip, json!({ "food_id": food })).await.fault("/food_id", "food-not-found");
    assert_eq!(ada.streak(&food).await, before);
    eve.post("/api/foods", json!({ "id": food, "name": "mine" })).await.created();
    assert_eq!(ada.get(&format!("/api/foods/{food}")).await.ok()["name"], "ramen", "an id is free for another person");
}

#[tokio::test]
async fn without_a_session_nothing_shows_whatever_is_asked() {
    let world = World::new().await;
    let stranger = world.stranger();
    for path in [
        "/api/auth/me",
        "/api/foods",
        "/api/foods/1",
        "/api/reviews",
        "/api/reviews/x",
        "/api/streaks",
        "/api/streaks/today",
        "/api/streaks/1/calendar",
    ] {
        stranger.get(path).await.problem(401, "session-required");
    }
    stranger.post("/api/foods", json!({ "nonsense": 1 })).await.problem(401, "session-required");
    stranger.put("/api/reviews/2026-02-30", json!([])).await.problem(401, "session-required");
}

#[tokio::test]
async fn what_would_have_been_right_is_told() {
    let ada = World::new().await.person("ada").await;
    let food = json!({
        "name": "x", "counting": "guess", "color": "red", "goal_days": 0, "icon": "AB", "price_per_day": "much",
    });
    for (field, korean, english) in [
        ("counting", "쓸 수 있는 값: assume, confirm", "It can be: assume, confirm"),
        ("color", "색은 #e8813a처럼 적어 주세요.", "Write a colour like #e8813a."),
        ("goal_days", "1부터 36,500까지 쓸 수 있어요.", "It can be 1 to 36,500."),
        ("icon", "그림은 이모지나 글자 하나예요.", "A picture is one emoji or one letter."),
        ("price_per_day", "숫자만 적어 주세요.", "Digits only, such as 1500 or 1.50."),
    ] {
        for (language, words) in [("ko", korean), ("en", english)] {
            let request = ada
                .request(Method::POST, "/api/foods")
                .header(header::ACCEPT_LANGUAGE, language)
                .json(&json!({ "name": "x", field: food[field] }));
            let problem = ada.send(request).await.is(422);
            assert_eq!(problem["errors"][0]["detail"], words, "{field}");
        }
    }
    let unknown = ada.get("/api/foods?state=gone").await.problem(422, "value-invalid");
    assert_eq!(unknown["detail"], "It can be: active, archived, deleted");
}

#[tokio::test]
async fn a_problem_is_told_in_the_language_of_the_request() {
    let ada = World::new().await.person("ada").await;
    let told = async |language: &str| {
        let request = ada
            .request(Method::POST, "/api/foods")
            .header(header::ACCEPT_LANGUAGE, language)
            .json(&json!({ "name": "" }));
        let reply = ada.send(request).await;
        let problem = reply.problem(422, "name-blank");
        assert_eq!(problem["detail"], problem["errors"][0]["detail"]);
        (problem["detail"].as_str().expect("a text").to_owned(), reply.header("content-language").to_owned())
    };
    assert_eq!(told("ko-KR,ko;q=0.9,en;q=0.8").await, ("이름을 적어 주세요.".to_owned(), "ko".to_owned()));
    assert_eq!(told("de").await, ("Give it a name.".to_owned(), "en".to_owned()));
}

//! The API by HTTP alone, at the one origin.

use chrono::Days;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    deployment::{Place, food, today},
    world::{Person, Reply, text},
};

#[tokio::test]
async fn the_same_name_is_the_same_person_whose_session_ends_with_the_sign_out() {
    let place = Place::get().await;
    let name = format!("p{}", Uuid::new_v4().simple());
    let (ada, again) = (place.person(&name).await, place.person(&name).await);
    assert_eq!(ada.id, again.id);
    let told = ada.patch("/api/auth/me", json!({ "display_name": "에이다", "time_zone": "Asia/Seoul" })).await.ok();
    assert_eq!((&told["display_name"], &told["time_zone"]), (&json!("에이다"), &json!("Asia/Seoul")));
    assert_eq!(again.get("/api/auth/me").await.ok(), told);
    assert_eq!(ada.get("/api/auth/sessions").await.ok()["sessions"].as_array().map(Vec::len), Some(2));
    again.send(again.request(Method::POST, "/api/auth/logout")).await.is(204);
    again.get("/api/auth/me").await.problem(401, "session-required");
    ada.delete("/api/auth/me").await.is(204);
    ada.get("/api/auth/me").await.problem(401, "session-required");
}

#[tokio::test]
async fn a_food_is_made_once_changed_ordered_archived_deleted_and_brought_back() {
    let place = Place::get().await;
    let (ada, eve) = (place.somebody().await, place.somebody().await);
    let id = Uuid::new_v4();
    let path = format!("/api/foods/{id}");
    let body = json!({ "id": id, "name": "라면", "goal_days": 30 });
    let made = ada.post("/api/foods", body.clone()).await;
    assert_eq!((made.created()["name"].as_str(), made.location()), (Some("라면"), path.clone()));
    ada.post("/api/foods", body).await.ok();
    ada.post("/api/foods", json!({ "id": id, "name": "other" })).await.problem(409, "food-exists");
    let soda = ada.food(json!({ "name": "soda" })).await;
    ada.put("/api/foods/order", json!({ "ids": [soda, id] })).await.is(204);
    let listed = ada.get("/api/foods").await.ok();
    assert_eq!((&listed["foods"][0]["name"], &listed["foods"][1]["name"]), (&json!("soda"), &json!("라면")));
    assert_eq!(ada.patch(&path, json!({ "motivation": "건강\n잠" })).await.ok()["motivation"], "건강\n잠");
    ada.patch(&path, json!({ "archived": true })).await.ok();
    assert_eq!(ada.get("/api/foods?state=archived").await.ok()["foods"][0]["id"], json!(id));
    ada.patch(&path, json!({ "archived": false })).await.ok();
    for method in [Method::GET, Method::DELETE] {
        eve.send(eve.request(method, &path)).await.problem(404, "not-found");
    }
    ada.delete(&path).await.is(204);
    ada.get(&path).await.problem(404, "not-found");
    ada.send(ada.request(Method::POST, &format!("{path}/restore"))).await.ok();
    ada.get(&path).await.ok();
}

#[tokio::test]
async fn a_review_knows_when_it_was_changed_elsewhere() {
    let place = Place::get().await;
    let ada = place.somebody().await;
    let today = today(&ada).await;
    let food = food(&ada, today).await;
    let path = format!("/api/reviews/{today}");
    let sheet =
        |note: &str| json!({ "note": note, "difficulty": 2, "foods": [{ "food_id": food, "outcome": "kept" }] });
    let first = ada.put(&path, sheet("아침")).await;
    assert_eq!(first.created()["streaks"][0]["current_streak"], 11);
    let seen = ada.get(&path).await;
    assert!(!seen.header("etag").is_empty() && seen.header("etag") == first.header("etag"));
    ada.put(&path, sheet("저녁")).await.ok();
    let put = |name: &str, value: &str, body: Value| {
        ada.send(ada.request(Method::PUT, &path).header(name, value).json(&body))
    };
    let refused = put("if-match", seen.header("etag"), sheet("밤")).await.problem(412, "review-changed");
    assert_eq!(refused["current"]["note"], "저녁");
    put("if-none-match", "*", sheet("밤")).await.problem(412, "review-changed");
    put("if-match", seen.header("etag"), sheet("저녁")).await.ok();
    let found = ada.get("/api/reviews?q=%EC%A0%80%EB%85%81&limit=1").await.ok();
    assert_eq!(found["reviews"][0]["note"], "저녁");
    assert_eq!(ada.get("/api/reviews?q=%26%3D%2F%3F%23").await.ok()["reviews"], json!([]));
    ada.delete(&path).await.is(204);
    ada.get(&path).await.problem(404, "not-found");
}

#[tokio::test]
async fn counts_follow_what_is_recorded_and_taken_back() {
    let place = Place::get().await;
    let ada = place.somebody().await;
    let today = today(&ada).await;
    let food = food(&ada, today).await;
    let day = |ago: u64| today - Days::new(ago);
    let is = async |current: u64, longest: u64, kept: u64| {
        let streak = ada.streak(&food).await;
        let numbers = ["current_streak", "longest_streak", "kept_days", "day_number"].map(|name| streak[name].as_u64());
        assert_eq!(numbers, [Some(current), Some(longest), Some(kept), Some(11)], "{streak}");
    };
    is(10, 10, 10).await;
    let slip = ada.slip(&day(6).to_string(), &food).await;
    is(5, 5, 9).await;
    let skip = format!("/api/reviews/skips/{}", Uuid::new_v4());
    ada.put(&skip, json!({ "from": day(3), "to": day(3), "food_ids": [food] })).await.created();
    is(4, 4, 8).await;
    let calendar = ada.get(&format!("/api/streaks/{food}/calendar?from={}&to={today}", day(10))).await.ok();
    let statuses: Vec<_> = calendar["days"].as_array().expect("days").iter().map(|day| text(&day["status"])).collect();
    assert_eq!(statuses.join(" "), "kept kept kept kept slipped kept kept skipped kept kept open");
    assert_eq!(ada.get(&format!("/api/streaks/{food}/stats")).await.ok()["without_time"], 1);
    ada.delete(&skip).await.is(204);
    ada.delete(&slip).await.is(204);
    is(10, 10, 10).await;
    let shown = ada.get("/api/streaks/today").await.ok();
    assert_eq!(shown["foods"][0]["streak"], ada.streak(&food).await);
    ada.patch(&format!("/api/foods/{food}"), json!({ "counting": "confirm" })).await.ok();
    is(0, 0, 0).await;
}

#[tokio::test]
async fn everything_is_taken_away_and_brought_back_however_large() {
    let place = Place::get().await;
    let (ada, bob) = (place.somebody().await, place.somebody().await);
    let (today, mut notes) = (today(&ada).await, 0);
    let food = food(&ada, today).await;
    for ago in 0..5 {
        // Each larger than other bodies may be, all of them more than passes at once.
        let note = "긴".repeat(2000);
        let foods: Vec<Value> = vec![json!({ "food_id": food, "outcome": "kept", "note": "한".repeat(500) })];
        let sheet = json!({ "note": note, "foods": foods }).to_string();
        let spaces = " ".repeat(512 * 1024 - sheet.len());
        let put = ada.request(Method::PUT, &format!("/api/reviews/{}", today - Days::new(ago)));
        ada.send(put.header("content-type", "application/json").body(sheet + &spaces)).await.created();
        notes += 1;
    }
    let file = ada.get("/api/data/export").await;
    assert_eq!(file.ok()["reviews"].as_array().map(Vec::len), Some(notes));
    assert!(ada.get("/api/data/export?format=csv").await.body.contains("긴긴긴"));
    let padded = file.body.clone() + &" ".repeat(8 * 1024 * 1024);
    let import = bob.request(Method::POST, "/api/data/import").header("content-type", "application/json");
    bob.send(import.body(padded)).await.ok();
    let (theirs, ours) = (bob.get("/api/streaks").await.ok(), ada.get("/api/streaks").await.ok());
    assert_eq!(theirs["streaks"][0]["current_streak"], ours["streaks"][0]["current_streak"]);
    assert_eq!(theirs["streaks"][0]["confirmed_days"], 5);
}

#[tokio::test]
async fn what_cant_be_taken_is_a_problem_in_the_readers_language() {
    let place = Place::get().await;
    let ada = place.somebody().await;
    for (language, words) in [("ko", "이름을 적어 주세요."), ("en", "Give it a name.")] {
        let post = ada.request(Method::POST, "/api/foods").header("accept-language", language);
        let answer = ada.send(post.json(&json!({ "name": " " }))).await;
        answer.fault("/name", "name-blank");
        assert_eq!((answer.json()["detail"].as_str(), answer.header("content-language")), (Some(words), language));
    }
    ada.post("/api/foods", json!({ "name": "x", "nmae": "y" })).await.fault("/nmae", "field-unknown");
    ada.get("/api/foods?state=eaten").await.fault("state", "value-invalid");
    let send = async |kind: &str, body: &str| {
        ada.send(ada.request(Method::POST, "/api/foods").header("content-type", kind).body(body.to_owned())).await
    };
    send("application/json", "{").await.problem(400, "json-invalid");
    send("text/plain", "{}").await.problem(415, "json-required");
    for path in ["/api/foods/x", "/api/foods/a/b/c", "/api/streaks/x/nothing", "/api/nothing", "/api/tick"] {
        ada.get(path).await.problem(404, "not-found");
    }
    ada.put("/api/foods", json!({})).await.problem(405, "method-not-allowed");
    let stranger = Person::new(&ada.origin);
    stranger.get("/api/foods").await.problem(401, "session-required");
}

#[tokio::test]
async fn a_body_is_taken_up_to_the_limit_of_its_route() {
    let place = Place::get().await;
    let ada = place.somebody().await;
    let review = format!("/api/reviews/{}", today(&ada).await);
    for (method, path, body, limit) in [
        (Method::PATCH, "/api/auth/me", json!({ "display_name": "Ada" }), 16 * 1024),
        (Method::POST, "/api/foods", json!({ "name": "ramen" }), 16 * 1024),
        (Method::PUT, &review, json!({ "note": "x" }), 512 * 1024),
    ] {
        let send = async |size: usize| {
            let text = body.to_string();
            let text = format!("{text}{}", " ".repeat(size - text.len()));
            let request = ada.request(method.clone(), path).header("content-type", "application/json");
            ada.send(request.body(text)).await
        };
        assert!(send(limit).await.status.is_success(), "{path}");
        send(limit + 1).await.problem(413, "body-too-large");
    }
    let import = ada.request(Method::POST, "/api/data/import").header("content-type", "application/json");
    ada.send(import.body(" ".repeat(64 * 1024 * 1024 + 1))).await.problem(413, "body-too-large");
}

#[tokio::test]
async fn requests_of_other_sites_and_for_other_accounts_change_nothing() {
    let place = Place::get().await;
    let (ada, eve) = (place.somebody().await, place.somebody().await);
    let bare =
        |path: &str| reqwest::Client::new().post(format!("{}{path}", place.origin)).header("cookie", &ada.cookie);
    let food = json!({ "name": "ramen" });
    for (name, value) in [("origin", "https://evil.test"), ("sec-fetch-site", "cross-site"), ("x-nothing", "x")] {
        let answer = bare("/api/foods").header(name, value).json(&food).send().await.expect("an answer");
        Reply::of(answer).await.problem(403, "origin-foreign");
    }
    let answer =
        bare("/api/foods").header("sec-fetch-site", "same-origin").header("hanip-account", &eve.id).json(&food);
    Reply::of(answer.send().await.expect("an answer")).await.problem(409, "other-account");
    assert_eq!(ada.get("/api/foods").await.ok()["foods"], json!([]));
    let answer =
        bare("/api/foods").header("sec-fetch-site", "same-origin").header("hanip-account", &ada.id).json(&food);
    Reply::of(answer.send().await.expect("an answer")).await.created();
}

#[tokio::test]
async fn a_script_needs_a_token_and_nothing_else() {
    let place = Place::get().await;
    let ada = place.somebody().await;
    let token = async |scope: &str| {
        text(&ada.post("/api/auth/tokens", json!({ "name": "cron", "scope": scope })).await.created()["token"])
    };
    let post = async |token: &str| {
        let post = reqwest::Client::new().post(format!("{}/api/foods", place.origin)).bearer_auth(token);
        Reply::of(post.json(&json!({ "name": "ramen" })).send().await.expect("an answer")).await
    };
    post(&token("write").await).await.created();
    post(&token("read").await).await.problem(403, "token-read-only");
    post("hanip_nothing").await.problem(401, "session-required");
}

#[tokio::test]
async fn every_answer_of_the_api_has_the_security_headers_once() {
    let place = Place::get().await;
    let ada = place.somebody().await;
    let stranger = Person::new(&ada.origin);
    for (who, path, status) in [
        (&ada, "/api/auth/me", 200),
        (&stranger, "/api/auth/me", 401),
        (&ada, "/api/foods/x", 404),
        (&ada, "/api/nothing", 404),
        (&ada, "/api/foods?state=eaten", 422),
        (&ada, "/api/data/export", 200),
    ] {
        let answer = who.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            let values: Vec<_> = answer.headers.get_all(name).iter().collect();
            assert_eq!(values, [value], "{path}: {name}");
        }
        assert_eq!(answer.headers.get_all("content-security-policy").iter().count(), 1, "{path}");
        assert!(answer.header("content-security-policy").ends_with("frame-ancestors 'none'"), "{path}");
    }
}

#[tokio::test]
async fn what_is_not_for_browsers_is_not_reached() {
    let place = Place::get().await;
    let stranger = Person::new(&place.origin);
    for path in ["/healthz", "/metrics", "/api/metrics", "/api/foods/metrics", "/api/foods/../../metrics"] {
        let answer = stranger.get(path).await;
        assert!(!answer.body.contains("http_requests_total") && answer.body != "ok", "{path}");
        assert!([401, 404].contains(&answer.status.as_u16()), "{path}: {}", answer.status);
    }
    let event = r#"{"specversion":"1.0","id":"1","source":"/test","type":"tick"}"#;
    for path in ["/", "/tick", "/api/tick", "/api/foods", "/api/data/import"] {
        let post = stranger.client.post(format!("{}{path}", place.origin)).body(event);
        let answer = stranger.send(post.header("content-type", "application/cloudevents+json")).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        assert!(!answer.headers.contains_key("hanip-tick-closed"), "{path}");
    }
}

//! The review of a date.

mod at_once;
mod bad_input;
mod limits;
mod skips;
mod slips;
mod stats;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::world::{Person, Reply, World};

const DATE: &str = "/api/reviews/2026-03-11";

async fn put_if(ada: &Person, header: &str, value: &str, body: Value) -> Reply {
    ada.send(ada.request(Method::PUT, DATE).header(header, value).json(&body)).await
}

#[tokio::test]
async fn one_sheet_reviews_all_foods_of_a_date() {
    let ada = World::new().await.person("ada").await;
    let (ramen, soda) = (ada.food_since("2026-03-01").await, ada.food_since("2026-03-05").await);
    let sheet = json!({ "difficulty": 2, "mood": 4, "note": "밤에 힘들었다", "foods": [
        { "food_id": ramen, "outcome": "kept" }, { "food_id": soda, "outcome": "slipped", "note": "at the cinema" } ] });
    let answer = ada.put(DATE, sheet).await.created();
    let review = &answer["review"];
    assert_eq!(
        (&review["difficulty"], &review["mood"], &review["note"]),
        (&json!(2), &json!(4), &json!("밤에 힘들었다"))
    );
    assert_eq!(review["foods"][0], json!({ "food_id": ramen, "outcome": "kept", "status": "kept", "note": null }));
    assert_eq!(review["foods"][1]["status"], "slipped");
    let current: Vec<&Value> =
        answer["streaks"].as_array().expect("streaks").iter().map(|streak| &streak["current_streak"]).collect();
    assert_eq!(current, [&json!(11), &json!(0)], "the numbers are as they are now");
    assert_eq!(&ada.get(DATE).await.ok(), review);
}

#[tokio::test]
async fn a_review_replaces_the_day_and_touches_only_the_foods_it_names() {
    let ada = World::new().await.person("ada").await;
    let (ramen, soda) = (ada.food_since("2026-03-01").await, ada.food_since("2026-03-01").await);
    ada.review("2026-03-11", &ramen, "kept").await;
    ada.slip("2026-03-11", &ramen).await;
    ada.put(DATE, json!({ "difficulty": 3, "foods": [{ "food_id": soda, "outcome": "kept" }] })).await.ok();
    let review = ada.put(DATE, json!({ "foods": [{ "food_id": soda, "outcome": null }] })).await.ok()["review"].clone();
    assert_eq!(review["difficulty"], Value::Null);
    assert_eq!((&review["foods"][0]["outcome"], &review["foods"][1]["outcome"]), (&json!("kept"), &Value::Null));
    assert_eq!(review["slips"].as_array().map(Vec::len), Some(1), "slips are never touched");
}

#[tokio::test]
async fn a_review_is_stored_whole_or_not_at_all() {
    let ada = World::new().await.person("ada").await;
    let ramen = ada.food_since("2026-03-01").await;
    let late = ada.food_since("2026-03-11").await;
    let sheet = json!({ "note": "x", "foods": [{ "food_id": ramen, "outcome": "kept" }, { "food_id": late, "outcome": "kept" }] });
    let problem = ada.put("/api/reviews/2026-03-10", sheet).await;
    problem.fault("/foods/1/food_id", "review-before-start");
    assert!(problem.body.contains("March 11"));
    ada.get("/api/reviews/2026-03-10").await.problem(404, "not-found");
}

#[tokio::test]
async fn the_same_review_again_changes_nothing_whatever_it_expects() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let ramen = ada.food_since("2026-03-01").await;
    let sheet = json!({ "difficulty": 1, "foods": [{ "food_id": ramen, "outcome": "kept" }] });
    let first = ada.put(DATE, sheet.clone()).await.created();
    world.app.clock.advance(chrono::TimeDelta::hours(1));
    assert_eq!(ada.put(DATE, sheet.clone()).await.ok(), first, "not even its time of change");
    put_if(&ada, "If-None-Match", "*", sheet.clone()).await.ok();
    put_if(&ada, "If-Match", "\"other\"", sheet).await.ok();
}

#[tokio::test]
async fn a_review_changed_elsewhere_is_shown_and_not_overwritten() {
    let ada = World::new().await.person("ada").await;
    let first = put_if(&ada, "If-None-Match", "*", json!({ "note": "one" })).await;
    first.created();
    let stale = first.header("etag").to_owned();
    assert_eq!(ada.get(DATE).await.header("etag"), stale);
    let second = put_if(&ada, "If-Match", &stale, json!({ "note": "two" })).await;
    second.ok();
    let conflict = put_if(&ada, "If-Match", &stale, json!({ "note": "three" })).await.problem(412, "review-changed");
    assert_eq!(conflict["current"]["note"], "two");
    put_if(&ada, "If-None-Match", "*", json!({ "note": "three" })).await.problem(412, "review-changed");
    put_if(&ada, "If-Match", second.header("etag"), json!({ "note": "three" })).await.ok();
}

#[tokio::test]
async fn a_condition_that_can_not_be_read_lets_no_write_pass() {
    let ada = World::new().await.person("ada").await;
    let first = put_if(&ada, "If-None-Match", "*", json!({ "note": "one" })).await;
    let etag = first.header("etag");
    for unreadable in ["é", "", ",", etag.trim_matches('"'), &format!("W/{etag}"), &format!("\"x\" {etag}")] {
        let refused = put_if(&ada, "If-Match", unreadable, json!({ "note": "two" })).await;
        assert_eq!(refused.problem(412, "review-changed")["current"]["note"], "one", "{unreadable}");
    }
    put_if(&ada, "If-None-Match", &format!("W/{etag}"), json!({ "note": "two" })).await.problem(412, "review-changed");
    put_if(&ada, "If-Match", &format!("\"x\", {etag}"), json!({ "note": "two" })).await.ok();
}

#[tokio::test]
async fn the_etag_of_a_date_without_a_review_is_as_good_as_another() {
    let ada = World::new().await.person("ada").await;
    let ramen = ada.food_since("2026-03-01").await;
    ada.slip("2026-03-11", &ramen).await;
    let of_slips = ada.get(DATE).await.header("etag").to_owned();
    let first = put_if(&ada, "If-Match", &of_slips, json!({ "note": "one" })).await;
    first.created();
    let cleared = put_if(&ada, "If-Match", first.header("etag"), json!({})).await;
    cleared.ok();
    put_if(&ada, "If-Match", cleared.header("etag"), json!({ "note": "two" })).await.created();
    put_if(&ada, "If-Match", "*", json!({ "note": "three" })).await.ok();
    let stale = ada.request(Method::DELETE, DATE).header("If-Match", &of_slips);
    ada.send(stale).await.problem(412, "review-changed");
}

#[tokio::test]
async fn of_first_reviews_at_once_one_wins_even_of_a_person_without_a_food() {
    let ada = World::new().await.person("ada").await;
    for day in 1..=10 {
        let path = format!("/api/reviews/2026-03-{day:02}");
        let first = |note: &'static str| {
            let request = ada.request(Method::PUT, &path).header("If-None-Match", "*");
            ada.send(request.json(&json!({ "note": note })))
        };
        let replies = tokio::join!(first("one"), first("two"), first("three"));
        let mut statuses = [replies.0, replies.1, replies.2].map(|reply| reply.status.as_u16());
        statuses.sort();
        assert_eq!(statuses, [201, 412, 412]);
    }
}

#[tokio::test]
async fn a_slip_changes_no_etag_and_stands_in_no_first_reviews_way() {
    let ada = World::new().await.person("ada").await;
    let ramen = ada.food_since("2026-03-01").await;
    ada.slip("2026-03-11", &ramen).await;
    let etag = ada.get(DATE).await.header("etag").to_owned();
    let first = put_if(&ada, "If-None-Match", "*", json!({ "note": "one" })).await;
    first.created();
    assert_ne!(first.header("etag"), etag);
    ada.slip("2026-03-11", &ramen).await;
    assert_eq!(ada.get(DATE).await.header("etag"), first.header("etag"));
}

#[tokio::test]
async fn deleting_a_review_leaves_its_slips() {
    let ada = World::new().await.person("ada").await;
    let ramen = ada.food_since("2026-03-01").await;
    ada.review("2026-03-10", &ramen, "slipped").await;
    ada.slip("2026-03-10", &ramen).await;
    ada.delete("/api/reviews/2026-03-10").await.is(204);
    let left = ada.get("/api/reviews/2026-03-10").await.ok();
    assert_eq!((&left["foods"][0]["outcome"], &left["foods"][0]["status"]), (&Value::Null, &json!("slipped")));
    ada.delete("/api/reviews/2026-03-10").await.problem(404, "not-found");
}

#[tokio::test]
async fn a_slip_is_found_by_what_set_it_off_in_words_or_by_the_name_of_its_key() {
    let ada = World::new().await.person("ada").await;
    let ramen = ada.food_since("2026-03-01").await;
    for (day, trigger) in [("02", "with_people"), ("04", "Night shift"), ("06", "stress")] {
        let path = format!("/api/reviews/2026-03-{day}/slips/{}", uuid::Uuid::now_v7());
        ada.put(&path, json!({ "food_id": ramen, "trigger": trigger })).await.created();
    }
    for (q, day) in [("SHIFT", "04"), ("사람들과", "02"), ("with people", "02"), ("스트레스", "06"), ("stress", "06")]
    {
        let page = ada.get(&format!("/api/reviews?q={q}")).await.ok();
        let dates: Vec<&Value> = page["reviews"].as_array().expect("reviews").iter().map(|it| &it["date"]).collect();
        assert_eq!(dates, [&json!(format!("2026-03-{day}"))], "{q}");
    }
}

#[tokio::test]
async fn reviews_are_listed_newest_first_and_found_by_any_note() {
    let ada = World::new().await.person("ada").await;
    let (ramen, soda) = (ada.food_since("2026-03-01").await, ada.food_since("2026-03-01").await);
    ada.put("/api/reviews/2026-03-02", json!({ "note": "Birthday" })).await.created();
    let noted = json!({ "foods": [{ "food_id": soda, "outcome": "kept", "note": "no BIRTHDAY soda" }] });
    ada.put("/api/reviews/2026-03-04", noted).await.created();
    ada.slip("2026-03-06", &ramen).await;
    let dates = async |query: &str| -> Vec<String> {
        let page = ada.get(&format!("/api/reviews{query}")).await.ok();
        page["reviews"]
            .as_array()
            .expect("reviews")
            .iter()
            .map(|review| crate::support::world::text(&review["date"]))
            .collect()
    };
    assert_eq!(dates("").await, ["2026-03-06", "2026-03-04", "2026-03-02"]);
    assert_eq!(dates("?q=birthday").await, ["2026-03-04", "2026-03-02"]);
    assert_eq!(dates("?q=100%25").await, Vec::<String>::new(), "a wildcard is a letter like others");
    assert_eq!(dates(&format!("?food_id={ramen}")).await, ["2026-03-06"]);
    assert_eq!(dates("?from=2026-03-03&to=2026-03-05").await, ["2026-03-04"]);
    let page = ada.get("/api/reviews?limit=2").await.ok();
    assert_eq!(page["next_cursor"], "2026-03-04");
    assert_eq!(dates("?limit=2&cursor=2026-03-04").await, ["2026-03-02"]);
}

//! A right that nobody uses is one too many: without it, some request fails.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    auth::tokens::token,
    support::{
        proxy::Random,
        world::{Person, World},
        writers::times,
    },
};

/// Those that answer people about what they eat. Of the others' rights, many are used after an answer or beside it.
const FUNCTIONS: [&str; 4] = ["foods", "reviews", "streaks", "data"];

/// Function, table, right.
fn rights() -> Vec<[&'static str; 3]> {
    let mut rights = Vec::new();
    for line in include_str!("../../../migrations/grants.txt").lines() {
        let mut words = line.splitn(2, char::is_whitespace).map(str::trim);
        let (Some(function), Some((table, all))) =
            (words.next(), words.next().and_then(|rest| rest.split_once(char::is_whitespace)))
        else {
            continue;
        };
        // When a session was last used is written after the answer, which does not fail with it.
        let all = all.trim().split(", ").filter(|right| !right.contains("last_used_at"));
        if FUNCTIONS.contains(&function) {
            rights.extend(all.map(|right| [function, table, right]));
        }
    }
    rights
}

/// Somebody who has one of everything, and what they ask for.
async fn requests(world: &World) -> Vec<RequestBuilder> {
    let ada = world.person(&Uuid::new_v4().to_string()).await;
    let (food, deleted) = (ada.food_since("2026-03-01").await, ada.food_since("2026-03-01").await);
    ada.review("2026-03-05", &food, "kept").await;
    let slip = ada.slip("2026-03-06", &food).await;
    let range = format!("/api/reviews/skips/{}", Uuid::new_v4());
    let off = |to: &str| json!({ "from": "2026-03-08", "to": to, "food_ids": [food] });
    ada.put(&range, off("2026-03-09")).await.created();
    ada.delete(&format!("/api/foods/{deleted}")).await.is(204);
    let secret = token(&ada, "script", "read").await.1;
    let ask = |person: &Person, method: Method, path: &str, body: Value| {
        let request = person.request(method, path);
        if body.is_null() { request } else { request.json(&body) }
    };
    let sheet = json!({ "note": "a", "foods": [{ "food_id": food, "outcome": "slipped" }] });
    let other = Uuid::new_v4();
    let archive = json!({
        "format": "hanip", "version": 2,
        "foods": [{ "id": other, "name": "tea", "start_date": "2026-03-09", "counting": "assume",
                    "created_at": "2026-03-01T00:00:00Z", "updated_at": "2026-03-01T00:00:00Z" }],
        "reviews": [{ "date": "2026-03-09", "note": "a", "updated_at": "2026-03-09T00:00:00Z" }],
        "outcomes": [{ "food_id": other, "date": "2026-03-09", "outcome": "kept" }],
        "slips": [{ "id": Uuid::new_v4(), "food_id": other, "date": "2026-03-09", "updated_at": "2026-03-09T00:00:00Z" }],
        "skips": [{ "id": Uuid::new_v4(), "from": "2026-03-04", "to": "2026-03-05", "food_ids": [other] }],
        "reminders": [{ "id": Uuid::new_v4(), "time": "21:00", "days": [1, 7], "about": "waiting", "discreet": true }],
    });
    let (get, put, delete) = (Method::GET, Method::PUT, Method::DELETE);
    let mut requests = vec![
        ask(&ada, get.clone(), "/api/data/export", Value::Null),
        ask(&ada, get.clone(), "/api/streaks/today", Value::Null),
        ask(&ada, get.clone(), &format!("/api/streaks/{food}/stats"), Value::Null),
        ask(&ada, get.clone(), &format!("/api/reviews?food_id={food}&q=a"), Value::Null),
        ask(&ada, Method::POST, "/api/foods", json!({ "name": "tea", "start_date": "2026-03-10" })),
        ask(&ada, Method::PATCH, &format!("/api/foods/{food}"), json!({ "start_date": "2026-02-20" })),
        ask(&ada, put.clone(), "/api/reviews/2026-03-05", sheet),
        ask(&ada, put.clone(), &slip, json!({ "food_id": food, "note": "a" })),
        ask(&ada, Method::POST, "/api/reviews/slips", json!({ "food_id": food })).header("idempotency-key", "a"),
        ask(&ada, put, &range, off("2026-03-10")),
        ask(&ada, delete.clone(), &range, Value::Null),
        ask(&ada, delete.clone(), &slip, Value::Null),
        ask(&ada, delete, "/api/reviews/2026-03-05", Value::Null),
        ask(&ada, Method::POST, "/api/data/import", archive),
    ];
    let script = world.stranger();
    for path in ["/api/foods", "/api/reviews", "/api/streaks", "/api/data/export"] {
        requests.push(ask(&script, get.clone(), path, Value::Null).bearer_auth(&secret));
    }
    requests
}

/// Whether each is answered to its end, and not with an error of ours.
async fn all_succeed(requests: Vec<RequestBuilder>) -> bool {
    let mut succeed = true;
    for request in requests {
        // An export that fails breaks off.
        succeed &= match request.send().await {
            Ok(answer) => !answer.status().is_server_error() && answer.bytes().await.is_ok(),
            Err(_) => false,
        };
    }
    succeed
}

#[tokio::test]
async fn every_right_of_a_function_is_used() {
    let (world, random) = (World::new().await, Random::new());
    assert!(all_succeed(requests(&world).await).await, "with all of them");
    let (rights, mut unused) = (rights(), Vec::new());
    let tried = times(8).min(rights.len());
    let first = random.below(rights.len() as u64) as usize;
    for [function, table, right] in rights.iter().cycle().skip(first).take(tried) {
        let requests = requests(&world).await;
        let change = async |change: String| {
            sqlx::raw_sql(common::db::safe(change)).execute(world.db()).await.expect("rights are changed");
        };
        change(format!("REVOKE {right} ON {table} FROM hanip_{function}")).await;
        if all_succeed(requests).await {
            unused.push(format!("{function} {table} {right}"));
        }
        change(format!("GRANT {right} ON {table} TO hanip_{function}")).await;
    }
    println!("rights of functions that are used: {} of {tried}, seed {}", tried - unused.len(), random.seed());
    assert!(unused.is_empty(), "{unused:?}");
}

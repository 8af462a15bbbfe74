//! What a request costs the database, counted from the server's own log: no clock is needed.

use serde_json::json;
use sqlx::Executor;

use crate::support::world::{Person, World};

/// The reads, each with how many tables it shows.
fn reads(food: &str) -> Vec<(String, usize)> {
    let reads = [
        ("/api/foods", 1),
        ("/api/foods/{food}", 1),
        ("/api/streaks", 5),
        ("/api/streaks/today", 6),
        ("/api/streaks/calendar?from=2026-02-01&to=2026-03-11", 5),
        ("/api/streaks/{food}", 5),
        ("/api/streaks/{food}/calendar?from=2026-02-01&to=2026-03-11", 5),
        ("/api/streaks/{food}/stats", 5),
        ("/api/reviews", 6),
        ("/api/reviews/stats?from=2026-02-01&to=2026-03-11", 4),
        ("/api/reviews/2026-03-10", 6),
        ("/api/reviews/skips", 2),
    ];
    reads.into_iter().map(|(path, tables)| (path.replace("{food}", food), tables)).collect()
}

/// So many foods with so many reviewed days; the answer is the first.
async fn eats(person: &Person, foods: usize, days: u32) -> String {
    let mut ids = Vec::new();
    for _ in 0..foods {
        ids.push(person.food_since("2026-02-01").await);
    }
    let outcomes: Vec<_> = ids.iter().map(|id| json!({ "food_id": id, "outcome": "kept", "note": "a note" })).collect();
    for day in 0..days {
        let date = chrono::NaiveDate::from_ymd_opt(2026, 3, 10).expect("a date") - chrono::Days::new(day.into());
        person.put(&format!("/api/reviews/{date}"), json!({ "mood": 3, "foods": outcomes })).await.any_ok();
        person.slip(&date.to_string(), &ids[0]).await;
    }
    ids.swap_remove(0)
}

/// What is asked of the database for one `GET`; how a connection is handed back is not counted.
async fn statements(world: &World, person: &Person, path: &str) -> Vec<String> {
    world.db().execute("TRUNCATE mysql.general_log").await.expect("an empty log");
    person.get(path).await.ok();
    sqlx::query_scalar(
        "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log
         WHERE command_type IN ('Query', 'Execute') AND argument LIKE 'SELECT%' AND argument NOT LIKE '%@@global%'
           AND argument NOT LIKE '%general_log%'
           AND thread_id IN (SELECT id FROM information_schema.processlist WHERE db = DATABASE())",
    )
    .fetch_all(world.db())
    .await
    .expect("the log")
}

#[tokio::test]
async fn a_read_takes_one_statement_for_the_session_and_at_most_one_for_each_table_it_shows() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let (few, many) = (eats(&ada, 1, 1).await, eats(&bob, 30, 30).await);
    world.db().execute("SET GLOBAL log_output = 'TABLE'").await.expect("set");
    world.db().execute("SET GLOBAL general_log = ON").await.expect("set");
    let mut counted = Vec::new();
    for ((path, tables), (longer, _)) in reads(&few).into_iter().zip(reads(&many)) {
        counted.push((tables, statements(&world, &ada, &path).await, statements(&world, &bob, &longer).await, path));
    }
    world.db().execute("SET GLOBAL general_log = OFF").await.expect("set");
    for (tables, few, many, path) in counted {
        assert!(few.iter().any(|statement| statement.contains("FROM sessions")), "{path} {few:#?}");
        assert!(few.len() <= 1 + tables, "{path} {few:#?}");
        assert_eq!(few.len(), many.len(), "it grows with neither foods nor history: {path} {many:#?}");
    }
}

#[tokio::test]
async fn a_request_is_content_with_the_last_connection_of_the_pool() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = eats(&ada, 1, 1).await;
    world.afterthoughts().await;
    let mut others = Vec::new();
    for _ in 0..4 {
        others.push(world.db().acquire().await.expect("a connection"));
    }
    for (path, _) in reads(&food) {
        ada.get(&path).await.ok();
    }
    for path in ["/api/auth/me", "/api/auth/sessions", "/api/auth/tokens", "/api/auth/identities", "/api/data/export"] {
        ada.get(path).await.ok();
    }
    ada.review("2026-03-11", &food, "kept").await;
    let slip = ada.slip("2026-03-11", &food).await;
    ada.delete(&slip).await.is(204);
    ada.put(
        "/api/reviews/skips/0198c0de-0000-7000-8000-000000000001",
        json!({ "from": "2026-03-01", "to": "2026-03-02" }),
    )
    .await
    .created();
    ada.patch(&format!("/api/foods/{food}"), json!({ "name": "soda" })).await.ok();
    ada.put("/api/foods/order", json!({ "ids": [food] })).await.is(204);
    ada.delete(&format!("/api/foods/{food}")).await.is(204);
    ada.post(&format!("/api/foods/{food}/restore"), json!({})).await.ok();
    ada.patch("/api/auth/me", json!({ "time_zone": "Asia/Seoul" })).await.ok();
    ada.post("/api/auth/logout", json!({})).await.is(204);
    drop(others);
}

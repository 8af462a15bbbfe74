//! Leaving: the end of an account.

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::{
    auth::tokens::{script, token},
    support::world::{Person, World},
};

/// Every table that has rows of people.
async fn tables(world: &World) -> Vec<String> {
    let tables = sqlx::query_scalar(
        "SELECT CAST(table_name AS CHAR) FROM information_schema.columns
         WHERE table_schema = DATABASE() AND column_name = 'user_id' ORDER BY table_name",
    );
    tables.fetch_all(world.db()).await.expect("tables")
}

/// How many rows of this person there are in each table.
async fn rows(world: &World, tables: &[String], person: &Person) -> Vec<i64> {
    let id: Uuid = person.id.parse().expect("an id");
    let mut rows = Vec::new();
    for table in tables {
        #[expect(clippy::disallowed_methods, reason = "a name can't be bound; these are our tables")]
        let count = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table} WHERE user_id = ?"));
        rows.push(sqlx::query_scalar(count).bind(id).fetch_one(world.db()).await.expect("a count"));
    }
    rows
}

/// Fills every table there is.
async fn lives(person: &Person) -> String {
    let food = person.food_since("2026-03-01").await;
    person.review("2026-03-02", &food, "kept").await;
    person.slip("2026-03-03", &food).await;
    let skip = json!({ "from": "2026-03-05", "to": "2026-03-06" });
    person.put(&format!("/api/reviews/skips/{}", Uuid::new_v4()), skip).await.created();
    let second = person.food_since("2026-03-01").await;
    person.delete(&format!("/api/foods/{second}")).await.is(204);
    token(person, "cron", "write").await.1
}

#[tokio::test]
async fn an_account_that_is_deleted_leaves_no_row_and_nothing_that_opens_it() {
    let world = World::new().await;
    let (ada, tab, bob) = (world.person("ada").await, world.person("ada").await, world.person("bob").await);
    let secret = lives(&ada).await;
    lives(&bob).await;
    let tables = tables(&world).await;
    let (before, of_bob) = (rows(&world, &tables, &ada).await, rows(&world, &tables, &bob).await);
    for known in ["users", "identities", "sessions", "api_tokens", "foods", "counters", "reviews", "slips", "skips"] {
        let at = tables.iter().position(|table| table == known).expect("a table of people's rows");
        assert!(before[at] > 0, "{known}");
    }

    let gone = ada.delete("/api/auth/me").await;
    gone.is(204);
    assert!(gone.header("set-cookie").contains("Max-Age=0"), "{}", gone.header("set-cookie"));
    let after = rows(&world, &tables, &ada).await;
    println!(
        "rows left of {} of a deleted account: {} in {} tables",
        before.iter().sum::<i64>(),
        after.iter().sum::<i64>(),
        tables.len()
    );
    assert!(after.iter().all(|count| *count == 0), "{tables:?} {after:?}");

    for request in [ada.request(Method::GET, "/api/auth/me"), tab.request(Method::GET, "/api/foods")] {
        tab.send(request).await.problem(401, "session-required");
    }
    tab.post("/api/foods", json!({ "name": "ramen" })).await.problem(401, "session-required");
    tab.delete("/api/auth/me").await.problem(401, "session-required");
    script(&world, &secret, Method::GET, "/api/foods", None).await.problem(401, "session-required");
    assert_eq!(rows(&world, &tables, &bob).await, of_bob, "nobody else is touched");
    bob.get("/api/foods").await.ok();

    let again = world.person("ada").await;
    assert_ne!(again.id, ada.id, "who comes back begins anew");
    assert_eq!(again.get("/api/foods").await.ok(), json!({ "foods": [] }));
}

#[tokio::test]
async fn every_table_of_peoples_rows_goes_with_the_person() {
    let world = World::new().await;
    let held: Vec<String> = sqlx::query_scalar(
        "SELECT CAST(k.table_name AS CHAR)
         FROM information_schema.key_column_usage AS k JOIN information_schema.referential_constraints AS r
             ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
             AND r.table_name = k.table_name
         WHERE k.table_schema = DATABASE() AND k.column_name = 'user_id' AND k.referenced_column_name = 'user_id'
             AND r.delete_rule = 'CASCADE'",
    )
    .fetch_all(world.db())
    .await
    .expect("constraints");
    for table in tables(&world).await {
        assert!(table == "users" || held.contains(&table), "{table}: its user_id needs a cascading foreign key");
    }
}

#[tokio::test]
async fn what_is_written_while_an_account_is_deleted_is_refused_or_erased() {
    let world = World::new().await;
    let (ada, tab) = (world.person("ada").await, world.person("ada").await);
    let mut writing = tokio::task::JoinSet::new();
    for number in 0..20 {
        let body = json!({ "name": format!("food {number}") });
        writing.spawn(tab.request(Method::POST, "/api/foods").json(&body).send());
    }
    ada.delete("/api/auth/me").await.is(204);
    for answer in writing.join_all().await {
        let status = answer.expect("an answer").status().as_u16();
        assert!([201, 401].contains(&status), "{status}");
    }
    let tables = tables(&world).await;
    assert_eq!(rows(&world, &tables, &ada).await.iter().sum::<i64>(), 0);
}

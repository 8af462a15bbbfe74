//! Leaving: the end of an account.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::{
    auth::tokens::{script, token},
    support::{
        world::{Person, Reply, World, date},
        writers::times,
    },
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

/// Gives somebody so many outcomes: through HTTP it would take hours.
pub async fn fill(world: &World, person: &Person, foods: u32, days: u32) {
    for food in 0..foods {
        let food = person.food(json!({ "name": format!("food {food}"), "start_date": "2000-01-01" })).await;
        sqlx::query(
            "SET STATEMENT max_statement_time = 0 FOR INSERT INTO outcomes (user_id, food_id, date, outcome, note)
             SELECT foods.user_id, foods.id, '2000-01-01' + INTERVAL seq DAY, 'kept', 'a note'
             FROM foods JOIN seq_1_to_9000 WHERE foods.id = UNHEX(REPLACE(?, '-', '')) AND seq <= ?",
        )
        .bind(food)
        .bind(days)
        .execute(world.db())
        .await
        .expect("outcomes");
    }
}

#[tokio::test]
async fn an_account_that_is_going_opens_nothing_and_a_second_request_ends_it() {
    let world = World::new().await;
    let (ada, tab) = (world.person("ada").await, world.person("ada").await);
    let secret = lives(&ada).await;
    fill(&world, &ada, 1, 5_000).await;
    // The first request stops in the middle, as it does with more rows than it has time for.
    sqlx::raw_sql("REVOKE DELETE ON outcomes FROM hanip_auth").execute(world.db()).await.expect("it is taken away");
    ada.delete("/api/auth/me").await.problem(500, "internal");
    for request in [ada.request(Method::GET, "/api/auth/me"), tab.request(Method::GET, "/api/foods")] {
        tab.send(request).await.problem(401, "session-required");
    }
    ada.post("/api/foods", json!({ "name": "ramen" })).await.problem(401, "session-required");
    ada.post("/api/data/import", json!({ "format": "hanip", "version": 1 })).await.problem(401, "session-required");
    script(&world, &secret, Method::GET, "/api/foods", None).await.problem(401, "session-required");
    tab.delete("/api/auth/me").await.problem(401, "session-required");
    let again = world.person("ada").await;
    assert_ne!(again.id, ada.id, "who signs in again has another account");

    sqlx::raw_sql("GRANT DELETE ON outcomes TO hanip_auth").execute(world.db()).await.expect("it is given");
    ada.delete("/api/auth/me").await.is(204);
    let tables = tables(&world).await;
    assert_eq!(rows(&world, &tables, &ada).await.iter().sum::<i64>(), 0);
    ada.delete("/api/auth/me").await.problem(401, "session-required");
    again.get("/api/foods").await.ok();
}

#[tokio::test]
async fn what_nobody_asks_to_end_is_erased_by_the_tick() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    lives(&ada).await;
    lives(&bob).await;
    let tables = tables(&world).await;
    let of_bob = rows(&world, &tables, &bob).await;
    sqlx::raw_sql("REVOKE DELETE ON slips FROM hanip_auth").execute(world.db()).await.expect("it is taken away");
    ada.delete("/api/auth/me").await.problem(500, "internal");
    assert!(rows(&world, &tables, &ada).await.iter().sum::<i64>() > 0);
    tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    assert_eq!(rows(&world, &tables, &ada).await.iter().sum::<i64>(), 0);
    assert_eq!(rows(&world, &tables, &bob).await.iter().sum::<i64>(), of_bob.iter().sum::<i64>() + 2, "milestones");
}

#[tokio::test]
async fn a_large_account_is_deleted_while_another_person_works_undisturbed() {
    let world = World::new().await;
    let (ada, eve) = (world.person("ada").await, world.person("eve").await);
    let food = eve.food_since("2026-03-01").await;
    // Two million rows where there is time, of the two hundred foods that there can be.
    fill(&world, &ada, 20 * times(1).min(10) as u32, 9_000).await;
    sqlx::raw_sql(
        "SET STATEMENT max_statement_time = 0 FOR INSERT INTO slips (user_id, id, food_id, date, updated_at)
         SELECT user_id, UNHEX(MD5(CONCAT(HEX(food_id), date))), food_id, date, NOW() FROM outcomes
         WHERE date < '2002-09-30';
         SET STATEMENT max_statement_time = 0 FOR
         INSERT INTO sends (user_id, id, channel_id, kind, subject_id, date, days, payload, first_at, at)
         SELECT user_id, UNHEX(MD5(CONCAT(HEX(food_id), date))), user_id, 'reminder', food_id, date, 0,
                REPEAT('x', 500), NOW(), NOW() FROM outcomes WHERE date < '2002-09-30'",
    )
    .execute(world.db())
    .await
    .expect("slips and sends");
    let before: i64 = rows(&world, &tables(&world).await, &ada).await.iter().sum();
    let deleting = tokio::spawn({
        let (client, origin) = (ada.client.clone(), ada.origin.clone());
        async move {
            let mut requests = 1;
            loop {
                let delete = client.delete(format!("{origin}/api/auth/me")).header("origin", &origin);
                let reply = Reply::of(delete.send().await.expect("an answer")).await;
                if reply.status == 204 {
                    return requests;
                }
                reply.problem(503, "account-going");
                requests += 1;
            }
        }
    });
    let (mut longest, mut asked) = (Duration::ZERO, 0);
    while !deleting.is_finished() {
        let began = Instant::now();
        let date = date("2026-03-01") + chrono::Days::new(asked / 40 % 10);
        eve.put(&format!("/api/reviews/{date}"), json!({ "note": asked.to_string() })).await.any_ok();
        eve.streak(&food).await;
        longest = longest.max(began.elapsed());
        asked += 1;
    }
    let requests = deleting.await.expect("no panic");
    println!(
        "an account of {before} rows deleted in {requests} requests; meanwhile another person's {asked} writes and reads took at most {longest:?}"
    );
    assert_eq!(rows(&world, &tables(&world).await, &ada).await.iter().sum::<i64>(), 0);
}

#[tokio::test]
async fn a_food_with_very_many_records_is_erased_in_portions() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    fill(&world, &ada, 1, 9_000).await;
    let food = ada.get("/api/foods").await.ok()["foods"][0]["id"].as_str().expect("an id").to_owned();
    ada.slip("2026-03-05", &food).await;
    ada.delete(&format!("/api/foods/{food}")).await.is(204);
    world.days_pass(30);
    tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    for table in ["foods", "counters", "outcomes", "slips"] {
        let count = common::db::safe(format!("SELECT COUNT(*) FROM {table}"));
        let left: i64 = sqlx::query_scalar(count).fetch_one(world.db()).await.expect("a count");
        assert_eq!(left, 0, "{table}");
    }
}

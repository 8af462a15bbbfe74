//! Exports that break, or take their time.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    data::{export, import},
    support::world::{World, date as date_of},
};

#[tokio::test]
async fn an_export_that_can_not_begin_is_an_error_and_no_file() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    sqlx::query("ALTER TABLE skips RENAME TO away").execute(world.db()).await.expect("it runs");
    for format in ["json", "csv"] {
        ada.get(&format!("/api/data/export?format={format}")).await.problem(503, "not-migrated");
    }
    sqlx::query("ALTER TABLE away RENAME TO skips").execute(world.db()).await.expect("it runs");
    assert_eq!(export(&ada).await["skips"], json!([]));
}

#[tokio::test]
async fn an_export_that_is_slow_to_begin_is_no_error() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let mut holder = world.db().acquire().await.expect("a connection");
    sqlx::raw_sql("LOCK TABLES slips WRITE").execute(&mut *holder).await.expect("it is locked");
    let answer = ada.request(Method::GET, "/api/data/export").send().await.expect("an answer while it is locked");
    assert_eq!(answer.status(), 200);
    sqlx::raw_sql("UNLOCK TABLES").execute(&mut *holder).await.expect("it is free");
    let file: Value = answer.json().await.expect("the whole file");
    assert_eq!(file["slips"], json!([]));
}

#[tokio::test]
async fn an_export_that_breaks_off_does_not_look_whole() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food(json!({ "name": "ramen", "start_date": "2001-01-01" })).await;
    let note = "a".repeat(500);
    let date = |index| date_of("2001-01-01") + chrono::Days::new(index);
    let outcomes = (0..9000).map(|index| json!({ "food_id": food, "date": date(index), "note": note }));
    let archive = json!({ "format": "hanip", "version": 1, "outcomes": outcomes.collect::<Vec<_>>() });
    import(&ada, &archive).await;
    for format in ["json", "csv"] {
        let asked = ada.request(Method::GET, &format!("/api/data/export?format={format}"));
        let mut reading = asked.send().await.expect("an answer");
        assert_eq!(reading.status(), 200);
        reading.chunk().await.expect("the first piece");
        // The writer waits for its reader; meanwhile its connection is killed.
        sleep(Duration::from_millis(300)).await;
        let connections: Vec<i64> = sqlx::query_scalar(
            "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()",
        )
        .fetch_all(world.db())
        .await
        .expect("rows");
        for id in connections {
            sqlx::query("KILL ?").bind(id).execute(world.db()).await.ok();
        }
        let rest = async {
            while reading.chunk().await?.is_some() {}
            Ok::<_, reqwest::Error>(())
        };
        assert!(rest.await.is_err(), "{format}");
    }
    world.afterthoughts().await;
    assert_eq!(export(&ada).await["outcomes"].as_array().map(Vec::len), Some(9000));
}

#[tokio::test]
async fn the_sheet_of_days_has_a_row_for_each_date_and_a_column_for_each_food_in_words() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let ramen = ada.food(json!({ "name": "라면", "start_date": "2026-03-07" })).await;
    let soda = ada.food(json!({ "name": "=soda", "start_date": "2026-03-09", "counting": "confirm" })).await;
    let gone = ada.food(json!({ "name": "빵", "start_date": "2026-03-01" })).await;
    ada.delete(&format!("/api/foods/{gone}")).await.is(204);
    let slip = format!("/api/reviews/2026-03-08/slips/{}", uuid::Uuid::new_v4());
    ada.put(&slip, json!({ "food_id": ramen })).await.any_ok();
    let outcome =
        json!({ "foods": [{ "food_id": soda, "outcome": "kept" }, { "food_id": ramen, "outcome": "skipped" }] });
    ada.put("/api/reviews/2026-03-10", outcome).await.any_ok();
    let sheet = async |locale: &str| {
        ada.patch("/api/auth/me", json!({ "locale": locale })).await.ok();
        let reply = ada.get("/api/data/export?format=days").await;
        assert_eq!(reply.header("content-type"), "text/csv; charset=utf-8");
        assert_eq!(reply.header("content-disposition"), "attachment; filename=\"hanip-days-2026-03-11.csv\"");
        reply.body
    };
    let korean = "\u{FEFF}\"날짜\",\"라면\",\"'=soda\"\n\"2026-03-07\",\"지킴\",\"\"\n\"2026-03-08\",\"먹음\",\"\"\n\
                  \"2026-03-09\",\"지킴\",\"기록 없음\"\n\"2026-03-10\",\"쉬어감\",\"지킴\"\n\"2026-03-11\",\"기록 전\",\"기록 전\"\n";
    assert_eq!(sheet("ko").await, korean);
    let english = sheet("en").await;
    assert!(
        english.ends_with("\"2026-03-10\",\"day off\",\"kept\"\n\"2026-03-11\",\"not yet\",\"not yet\"\n"),
        "{english}"
    );
}

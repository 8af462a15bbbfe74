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

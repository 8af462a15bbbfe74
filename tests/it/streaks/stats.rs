//! What the history of a food says.

use serde_json::json;
use uuid::Uuid;

use crate::support::world::World;

#[tokio::test]
async fn slips_are_told_by_weekday_hour_and_trigger_and_runs_by_what_ended_them() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let slip = async |date: &str, slip: serde_json::Value| {
        ada.put(&format!("/api/reviews/{date}/slips/{}", Uuid::new_v4()), slip).await.created();
    };
    slip("2026-03-03", json!({ "food_id": food, "time": "23:59", "trigger": "stress" })).await;
    slip("2026-03-03", json!({ "food_id": food, "time": "00:10", "trigger": "야식" })).await;
    slip("2026-03-10", json!({ "food_id": food, "trigger": "stress" })).await;
    ada.review("2026-03-05", &food, "skipped").await;
    ada.review("2026-03-08", &food, "slipped").await;
    let stats = ada.get(&format!("/api/streaks/{food}/stats")).await.ok();
    assert_eq!(stats["by_weekday"], json!([0, 3, 0, 0, 0, 0, 1]), "Tuesdays and a Sunday");
    assert_eq!(
        (&stats["by_hour"][0], &stats["by_hour"][23], &stats["without_time"]),
        (&json!(1), &json!(1), &json!(2))
    );
    assert_eq!(stats["triggers"], json!([{ "trigger": "stress", "count": 2 }, { "trigger": "야식", "count": 1 }]));
    let run = |from: &str, to: &str, days: u32| json!({ "from": from, "to": to, "days": days, "ended_by": "slipped" });
    let runs =
        [run("2026-03-01", "2026-03-02", 2), run("2026-03-04", "2026-03-07", 3), run("2026-03-09", "2026-03-09", 1)];
    assert_eq!(stats["runs"], json!(runs), "a day off lies within a run and is not of it");
    assert_eq!(stats["rate_30"], json!({ "kept": 6, "counted": 9 }));
}

#[tokio::test]
async fn the_rate_looks_at_thirty_days_and_a_run_goes_on() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food(json!({ "name": "ramen", "start_date": "2025-11-01", "counting": "confirm" })).await;
    for day in ["2026-02-09", "2026-02-10", "2026-03-10"] {
        ada.review(day, &food, "kept").await;
    }
    let stats = ada.get(&format!("/api/streaks/{food}/stats")).await.ok();
    assert_eq!(stats["rate_30"], json!({ "kept": 2, "counted": 29 }), "02-10 to yesterday; today is open");
    let runs = json!([
        { "from": "2026-02-09", "to": "2026-02-10", "days": 2, "ended_by": "missing" },
        { "from": "2026-03-10", "to": "2026-03-10", "days": 1, "ended_by": null },
    ]);
    assert_eq!(stats["runs"], runs);
}

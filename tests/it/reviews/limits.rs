//! How much one person can record, and what a very long history costs.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    auth::account_deletion::fill,
    support::{
        proxy::Server,
        world::{Person, World},
        writers::times,
    },
};

/// Changes what the person's lock remembers.
async fn remember(world: &World, person: &Person, values: &str) {
    let update = common::db::safe(format!("UPDATE locks SET {values} WHERE user_id = ?"));
    let id: Uuid = person.id.parse().expect("an id");
    sqlx::query(update).bind(id).execute(world.db()).await.expect("it is changed");
}

#[tokio::test]
async fn there_is_an_end_to_what_one_person_can_record() {
    let world = World::new().await;
    let (ada, eve) = (world.person("ada").await, world.person("eve").await);
    let (food, other) = (ada.food_since("2026-03-01").await, eve.food_since("2026-03-01").await);
    let slip = ada.slip("2026-03-05", &food).await;
    ada.review("2026-03-05", &food, "kept").await;
    // As if a million records had been counted just now.
    remember(&world, &ada, "records = 1000000, counted = writes").await;
    let new = || format!("/api/reviews/2026-03-06/slips/{}", Uuid::new_v4());
    let sheet = |outcome| json!({ "foods": [{ "food_id": food, "outcome": outcome }] });
    ada.put(&new(), json!({ "food_id": food })).await.problem(409, "too-many-records");
    ada.post("/api/reviews/slips", json!({ "food_id": food })).await.problem(409, "too-many-records");
    ada.put("/api/reviews/2026-03-06", sheet("kept")).await.problem(409, "too-many-records");
    ada.put("/api/reviews/2026-03-06", json!({ "note": "a" })).await.problem(409, "too-many-records");
    eve.slip("2026-03-06", &other).await;
    // What is there can be changed and deleted.
    ada.put("/api/reviews/2026-03-05", sheet("slipped")).await.ok();
    ada.put(&slip, json!({ "food_id": food, "note": "a" })).await.ok();
    ada.delete(&slip).await.is(204);
    // Soon after, they are counted again.
    let mut refused = 0;
    while ada.put(&new(), json!({ "food_id": food })).await.status == 409 {
        refused += 1;
    }
    assert!((1..10).contains(&refused), "{refused}");
}

#[tokio::test]
async fn records_are_counted_every_thousand_writes() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let counted = async || -> u64 {
        let id: Uuid = ada.id.parse().expect("an id");
        let records = sqlx::query_scalar("SELECT records FROM locks WHERE user_id = ?").bind(id);
        records.fetch_one(world.db()).await.expect("a row")
    };
    remember(&world, &ada, "writes = counted + 998").await;
    ada.slip("2026-03-05", &food).await;
    assert_eq!(counted().await, 0);
    ada.slip("2026-03-05", &food).await;
    assert_eq!(counted().await, 1, "before the second is stored");
}

#[tokio::test]
async fn searches_of_a_very_long_history_find_all_there_is_and_keep_nobody_waiting() {
    let world = World::new().await;
    let (ada, eve) = (world.person("ada").await, world.person("eve").await);
    let food = eve.food_since("2026-03-01").await;
    ada.put("/api/reviews/2000-01-03", json!({ "note": "a needle" })).await.any_ok();
    // Nearly two million outcomes where there is time.
    fill(&world, &ada, 20 * times(1).min(10) as u32, 9_000).await;
    let mut searching = JoinSet::new();
    for _ in 0..6 {
        let (client, origin) = (ada.client.clone(), ada.origin.clone());
        searching.spawn(async move {
            let (mut found, mut pages, mut cursor) = (Vec::new(), 0, String::new());
            loop {
                let page =
                    client.get(format!("{origin}/api/reviews?q=needle{cursor}")).send().await.expect("an answer");
                // Who asks for more than two things at once waits for a turn, but not for ever.
                if page.status() == 503 {
                    continue;
                }
                let page: serde_json::Value = page.error_for_status().expect("a page").json().await.expect("JSON");
                found.extend(page["reviews"].as_array().expect("a list").iter().map(|review| review["date"].clone()));
                pages += 1;
                let Some(next) = page["next_cursor"].as_str() else { return (found, pages) };
                cursor = format!("&cursor={next}");
            }
        });
    }
    let (mut longest, mut asked, mut ended) = (Duration::ZERO, 0, Vec::new());
    while !searching.is_empty() {
        let began = Instant::now();
        eve.streak(&food).await;
        longest = longest.max(began.elapsed());
        asked += 1;
        while let Some(search) = searching.try_join_next() {
            ended.push(search.expect("no panic"));
        }
    }
    println!("six searches of one person; meanwhile another person's {asked} reads took at most {longest:?}");
    for (found, pages) in ended {
        assert_eq!(found, [json!("2000-01-03")], "in {pages} pages");
    }
}

#[tokio::test]
async fn a_search_finds_every_kind_of_note_however_far_apart_their_dates_are() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let (food, other) = (ada.food_since("2000-01-01").await, ada.food_since("2000-01-01").await);
    let noted = json!({ "foods": [{ "food_id": food, "outcome": "kept", "note": "a needle" }] });
    ada.put("/api/reviews/2000-01-01", noted).await.any_ok();
    ada.put("/api/reviews/2009-12-31", json!({ "note": "a needle" })).await.any_ok();
    let slip = format!("/api/reviews/2025-10-20/slips/{}", Uuid::new_v4());
    ada.put(&slip, json!({ "food_id": other, "trigger": "needle" })).await.created();
    ada.put("/api/reviews/2026-03-11", json!({ "note": "a needle" })).await.any_ok();
    let found = async |query: &str| {
        let page = ada.get(&format!("/api/reviews?q=needle{query}")).await.ok();
        let dates = page["reviews"].as_array().expect("a list").iter().map(|review| review["date"].clone());
        (dates.collect::<Vec<_>>(), page["next_cursor"].clone())
    };
    let all = ["2026-03-11", "2025-10-20", "2009-12-31", "2000-01-01"].map(|date| json!(date));
    assert_eq!(found("").await, (all.to_vec(), json!(null)));
    assert_eq!(found("&limit=2").await, (all[..2].to_vec(), json!("2025-10-20")));
    assert_eq!(found("&limit=2&cursor=2025-10-20").await, (all[2..].to_vec(), json!(null)));
    assert_eq!(found("&from=2009-12-31&to=2025-10-20").await, (all[1..3].to_vec(), json!(null)));
    assert_eq!(found(&format!("&food_id={other}")).await, (all[1..2].to_vec(), json!(null)));
}

#[tokio::test]
async fn statistics_of_a_food_with_thousands_of_slips_read_few_rows() {
    let server = Server::start().await;
    let mut root = server.root().await;
    let world = World::granted(server.url_of("root", "hanip")).await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-01-01").await;
    let slips = "INSERT INTO slips (user_id, id, food_id, date, cause, updated_at)
                 SELECT user_id, UNHEX(MD5(seq)), id, '2026-01-01' + INTERVAL seq % 60 DAY, 'stress', NOW()
                 FROM foods JOIN seq_1_to_6000";
    sqlx::raw_sql(slips).execute(&mut root).await.expect("slips");
    let sent = "SELECT CAST(variable_value AS UNSIGNED INTEGER) FROM information_schema.global_status
                WHERE variable_name = 'ROWS_SENT'";
    let (before,): (u64,) = sqlx::query_as(sent).fetch_one(&mut root).await.expect("a number");
    let stats = ada.get(&format!("/api/streaks/{food}/stats")).await.ok();
    let (after,): (u64,) = sqlx::query_as(sent).fetch_one(&mut root).await.expect("a number");
    assert_eq!((&stats["triggers"][0]["count"], &stats["without_time"]), (&json!(6000), &json!(6000)));
    assert!(after - before < 600, "{} rows", after - before);
}

#[tokio::test]
async fn a_page_of_days_with_very_many_slips_ends_early_and_the_next_one_goes_on() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-01-01").await;
    let slips = "INSERT INTO slips (user_id, id, food_id, date, updated_at)
                 SELECT user_id, UNHEX(MD5(seq)), id, '2026-03-01' + INTERVAL seq % 3 DAY, NOW()
                 FROM foods JOIN seq_1_to_18000";
    sqlx::raw_sql(slips).execute(world.db()).await.expect("slips");
    ada.review("2026-02-01", &food, "kept").await;
    ada.review("2026-02-02", &food, "kept").await;
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = ada.get(&format!("/api/reviews?limit=100{cursor}")).await.ok();
        let listed = page["reviews"].as_array().expect("a list");
        let slips: usize = listed.iter().map(|review| review["slips"].as_array().expect("a list").len()).sum();
        pages.push((listed.len(), slips));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(pages, [(1, 6000), (1, 6000), (3, 6000)]);
}

#[tokio::test]
async fn statistics_tell_the_hundred_most_frequent_triggers_and_count_all_slips() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-01-01").await;
    let slips = "INSERT INTO slips (user_id, id, food_id, date, cause, updated_at)
                 SELECT user_id, UNHEX(MD5(seq)), id, '2026-03-01', IF(seq <= 1000, seq, 'stress'), NOW()
                 FROM foods JOIN seq_1_to_1010";
    sqlx::raw_sql(slips).execute(world.db()).await.expect("slips");
    let stats = ada.get(&format!("/api/streaks/{food}/stats")).await.ok();
    let triggers = stats["triggers"].as_array().expect("a list");
    assert_eq!((triggers.len(), &triggers[0]), (100, &json!({ "trigger": "stress", "count": 10 })));
    assert_eq!(stats["by_weekday"][6], 1010);
}

//! What weeks were like, of all foods together.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    proxy::Random,
    world::{World, date},
    writers::times,
};

const WEEKS: &str = "/api/reviews/stats?from=2026-02-23&to=2026-03-31";

#[tokio::test]
async fn weeks_tell_their_reviews_how_hard_they_were_and_how_strong_cravings_were() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food_since("2026-02-01").await;
    ada.put("/api/reviews/2026-03-02", json!({ "difficulty": 2, "mood": 5 })).await.created();
    ada.put("/api/reviews/2026-03-03", json!({ "difficulty": 3 })).await.created();
    ada.put("/api/reviews/2026-03-04", json!({ "difficulty": 3, "note": "비" })).await.created();
    ada.review("2026-03-08", &food, "kept").await;
    for (date, craving) in [("2026-03-08", json!(7)), ("2026-03-08", json!(null)), ("2026-03-09", json!(10))] {
        let slip = json!({ "food_id": food, "craving": craving });
        ada.put(&format!("/api/reviews/{date}/slips/{}", Uuid::new_v4()), slip).await.created();
    }
    let week = |week: &str, reviews: u32, [difficulty, mood, cravings]: [Value; 3]| json!({ "week": week, "reviews": reviews, "difficulty": difficulty, "mood": mood, "cravings": cravings });
    let weeks = json!([
        week("2026-02-23", 0, [json!(null), json!(null), json!(null)]),
        week("2026-03-02", 4, [json!(2.67), json!(5.0), json!(7.0)]),
        week("2026-03-09", 0, [json!(null), json!(null), json!(10.0)]),
    ]);
    let stats = ada.get(WEEKS).await.ok();
    assert_eq!((&stats["by_week"], &stats["pattern"]), (&weeks, &json!(null)), "and none that is to come");
}

#[tokio::test]
async fn of_the_days_that_were_hard_it_is_told_how_many_passed_with_nothing_eaten() {
    let ada = World::new().await.person("ada").await;
    let foods = [ada.food_since("2026-02-01").await, ada.food_since("2026-02-01").await];
    let hard_days = async || ada.get(WEEKS).await.ok()["hard_days"].take();
    assert_eq!(hard_days().await, json!({ "days": 0, "passed": 0 }));
    let slip = async |date: &str, food: &str, craving: u32| {
        let path = format!("/api/reviews/{date}/slips/{}", Uuid::new_v4());
        ada.put(&path, json!({ "food_id": food, "craving": craving })).await.created();
    };
    for (date, difficulty) in [("2026-03-02", 3), ("2026-03-03", 4), ("2026-03-04", 5), ("2026-03-05", 5)] {
        ada.put(&format!("/api/reviews/{date}"), json!({ "difficulty": difficulty })).await.created();
    }
    assert_eq!(hard_days().await, json!({ "days": 3, "passed": 3 }), "hard, and very hard");
    let kept = json!([{ "food_id": foods[0], "outcome": "kept" }]);
    ada.put("/api/reviews/2026-03-03", json!({ "difficulty": 4, "foods": kept })).await.ok();
    slip("2026-03-04", &foods[0], 1).await;
    ada.put(
        "/api/reviews/2026-03-05",
        json!({ "difficulty": 5, "foods": [{ "food_id": foods[1], "outcome": "slipped" }] }),
    )
    .await
    .ok();
    assert_eq!(hard_days().await, json!({ "days": 3, "passed": 1 }), "not those with a slip, or reviewed as one");
    slip("2026-03-06", &foods[0], 6).await;
    slip("2026-03-07", &foods[1], 7).await;
    slip("2026-03-07", &foods[1], 10).await;
    assert_eq!(hard_days().await, json!({ "days": 4, "passed": 1 }), "a strong craving makes a day hard too");
    ada.delete(&format!("/api/foods/{}", foods[1])).await.is(204);
    assert_eq!(hard_days().await, json!({ "days": 3, "passed": 2 }), "a deleted food plays no part");
}

#[tokio::test]
async fn what_the_slips_of_all_foods_have_in_common_is_told_without_deleted_foods() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let foods = [ada.food_since("2026-02-01").await, ada.food_since("2026-02-01").await];
    for (at, date) in ["2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"].into_iter().enumerate() {
        let slip = json!({ "food_id": foods[at % 2], "time": "15:00", "trigger": "bored" });
        ada.put(&format!("/api/reviews/{date}/slips/{}", Uuid::new_v4()), slip).await.created();
    }
    assert_eq!(ada.get(WEEKS).await.ok()["pattern"], Value::Null, "four");
    ada.review("2026-03-07", &foods[0], "slipped").await;
    let bored = json!({ "weekday": null, "part_of_day": "afternoon", "trigger": "bored", "slips": 4, "of": 5 });
    assert_eq!(ada.get(WEEKS).await.ok()["pattern"], bored);
    ada.review("2026-03-06", &foods[1], "slipped").await;
    assert_eq!(ada.get(WEEKS).await.ok()["pattern"], bored, "a slip tells what its review says too");
    ada.delete(&format!("/api/foods/{}", foods[0])).await.is(204);
    assert_eq!(ada.get(WEEKS).await.ok()["pattern"], Value::Null);
}

/// What was recorded on a date: how hard and how good it was, whether a food was reviewed, the cravings of its slips.
#[derive(Default)]
struct Recorded {
    difficulty: Option<u64>,
    mood: Option<u64>,
    outcome: Option<&'static str>,
    cravings: Vec<Option<u64>>,
}

impl Recorded {
    fn is_hard(&self) -> bool {
        self.difficulty.is_some_and(|level| level >= 4) || self.cravings.iter().flatten().any(|craving| *craving >= 7)
    }

    fn is_slipped(&self) -> bool {
        self.outcome == Some("slipped") || !self.cravings.is_empty()
    }
}

#[tokio::test]
async fn weeks_say_what_looking_at_every_date_says() {
    let (world, random) = (World::new().await, Random::new());
    let today = date("2026-03-11");
    for turn in 0..times(4) {
        let ada = world.person(&format!("ada {turn}")).await;
        let food = ada.food_since("2026-01-01").await;
        let maybe = |most: u64| (random.below(3) > 0).then(|| random.below(most));
        let mut recorded: BTreeMap<NaiveDate, Recorded> = BTreeMap::new();
        for _ in 0..30 {
            let on = today - Days::new(random.below(60));
            let day = recorded.entry(on).or_default();
            match random.below(3) {
                0 => {
                    (day.difficulty, day.mood) = (maybe(5).map(|level| level + 1), maybe(5).map(|level| level + 1));
                    let review = json!({ "difficulty": day.difficulty, "mood": day.mood });
                    ada.put(&format!("/api/reviews/{on}"), review).await.any_ok();
                }
                1 => {
                    let outcome = ["kept", "slipped", "skipped"][random.below(3) as usize];
                    let foods = json!([{ "food_id": food, "outcome": outcome }]);
                    let review = json!({ "difficulty": day.difficulty, "mood": day.mood, "foods": foods });
                    ada.put(&format!("/api/reviews/{on}"), review).await.any_ok();
                    day.outcome = Some(outcome);
                }
                _ => {
                    let craving = maybe(11);
                    let slip = json!({ "food_id": food, "craving": craving });
                    ada.put(&format!("/api/reviews/{on}/slips/{}", Uuid::new_v4()), slip).await.created();
                    day.cravings.push(craving);
                }
            }
        }
        let (from, to) = (today - Days::new(random.below(60)), today - Days::new(random.below(3)));
        let (from, to) = (from.min(to), to);
        let stats = ada.get(&format!("/api/reviews/stats?from={from}&to={to}")).await.ok();
        assert_eq!(stats["by_week"], json!(weeks(&recorded, from, to)), "{from} to {to}, seed {}", random.seed());
        let hard: Vec<&Recorded> = recorded.range(from..=to).map(|(_, day)| day).filter(|day| day.is_hard()).collect();
        let passed = hard.iter().filter(|day| !day.is_slipped()).count();
        let hard_days = json!({ "days": hard.len(), "passed": passed });
        assert_eq!(stats["hard_days"], hard_days, "{from} to {to}, seed {}", random.seed());
    }
}

/// The weeks by the slow way: each date looked at, one after the other.
fn weeks(recorded: &BTreeMap<NaiveDate, Recorded>, from: NaiveDate, to: NaiveDate) -> Vec<Value> {
    let mut weeks = Vec::new();
    let mut monday = from.week(chrono::Weekday::Mon).first_day();
    while monday <= to {
        let dates = monday.iter_days().take(7).filter(|on| (from..=to).contains(on));
        let days: Vec<&Recorded> = dates.filter_map(|on| recorded.get(&on)).collect();
        let reviewed = |day: &&&Recorded| day.difficulty.is_some() || day.mood.is_some() || day.outcome.is_some();
        weeks.push(json!({
            "week": monday,
            "reviews": days.iter().filter(reviewed).count(),
            "difficulty": mean(days.iter().filter_map(|day| day.difficulty)),
            "mood": mean(days.iter().filter_map(|day| day.mood)),
            "cravings": mean(days.iter().flat_map(|day| &day.cravings).copied().flatten()),
        }));
        monday = monday + Days::new(7);
    }
    weeks
}

/// To 2 decimals, halves up.
fn mean(numbers: impl Iterator<Item = u64>) -> Option<f64> {
    let numbers: Vec<u64> = numbers.collect();
    let (sum, count) = (numbers.iter().sum::<u64>(), numbers.len() as u64);
    // In whole numbers, as the database calculates: a double of 2.675 is less than that.
    (count > 0).then(|| ((200 * sum + count) / (2 * count)) as f64 / 100.0)
}

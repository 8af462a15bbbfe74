//! The laws of counting that need the whole way, through HTTP: undo, and zones.

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta};
use common::diary::day::today;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    streaks::zones::{ZONES, zone},
    support::{
        diarist::{Diarist, Food},
        proxy::Random,
        world::World,
        writers::times,
    },
};

#[tokio::test]
async fn what_is_recorded_and_taken_back_leaves_every_number_as_it_was() {
    let (world, random) = (World::new().await, Random::new());
    let mut ada = Diarist::at(&world, "ada", 4, random.fork()).await;
    let (mut undone, mut meanwhile) = (0, 0);
    for turn in 0..times(100) {
        if turn % 10 == 0 {
            world.app.clock.advance(TimeDelta::hours(13));
            ada.stays_signed_in().await;
            ada.acts().await;
        }
        let before = numbers(&ada).await;
        let foods: Vec<&Food> = ada.living().filter(|food| food.past.start <= food.as_of(ada.today())).collect();
        let Some(food) = foods.get(random.below(foods.len().max(1) as u64) as usize) else { continue };
        let days = (food.as_of(ada.today()) - food.past.start).num_days() as u64 + 1;
        let on = food.past.start + Days::new(random.below(days));
        let (path, there, back) = match random.below(3) {
            0 => {
                let says = |outcome: Value| json!({ "foods": [{ "food_id": food.id, "outcome": outcome }] });
                let outcome = ["kept", "slipped", "skipped"][random.below(3) as usize];
                let before = food.past.outcomes.get(&on).map(<&str>::from);
                (format!("/api/reviews/{on}"), says(json!(outcome)), Some(says(json!(before))))
            }
            1 => (format!("/api/reviews/{on}/slips/{}", Uuid::new_v4()), json!({ "food_id": food.id }), None),
            _ => {
                let range = json!({ "from": on, "to": on + Days::new(random.below(30)), "food_ids": [food.id] });
                (format!("/api/reviews/skips/{}", Uuid::new_v4()), range, None)
            }
        };
        ada.person.put(&path, there).await.any_ok();
        meanwhile += usize::from(numbers(&ada).await != before);
        if random.below(3) == 0 {
            tick::run(&world.app, tick::CHUNK).await.expect("a tick");
        }
        match back {
            Some(back) => drop(ada.person.put(&path, back).await.ok()),
            None => drop(ada.person.delete(&path).await.is(204)),
        }
        assert_eq!(numbers(&ada).await, before, "turn {turn}, {path}");
        undone += 1;
    }
    let seed = random.seed();
    println!("undone writes that left a number changed: 0 of {undone}, {meanwhile} had changed one, seed {seed}");
    assert!(meanwhile > times(25), "{meanwhile}");
}

async fn numbers(ada: &Diarist) -> Vec<Value> {
    let mut numbers = Vec::new();
    for food in ada.living() {
        numbers.push(ada.person.streak(&food.id).await);
    }
    numbers
}

#[tokio::test]
async fn the_same_labels_give_the_same_numbers_in_every_zone() {
    let (random, mut compared) = (Random::new(), 0);
    for _ in 0..times(1) {
        compared += two_months_in_every_zone(&random).await;
    }
    println!("numbers that depend on the zone: 0 of {compared}, seed {}", random.seed());
}

/// At eight in the morning of UTC these zones have the same date. Some change their clocks within
/// these two months. How many numbers were the same in all of them.
async fn two_months_in_every_zone(random: &Random) -> usize {
    let world = World::at("2026-03-05T08:00:00Z").await;
    let is_same = |name: &&str| today(world.now(), &zone(name), NaiveTime::MIN) == world.now().date_naive();
    let mut people = Vec::new();
    for zone in ZONES.into_iter().filter(is_same) {
        let mut person = world.stranger();
        person.sign_in(zone, zone).await;
        let confirmed = json!({ "name": "soda", "start_date": "2026-02-01", "counting": "confirm" });
        let foods = [person.food_since("2026-03-01").await, person.food(confirmed).await];
        people.push((person, foods));
    }
    assert!(people.len() > 10);
    for _ in 0..20 {
        world.days_pass(random.below(7) as i64);
        let on = world.now().date_naive() - Days::new(random.below(4));
        let (which, act) = (random.below(2) as usize, random.below(5));
        for (person, foods) in &people {
            let (on, food) = (on.to_string(), &foods[which]);
            match act {
                0..=2 => drop(person.review(&on, food, ["kept", "slipped", "skipped"][act as usize]).await),
                3 => drop(person.slip(&on, food).await),
                _ => {
                    let range = json!({ "from": on, "to": on.parse::<NaiveDate>().expect("a date") + Days::new(7) });
                    person.put(&format!("/api/reviews/skips/{}", Uuid::new_v4()), range).await.created();
                }
            }
        }
        if random.below(3) == 0 {
            tick::run(&world.app, tick::CHUNK).await.expect("a tick");
        }
        let mut all = Vec::new();
        for (person, foods) in &people {
            let mut numbers = person.get("/api/streaks").await.ok()["streaks"].take();
            for (at, food) in foods.iter().enumerate() {
                assert_eq!(numbers[at]["food_id"].take(), *food);
            }
            all.push(numbers);
        }
        assert!(all.iter().all(|numbers| *numbers == all[0]), "{all:#?}");
    }
    people.len() * 2 * 20
}

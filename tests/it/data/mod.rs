//! Everything a person has, taken away and brought back.

mod exports;
mod imports;
mod turns;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    proxy::Random,
    world::{Person, World, date as date_of},
    writers::times,
};

/// What people type, and what a spreadsheet would run.
const TEXTS: [&str; 16] = [
    "라면",
    "한 입만 🍜",
    "\"quoted\", and 'quoted'",
    "back\\slash",
    "two\nlines\n",
    "comma, semicolon; tab",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "=HYPERLINK(\"http://evil.test\";\"x\")",
    "＝cmd|'/c calc'!A0",
    "\n=1+1",
    "{\"json\": null}",
    "null",
    "é",
];

fn any_text(random: &Random) -> &'static str {
    TEXTS[random.below(TEXTS.len() as u64) as usize]
}

/// Half of the time nothing.
fn maybe(random: &Random, value: impl Into<Value>) -> Value {
    if random.below(2) == 0 { Value::Null } else { value.into() }
}

fn line(random: &Random) -> String {
    any_text(random).replace('\n', " ").trim().to_owned()
}

/// Gives `person` foods since 2026-01-01 with everything that can be recorded; the answer is their ids.
async fn live(person: &Person, random: &Random) -> Vec<String> {
    let mut foods = Vec::new();
    for _ in 0..6 {
        let priced = random.below(2) == 0;
        let food = json!({
            "name": line(random), "icon": maybe(random, "🍜"), "color": maybe(random, "#aa33cc"), "start_date": "2026-01-01",
            "counting": (["assume", "confirm"][random.below(2) as usize]), "goal_days": maybe(random, 1 + random.below(60)),
            "motivation": maybe(random, any_text(random)), "price_per_day": priced.then_some("1500.50"),
            "currency": priced.then_some("KRW"),
        });
        foods.push(person.food(food).await);
    }
    let date = || date_of("2026-01-01") + chrono::Days::new(random.below(70));
    for _ in 0..40 {
        let mut named: Vec<&String> = foods.iter().filter(|_| random.below(2) == 0).collect();
        named.truncate(4);
        let outcome = |_: &&String| maybe(random, ["kept", "slipped", "skipped"][random.below(3) as usize]);
        let outcomes = named
            .iter()
            .map(|food| json!({ "food_id": food, "outcome": outcome(food), "note": maybe(random, any_text(random)) }));
        let review = json!({
            "difficulty": maybe(random, 1 + random.below(5)), "mood": maybe(random, 1 + random.below(5)),
            "note": maybe(random, any_text(random)), "foods": outcomes.collect::<Vec<_>>(),
        });
        person.put(&format!("/api/reviews/{}", date()), review).await.any_ok();
        let slip = json!({
            "food_id": foods[random.below(6) as usize], "time": maybe(random, "23:45"), "craving": maybe(random, random.below(11)),
            "trigger": maybe(random, line(random)), "amount": maybe(random, line(random)), "note": maybe(random, any_text(random)),
        });
        person.put(&format!("/api/reviews/{}/slips/{}", date(), Uuid::new_v4()), slip).await.created();
    }
    for _ in 0..4 {
        let (from, days) = (date(), chrono::Days::new(random.below(20)));
        let skip = json!({ "from": from, "to": from + days, "food_ids": [foods[0], foods[random.below(5) as usize + 1]],
                           "note": maybe(random, any_text(random)) });
        person.put(&format!("/api/reviews/skips/{}", Uuid::new_v4()), skip).await.created();
    }
    for about in ["waiting", "review"] {
        let days: Vec<u64> = (1..=7).filter(|day| *day == 7 || random.below(2) == 0).collect();
        let reminder = json!({ "time": format!("21:{:02}", 5 * random.below(12)), "days": days, "about": about,
                               "discreet": random.below(2) == 0 });
        person.put(&format!("/api/reminders/{}", Uuid::new_v4()), reminder).await.created();
    }
    person.patch(&format!("/api/foods/{}", foods[1]), json!({ "archived": true })).await.ok();
    person.delete(&format!("/api/foods/{}", foods[2])).await.is(204);
    person.put("/api/foods/order", json!({ "ids": [foods[4], foods[1]] })).await.is(204);
    foods
}

pub async fn export(person: &Person) -> Value {
    person.get("/api/data/export").await.ok()
}

pub async fn import(person: &Person, archive: &Value) -> Value {
    person.post("/api/data/import", archive.clone()).await.ok()
}

/// Without what is the account's, and the time.
pub fn records(mut archive: Value) -> Value {
    let members = archive.as_object_mut().expect("an object");
    members.remove("account").expect("it says whose it is");
    members.remove("exported_at").expect("it says when it was made");
    archive
}

/// Everything the app would show of these foods.
async fn shown(person: &Person, foods: &[String]) -> Vec<Value> {
    let mut shown = Vec::new();
    for id in foods {
        let streak = person.get(&format!("/api/streaks/{id}")).await;
        shown.push(json!({ "status": streak.status.as_u16(), "streak": streak.json() }));
    }
    for path in ["/api/reviews?limit=100", "/api/reviews/skips", "/api/streaks/today", "/api/reminders"] {
        let mut answer = person.get(path).await.ok();
        if let Some(members) = answer.as_object_mut() {
            members.remove("me");
        }
        let mut text = answer.to_string();
        // Places in the list have gaps where a food was deleted; their order is what counts.
        while let Some(at) = text.find("\"position\":") {
            let end = at + text[at..].find(',').expect("more follows");
            text.replace_range(at..=end, "");
        }
        shown.push(text.into());
    }
    shown
}

#[tokio::test]
async fn what_is_exported_and_imported_elsewhere_is_the_same_to_the_last_count() {
    let (world, random, mut foods_seen) = (World::new().await, Random::new(), 0);
    for turn in 0..times(5) {
        let (ada, eve) = (world.person(&format!("ada{turn}")).await, world.person(&format!("eve{turn}")).await);
        let foods = live(&ada, &random).await;
        let archive = export(&ada).await;
        assert_eq!((&archive["format"], &archive["version"]), (&json!("hanip"), &json!(2)));
        let imported = import(&eve, &archive).await;
        for list in ["foods", "reviews", "outcomes", "slips", "skips", "reminders"] {
            let count = archive[list].as_array().expect("a list").len();
            assert!(count > 0, "{list}");
            assert_eq!((&imported["added"][list], &imported["kept"][list]), (&json!(count), &json!(0)), "{list}");
        }
        let again = export(&eve).await;
        assert_eq!(records(again.clone()), records(archive.clone()));
        assert_eq!(shown(&eve, &foods).await, shown(&ada, &foods).await);

        let twice = import(&eve, &archive).await;
        assert_eq!((&twice["kept"], &twice["added"]["slips"]), (&imported["added"], &json!(0)));
        assert_eq!(records(export(&eve).await), records(archive), "the same file twice changes nothing");
        // What was deleted can still be brought back, with all its days.
        for person in [&ada, &eve] {
            let restore = person.request(Method::POST, &format!("/api/foods/{}/restore", foods[2]));
            person.send(restore).await.ok();
        }
        assert_eq!(shown(&eve, &foods).await, shown(&ada, &foods).await);
        foods_seen += foods.len();
    }
    println!("foods exported and imported elsewhere, with other numbers: 0 of {foods_seen}");
}

#[tokio::test]
async fn an_import_adds_what_is_missing_and_leaves_what_is_there() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    ada.review("2026-03-05", &food, "kept").await;
    let slip = ada.slip("2026-03-06", &food).await;
    let reminder = format!("/api/reminders/{}", Uuid::new_v4());
    ada.put(&reminder, json!({ "time": "21:00" })).await.created();
    let archive = export(&ada).await;

    // Newer: another name, another outcome, the slip moved, a review where there was none, another time to be reminded.
    ada.patch(&format!("/api/foods/{food}"), json!({ "name": "instant ramen" })).await.ok();
    ada.review("2026-03-05", &food, "slipped").await;
    ada.put(&reminder, json!({ "time": "22:00" })).await.ok();
    let moved = slip.replace("2026-03-06", "2026-03-07");
    ada.put(&moved, json!({ "food_id": food, "note": "moved" })).await.ok();
    let soda = ada.food(json!({ "name": "soda", "start_date": "2026-03-01" })).await;
    let before = records(export(&ada).await);
    let imported = import(&ada, &archive).await;
    assert_eq!(
        imported["added"],
        json!({ "foods": 0, "reviews": 0, "outcomes": 0, "slips": 0, "skips": 0, "reminders": 0 })
    );
    assert_eq!(
        imported["kept"],
        json!({ "foods": 1, "reviews": 1, "outcomes": 1, "slips": 1, "skips": 0, "reminders": 1 })
    );
    assert_eq!(records(export(&ada).await), before);

    // What is gone comes back, after the foods that are there, and counts at once.
    ada.delete(&moved).await.is(204);
    tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    assert_eq!(import(&ada, &archive).await["added"]["slips"], 1);
    assert_eq!(ada.streak(&food).await["slip_days"], 2, "folded again, though the day was closed");
    let eve = world.person("eve").await;
    let tea = eve.food_since("2026-03-01").await;
    import(&eve, &archive).await;
    let foods = eve.get("/api/foods").await.ok();
    let order: Vec<&Value> = foods["foods"].as_array().expect("foods").iter().map(|food| &food["id"]).collect();
    assert_eq!(order, [&json!(tea), &json!(food)]);
    // A food that came by import has no creating body to be sent again.
    eve.post("/api/foods", json!({ "id": food, "name": "ramen" })).await.problem(409, "food-exists");
    assert_ne!(soda, tea);
}

#[tokio::test]
async fn a_food_past_its_thirty_days_is_not_what_an_import_adds_to() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    ada.slip("2026-03-05", &food).await;
    let archive = export(&ada).await;
    ada.delete(&format!("/api/foods/{food}")).await.is(204);
    world.days_pass(30);
    let ada = world.person("ada").await;
    assert_eq!(export(&ada).await["foods"], json!([]));
    assert_eq!(export(&ada).await["slips"], json!([]));
    assert_eq!(import(&ada, &archive).await["added"]["foods"], 1);
    assert_eq!(ada.streak(&food).await["slip_days"], 1);
}

#[tokio::test]
async fn the_table_opens_in_a_spreadsheet_and_runs_nothing() {
    let world = World::new().await;
    let ada = world.person("=ada").await;
    let foods = live(&ada, &Random::new()).await;
    for (index, payload) in TEXTS.iter().enumerate() {
        ada.put(&format!("/api/reviews/2026-02-{:02}", index + 1), json!({ "note": payload })).await.any_ok();
    }
    let reply = ada.get("/api/data/export?format=csv").await;
    assert_eq!(reply.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(reply.header("content-disposition"), "attachment; filename=\"hanip-2026-03-11.csv\"");
    assert!(reply.body.starts_with("\u{FEFF}\"kind\",\"date\","), "Excel knows it for UTF-8");
    let mut table = csv::Reader::from_reader(reply.body.as_bytes());
    let titles = table.headers().expect("titles").clone();
    let rows: Vec<csv::StringRecord> = table.records().map(|row| row.expect("as many cells as titles")).collect();
    let cells = rows.iter().flatten().filter(|cell| !cell.is_empty());
    let formulas = cells.clone().filter(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝'])).count();
    println!("cells of a table that a spreadsheet would run: {formulas} of {}", cells.count());
    assert_eq!(formulas, 0);

    let column = |title: &str| titles.iter().position(|other| other == title).expect("a column");
    let of = |kind: &str| rows.iter().filter(|row| &row[0] == kind).collect::<Vec<_>>();
    let archive = export(&ada).await;
    for (kind, list) in [
        ("food", "foods"),
        ("review", "reviews"),
        ("outcome", "outcomes"),
        ("slip", "slips"),
        ("reminder", "reminders"),
    ] {
        assert_eq!(of(kind).len(), archive[list].as_array().expect("a list").len(), "{kind}");
    }
    assert_eq!(&of("account")[0][column("display_name")], "'=ada");
    assert!(
        of("reminder").iter().all(|row| row[column("time")].starts_with("21:") && row[column("days")].ends_with('7'))
    );
    for (index, payload) in TEXTS.iter().enumerate() {
        let date = format!("2026-02-{:02}", index + 1);
        let row = of("review").into_iter().find(|row| row[column("date")] == date).expect("the review of the date");
        assert_eq!(row[column("note")].trim_start_matches('\''), payload.trim_start_matches('\''));
    }
    let slip = of("slip")[0];
    assert!(foods.contains(&slip[column("food_id")].to_owned()) && !slip[column("food")].is_empty());
    ada.get("/api/data/export?format=xls").await.fault("format", "value-invalid");
}

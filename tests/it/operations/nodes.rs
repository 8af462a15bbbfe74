//! Promises about the nodes of a database cluster: one that rolls back without a word, one that loses its quorum, and
//! what all of them must see of a write.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

use crate::support::{
    node::{Node, Trouble},
    world::{NOON, Person, World, database, date},
};

/// The kinds of writes.
const WRITES: [&str; 6] = ["review", "slip", "slip of this moment", "days off", "food", "import"];

/// A write of its own each time.
struct Write {
    request: RequestBuilder,
    /// Counts what it stores.
    stored: String,
    /// How much that is.
    rows: i64,
}

/// Somebody whose writes go through a node.
struct Setting {
    world: World,
    node: Node,
    ada: Person,
    food: String,
    writes: u64,
}

impl Setting {
    async fn new() -> Self {
        let node = Node::new(&database().await);
        let world = World::over(node.url.clone(), NOON).await;
        let ada = world.person("ada").await;
        let food = ada.food_since("2020-01-01").await;
        Self { world, node, ada, food, writes: 0 }
    }

    fn write(&mut self, kind: &str) -> Write {
        self.writes += 1;
        let (food, id, name) = (&self.food, Uuid::new_v4(), format!("write {}", self.writes));
        let date = date("2020-01-01") + chrono::Days::new(self.writes);
        let request = |method, path: &str, body: Value| self.ada.request(method, path).json(&body);
        let (request, stored, rows) = match kind {
            "review" => (
                request(
                    Method::PUT,
                    &format!("/api/reviews/{date}"),
                    json!({ "note": name, "foods": [{ "food_id": food, "outcome": "kept" }] }),
                ),
                format!(
                    "SELECT (SELECT COUNT(*) FROM reviews WHERE note = '{name}')
                            + (SELECT COUNT(*) FROM outcomes WHERE date = '{date}')"
                ),
                2,
            ),
            "slip" => (
                request(
                    Method::PUT,
                    &format!("/api/reviews/{date}/slips/{id}"),
                    json!({ "food_id": food, "note": name }),
                ),
                format!("SELECT COUNT(*) FROM slips WHERE note = '{name}'"),
                1,
            ),
            "slip of this moment" => (
                request(Method::POST, "/api/reviews/slips", json!({ "food_id": food, "note": name })),
                format!("SELECT COUNT(*) FROM slips WHERE note = '{name}'"),
                1,
            ),
            "days off" => (
                request(
                    Method::PUT,
                    &format!("/api/reviews/skips/{id}"),
                    json!({ "from": date, "to": date, "food_ids": [food], "note": name }),
                ),
                format!(
                    "SELECT COUNT(*) FROM skips JOIN skip_foods ON skip_id = id AND skip_foods.user_id = skips.user_id
                     WHERE note = '{name}'"
                ),
                1,
            ),
            "food" => (
                request(Method::POST, "/api/foods", json!({ "name": name })),
                format!("SELECT COUNT(*) FROM foods JOIN counters ON food_id = id WHERE name = '{name}'"),
                1,
            ),
            _ => (
                request(
                    Method::POST,
                    "/api/data/import",
                    json!({
                        "format": "hanip", "version": 1,
                        "foods": [{ "id": id, "name": name, "start_date": "2026-03-01", "counting": "assume",
                                    "created_at": NOON, "updated_at": NOON }],
                        "outcomes": [{ "food_id": id, "date": "2026-03-05", "outcome": "kept" }],
                        "slips": [{ "id": Uuid::new_v4(), "food_id": id, "date": "2026-03-06", "updated_at": NOON }],
                    }),
                ),
                format!(
                    "SELECT COUNT(*) FROM foods JOIN counters ON counters.food_id = foods.id
                     JOIN outcomes ON outcomes.food_id = foods.id JOIN slips ON slips.food_id = foods.id
                     WHERE name = '{name}'"
                ),
                1,
            ),
        };
        Write { request, stored, rows }
    }

    /// Checks that a write is stored once.
    async fn is_stored(&self, write: &Write, when: &str) {
        let count = common::db::safe(write.stored.clone());
        let rows: i64 = sqlx::query_scalar(count).fetch_one(self.world.db()).await.expect("a count");
        assert_eq!(rows, write.rows, "{when}");
    }

    /// What is done after an answer, on a connection that is handed back, is no part of the next request.
    async fn rests(&self) {
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_write_that_the_database_rolls_back_without_a_word_runs_again_and_is_stored_once() {
    let mut setting = Setting::new().await;
    for kind in WRITES {
        let mut happened = 0;
        loop {
            setting.rests().await;
            let write = setting.write(kind);
            setting.node.will(Trouble::RollsBack(happened));
            let request = write.request.try_clone().expect("its body is in memory");
            setting.ada.send(request).await.any_ok();
            if !setting.node.has_happened() {
                break;
            }
            setting.is_stored(&write, &format!("{kind}, rolled back before statement {happened}")).await;
            happened += 1;
        }
        println!("{kind}: rolled back before each of {happened} statements, and stored once");
        assert!(happened > 3, "{kind}");
    }
    assert_eq!(drift(&setting.world).await, 0, "the counts are right");
}

/// How many stored counts the tick finds to differ from the records.
async fn drift(world: &World) -> u64 {
    tick::run(&world.app, tick::CHUNK).await.expect("a tick");
    let drifted = sqlx::query_scalar("SELECT CAST(COALESCE(SUM(drifted), 0) AS UNSIGNED INTEGER) FROM ticks");
    drifted.fetch_one(world.db()).await.expect("a sum")
}

#[tokio::test]
async fn a_node_without_quorum_is_left_at_once_and_the_request_runs_at_another() {
    let mut setting = Setting::new().await;
    let mut happened = 0;
    loop {
        setting.rests().await;
        setting.node.will(Trouble::Refuses(happened, 1047));
        setting.ada.get("/api/streaks/today").await.ok();
        if !setting.node.has_happened() {
            break;
        }
        happened += 1;
    }
    assert!(happened >= 2, "a read is the session and its rows");
    for kind in WRITES {
        let mut happened = 0;
        loop {
            setting.rests().await;
            let write = setting.write(kind);
            setting.node.will(Trouble::Refuses(happened, 1047));
            setting.ada.send(write.request.try_clone().expect("its body is in memory")).await.any_ok();
            if !setting.node.has_happened() {
                break;
            }
            setting.is_stored(&write, &format!("{kind}, refused at statement {happened}")).await;
            happened += 1;
        }
        let write = setting.write(kind);
        setting.node.will(Trouble::RefusesCommit(1047));
        setting.ada.send(write.request.try_clone().expect("its body is in memory")).await.any_ok();
        assert!(setting.node.has_happened());
        setting.is_stored(&write, &format!("{kind}, refused at COMMIT")).await;
    }
    setting.rests().await;
    assert_eq!(setting.node.used_without_quorum(), 0, "statements on connections to a node without quorum");
}

#[tokio::test]
async fn a_commit_that_fails_is_told_and_is_not_tried_again_by_itself() {
    let mut setting = Setting::new().await;
    for kind in WRITES {
        setting.rests().await;
        let write = setting.write(kind);
        setting.node.will(Trouble::RefusesCommit(1180));
        let request = write.request.try_clone().expect("its body is in memory");
        let reply = setting.ada.send(request).await;
        reply.problem(503, "unavailable");
        assert!(setting.node.has_happened());
        assert_eq!((reply.header("retry-after"), setting.node.commits()), ("1", 1), "{kind}");
        let again = write.request.try_clone().expect("its body is in memory");
        setting.ada.send(again).await.any_ok();
        setting.is_stored(&write, kind).await;
    }
    setting.rests().await;
    assert_eq!(setting.node.used_without_quorum(), 0, "statements on connections to a node without quorum");
}

#[tokio::test]
async fn reads_wait_for_what_was_committed_at_other_nodes_where_there_are_any() {
    let url = database().await;
    let other = Node::without(&url, "wsrep_sync_wait");
    for (url, waits) in [(&url, 1), (&other.url, 0)] {
        let world = World::over(url.clone(), NOON).await;
        let set: i64 = sqlx::query_scalar("SELECT CAST(variable_value AS INTEGER) FROM information_schema.session_variables WHERE variable_name LIKE 'wsrep_sync_wai_'").fetch_one(world.db()).await.expect("it is known");
        assert_eq!(set, waits);
        world.person("ada").await.food_since("2026-03-01").await;
    }
}

#[tokio::test]
async fn every_write_of_a_person_and_every_tick_change_the_row_of_their_lock() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let writes = async || -> u64 {
        let writes = sqlx::query_scalar("SELECT writes FROM locks WHERE user_id = ?");
        writes.bind(ada.id.parse::<Uuid>().expect("an id")).fetch_one(world.db()).await.expect("a row")
    };
    let before = writes().await;
    ada.review("2026-03-11", &food, "kept").await;
    assert_eq!(writes().await, before + 1);
    // The same again stores nothing, and locks too.
    ada.review("2026-03-11", &food, "kept").await;
    assert_eq!(writes().await, before + 2);
    ada.get("/api/streaks/today").await.ok();
    assert_eq!(writes().await, before + 2);
    world.days_pass(1);
    tick::close_days(&world.app, tick::CHUNK).await.expect("a tick");
    assert!(writes().await > before + 2, "the tick has closed a day");
}

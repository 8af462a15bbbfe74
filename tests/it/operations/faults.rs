//! Promises about faults of the database.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use sqlx::{Connection, MySqlConnection};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::support::{
    proxy::{Proxy, Random, Server},
    world::{NOON, Reply, World, database},
    writers::{Eater, SOON, acknowledged, none_is_lost, times, while_people_write},
};

#[tokio::test]
async fn a_request_that_is_cancelled_leaves_no_transaction_open_and_loses_no_acknowledged_write() {
    let (server, random) = (Server::start().await, Arc::new(Random::new()));
    let proxy = Proxy::new(&server.url(), &random);
    let (mut apps, mut eaters) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let World { app, origin, .. } = World::over(proxy.url.clone(), NOON).await;
        apps.push(app);
        eaters.extend(Eater::several(&origin, 8).await);
    }
    let running = || apps.iter().map(|app| app.tasks.len()).sum::<usize>();
    proxy.delay(2);
    let (mut storm, mut cancelled, mut answered) = (JoinSet::new(), 0, Vec::new());
    for turn in 0.. {
        // One a connection: more would wait for one, and be cancelled before they touch the database.
        while storm.len() >= 15 || running() >= 15 {
            match timeout(Duration::from_millis(1), storm.join_next()).await {
                Ok(Some(ended)) => match ended.expect("no panic") {
                    None => cancelled += 1,
                    Some(answer) => answered.push(answer),
                },
                // None is left of the storm, yet what was cancelled still runs: let it.
                Ok(None) => sleep(Duration::from_millis(1)).await,
                Err(_) => {}
            }
        }
        if cancelled >= times(400) {
            break;
        }
        let (id, request) = eaters[turn * 7 % 24].slip();
        // One in eleven stays: a write that follows on a connection somebody else left.
        let patience = if turn % 11 == 0 { 10_000_000 } else { random.below(70_000) };
        storm.spawn(async move {
            let answer = timeout(Duration::from_micros(patience), request.send()).await.ok()?;
            Some((id, Reply::of(answer.expect("an answer")).await))
        });
    }
    answered.extend(storm.join_all().await.into_iter().flatten());

    // What was cancelled runs to its end.
    let began = Instant::now();
    while running() > 0 {
        sleep(Duration::from_millis(1)).await;
    }
    println!("the last cancelled requests end after: {:?} of {SOON:?}", began.elapsed());
    assert!(began.elapsed() < SOON);
    // Once: who asks more often than every 100 ms is told the same again.
    sleep(Duration::from_secs(1)).await;
    let mut root = server.root().await;
    let open: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM information_schema.innodb_trx")
        .fetch_one(&mut root)
        .await
        .expect("a count");
    let stored: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM slips").fetch_one(&mut root).await.expect("a count");
    let acknowledged = answered.iter().filter(|(_, reply)| reply.status.is_success());
    let acknowledged: Vec<_> = acknowledged.map(|(id, _)| *id).collect();
    let ran_to_their_end = stored as usize - acknowledged.len();
    println!("cancelled writes that ran to their end: {ran_to_their_end} of {cancelled}");
    assert!(ran_to_their_end > cancelled / 10);
    println!("cancelled requests that leave a transaction open: {open} of {cancelled}");
    assert_eq!(open, 0);
    none_is_lost("cancelled requests", &mut root, &acknowledged).await;
    answered.iter().for_each(|(_, reply)| _ = self::acknowledged(reply));
    for app in apps {
        app.db.close().await;
    }
    none_is_lost("cancelled requests and a closed pool", &mut root, &acknowledged).await;
}

#[tokio::test]
async fn connections_that_are_cut_lose_no_acknowledged_write() {
    let (url, random) = (database().await, Arc::new(Random::new()));
    let proxy = Proxy::new(&url, &random);
    let World { origin, .. } = World::over(proxy.url.clone(), NOON).await;
    let mut direct = MySqlConnection::connect(&url).await.expect("the database is reached");
    let mut eater = Eater::at(&origin, "ada").await;
    // Before every packet of a write, in turn, until the write ends before the cut.
    let (mut cuts, mut refused) = (0, Vec::new());
    loop {
        let (id, request) = eater.slip();
        let again = request.try_clone().expect("its body is in memory");
        sleep(Duration::from_millis(20)).await;
        proxy.cut_after(cuts);
        let first = acknowledged(&eater.person.send(request).await);
        let has_cut = proxy.has_cut();
        proxy.cut_after(i64::MAX);
        if first {
            let stored = sqlx::query("SELECT id FROM slips WHERE id = ?").bind(id).fetch_optional(&mut direct).await;
            assert!(stored.expect("an answer").is_some(), "acknowledged, and lost by a cut before packet {cuts}");
        } else {
            refused.push(cuts);
        }
        assert!(acknowledged(&eater.person.send(again).await), "sent again after a cut before packet {cuts}");
        if !has_cut {
            break;
        }
        cuts += 1;
    }
    println!("cuts before each packet of a write, answered 503: {} of {cuts}, {refused:?}", refused.len());
    assert!(cuts > 10);
    let url = url.as_str();
    while_people_write("cut connections", &origin, url, times(50), async || {
        sleep(Duration::from_millis(5 + random.below(40))).await;
        proxy.cut();
    })
    .await;
}

#[tokio::test]
async fn a_database_that_is_killed_loses_no_acknowledged_write_and_is_written_to_soon_after() {
    let (mut server, random) = (Server::start().await, Random::new());
    let url = server.url();
    let World { origin, .. } = World::over(url.clone(), NOON).await;
    while_people_write("kill -9 of the database", &origin, &url, times(10), async || {
        sleep(Duration::from_millis(random.below(300))).await;
        server.kill();
        sleep(Duration::from_millis(random.below(300))).await;
        server.start_again();
        server.root().await;
    })
    .await;
}

#[tokio::test]
async fn a_database_that_stands_still_for_a_moment_loses_no_acknowledged_write() {
    let server = Server::start().await;
    let World { origin, .. } = World::over(server.url(), NOON).await;
    while_people_write("a database that stands still", &origin, &server.url(), times(2), async || {
        sleep(Duration::from_millis(200)).await;
        server.signal("-STOP");
        sleep(Duration::from_secs(2)).await;
        server.signal("-CONT");
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_read_only_is_read_from_and_once_it_is_not_written_to_soon() {
    let server = Server::start().await;
    let World { origin, .. } = World::over(server.url(), NOON).await;
    let (mut ada, mut root) = (Eater::at(&origin, "ada").await, server.root().await);
    let (mut refused, mut again) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..times(3) {
        sqlx::query("SET GLOBAL read_only = 1").execute(&mut root).await.expect("it is set");
        refused = refused.max(ada.is_refused("read-only").await);
        ada.person.get("/api/foods").await.ok();
        ada.person.get("/api/streaks/today").await.ok();
        sqlx::query("SET GLOBAL read_only = 0").execute(&mut root).await.expect("it is set");
        again = again.max(ada.first_good_write("read-only").await);
    }
    println!("read-only, a write is refused after, the longest: {refused:?} of {SOON:?}");
    println!("read-only, first good write after, the longest: {again:?} of {SOON:?}");
}

#[tokio::test]
async fn a_server_without_a_free_connection_is_written_to_soon_after_it_has_one() {
    let server = Server::start().await;
    let World { origin, .. } = World::over(server.url(), NOON).await;
    let (mut ada, mut root) = (Eater::at(&origin, "ada").await, server.root().await);
    sqlx::query("SET GLOBAL max_connections = 10").execute(&mut root).await.expect("it is set");
    let (mut refused, mut again) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..times(3) {
        sqlx::raw_sql("KILL USER app").execute(&mut root).await.expect("they are killed");
        let mut taken = Vec::new();
        let full = loop {
            match MySqlConnection::connect(&server.url()).await {
                Ok(connection) => taken.push(connection),
                Err(error) => break error.to_string(),
            }
        };
        assert!(full.contains("1040"), "{full}");
        refused = refused.max(ada.is_refused("too many connections").await);
        drop(taken);
        again = again.max(ada.first_good_write("too many connections").await);
    }
    println!("too many connections, a write is refused after, the longest: {refused:?} of {SOON:?}");
    println!("too many connections, first good write after, the longest: {again:?} of {SOON:?}");
}

#[tokio::test]
async fn a_request_after_all_idle_connections_were_killed_is_answered() {
    let world = World::new().await;
    let mut ada = Eater::at(&world.origin, "ada").await;
    let url = world.env().required("DATABASE_URL", "").expect("a world has one");
    let mut other = MySqlConnection::connect(&url).await.expect("the database is reached");
    let (mut good, count) = (0, times(20));
    for turn in 0..count {
        let warm: JoinSet<_> = (0..10).map(|_| ada.slip().1.send()).collect();
        warm.join_all().await;
        sleep(Duration::from_millis(if turn == 0 { 5500 } else { 20 })).await;
        let idle: Vec<i64> = sqlx::query_scalar(
            "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()",
        )
        .fetch_all(&mut other)
        .await
        .expect("rows");
        assert!(!idle.is_empty());
        for id in idle {
            sqlx::query("KILL ?").bind(id).execute(&mut other).await.expect("it is killed");
        }
        good += usize::from(match turn % 2 {
            0 => ada.eat().await.is_some(),
            _ => acknowledged(&ada.person.get("/api/streaks/today").await),
        });
    }
    println!("requests after all idle connections were killed, answered 2xx: {good} of {count}");
    assert_eq!(good, count);
}

#[tokio::test]
async fn a_database_without_room_is_unavailable_and_nothing_is_stored() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let path = "/api/reviews/2026-03-05/slips/01958d5c-9f00-7c3e-8a41-5b2d6f7e8c90";
    for (number, text) in [
        (1021, "Disk full"),
        (1026, "Error writing file"),
        (1030, "Got error 28 (No space left on device) from storage engine InnoDB"),
        (1114, "The table is full"),
    ] {
        let trigger = common::db::safe(format!(
            "CREATE OR REPLACE TRIGGER full BEFORE INSERT ON slips FOR EACH ROW
             SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {number}, MESSAGE_TEXT = '{text}'"
        ));
        sqlx::raw_sql(trigger).execute(world.db()).await.expect("a trigger");
        ada.put(path, json!({ "food_id": food })).await.problem(503, "unavailable");
    }
    sqlx::raw_sql("DROP TRIGGER full").execute(world.db()).await.expect("it is gone");
    ada.put(path, json!({ "food_id": food })).await.created();
}

#[tokio::test]
async fn a_function_whose_account_is_locked_is_unavailable_and_comes_back_by_itself() {
    let server = Server::start().await;
    let World { origin, .. } = World::over(server.url(), NOON).await;
    let (mut ada, mut root) = (Eater::at(&origin, "ada").await, server.root().await);
    sqlx::raw_sql("ALTER USER app@localhost ACCOUNT LOCK; KILL USER app").execute(&mut root).await.expect("it is done");
    ada.is_refused("a locked account").await;
    sqlx::raw_sql("ALTER USER app@localhost ACCOUNT UNLOCK").execute(&mut root).await.expect("it is done");
    ada.first_good_write("a locked account").await;
}

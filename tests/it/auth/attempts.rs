//! How many sign-ins an address can begin.

use chrono::TimeDelta;
use reqwest::{Method, header};

use crate::support::world::{Person, Reply, World};

const START: &str = "/api/auth/local/start";
const LIMIT: u16 = 100;

async fn start(person: &Person, address: &str) -> Reply {
    person.send(person.request(Method::GET, START).header("x-real-ip", address)).await
}

#[tokio::test]
async fn an_address_begins_at_most_a_hundred_sign_ins_in_ten_minutes() {
    let world = World::with(&[("TRUST_EDGE", "true")]).await;
    let eve = world.stranger();
    for number in 1..=LIMIT {
        assert_eq!(start(&eve, "203.0.113.9").await.status, 302, "{number}");
        world.app.clock.advance(TimeDelta::seconds(1));
    }
    let refused = start(&eve, "203.0.113.9").await;
    refused.problem(429, "too-many-attempts");
    assert_eq!(refused.header("retry-after"), "60");
    let look = eve.request(Method::GET, START).header("x-real-ip", "203.0.113.9");
    let page = eve.send(look.header(header::ACCEPT, "text/html,*/*")).await;
    assert_eq!(page.location(), "/sign-in?problem=too-many-attempts");
    let korean = eve.request(Method::GET, START).header("x-real-ip", "203.0.113.9").header("accept-language", "ko");
    assert!(eve.send(korean).await.problem(429, "too-many-attempts")["detail"].to_string().contains("몇 분 뒤"));
    let stored: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM sign_in_attempts").fetch_one(world.db()).await.expect("a count");
    assert_eq!(stored, i64::from(LIMIT), "what is refused leaves no row");
    // Linking is a sign-in too.
    let ada = world.person("ada").await;
    let link = ada.request(Method::POST, "/api/auth/local/link").header("x-real-ip", "203.0.113.9");
    ada.send(link).await.problem(429, "too-many-attempts");
    // Others are not held up, and neither is this one for ever.
    start(&eve, "203.0.113.10").await.is_found();
    world.app.clock.advance(TimeDelta::minutes(9));
    start(&eve, "203.0.113.9").await.is_found();
}

#[tokio::test]
async fn the_limit_holds_across_processes_however_many_come_at_once() {
    let world = World::with(&[("TRUST_EDGE", "true")]).await;
    // A second replica over the same database.
    let replica = World::beside(&world, &[("TRUST_EDGE", "true")]).await;
    let mut starts = tokio::task::JoinSet::new();
    for number in 0..2 * LIMIT {
        let eve = if number % 2 == 0 { world.stranger() } else { replica.stranger() };
        starts.spawn(async move {
            loop {
                let begun = start(&eve, "2001:db8:1:2:3:4:5:6").await.status.as_u16();
                // So many at once are more than there are connections.
                if begun != 503 {
                    return begun;
                }
            }
        });
    }
    let answers = starts.join_all().await;
    let begun = answers.iter().filter(|status| **status == 302).count();
    println!("sign-ins begun by an address in two processes: {begun} of {} asked, at most {LIMIT}", answers.len());
    assert!(answers.iter().all(|status| [302, 429].contains(status)) && begun <= usize::from(LIMIT));
    let eve = world.stranger();
    for _ in begun..usize::from(LIMIT) {
        start(&eve, "2001:db8:1:2:ffff::1").await.is_found();
    }
    start(&eve, "2001:db8:1:2:ffff::2").await.problem(429, "too-many-attempts");
    start(&eve, "2001:db8:1:3::1").await.is_found();
}

#[tokio::test]
async fn nobody_can_say_that_they_are_at_another_address() {
    // Without an edge to trust the header is nothing: this machine is not counted, whatever is said.
    let world = World::new().await;
    let eve = world.stranger();
    start(&eve, "203.0.113.9").await.is_found();
    let told = async |world: &World| {
        let told: Vec<Option<Vec<u8>>> = sqlx::query_scalar("SELECT address FROM sign_in_attempts ORDER BY expires_at")
            .fetch_all(world.db())
            .await
            .expect("attempts");
        told
    };
    assert_eq!(told(&world).await, [None]);
    let world = World::with(&[("TRUST_EDGE", "true")]).await;
    let eve = world.stranger();
    for (value, address) in [
        ("203.0.113.9", Some(vec![203, 0, 113, 9])),
        ("::ffff:203.0.113.9", Some(vec![203, 0, 113, 9])),
        ("2001:db8:1:2:3:4:5:6", Some(vec![0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2])),
        ("203.0.113.9, 10.0.0.1", None),
        ("nonsense", None),
        ("", None),
    ] {
        world.app.clock.advance(TimeDelta::seconds(1));
        start(&eve, value).await.is_found();
        assert_eq!(told(&world).await.pop().expect("the last"), address, "{value}");
    }
    assert!(
        auth::Auth::from_env(&{
            let mut env = world.env();
            env.set("TRUST_EDGE", "yes");
            env
        })
        .is_err_and(|error| error.to_string() == "TRUST_EDGE: expected true or false")
    );
}

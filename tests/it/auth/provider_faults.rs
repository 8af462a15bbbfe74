//! A provider that does not do its part: nobody comes in, people hear why, soon, and those who are in
//! stay in.

use std::time::{Duration, Instant};

use reqwest::{Method, header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::sleep,
};

use crate::{
    auth::providers::returning,
    support::{
        fake_provider::{Documented, StandIn, kakao, listener},
        github::GitHub,
        world::{Person, Reply, World},
    },
};

/// A person who starts has heard by then.
const SOON: Duration = Duration::from_secs(5);
/// A person who comes back has: by then the provider had time to say who came.
const LATER: Duration = Duration::from_secs(9);

#[derive(Clone, Copy, Debug)]
enum Fault {
    Down,
    Slow,
    Broken,
    Garbage,
    Endless,
    Elsewhere,
    HangsUp,
}

const FAULTS: [Fault; 7] =
    [Fault::Down, Fault::Slow, Fault::Broken, Fault::Garbage, Fault::Endless, Fault::Elsewhere, Fault::HangsUp];

impl Fault {
    /// An origin with this fault.
    async fn start(self) -> String {
        let (listener, origin) = listener().await;
        if !matches!(self, Self::Down) {
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(self.answer(stream));
                }
            });
        }
        origin
    }

    async fn answer(self, mut stream: TcpStream) {
        let _request = stream.read(&mut [0; 4096]).await;
        let head = |status: &str| format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\n");
        let answer = match self {
            Self::Down | Self::HangsUp => return,
            Self::Slow => {
                sleep(Duration::from_secs(30)).await;
                head("200 OK") + "Content-Length: 2\r\n\r\n{}"
            }
            Self::Broken => head("500 Internal Server Error") + "Content-Length: 0\r\n\r\n",
            Self::Garbage => head("200 OK") + "Content-Length: 9\r\n\r\n<!doctype",
            Self::Elsewhere => head("302 Found") + "Location: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            Self::Endless => head("200 OK") + "Transfer-Encoding: chunked\r\n\r\n",
        };
        stream.write_all(answer.as_bytes()).await.ok();
        let chunk = format!("{:x}\r\n{}\r\n", 1 << 16, " ".repeat(1 << 16));
        while matches!(self, Self::Endless) && stream.write_all(chunk.as_bytes()).await.is_ok() {}
    }
}

/// A world whose provider is at `issuer`, with somebody who was signed in before.
async fn world(issuer: &str, provider: &str) -> (World, Person) {
    let world = crate::auth::providers::world_with(&[(&provider.to_uppercase(), issuer)]).await;
    let ada = world.person("ada").await;
    (world, ada)
}

/// Checks that this step of a sign-in fails, soon and in words, and that nothing comes of it.
async fn fails(world: &World, ada: &Person, case: &str, step: &str, code: (u16, &str)) {
    let stranger = world.stranger();
    let began = Instant::now();
    let path = match step {
        "start" => "/api/auth/kakao/start".to_owned(),
        provider => returning(&stranger, provider).await,
    };
    let request = stranger.request(Method::GET, &path).header(header::ACCEPT_LANGUAGE, "ko");
    let (asked, meanwhile) = tokio::join!(stranger.send(request), ada.get("/api/auth/me"));
    meanwhile.ok();
    let took = began.elapsed();
    let problem = asked.problem(code.0, code.1);
    let soon = if step == "start" { SOON } else { LATER };
    println!("{case}: {} after {took:?} of {soon:?}", code.1);
    assert!(took < soon, "{case}: {took:?}");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.ends_with("요.")), "{case}: {problem}");
    let left: (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM identities), (SELECT COUNT(*) FROM sessions)",
    )
    .fetch_one(world.db())
    .await
    .expect("counts");
    assert_eq!(left, (1, 1, 1), "{case}: only what was there before");
    ada.get("/api/auth/me").await.ok();
}

const FAILED: (u16, &str) = (503, "sign-in-failed");

#[tokio::test]
async fn a_provider_that_can_not_describe_itself_lets_nobody_in() {
    let mut cases = JoinSet::new();
    for fault in FAULTS {
        cases.spawn(async move {
            let (world, ada) = world(&fault.start().await, "kakao").await;
            fails(&world, &ada, &format!("discovery, {fault:?}"), "start", FAILED).await;
        });
    }
    cases.join_all().await;
}

/// Kakao, that describes itself otherwise.
async fn described(description: Value) -> StandIn {
    StandIn::start(Documented { description, ..kakao() }).await
}

#[tokio::test]
async fn a_provider_without_keys_lets_nobody_in() {
    let mut cases = JoinSet::new();
    for fault in FAULTS {
        cases.spawn(async move {
            let kakao = described(json!({ "jwks_uri": fault.start().await + "/keys" })).await;
            let (world, ada) = world(&kakao.issuer, "kakao").await;
            fails(&world, &ada, &format!("keys, {fault:?}"), "start", FAILED).await;
        });
    }
    cases.join_all().await;
}

#[tokio::test]
async fn a_provider_that_does_not_exchange_codes_lets_nobody_in() {
    let mut cases = JoinSet::new();
    for fault in FAULTS {
        cases.spawn(async move {
            let kakao = described(json!({ "token_endpoint": fault.start().await + "/token" })).await;
            let (world, ada) = world(&kakao.issuer, "kakao").await;
            fails(&world, &ada, &format!("token, {fault:?}"), "kakao", FAILED).await;
        });
    }
    cases.join_all().await;
}

#[tokio::test]
async fn a_provider_that_says_what_can_not_be_right_lets_nobody_in() {
    for (case, description) in [
        ("another issuer", json!({ "issuer": "https://kauth.kakao.com" })),
        ("an issuer with a slash more", json!({ "issuer": "/" })),
        ("no S256", json!({ "code_challenge_methods_supported": ["plain"] })),
        ("a plain-http token endpoint", json!({ "token_endpoint": "http://id.example/token" })),
        ("a plain-http page", json!({ "authorization_endpoint": "http://id.example/authorize" })),
        ("plain-http keys", json!({ "jwks_uri": "http://id.example/keys" })),
        ("no keys", json!({ "jwks_uri": null })),
        ("no token endpoint", json!({ "token_endpoint": null })),
    ] {
        let kakao = described(description).await;
        let (world, ada) = world(&kakao.issuer, "kakao").await;
        fails(&world, &ada, case, "start", FAILED).await;
    }
}

#[tokio::test]
async fn a_token_endpoint_that_gives_no_id_token_lets_nobody_in() {
    for (case, answer, code) in [
        ("no ID token", json!({ "id_token": null }), FAILED),
        ("an ID token that is none", json!({ "id_token": "x.y.z" }), FAILED),
        ("a number for an ID token", json!({ "id_token": 1 }), FAILED),
        ("no access token", json!({ "access_token": null }), FAILED),
        ("an error with 200", json!({ "error": "invalid_grant", "access_token": null }), (400, "sign-in-expired")),
        (
            "Naver of a code that was used",
            json!({ "error": "invalid_request", "error_description": "no valid data in session" }),
            (400, "sign-in-expired"),
        ),
        (
            "Dex of a code that was used",
            json!({ "error": "invalid_request", "error_description": "Invalid or expired code parameter." }),
            (400, "sign-in-expired"),
        ),
        ("a request that is wrong", json!({ "error": "invalid_request", "error_description": "no code" }), FAILED),
        ("a client unknown to it", json!({ "error": "invalid_client", "access_token": null }), FAILED),
    ] {
        let kakao = StandIn::start(Documented { answer, ..kakao() }).await;
        let (world, ada) = world(&kakao.issuer, "kakao").await;
        fails(&world, &ada, case, "kakao", code).await;
    }
}

#[tokio::test]
async fn a_userinfo_endpoint_that_does_not_answer_keeps_nobody_out() {
    let mut cases = JoinSet::new();
    for fault in FAULTS {
        cases.spawn(async move {
            // It is asked, since the ID token says no name.
            let description = json!({ "userinfo_endpoint": fault.start().await + "/userinfo" });
            let kakao = StandIn::start(Documented { description, person: json!({}), ..kakao() }).await;
            let (world, _ada) = world(&kakao.issuer, "kakao").await;
            let stranger = world.stranger();
            stranger.get(&returning(&stranger, "kakao").await).await.is_found();
            assert_eq!(stranger.get("/api/auth/me").await.ok()["display_name"], "", "{fault:?}");
        });
    }
    cases.join_all().await;
}

#[tokio::test]
async fn a_github_that_does_not_say_who_came_lets_nobody_in() {
    for (case, person) in [
        ("no id", json!({ "login": "octocat" })),
        ("an id that is text", json!({ "login": "octocat", "id": "7" })),
        ("a negative id", json!({ "login": "octocat", "id": -7 })),
        ("nobody", json!({ "message": "Bad credentials" })),
        ("a list", json!([])),
    ] {
        let github = GitHub::start(person).await;
        let (world, ada) = world(&github.issuer, "github").await;
        fails(&world, &ada, case, "github", FAILED).await;
    }
}

#[tokio::test]
async fn a_person_who_changes_their_mind_reads_so_and_can_start_again() {
    let kakao = StandIn::start(kakao()).await;
    let (world, _ada) = world(&kakao.issuer, "kakao").await;
    let eve = world.stranger();
    let callback = returning(&eve, "kakao").await;
    let state = callback.split(['?', '&']).find(|part| part.starts_with("state=")).expect("a state");
    let denied =
        format!("/api/auth/kakao/callback?error=access_denied&error_description=User%20denied%20access&{state}");
    let look = eve.request(Method::GET, &denied).header(header::ACCEPT, "text/html,*/*");
    assert_eq!(eve.send(look).await.location(), "/sign-in?problem=sign-in-refused");
    eve.get(&returning(&eve, "kakao").await).await.is_found();
    eve.get("/api/auth/me").await.ok();
    let down = crate::auth::providers::world_with(&[("KAKAO", &Fault::Down.start().await)]).await;
    let eve = down.stranger();
    let look = eve.request(Method::GET, "/api/auth/kakao/start").header(header::ACCEPT, "text/html,*/*");
    let told: Reply = eve.send(look).await;
    assert_eq!(told.location(), "/sign-in?problem=sign-in-failed");
}

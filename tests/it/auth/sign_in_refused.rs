//! Sign-ins that must not be: each leaves no session, no person and no identity.

use reqwest::{Client, Method, StatusCode, redirect::Policy};
use serde_json::json;

use crate::{
    auth::{
        forgeries::{forged_claims, forged_headers, spoilt_tokens},
        providers::{returning, world_with},
    },
    support::{
        fake_provider::{StandIn, kakao, naver, signed},
        world::{Person, Reply, World},
    },
};

/// What becomes of the state and the code of a callback.
type Change<'a> = &'a dyn Fn(&str, &str) -> String;

/// Checks that nothing is there.
async fn nothing_is_left(world: &World, case: &str) {
    let left: (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM identities), (SELECT COUNT(*) FROM sessions)",
    )
    .fetch_one(world.db())
    .await
    .expect("counts");
    assert_eq!(left, (0, 0, 0), "{case}");
}

/// Checks that this callback is refused, in words, without a session.
async fn refused(world: &World, case: &str, person: &Person, callback: &str) {
    let answer = person.get(callback).await;
    let codes = ["sign-in-expired", "sign-in-refused", "sign-in-failed", "not-found", "field-twice"];
    assert!(!answer.status.is_success() && !answer.status.is_redirection(), "{case}: {}", answer.status);
    let problem = answer.json();
    assert!(codes.contains(&problem["code"].as_str().unwrap_or_default()), "{case}: {problem}");
    assert!(!answer.header("set-cookie").contains("hanip_session"), "{case}");
    person.get("/api/auth/me").await.problem(401, "session-required");
    nothing_is_left(world, case).await;
}

#[tokio::test]
async fn a_forged_id_token_lets_nobody_in() {
    let kakao = StandIn::start(kakao()).await;
    let world = world_with(&[("KAKAO", &kakao.issuer)]).await;
    let mut count = 0;
    for (case, forgery) in [forged_headers(), forged_claims(), spoilt_tokens()].into_iter().flatten() {
        kakao.mints(forgery);
        let person = world.stranger();
        let callback = returning(&person, "kakao").await;
        refused(&world, &case, &person, &callback).await;
        count += 1;
    }
    println!("sign-ins refused: {count} of {count} (forged ID tokens)");
    assert!(count >= 100, "{count}");
    // The same way, with a token as it should be, somebody comes in.
    kakao.mints(signed);
    let ada = world.stranger();
    ada.get(&returning(&ada, "kakao").await).await.is_found();
    ada.get("/api/auth/me").await.ok();
}

#[tokio::test]
async fn a_callback_that_is_not_the_answer_to_this_sign_in_lets_nobody_in() {
    let (kakao, naver) = (StandIn::start(kakao()).await, StandIn::start(naver()).await);
    let world = world_with(&[("KAKAO", &kakao.issuer), ("NAVER", &naver.issuer)]).await;
    let mut count = 0;
    let issuer = kakao.issuer.clone();
    // What becomes of the query of a callback that would have been right.
    let changes: [(&str, Change); 18] = [
        ("no code", &|state, _| state.to_owned()),
        ("no state", &|_, code| code.to_owned()),
        ("nothing", &|_, _| String::new()),
        ("an empty code", &|state, _| format!("{state}&code=")),
        ("an empty state", &|_, code| format!("state=&{code}")),
        ("another code", &|state, code| format!("{state}&{code}x")),
        ("a huge code", &|state, _| format!("{state}&code={}", "x".repeat(6000))),
        ("another state", &|state, code| format!("{state}x&{code}")),
        ("a state in capitals", &|state, code| format!("state={}A&{code}", state[6..].to_uppercase())),
        ("a guessed state", &|_, code| format!("state=AAAAAAAAAAAAAAAAAAAAAA&{code}")),
        ("two states", &|state, code| format!("{state}&{code}&state=x")),
        ("two codes", &|state, code| format!("{state}&{code}&code=x")),
        ("an error beside the code", &|state, code| format!("{state}&{code}&error=access_denied")),
        ("an unknown error", &|state, _| format!("{state}&error=%00")),
        ("another issuer", &|state, code| format!("{state}&{code}&iss=https://kauth.kakao.com")),
        ("an empty issuer", &|state, code| format!("{state}&{code}&iss=")),
        ("an issuer with a slash more", &|state, code| format!("{state}&{code}&iss={issuer}/")),
        ("two issuers", &|state, code| format!("{state}&{code}&iss={issuer}&iss=x")),
    ];
    for (case, change) in changes {
        let person = world.stranger();
        let callback = returning(&person, "kakao").await;
        let query = callback.split_once('?').expect("a query").1;
        let (state, code) = query.split_once('&').expect("two");
        refused(&world, case, &person, &format!("/api/auth/kakao/callback?{}", change(state, code))).await;
        count += 1;
    }

    // Another browser: with no cookie, with its own, and one in which another sign-in was begun.
    let (ada, eve) = (world.stranger(), world.stranger());
    let callback = returning(&ada, "kakao").await;
    refused(&world, "another browser", &eve, &callback).await;
    returning(&eve, "kakao").await;
    refused(&world, "another browser that began its own", &eve, &callback).await;
    let (session, ours) = (world.app.origin.cookie_name("session"), world.app.origin.cookie_name("sign_in"));
    for cookie in
        ["", &format!("{ours}="), &format!("{ours}=x"), &format!("{ours}=x; {ours}=y"), &format!("{session}=x")]
    {
        let client = Client::builder().redirect(Policy::none()).build().expect("a client");
        let sent = client.get(format!("{}{callback}", world.origin)).header("cookie", cookie).send();
        Reply::of(sent.await.expect("an answer")).await.problem(400, "sign-in-expired");
        nothing_is_left(&world, cookie).await;
    }
    // Another provider's callback.
    let swapped = callback.replace("/kakao/", "/naver/");
    refused(&world, "the code of another provider", &ada, &swapped).await;
    refused(&world, "a provider that is not", &ada, &callback.replace("/kakao/", "/nowhere/")).await;
    // A method that browsers of other sites can send without a look.
    ada.post(&callback, json!({})).await.problem(405, "method-not-allowed");
    // Too late, by the clock of the world.
    world.app.clock.advance(chrono::TimeDelta::minutes(10));
    refused(&world, "ten minutes later", &ada, &callback).await;
    world.app.clock.advance(chrono::TimeDelta::minutes(-10));
    // A state that the client made up is none.
    let planted = ada
        .get("/api/auth/kakao/start?state=evil&nonce=evil&redirect_uri=https://evil.test&scope=all&prompt=none")
        .await;
    assert!(!planted.location().contains("evil") && !planted.location().contains("prompt"), "{}", planted.location());
    refused(&world, "a state made up", &ada, "/api/auth/kakao/callback?state=evil&code=x").await;
    // Where a provider says that it names itself, it has to (RFC 9207).
    let form = ada.get("/api/auth/local/start").await.location();
    let code =
        ada.client.post(&form).header("origin", &ada.origin).form(&[("name", "ada")]).send().await.expect("an answer");
    let unnamed = Reply::of(code).await.location();
    let unnamed = unnamed.strip_prefix(&world.origin).expect("our callback").split("&iss=").next().expect("a path");
    refused(&world, "no issuer where there has to be one", &ada, unnamed).await;
    count += 13;
    println!("sign-ins refused: {count} of {count} (callbacks)");
}

#[tokio::test]
async fn a_sign_in_that_was_used_or_refused_is_used_up() {
    let kakao = StandIn::start(kakao()).await;
    let world = world_with(&[("KAKAO", &kakao.issuer)]).await;
    let ada = world.stranger();
    let callback = returning(&ada, "kakao").await;
    kakao.says(json!({ "nonce": "x" }));
    refused(&world, "a wrong nonce", &ada, &callback).await;
    kakao.mints(signed);
    refused(&world, "the same again", &ada, &callback).await;
    let callback = returning(&ada, "kakao").await;
    ada.get(&callback).await.is_found();
    ada.get(&callback).await.problem(400, "sign-in-expired");
    ada.get("/api/auth/me").await.ok();
}

#[tokio::test]
async fn subjects_that_differ_by_a_byte_are_different_people() {
    let kakao = StandIn::start(kakao()).await;
    let world = world_with(&[("KAKAO", &kakao.issuer)]).await;
    let long = "s".repeat(255);
    let subjects = ["sub", "SUB", "sub ", "süb", "su\u{308}b", "ſub", "sub\u{200b}", "0", "00", &long];
    let mut people = std::collections::HashSet::new();
    for _again in 0..2 {
        for subject in subjects {
            kakao.says(json!({ "sub": subject }));
            let person = world.stranger();
            person.get(&returning(&person, "kakao").await).await.is_found();
            people.insert(person.get("/api/auth/me").await.ok()["id"].to_string());
        }
    }
    assert_eq!(people.len(), subjects.len());
}

#[tokio::test]
async fn nobody_is_sent_on_to_another_site() {
    let world = World::new().await;
    let hosts = ["evil.test", "evil.test%2f", "[::1]"];
    let before = [
        "//",
        "///",
        "/\\",
        "\\\\",
        "\\/",
        "https://",
        "http:",
        "https:",
        "//\\",
        "/%2F",
        "/%5C",
        "/%09/",
        "/\t/",
        "/.//",
        "/;//",
        "/@",
        "@",
        "//user@",
        "javascript:alert(1)//",
        "data:text/html,",
        "/%0D%0ALocation:%20https://",
        " //",
        "/ /",
        "/?u=//",
        "/#//",
        "/\u{2044}/",
        "\u{ff0f}\u{ff0f}",
        "/../..//",
        "ftp://",
        "vbscript:",
    ];
    let payloads: Vec<String> = before.iter().flat_map(|before| hosts.map(|host| format!("{before}{host}"))).collect();
    let ours =
        ["/api/auth/logout", "/local/authorize", "//", "/\\", "", "foods", "/a//b", &format!("/{}", "a".repeat(200))];
    let payloads = payloads.iter().map(String::as_str).chain(ours);
    let ada = world.stranger();
    let mut count = 0;
    for payload in payloads {
        let mut start = url::Url::parse(&format!("{}/api/auth/local/start", world.origin)).expect("a URL");
        start.query_pairs_mut().append_pair("return_to", payload);
        let start = start.as_str().strip_prefix(&world.origin).expect("ours").to_owned();
        let form = ada.get(&start).await.location();
        let code = ada
            .client
            .post(&form)
            .header("origin", &ada.origin)
            .form(&[("name", "ada")])
            .send()
            .await
            .expect("an answer");
        let callback = Reply::of(code).await.location();
        let landed =
            ada.send(ada.request(Method::GET, callback.strip_prefix(&world.origin).expect("our callback"))).await;
        assert_eq!((landed.status, landed.location().as_str()), (StatusCode::FOUND, "/"), "{payload}");
        count += 1;
    }
    println!("open redirects that lead to the first screen: {count} of {count}");
    assert!(count >= 60);
}

//! What a person reads where a sign-in does not come through, in both languages, and what an admin finds in the log.

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::{
    auth::{odd_providers::world_of, providers::returning},
    support::{
        fake_provider::{Documented, StandIn, encoded, listener, token_of, usual, with},
        logs::Logs,
        world::{Person, Reply, World},
    },
};

const EXPIRED: (u16, &str) = (400, "sign-in-expired");
const REFUSED: (u16, &str) = (400, "sign-in-refused");
const FAILED: (u16, &str) = (503, "sign-in-failed");

/// Code, Korean, English, as the API says them. The app says the first and the last in the same words.
const WORDS: [(&str, &str, &str); 3] = [
    (
        "sign-in-expired",
        "로그인이 끝까지 이어지지 않았어요. 같은 브라우저에서 다시 시작해 주세요.",
        "That sign-in didn't reach its end. Please start again in this browser.",
    ),
    ("sign-in-refused", "로그인을 취소했어요.", "Sign-in was cancelled."),
    (
        "sign-in-failed",
        "로그인을 마치지 못했어요. 계속되면 관리자에게 알려 주세요.",
        "Sign-in didn't work. If it keeps happening, tell whoever runs this.",
    ),
];

/// Checks what a person reads at `path`, and the pieces of one warning in the log; none where nobody has to do anything.
async fn reads(logs: &Logs, person: &Person, case: &str, path: &str, code: (u16, &str), warned: &[&str]) {
    logs.take();
    let told: Reply = person.send(person.request(Method::GET, path).header(header::ACCEPT_LANGUAGE, "en")).await;
    let words = WORDS.iter().find(|(name, ..)| *name == code.1).expect("words");
    assert_eq!(told.problem(code.0, code.1)["detail"], words.2, "{case}");
    let log = logs.take();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .filter(|line: &Value| line["fields"]["message"] != "people can't sign in with this provider")
        .collect();
    match (warned, &lines[..]) {
        ([], []) => {}
        (_, [line]) => {
            let line = line["fields"].to_string();
            let missing: Vec<_> = warned.iter().filter(|piece| !line.contains(**piece)).collect();
            assert!(missing.is_empty() && !warned.is_empty(), "{case}: {missing:?} is not in {line}");
        }
        _ => panic!("{case}: one warning at most: {log}"),
    }
}

#[tokio::test]
async fn a_person_reads_the_same_in_the_app_and_from_the_api() {
    let provider = StandIn::start(usual()).await;
    let person = world_of(&provider, &[]).await.stranger();
    let state = |callback: &str| callback.split(['?', '&']).find(|part| part.starts_with("state=")).map(str::to_owned);
    for (code, korean, _) in WORDS {
        let state = state(&returning(&person, "oidc").await).expect("a state");
        let path = match code {
            "sign-in-expired" => "/api/auth/oidc/callback?state=x&code=x".to_owned(),
            "sign-in-refused" => format!("/api/auth/oidc/callback?error=access_denied&{state}"),
            _ => format!("/api/auth/oidc/callback?error=server_error&{state}"),
        };
        let told = person.send(person.request(Method::GET, &path).header(header::ACCEPT_LANGUAGE, "ko")).await;
        assert_eq!((&told.json()["code"], &told.json()["detail"]), (&json!(code), &json!(korean)));
    }
    let app = |language: &str| {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../functions/web/app/src/lib/words");
        std::fs::read_to_string(format!("{root}/{language}/first.ts")).expect("the words of the app")
    };
    for (_, korean, english) in [WORDS[0], WORDS[2]] {
        assert!(app("ko").contains(korean) && app("en").contains(english), "{english}");
    }
}

#[tokio::test]
async fn what_a_person_did_is_told_to_nobody_else() {
    let provider = StandIn::start(usual()).await;
    let (world, logs) = (world_of(&provider, &[]).await, Logs::listen());
    let person = world.stranger();
    let callback = returning(&person, "oidc").await;
    let state = callback.split(['?', '&']).find(|part| part.starts_with("state=")).expect("a state").to_owned();
    let path = "/api/auth/oidc/callback";
    reads(&logs, &person, "no state", path, EXPIRED, &[]).await;
    reads(&logs, &person, "a state of nobody", &format!("{path}?state=x&code=x"), EXPIRED, &[]).await;
    reads(&logs, &world.stranger(), "another browser", &callback, EXPIRED, &[]).await;
    reads(&logs, &person, "declined", &format!("{path}?error=access_denied&{state}"), REFUSED, &[]).await;
    reads(&logs, &person, "used up", &callback, EXPIRED, &[]).await;
    let forged = returning(&person, "oidc").await.replace("code=", "code=x");
    reads(&logs, &person, "a code the provider takes no more", &forged, EXPIRED, &[]).await;
    let late = returning(&person, "oidc").await;
    world.app.clock.advance(chrono::TimeDelta::minutes(10));
    reads(&logs, &person, "ten minutes later", &late, EXPIRED, &[]).await;
}

#[tokio::test]
async fn an_error_of_the_provider_is_no_decision_of_the_person() {
    let provider = StandIn::start(usual()).await;
    let (world, logs) = (world_of(&provider, &[]).await, Logs::listen());
    let person = world.stranger();
    for (answer, warned) in [
        ("error=invalid_request", &["invalid_request"][..]),
        (
            "error=invalid_scope&error_description=The+scope%0Aprofile+is+unknown",
            &["invalid_scope", "The scope profile is unknown"],
        ),
        ("error=unauthorized_client", &["unauthorized_client"]),
        ("error=unsupported_response_type", &["unsupported_response_type"]),
        ("error=temporarily_unavailable", &["temporarily_unavailable"]),
        ("error=server_error", &["server_error"]),
        ("error=login_required", &["login_required"]),
        ("error=%1B%5B31mred&error_description=%00", &[" [31mred"]),
    ] {
        let callback = returning(&person, "oidc").await;
        let state = callback.split(['?', '&']).find(|part| part.starts_with("state=")).expect("a state");
        let path = format!("/api/auth/oidc/callback?{answer}&{state}");
        reads(&logs, &person, answer, &path, FAILED, &[warned, &["oidc"]].concat()).await;
    }
    // Without the state it says as much, to who has begun a sign-in.
    let begun = returning(&person, "oidc").await;
    let path = "/api/auth/oidc/callback?error=";
    reads(&logs, &person, "no state", &format!("{path}invalid_scope"), FAILED, &["invalid_scope"]).await;
    reads(&logs, &person, "no state, declined", &format!("{path}access_denied"), REFUSED, &[]).await;
    reads(&logs, &world.stranger(), "nothing begun", &format!("{path}invalid_scope"), EXPIRED, &[]).await;
    person.get(&begun).await.is_found();
    let long = format!("error={}", "x".repeat(3000));
    let callback = returning(&person, "oidc").await;
    let state = callback.split(['?', '&']).find(|part| part.starts_with("state=")).expect("a state");
    logs.take();
    person.get(&format!("/api/auth/oidc/callback?{long}&{state}")).await.problem(503, "sign-in-failed");
    let log = logs.take();
    assert!(log.contains(&"x".repeat(200)) && !log.contains(&"x".repeat(201)), "it is cut");
}

/// What a provider makes of the claims, as a token; and what the log says of it.
type Token = (&'static str, fn(&Value) -> String, &'static [&'static str]);

#[tokio::test]
async fn a_token_that_is_refused_says_in_the_log_what_to_mend() {
    fn claims(usual: &Value, more: &Value) -> String {
        token_of(r#"{"alg":"RS256","kid":"key"}"#, &with(usual, more).to_string())
    }
    let tokens: [Token; 14] = [
        ("HS256", |usual| token_of(r#"{"alg":"HS256"}"#, &usual.to_string()), &["HS256", "choose one of RS256"]),
        ("none", |usual| token_of(r#"{"alg":"none"}"#, &usual.to_string()), &["algorithm none", "choose one of RS256"]),
        ("ES512", |usual| token_of(r#"{"alg":"ES512"}"#, &usual.to_string()), &["ES512", "choose one of RS256"]),
        (
            "encrypted",
            |_| format!("{}.a.b.c.d", encoded(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#)),
            &["encrypted", "turn its encryption off"],
        ),
        (
            "another key",
            |usual| token_of(r#"{"alg":"RS256","kid":"other"}"#, &usual.to_string()),
            &["no key", "RS256, kid other"],
        ),
        ("aud", |usual| claims(usual, &json!({ "aud": "other" })), &["another client (aud)"]),
        ("two aud", |usual| claims(usual, &json!({ "aud": ["hanip", "other"] })), &["several clients", "(azp)"]),
        ("exp", |usual| claims(usual, &json!({ "exp": 1 })), &["expired (exp): are both clocks right?"]),
        ("iat", |usual| claims(usual, &json!({ "iat": 4_000_000_000_u32 })), &["in the future (iat)"]),
        ("nbf", |usual| claims(usual, &json!({ "nbf": 4_000_000_000_u32 })), &["not valid yet (nbf)"]),
        ("nonce", |usual| claims(usual, &json!({ "nonce": "x" })), &["another sign-in (nonce)"]),
        (
            "iss",
            |usual| claims(usual, &json!({ "iss": "https://id.example" })),
            &["from the issuer https://id.example"],
        ),
        ("a number for sub", |usual| claims(usual, &json!({ "sub": 7 })), &["the claim sub of the ID token"]),
        ("no exp", |usual| claims(usual, &json!({ "exp": null })), &["the claim exp of the ID token"]),
    ];
    let provider = StandIn::start(usual()).await;
    let (world, logs) = (world_of(&provider, &[]).await, Logs::listen());
    let person = world.stranger();
    for (case, mint, warned) in tokens {
        provider.mints(mint);
        let callback = returning(&person, "oidc").await;
        reads(&logs, &person, case, &callback, FAILED, &[warned, &["oidc"]].concat()).await;
    }
    // An answer from another authorization server (RFC 9207).
    let elsewhere = format!("{}&iss=https://id.example", returning(&person, "oidc").await);
    reads(&logs, &person, "another issuer", &elsewhere, FAILED, &["another issuer (iss): https://id.example"]).await;
}

#[tokio::test]
async fn an_answer_of_the_token_endpoint_says_in_the_log_what_to_mend() {
    for (case, answer, status, warned) in [
        ("no ID token", json!({ "id_token": null }), 200, &["is the scope openid allowed"][..]),
        ("no access token", json!({ "access_token": null }), 200, &["has no access_token"]),
        (
            "an unknown client",
            json!({ "error": "invalid_client" }),
            401,
            &["OIDC_CLIENT_ID, OIDC_CLIENT_SECRET", "invalid_client"],
        ),
        (
            "an unknown redirect URI",
            json!({ "error": "redirect_uri_mismatch", "error_description": "It must match." }),
            200,
            &["redirect_uri_mismatch: It must match."],
        ),
        (
            "a request that misses something",
            json!({ "error": "invalid_request", "error_description": "No such thing." }),
            400,
            &["gave no tokens: invalid_request: No such thing."],
        ),
        ("broken", json!({}), 500, &["the token endpoint answered 500"]),
        ("created", json!({}), 201, &["the token endpoint answered 201"]),
        ("an error without a name", json!({}), 400, &["the token endpoint answered 400"]),
        ("somewhere else", json!({}), 302, &["the token endpoint answered 302"]),
    ] {
        let provider = StandIn::start(Documented { answer, status: Some(status), ..usual() }).await;
        let (world, logs) = (world_of(&provider, &[]).await, Logs::listen());
        let person = world.stranger();
        let callback = returning(&person, "oidc").await;
        reads(&logs, &person, case, &callback, FAILED, warned).await;
    }
}

#[tokio::test]
async fn a_provider_that_is_set_up_wrongly_is_told_of_before_the_first_person_comes() {
    let (_, nowhere) = listener().await;
    let slash = StandIn::start(Documented { description: json!({ "issuer": "https://id.example/" }), ..usual() }).await;
    let missing = StandIn::start(usual()).await;
    let encrypted = StandIn::start_tls(usual()).await;
    let (listener, text) = listener().await;
    let endless = axum::Router::new().fallback(async || format!("{:?}", "x".repeat(100_000)));
    tokio::spawn(async move { axum::serve(listener, endless).await });
    for (case, issuer, warned) in [
        ("nobody there", nowhere.clone(), &["OIDC_ISSUER", nowhere.as_str(), "can't be reached"][..]),
        ("another name", slash.issuer.clone(), &["OIDC_ISSUER is", "calls itself https://id.example/: set it to that"]),
        (
            "no such path",
            format!("{}/realms/ours", missing.issuer),
            &["OIDC_ISSUER", "/realms/ours/.well-known/", "answered 404"],
        ),
        ("a private authority", encrypted.issuer.clone(), &["set OIDC_CA_FILE"]),
        ("a description that is no object", text, &["in the description at"]),
    ] {
        let logs = Logs::listen();
        let settings = [("OIDC_ISSUER", issuer.as_str()), ("OIDC_CLIENT_ID", "hanip")];
        let world = World::with(&settings).await;
        let person = world.stranger();
        let mut log = String::new();
        while !log.contains("people can't sign in with this provider") {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            log += &logs.take();
        }
        assert!(warned.iter().all(|piece| log.contains(piece)), "{case}: {log}");
        assert!(log.len() < 2000, "{case}: what a provider says is cut");
        reads(&logs, &person, case, "/api/auth/oidc/start", FAILED, warned).await;
    }
}

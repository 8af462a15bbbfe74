//! The providers that people of Korea have, as they document themselves.

use common::Env;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    fake_provider::{StandIn, kakao, naver, signed, token_of},
    github::GitHub,
    oidc::{CLIENT_ID, CLIENT_SECRET},
    world::{Person, Reply, World},
};

/// A world with these known providers, each at an address of its own.
pub async fn world_with(providers: &[(&str, &str)]) -> World {
    let settings = providers.iter().flat_map(|(name, issuer)| {
        let parts = [("CLIENT_ID", CLIENT_ID), ("CLIENT_SECRET", CLIENT_SECRET), ("ISSUER", issuer)];
        parts.map(|(part, value)| (format!("OAUTH_{name}_{part}"), value))
    });
    let settings: Vec<(String, &str)> = settings.collect();
    World::with(&settings.iter().map(|(name, value)| (name.as_str(), *value)).collect::<Vec<_>>()).await
}

/// Goes to the provider and comes back; the answer is the path of the callback, not yet called.
pub async fn returning(person: &Person, provider: &str) -> String {
    let start = person.get(&format!("/api/auth/{provider}/start")).await.location();
    let back = Reply::of(person.client.get(&start).send().await.expect("an answer")).await;
    assert!(back.status.is_redirection(), "{start}: {} {}", back.status, back.body);
    back.location().strip_prefix(&person.origin).expect("our callback").to_owned()
}

/// Signs in as whoever the provider says; the answer is who that is.
async fn signed_in(world: &World, provider: &str) -> Value {
    let person = world.stranger();
    let landed = person.get(&returning(&person, provider).await).await;
    assert_eq!((landed.status, landed.location().as_str()), (StatusCode::FOUND, "/"), "{}", landed.body);
    person.get("/api/auth/me").await.ok()
}

async fn identities(world: &World) -> Vec<(String, String)> {
    let identities =
        sqlx::query_as("SELECT CAST(issuer AS CHAR), CAST(subject AS CHAR) FROM identities ORDER BY created_at, id");
    identities.fetch_all(world.db()).await.expect("identities")
}

#[tokio::test]
async fn people_sign_in_with_kakao() {
    let kakao = StandIn::start(kakao()).await;
    let world = world_with(&[("KAKAO", &kakao.issuer)]).await;
    let me = signed_in(&world, "kakao").await;
    assert_eq!((&me["display_name"], &me["email"]), (&json!("지민"), &Value::Null));
    assert_eq!(signed_in(&world, "kakao").await["id"], me["id"]);
    assert_eq!(identities(&world).await, [(kakao.issuer.clone(), "1234567890".to_owned())]);
}

#[tokio::test]
async fn a_provider_may_change_its_key() {
    let kakao = StandIn::start(kakao()).await;
    let world = world_with(&[("KAKAO", &kakao.issuer)]).await;
    let me = signed_in(&world, "kakao").await;
    kakao.calls_its_key("newer");
    kakao.mints(|claims| token_of(r#"{"alg":"RS256","kid":"newer"}"#, &claims.to_string()));
    assert_eq!(signed_in(&world, "kakao").await["id"], me["id"]);
    // The old one is good for nothing from then on.
    kakao.mints(signed);
    let eve = world.stranger();
    eve.get(&returning(&eve, "kakao").await).await.problem(503, "sign-in-failed");
}

#[tokio::test]
async fn nothing_of_a_provider_but_the_code_passes_through_the_browser() {
    let kakao = StandIn::start(kakao()).await;
    let world = world_with(&[("KAKAO", &kakao.issuer)]).await;
    let ada = world.stranger();
    let start = ada.get("/api/auth/kakao/start").await;
    let callback = returning(&ada, "kakao").await;
    let answers =
        [start, ada.get(&callback).await, ada.get("/api/auth/me").await, ada.get("/api/auth/identities").await];
    for answer in &answers {
        let all = format!("{:?} {}", answer.headers, answer.body);
        for secret in ["eyJ", "id_token", "access_token", CLIENT_SECRET, "1234567890"] {
            assert!(!all.contains(secret), "{secret} in {all}");
        }
    }
    // What begins it is asked for by us alone, as OAuth 2.0 wants it.
    let asked = answers[0].location();
    for part in
        ["response_type=code", "code_challenge_method=S256", "scope=openid+profile_nickname", "nonce=", "state="]
    {
        assert!(asked.contains(part), "{part} in {asked}");
    }
}

#[tokio::test]
async fn people_sign_in_with_naver() {
    let naver = StandIn::start(naver()).await;
    let world = world_with(&[("NAVER", &naver.issuer)]).await;
    let me = signed_in(&world, "naver").await;
    assert_eq!(me["display_name"], "서연");
    assert_eq!(signed_in(&world, "naver").await["id"], me["id"]);
    assert_eq!(identities(&world).await, [(naver.issuer.clone(), "a1-B2_c3".to_owned())]);
}

#[tokio::test]
async fn people_sign_in_with_github_by_a_number_that_never_changes() {
    let octocat =
        json!({ "login": "octocat", "id": 583_231, "node_id": "MDQ6", "name": null, "email": null, "type": "User" });
    let github = GitHub::start(octocat).await;
    let world = world_with(&[("GITHUB", &github.issuer)]).await;
    let me = signed_in(&world, "github").await;
    assert_eq!((&me["display_name"], &me["email"]), (&json!("octocat"), &Value::Null));
    assert_eq!(identities(&world).await, [(github.issuer.clone(), "583231".to_owned())]);
    *github.person.lock().expect("no panic") =
        json!({ "login": "renamed", "id": 583_231, "name": "Mona", "email": "m@x.test" });
    assert_eq!(signed_in(&world, "github").await["id"], me["id"]);
    // Who takes a login that was given up is somebody else.
    *github.person.lock().expect("no panic") =
        json!({ "login": "octocat", "id": 7, "name": "Eve", "email": "m@x.test" });
    let eve = signed_in(&world, "github").await;
    assert_eq!((&eve["display_name"], &eve["email"]), (&json!("Eve"), &json!("m@x.test")));
    assert_ne!(eve["id"], me["id"]);

    // Its issuer in answers is that of its authorization server; its errors come with 200.
    let ada = world.stranger();
    let named = format!("{}&iss={}/login/oauth", returning(&ada, "github").await, github.issuer);
    ada.get(&named).await.is_found();
    let other = format!("{}&iss={}", returning(&ada, "github").await, github.issuer);
    ada.get(&other).await.problem(503, "sign-in-failed");
    let forged = returning(&ada, "github").await.replace("code=c0de", "code=x");
    ada.get(&forged).await.problem(400, "sign-in-expired");
    assert_eq!(identities(&world).await.len(), 2);
}

#[tokio::test]
async fn the_same_address_at_a_second_provider_is_another_account() {
    let (kakao, naver) = (StandIn::start(kakao()).await, StandIn::start(naver()).await);
    let world = world_with(&[("KAKAO", &kakao.issuer), ("NAVER", &naver.issuer)]).await;
    let listed = world.stranger().get("/api/auth/providers").await.ok();
    let names: Vec<&str> =
        listed["providers"].as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["Hanip", "Kakao", "Naver"]);
    let email = |verified: Value| json!({ "email": "ada@example.test", "email_verified": verified, "sub": "1" });
    kakao.says(email(json!(true)));
    let first = signed_in(&world, "kakao").await;
    for verified in [json!(true), json!(false), Value::Null] {
        naver.says(email(verified.clone()));
        let second = signed_in(&world, "naver").await;
        assert_eq!(second["email"], "ada@example.test");
        assert_ne!(second["id"], first["id"], "{verified}");
    }
    assert_eq!(identities(&world).await.len(), 2);
}

#[test]
fn a_provider_that_is_set_up_by_half_is_named_at_the_start() {
    for (settings, named) in [
        (&[("OAUTH_KAKAO_CLIENT_ID", "x")][..], "OAUTH_KAKAO_CLIENT_SECRET"),
        (&[("OAUTH_NAVER_CLIENT_SECRET", "x")], "OAUTH_NAVER_CLIENT_ID"),
        (&[("OAUTH_GITHUB_ISSUER", "https://github.example")], "OAUTH_GITHUB_CLIENT_ID"),
        (&[("OAUTH_GITHUB_CLIENT_ID", "x")], "OAUTH_GITHUB_CLIENT_SECRET"),
        (
            &[
                ("OAUTH_GOOGLE_CLIENT_ID", "x"),
                ("OAUTH_GOOGLE_CLIENT_SECRET", "hunter2"),
                ("OAUTH_GOOGLE_ISSUER", "accounts.example"),
            ],
            "OAUTH_GOOGLE_ISSUER",
        ),
        (
            &[
                ("OAUTH_GITHUB_CLIENT_ID", "x"),
                ("OAUTH_GITHUB_CLIENT_SECRET", "hunter2"),
                ("OAUTH_GITHUB_ISSUER", "http://github.example"),
            ],
            "OAUTH_GITHUB_ISSUER",
        ),
        (&[("OIDC_ISSUER", "https://id.example")], "OIDC_CLIENT_ID"),
        (&[("OIDC_WORK_CLIENT_ID", "x")], "OIDC_WORK_ISSUER"),
        (&[("OIDC_WORK_CLIENT_SECRET_FILE", "/nowhere")], "OIDC_WORK_CLIENT_SECRET_FILE"),
        (&[("OIDC_WORK_ISSUER", "https://id.example")], "OIDC_WORK_CLIENT_ID"),
        (&[("OIDC_KAKAO_ISSUER", "https://id.example"), ("OIDC_KAKAO_CLIENT_ID", "x")], "OIDC_KAKAO_ISSUER"),
        (&[("OIDC_LOCAL_ISSUER", "https://id.example"), ("OIDC_LOCAL_CLIENT_ID", "x")], "OIDC_LOCAL_ISSUER"),
        (&[("OIDC_A_NAME_THAT_IS_TOO_LONG_ISSUER", "https://id.example")], "OIDC_A_NAME_THAT_IS_TOO_LONG_ISSUER"),
        // A name that is none, and names that are the same in our paths.
        (&[("OIDC__ISSUER", "https://id.example"), ("OIDC__CLIENT_ID", "x")], "OIDC__ISSUER"),
        (
            &[
                ("OIDC_WORK_ISSUER", "https://id.example"),
                ("OIDC_WORK_CLIENT_ID", "x"),
                ("OIDC_work_ISSUER", "https://id2.example"),
                ("OIDC_work_CLIENT_ID", "x"),
            ],
            "OIDC_work_ISSUER",
        ),
        // No issuer has these (OpenID Connect Discovery 1.0, section 3), and a log would show the password.
        (&[("OIDC_ISSUER", "https://id.example?realm=x"), ("OIDC_CLIENT_ID", "x")], "OIDC_ISSUER"),
        (&[("OIDC_ISSUER", "https://id.example/#"), ("OIDC_CLIENT_ID", "x")], "OIDC_ISSUER"),
        (&[("OIDC_ISSUER", "https://ada:hunter2@id.example"), ("OIDC_CLIENT_ID", "x")], "OIDC_ISSUER"),
        (&[("OIDC_CA", "no certificate")], "OIDC_CA_FILE"),
        (&[("OIDC_CA_FILE", "/nowhere")], "OIDC_CA_FILE"),
        (&[("OIDC_CLIENT_ID", "x")], "OIDC_ISSUER"),
        (&[("OIDC_NAME", "Ours")], "OIDC_ISSUER"),
        (
            &[("OIDC_ISSUER", "http://id.example"), ("OIDC_CLIENT_ID", "x"), ("OIDC_CLIENT_SECRET", "hunter2")],
            "OIDC_ISSUER",
        ),
        (
            &[("OAUTH_KAKAO_CLIENT_ID", "x"), ("OAUTH_KAKAO_CLIENT_SECRET_FILE", "/nowhere")],
            "OAUTH_KAKAO_CLIENT_SECRET_FILE",
        ),
    ] {
        let mut env = Env::default();
        for (name, value) in settings {
            env.set(name, *value);
        }
        let error = format!("{:#}", auth::oauth::providers(&env).expect_err(named));
        assert!(error.starts_with(named) && !error.contains("hunter2"), "{error}");
    }
}

//! Providers that are odd and honest: people sign in with each of them.

use std::time::Duration;

use common::Env;
use reqwest::{StatusCode, header};
use serde_json::{Value, json};

use crate::{
    auth::providers::returning,
    support::{
        fake_provider::{Client, Documented, NOW, StandIn, naver, usual},
        oidc::{CLIENT_ID, CLIENT_SECRET},
        world::{Person, World},
    },
};

/// A world with this provider, and these settings of it besides.
pub async fn world_of(provider: &StandIn, settings: &[(&str, &str)]) -> World {
    let client = [("OIDC_ISSUER", provider.issuer.as_str()), ("OIDC_CLIENT_ID", CLIENT_ID)];
    World::with(&[&client[..], &[("OIDC_CLIENT_SECRET", CLIENT_SECRET)], settings].concat()).await
}

/// Signs somebody in; the answer is who they are.
async fn signed_in(world: &World, case: &str) -> Value {
    let person = world.stranger();
    let landed = person.get(&returning(&person, "oidc").await).await;
    assert_eq!((landed.status, landed.location().as_str()), (StatusCode::FOUND, "/"), "{case}: {}", landed.body);
    person.get("/api/auth/me").await.ok()
}

#[tokio::test]
async fn claims_that_are_odd_and_unused_keep_nobody_out() {
    let provider = StandIn::start(usual()).await;
    let world = world_of(&provider, &[]).await;
    for claims in [
        json!({ "updated_at": "2026-01-01T00:00:00.000Z" }),
        json!({ "updated_at": null }),
        json!({ "email": "ada@example.test", "email_verified": "true" }),
        json!({ "email": "ada@example.test", "email_verified": 1 }),
        json!({ "amr": "pwd", "acr": 0, "auth_time": "yesterday" }),
        json!({ "address": "x", "birthdate": 1815, "phone_number_verified": "false" }),
        json!({ "picture": null, "profile": 7, "website": [], "locale": { "tag": "ko" }, "zoneinfo": false }),
        json!({ "name": 12345 }),
        json!({ "name": "가".repeat(5000), "email": format!("{}@example.test", "a".repeat(5000)) }),
        json!({ "name": "Ada\u{0}\u{202e}\nKing", "email_verified": null }),
        json!({ "sub": "s".repeat(255) }),
        json!({ "name": null, "nickname": { "ko": "에이다" }, "given_name": [] }),
        json!({ "email": [] }),
        json!({ "email": "no address" }),
        json!({ "at_hash": 1, "c_hash": "x", "sid": null, "jti": 5, "roles": ["a"], "groups": "b" }),
        json!({ "https://hanip.example/claim": { "deep": [[[]]] } }),
        // Audiences.
        json!({ "aud": ["hanip"] }),
        json!({ "aud": ["hanip", "hanip"] }),
        json!({ "azp": "hanip" }),
        json!({ "azp": null }),
        json!({ "aud": ["other-api", "hanip"], "azp": "hanip" }),
        json!({ "aud": ["hanip", "project-1", "project-2"], "azp": "hanip" }),
        // Clocks that are not quite ours, and tokens that live for a minute.
        json!({ "exp": NOW - 59 }),
        json!({ "exp": NOW + 1 }),
        json!({ "exp": NOW as f64 + 0.5 }),
        json!({ "iat": NOW + 60 }),
        json!({ "iat": NOW as f64 + 59.9, "nbf": NOW as f64 + 0.5 }),
        json!({ "iat": NOW - 86_400 }),
        json!({ "nbf": NOW + 60 }),
        json!({ "nbf": NOW - 1 }),
        json!({ "nbf": null }),
    ] {
        provider.says(claims.clone());
        signed_in(&world, &claims.to_string()).await;
    }
}

#[tokio::test]
async fn descriptions_that_are_odd_and_unused_keep_nobody_out() {
    for description in [
        json!({ "op_policy_uri": "", "op_tos_uri": "", "service_documentation": 5 }),
        json!({ "request_parameter_supported": "false", "claims_parameter_supported": 1 }),
        json!({ "response_types_supported": null, "subject_types_supported": null }),
        json!({ "id_token_signing_alg_values_supported": "RS256" }),
        json!({ "scopes_supported": "openid profile", "claims_supported": {} }),
        json!({ "code_challenge_methods_supported": "S256" }),
        json!({ "code_challenge_methods_supported": [] }),
        json!({ "scopes_supported": ["openid", null], "id_token_signing_alg_values_supported": ["RS256", 5, null] }),
        json!({ "mtls_endpoint_aliases": { "token_endpoint": "http://id.example/token" }, "prompt_values_supported": "x" }),
        json!({ "token_endpoint_auth_methods_supported": [] }),
        json!({ "authorization_response_iss_parameter_supported": "false" }),
        json!({ "userinfo_endpoint": 5, "end_session_endpoint": "", "registration_endpoint": [] }),
        json!({ "userinfo_endpoint": "http://id.example/userinfo", "end_session_endpoint": "nowhere" }),
        json!({ "token_endpoint_auth_methods_supported": null }),
        json!({ "token_endpoint_auth_methods_supported": "client_secret_basic" }),
        json!({ "display_values_supported": ["hologram"], "grant_types_supported": ["urn:x"], "acr_values_supported": 1 }),
    ] {
        let case = description.to_string();
        let provider = StandIn::start(Documented { description, ..usual() }).await;
        signed_in(&world_of(&provider, &[]).await, &case).await;
    }
}

#[tokio::test]
async fn answers_of_a_token_endpoint_that_are_odd_and_unused_keep_nobody_out() {
    for answer in [
        json!({ "expires_in": "3600" }),
        json!({ "expires_in": -1, "ext_expires_in": null }),
        json!({ "token_type": null }),
        json!({ "token_type": ["Bearer"], "scope": ["openid"] }),
        json!({ "refresh_token": 1, "session_state": {} }),
        json!({ "error": "", "error_description": "" }),
        json!({ "error": {} }),
        json!({ "access_token": "a".repeat(150_000) }),
    ] {
        let case: String = answer.to_string().chars().take(60).collect();
        let provider = StandIn::start(Documented { answer, ..usual() }).await;
        signed_in(&world_of(&provider, &[]).await, &case).await;
    }
}

#[tokio::test]
async fn each_algorithm_of_a_public_key_signs_people_in() {
    let mut cases = tokio::task::JoinSet::new();
    for algorithm in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519"] {
        cases.spawn(async move {
            let provider = StandIn::start(usual()).await;
            provider.signs_with(algorithm);
            signed_in(&world_of(&provider, &[]).await, algorithm).await;
        });
    }
    cases.join_all().await;
}

#[tokio::test]
async fn a_client_says_who_it_is_as_the_provider_wants_it() {
    let both = json!(["client_secret_basic", "client_secret_post"]);
    for (case, methods, client, unknown) in [
        ("both listed, only the body taken", both.clone(), Client::Posts, ""),
        ("both listed, only the header taken", json!(["client_secret_post", "client_secret_basic"]), Client::Basic, ""),
        ("nothing listed, only the body taken", Value::Null, Client::Posts, ""),
        ("nothing listed, only the header taken", Value::Null, Client::Basic, ""),
        ("the body listed, only the header taken", json!(["client_secret_post"]), Client::Basic, ""),
        ("neither listed, only the body taken", json!(["private_key_jwt"]), Client::Posts, ""),
        ("only the body taken, no client seen elsewhere", both.clone(), Client::Posts, "invalid_request"),
        ("only the body taken, other clients not allowed", both, Client::Posts, "unauthorized_client"),
    ] {
        let description = json!({ "token_endpoint_auth_methods_supported": methods });
        let unknown = Some(unknown).filter(|unknown| !unknown.is_empty());
        let provider = StandIn::start(Documented { description, client, unknown, ..usual() }).await;
        let world = world_of(&provider, &[]).await;
        signed_in(&world, case).await;
        let asked = provider.sent().len();
        // What works is remembered.
        signed_in(&world, case).await;
        assert_eq!(provider.sent().len(), asked + 1, "{case}");
    }
}

#[tokio::test]
async fn without_a_secret_pkce_alone_protects_the_client() {
    let provider = StandIn::start(Documented { client: Client::Public, ..usual() }).await;
    let world = World::with(&[("OIDC_ISSUER", provider.issuer.as_str()), ("OIDC_CLIENT_ID", CLIENT_ID)]).await;
    signed_in(&world, "a public client").await;
    let [(headers, form)] = &provider.sent()[..] else { panic!("one request") };
    assert!(!headers.contains_key(header::AUTHORIZATION) && !form.contains_key("client_secret"));
    assert!(form["code_verifier"].len() >= 43, "RFC 7636, section 4.1");
}

#[tokio::test]
async fn a_name_is_looked_for_in_the_token_then_at_the_userinfo_endpoint() {
    // What the ID token says, what the userinfo endpoint says, what the person is called.
    for (claims, userinfo, name) in [
        (json!({ "name": "Ada" }), json!({ "sub": "1234567890", "name": "Eve" }), "Ada"),
        (json!({ "name": null, "nickname": "ada" }), json!({ "sub": "1234567890", "name": "Eve" }), "ada"),
        (json!({ "name": null }), json!({ "sub": "1234567890", "name": "Ada" }), "Ada"),
        (json!({ "name": "  " }), json!({ "sub": "1234567890", "nickname": "ada" }), "ada"),
        (
            json!({ "name": null }),
            json!({ "sub": "1234567890", "given_name": "Ada", "family_name": "King" }),
            "Ada King",
        ),
        (json!({ "name": null, "family_name": "King" }), Value::Null, "King"),
        (json!({ "name": "\u{200b}", "nickname": "ada" }), Value::Null, "ada"),
        (json!({ "name": "Eve\u{202e}", "preferred_username": "ada" }), Value::Null, "ada"),
        (json!({ "name": "a ".repeat(30) }), Value::Null, "a a a a a a a a a a a a a a a a a a a a a a a a a"),
        (json!({ "name": null, "preferred_username": "ada1" }), json!({ "sub": "1234567890", "name": "Ada" }), "Ada"),
        (json!({ "name": null, "preferred_username": "ada1" }), Value::Null, "ada1"),
        (json!({ "name": null }), json!({ "sub": "1234567890", "email": "ada@example.test" }), "ada"),
        (json!({ "name": null }), json!({ "sub": "1234567890", "name": 5, "preferred_username": "ada" }), "ada"),
        // Whatever the endpoint does, people come in.
        (json!({ "name": null }), json!({ "sub": "somebody else", "name": "Eve" }), ""),
        (json!({ "name": null }), json!({ "name": "Eve" }), ""),
        (json!({ "name": null }), json!("eyJ0.eyJ0.eyJ0"), ""),
        (json!({ "name": null }), json!(["Eve"]), ""),
        (json!({ "name": null }), Value::Null, ""),
    ] {
        let case = format!("{claims}, {userinfo}");
        let provider = StandIn::start(Documented { userinfo, ..usual() }).await;
        provider.says(claims);
        let me = signed_in(&world_of(&provider, &[]).await, &case).await;
        assert_eq!(me["display_name"], name, "{case}");
    }
    // Naver wraps what it says.
    let userinfo =
        json!({ "resultcode": "00", "message": "success", "response": { "id": "a1-B2_c3", "name": "서연" } });
    let provider = StandIn::start(Documented { userinfo, person: json!({ "sub": "a1-B2_c3" }), ..naver() }).await;
    let me = signed_in(&world_of(&provider, &[("OIDC_SCOPES", "profile")]).await, "Naver").await;
    assert_eq!(me["display_name"], "서연");
}

#[tokio::test]
async fn a_name_that_comes_later_is_filled_in_and_one_that_is_there_stays() {
    let provider = StandIn::start(Documented { person: json!({}), ..usual() }).await;
    let world = world_of(&provider, &[]).await;
    let me = signed_in(&world, "nameless").await;
    assert_eq!((&me["display_name"], &me["email"]), (&json!(""), &Value::Null));
    provider.says(json!({ "name": "Ada", "email": "ada@example.test" }));
    let named = signed_in(&world, "named").await;
    assert_eq!(named["id"], me["id"]);
    assert_eq!((&named["display_name"], &named["email"]), (&json!("Ada"), &json!("ada@example.test")));
    provider.says(json!({ "name": "Countess", "email": "other@example.test" }));
    let again = signed_in(&world, "renamed").await;
    assert_eq!((&again["display_name"], &again["email"]), (&json!("Ada"), &json!("ada@example.test")));
}

#[tokio::test]
async fn what_is_asked_of_a_provider_can_be_set() {
    let provider = StandIn::start(Documented { scopes: &["openid", "identify"], ..usual() }).await;
    let world = world_of(&provider, &[("OIDC_SCOPES", " identify  openid ")]).await;
    signed_in(&world, "a provider that knows no profile").await;
    assert_eq!(provider.asked()[0]["scope"], "openid identify");
}

#[tokio::test]
async fn a_provider_that_takes_its_time_is_waited_for_once() {
    // Longer for both halves of a description than anybody who starts is kept waiting.
    let takes = Duration::from_millis(2500);
    let provider = StandIn::start(Documented { takes, ..usual() }).await;
    let world = world_of(&provider, &[]).await;
    let person = world.stranger();
    let started = async |person: &Person| person.get("/api/auth/oidc/start").await.status == StatusCode::FOUND;
    let mut clicks = 1;
    while !started(&person).await {
        clicks += 1;
        assert!(clicks < 20, "the answer is kept whoever has stopped waiting for it");
    }
    signed_in(&world, "a slow provider").await;
}

#[tokio::test]
async fn an_issuer_is_taken_as_people_paste_it() {
    let (_, issuer) = crate::support::fake_provider::listener().await;
    for pasted in [
        format!("{issuer}/realms/ours"),
        format!(" {issuer}/realms/ours \n"),
        format!("{issuer}/realms/ours/.well-known/openid-configuration"),
        format!("{issuer}/realms/ours/.well-known/oauth-authorization-server "),
    ] {
        let env = Env::from([("OIDC_ISSUER", pasted.as_str()), ("OIDC_CLIENT_ID", CLIENT_ID)]);
        let providers = auth::oauth::providers(&env).expect("it is set up");
        assert_eq!(providers[0].issuer(), format!("{issuer}/realms/ours"), "{pasted:?}");
    }
}

#[tokio::test]
async fn several_providers_have_names_of_their_own() {
    let (work, club) = (StandIn::start(usual()).await, StandIn::start(usual()).await);
    let world = World::with(&[
        ("OIDC_WORK_ISSUER", work.issuer.as_str()),
        ("OIDC_WORK_CLIENT_ID", CLIENT_ID),
        ("OIDC_WORK_CLIENT_SECRET", CLIENT_SECRET),
        ("OIDC_WORK_NAME", "회사"),
        ("OIDC_BOOK_CLUB_ISSUER", &club.issuer),
        ("OIDC_BOOK_CLUB_CLIENT_ID", CLIENT_ID),
        ("OIDC_BOOK_CLUB_CLIENT_SECRET", CLIENT_SECRET),
    ])
    .await;
    let listed = world.stranger().get("/api/auth/providers").await.ok();
    let names: Vec<(&str, &str)> = listed["providers"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["id"].as_str().expect("text"), one["name"].as_str().expect("text")))
        .collect();
    assert_eq!(names, [("local", "Hanip"), ("book-club", "book-club"), ("work", "회사")]);
    let mut people = Vec::new();
    for id in ["work", "book-club", "work"] {
        let person = world.stranger();
        person.get(&returning(&person, id).await).await.is_found();
        people.push(person.get("/api/auth/me").await.ok()["id"].clone());
    }
    assert_eq!(people[0], people[2]);
    assert_ne!(people[0], people[1], "the same subject at another issuer is somebody else");
}

//! Signing out, and what of it the provider and the next person at the browser see.

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::{
    auth::{
        odd_providers::world_of,
        providers::{returning, world_with},
    },
    support::{
        fake_provider::{Documented, Parameters, StandIn, kakao, parameters, usual},
        github::GitHub,
        world::{Person, World},
    },
};

/// What a start asks the provider for.
async fn asked(person: &Person, provider: &str) -> Parameters {
    let start = person.get(&format!("/api/auth/{provider}/start")).await.location();
    parameters(start.split_once('?').expect("a query").1.as_bytes())
}

async fn sign_out_urls(person: &Person) -> Vec<Value> {
    let listed = person.get("/api/auth/providers").await.ok();
    listed["providers"].as_array().expect("a list").iter().map(|one| one["sign_out_url"].clone()).collect()
}

async fn sign_out(person: &Person) {
    person.send(person.request(Method::POST, "/api/auth/logout")).await.is(204);
}

#[tokio::test]
async fn the_next_sign_in_after_signing_out_shows_who_is_signed_in_at_the_provider() {
    for (description, prompt) in [
        (json!({}), "select_account"),
        (json!({ "prompt_values_supported": ["none", "login", "select_account"] }), "select_account"),
        (json!({ "prompt_values_supported": ["none", "login", "consent"] }), "login"),
        (json!({ "prompt_values_supported": ["none"] }), "select_account"),
    ] {
        let provider = StandIn::start(Documented { description, ..usual() }).await;
        let ada = world_of(&provider, &[]).await.stranger();
        assert_eq!(asked(&ada, "oidc").await.get("prompt"), None, "the first time");
        ada.get(&returning(&ada, "oidc").await).await.is_found();
        sign_out(&ada).await;
        assert_eq!(asked(&ada, "oidc").await["prompt"], prompt);
        ada.get(&returning(&ada, "oidc").await).await.is_found();
        ada.get("/api/auth/me").await.ok();
        assert_eq!(asked(&ada, "oidc").await.get("prompt"), None, "once is enough");
    }
    let github = GitHub::start(json!({ "login": "octocat", "id": 7 })).await;
    let ada = world_with(&[("GITHUB", &github.issuer)]).await.stranger();
    ada.get(&returning(&ada, "github").await).await.is_found();
    sign_out(&ada).await;
    assert_eq!(asked(&ada, "github").await["prompt"], "select_account");
}

#[tokio::test]
async fn a_provider_that_can_not_show_who_is_signed_in_there_locks_nobody_out() {
    // One that can't has to answer with an error (OpenID Connect Core 1.0, section 3.1.2.1).
    let provider = StandIn::start(usual()).await;
    let ada = world_of(&provider, &[]).await.stranger();
    for (error, code) in [
        ("account_selection_required", (503, "sign-in-failed")),
        ("invalid_request", (503, "sign-in-failed")),
        ("access_denied", (400, "sign-in-refused")),
    ] {
        ada.get(&returning(&ada, "oidc").await).await.is_found();
        sign_out(&ada).await;
        for has_state in [true, false] {
            let state = asked(&ada, "oidc").await["state"].clone();
            let state = if has_state { format!("&state={state}") } else { String::new() };
            let path = format!("/api/auth/oidc/callback?error={error}{state}");
            ada.get(&path).await.problem(code.0, code.1);
        }
        let prompt = asked(&ada, "oidc").await.get("prompt").cloned();
        assert_eq!(prompt.is_none(), code.0 == 503, "{error}: whoever cancels is asked again");
    }
}

#[tokio::test]
async fn who_has_signed_out_is_shown_the_way_out_of_the_provider_too() {
    let page = "https://id.example/logout?realm=ours";
    let provider = StandIn::start(Documented { description: json!({ "end_session_endpoint": page }), ..usual() }).await;
    let (world, kakao) = (world_of(&provider, &[]).await, StandIn::start(kakao()).await);
    let ada = world.stranger();
    assert_eq!(sign_out_urls(&ada).await, [Value::Null, Value::Null]);
    ada.get(&returning(&ada, "oidc").await).await.is_found();
    assert_eq!(sign_out_urls(&ada).await, [Value::Null, Value::Null]);
    sign_out(&ada).await;
    assert_eq!(sign_out_urls(&ada).await, [Value::Null, json!(format!("{page}&client_id=hanip"))]);
    assert_eq!(sign_out_urls(&world.stranger()).await, [Value::Null, Value::Null], "another browser");
    ada.get(&returning(&ada, "oidc").await).await.is_found();
    assert_eq!(sign_out_urls(&ada).await, [Value::Null, Value::Null], "signed in again");
    // One that has no such page.
    let world = world_with(&[("KAKAO", &kakao.issuer)]).await;
    let ada = world.stranger();
    ada.get(&returning(&ada, "kakao").await).await.is_found();
    sign_out(&ada).await;
    assert_eq!(sign_out_urls(&ada).await, [Value::Null, Value::Null]);
}

#[tokio::test]
async fn who_is_signed_in_is_not_asked_to_sign_in() {
    let world = World::new().await;
    let is_in = async |person: &Person| person.get("/api/auth/providers").await.ok()["signed_in"].clone();
    let ada = world.person("ada").await;
    assert_eq!((is_in(&ada).await, is_in(&world.stranger()).await), (json!(true), json!(false)));
    world.days_pass(30);
    assert_eq!(is_in(&ada).await, json!(false), "the session is too old");
    let bob = world.person("bob").await;
    sign_out(&bob).await;
    assert_eq!(is_in(&bob).await, json!(false));
}

#[tokio::test]
async fn a_callback_that_comes_once_more_goes_on_into_the_app_for_who_is_in() {
    let provider = StandIn::start(usual()).await;
    let world = world_of(&provider, &[]).await;
    let ada = world.stranger();
    let start = ada.get("/api/auth/oidc/start?return_to=/settings").await.location();
    let back = ada.client.get(&start).send().await.expect("an answer");
    let callback =
        back.headers()["location"].to_str().expect("text").strip_prefix(&ada.origin).expect("ours").to_owned();
    let look = |person: &Person, path: &str| person.request(Method::GET, path).header(header::ACCEPT, "text/html,*/*");
    let first = ada.send(look(&ada, &callback)).await;
    assert_eq!(first.location(), "/settings");
    let again = ada.send(look(&ada, &callback)).await;
    assert_eq!((again.location().as_str(), again.header("set-cookie")), ("/settings", ""), "reloaded");
    let unknown = ada.send(look(&ada, "/api/auth/oidc/callback?state=x&code=x")).await;
    assert_eq!(unknown.location(), "/");
    // A script hears what it did, and so does a browser where nobody is in.
    ada.get(&callback).await.problem(400, "sign-in-expired");
    let eve = world.stranger();
    assert_eq!(eve.send(look(&eve, &callback)).await.location(), "/sign-in?problem=sign-in-expired");
    sign_out(&ada).await;
    assert_eq!(ada.send(look(&ada, &callback)).await.location(), "/sign-in?problem=sign-in-expired");
}

#[tokio::test]
async fn the_provider_speaks_the_language_chosen_in_the_app() {
    let provider = StandIn::start(usual()).await;
    let person = world_of(&provider, &[]).await.stranger();
    for (start, locales) in [
        ("/api/auth/oidc/start?locale=ko", Some("ko")),
        ("/api/auth/oidc/start?locale=en", Some("en")),
        ("/api/auth/oidc/start?locale=%0A", None),
        ("/api/auth/oidc/start", None),
    ] {
        let start = person.get(start).await.location();
        let asked = parameters(start.split_once('?').expect("a query").1.as_bytes());
        assert_eq!(asked.get("ui_locales").map(String::as_str), locales);
    }
    let world = World::new().await;
    let person = world.stranger();
    for (start, accept, language) in [
        ("/api/auth/local/start?locale=ko", "en", "lang=ko"),
        ("/api/auth/local/start?locale=en", "ko", "lang=en"),
        ("/api/auth/local/start", "ko", "lang=ko"),
    ] {
        let form = person.get(start).await.location();
        let form = person.client.get(&form).header(header::ACCEPT_LANGUAGE, accept).send().await.expect("an answer");
        assert!(form.text().await.expect("text").contains(language), "{start} {accept}");
    }
}

//! Sign-in, and what a session opens.

use common::{App, Env};
use reqwest::{Method, StatusCode, header};
use serde_json::json;
use tokio::net::TcpListener;

use crate::{
    auth::providers::{returning, world_with},
    support::{
        fake_provider::{StandIn, kakao, token_of},
        oidc::{CLIENT_ID, CLIENT_SECRET},
        world::{Person, Reply, World, database, serve},
    },
};

const START: &str = "/api/auth/local/start";

/// Begins a sign-in as `name`; the answer is the path of the callback, not yet called.
async fn begun(person: &Person, start: &str, name: &str) -> String {
    let form = person.get(start).await.location();
    let code = person
        .client
        .post(&form)
        .header("origin", &person.origin)
        .form(&[("name", name)])
        .send()
        .await
        .expect("an answer");
    let callback = Reply::of(code).await.location();
    callback.strip_prefix(&person.origin).expect("our callback").to_owned()
}

async fn count(world: &World, table: &str) -> i64 {
    let sql = match table {
        "sessions" => "SELECT COUNT(*) FROM sessions",
        _ => "SELECT COUNT(*) FROM users",
    };
    sqlx::query_as::<_, (i64,)>(sql).fetch_one(world.db()).await.expect("a count").0
}

#[tokio::test]
async fn the_providers_are_listed() {
    let stranger = World::new().await.stranger();
    let providers = stranger.get("/api/auth/providers").await.ok();
    let local = json!({ "id": "local", "name": "Hanip", "sign_out_url": null });
    assert_eq!(providers, json!({ "providers": [local], "signed_in": false }));
    stranger.get("/api/auth/nowhere/start").await.problem(404, "not-found");
}

#[tokio::test]
async fn the_same_name_is_the_same_person_and_another_is_not() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    assert_eq!(world.person("ada").await.id, ada.id);
    for other in ["Ada", "adá", "ada b"] {
        assert_ne!(world.person(other).await.id, ada.id, "{other}");
    }
    assert_eq!(count(&world, "users").await, 4);
}

#[tokio::test]
async fn a_sign_in_can_be_completed_once_and_only_by_the_browser_that_began_it() {
    let world = World::new().await;
    let (ada, eve) = (world.stranger(), world.stranger());
    let callback = begun(&ada, START, "ada").await;
    eve.get(&callback).await.problem(400, "sign-in-expired");
    begun(&eve, START, "eve").await;
    eve.get(&callback).await.problem(400, "sign-in-expired");
    ada.get(&callback).await.is_found();
    ada.get(&callback).await.problem(400, "sign-in-expired");
    assert_eq!(count(&world, "sessions").await, 1);
}

#[tokio::test]
async fn a_sign_in_begun_before_a_restart_is_completed_after_it() {
    let kakao = StandIn::start(kakao()).await;
    let provider = [
        ("OAUTH_KAKAO_CLIENT_ID", CLIENT_ID),
        ("OAUTH_KAKAO_CLIENT_SECRET", CLIENT_SECRET),
        ("OAUTH_KAKAO_ISSUER", kakao.issuer.as_str()),
    ];
    let before = World::with(&provider).await;
    let ada = before.stranger();
    let callback = returning(&ada, "kakao").await;
    // Its key is another one since, too.
    kakao.calls_its_key("newer");
    kakao.mints(|claims| token_of(r#"{"alg":"RS256","kid":"newer"}"#, &claims.to_string()));
    let after = World::beside(&before, &[&provider[..], &[("PUBLIC_ORIGIN", &before.origin)]].concat()).await;
    let host = before.origin.strip_prefix("http://").expect("a host");
    let landed = ada.client.get(format!("{}{callback}", after.origin)).header(header::HOST, host).send().await;
    Reply::of(landed.expect("an answer")).await.is_found();
    ada.get("/api/auth/me").await.ok();
}

#[tokio::test]
async fn a_sign_in_ends_after_ten_minutes() {
    let world = World::new().await;
    let ada = world.stranger();
    let callback = begun(&ada, START, "ada").await;
    world.app.clock.advance(chrono::TimeDelta::minutes(10));
    ada.get(&callback).await.problem(400, "sign-in-expired");
    assert_eq!((count(&world, "sessions").await, count(&world, "users").await), (0, 0));
}

#[tokio::test]
async fn of_a_hundred_callbacks_with_one_state_one_opens_a_session() {
    // One that takes a code as often as it comes: the state alone is in the way.
    let kakao = StandIn::start(kakao()).await;
    let world = world_with(&[("KAKAO", &kakao.issuer)]).await;
    let ada = world.stranger();
    let callback = returning(&ada, "kakao").await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..100 {
        calls.spawn(ada.request(Method::GET, &callback).send());
    }
    let answers = calls.join_all().await.into_iter().map(|answer| answer.expect("an answer").status());
    assert_eq!(answers.filter(|status| *status == StatusCode::FOUND).count(), 1);
    assert_eq!(count(&world, "sessions").await, 1);
}

#[tokio::test]
async fn two_tabs_can_sign_in_at_once() {
    let world = World::new().await;
    let ada = world.stranger();
    let (one, two) = (begun(&ada, START, "ada").await, begun(&ada, START, "ada").await);
    ada.get(&one).await.is_found();
    ada.get(&two).await.is_found();
    ada.get("/api/auth/me").await.ok();
}

#[tokio::test]
async fn what_the_provider_answers_is_checked() {
    let world = World::new().await;
    let ada = world.stranger();
    let callback = begun(&ada, START, "ada").await;
    let (path, query) = callback.split_once('?').expect("a query");
    let other_issuer = query.replace("%2Flocal", "%2Felsewhere");
    assert_ne!(other_issuer, query);
    ada.get(&format!("{path}?{other_issuer}")).await.problem(503, "sign-in-failed");
    let state =
        begun(&ada, START, "ada").await.split('&').find(|part| part.starts_with("state=")).expect("a state").to_owned();
    ada.get(&format!("{path}?error=access_denied&{state}")).await.problem(400, "sign-in-refused");
    let forged = begun(&ada, START, "ada").await.replace("code=", "code=x");
    ada.get(&forged).await.problem(400, "sign-in-expired");
    ada.get(path).await.problem(400, "sign-in-expired");
    assert_eq!((count(&world, "sessions").await, count(&world, "users").await), (0, 0));
}

#[tokio::test]
async fn a_browser_is_told_in_the_app_what_went_wrong() {
    let ada = World::new().await.stranger();
    let look = ada.request(Method::GET, "/api/auth/local/callback?state=x").header(header::ACCEPT, "text/html,*/*");
    let told = ada.send(look).await;
    told.is_found();
    assert_eq!(told.location(), "/sign-in?problem=sign-in-expired");
    // A provider that was taken out of the settings meanwhile, and a query that no provider sends.
    for (path, code) in [
        ("/api/auth/nowhere/start", "not-found"),
        ("/api/auth/nowhere/callback?state=x&code=x", "not-found"),
        ("/api/auth/local/callback?state=x&state=y", "sign-in-failed"),
        ("/api/auth/local/start?locale=ko&locale=en", "sign-in-failed"),
    ] {
        let told = ada.send(ada.request(Method::GET, path).header(header::ACCEPT, "text/html,*/*")).await;
        assert_eq!(told.location(), format!("/sign-in?problem={code}"), "{path}");
    }
}

#[tokio::test]
async fn one_returns_to_a_plain_path_or_to_the_first_screen() {
    let world = World::new().await;
    let ada = world.stranger();
    for (return_to, lands) in [
        ("/foods/01a2-b_c", "/foods/01a2-b_c"),
        ("//evil.test", "/"),
        ("/\\evil.test", "/"),
        ("https://evil.test", "/"),
        ("/%2Fevil.test", "/"),
        ("/?x", "/"),
        ("javascript:alert(1)", "/"),
        ("/api/auth/local/start", "/"),
        ("", "/"),
    ] {
        let start = url(START, return_to);
        let callback = begun(&ada, &start, "ada").await;
        assert_eq!(ada.get(&callback).await.location(), lands, "{return_to}");
    }
}

fn url(path: &str, return_to: &str) -> String {
    let url = reqwest::Url::parse_with_params(&format!("http://x{path}"), [("return_to", return_to)]).expect("a URL");
    format!("{path}?{}", url.query().expect("a query"))
}

#[tokio::test]
async fn a_session_is_new_at_every_sign_in_and_the_old_one_is_gone() {
    let world = World::new().await;
    let mut ada = world.stranger();
    ada.sign_in("ada", "UTC").await;
    ada.sign_in("ada", "UTC").await;
    assert_eq!(count(&world, "sessions").await, 1);
}

#[tokio::test]
async fn signing_out_ends_the_session_everywhere() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let out = ada.send(ada.request(Method::POST, "/api/auth/logout")).await;
    out.is(204);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    ada.get("/api/auth/me").await.problem(401, "session-required");
    assert_eq!(count(&world, "sessions").await, 0);
}

#[tokio::test]
async fn a_session_ends_thirty_days_after_its_last_use_and_at_most_180_after_its_start() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    for _ in 0..6 {
        world.days_pass(29);
        ada.get("/api/auth/me").await.ok();
        world.afterthoughts().await;
    }
    world.days_pass(7);
    ada.get("/api/auth/me").await.problem(401, "session-required");
    let bob = world.person("bob").await;
    world.days_pass(30);
    bob.get("/api/auth/me").await.problem(401, "session-required");
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_pages_and_only_its_hash_is_stored() {
    let world = World::new().await;
    let ada = world.stranger();
    let callback = begun(&ada, START, "ada").await;
    let landed = ada.get(&callback).await;
    let cookie = landed.header("set-cookie").to_owned();
    for part in [&format!("{}=", world.app.origin.cookie_name("session")), "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "the origin is http: {cookie}");
    let token = cookie.split(['=', ';']).nth(1).expect("a token");
    let (hashes,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM sessions WHERE token_hash = UNHEX(SHA2(?, 256))")
        .bind(token)
        .fetch_one(world.db())
        .await
        .expect("a count");
    assert_eq!(hashes, 1);
}

#[tokio::test]
async fn a_request_meant_for_another_account_stores_nothing() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let meant = |account: &str| {
        ada.request(Method::POST, "/api/foods").header("hanip-account", account).json(&json!({ "name": "x" }))
    };
    ada.send(meant(&bob.id)).await.problem(409, "other-account");
    assert_eq!(ada.get("/api/foods").await.ok(), json!({ "foods": [] }));
    ada.send(meant(&ada.id)).await.created();
}

#[tokio::test]
async fn another_site_can_make_the_browser_send_nothing() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let body = json!({ "name": "x" });
    let post = |headers: &[(&'static str, &str)]| {
        let url = format!("{}/api/foods", world.origin);
        headers.iter().fold(ada.client.post(url).json(&body), |request, (name, value)| request.header(*name, *value))
    };
    for foreign in [
        &[][..],
        &[("origin", "https://evil.test")],
        &[("origin", "null")],
        &[("origin", &world.origin), ("sec-fetch-site", "cross-site")],
        &[("origin", &world.origin), ("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
    ] {
        ada.send(post(foreign)).await.problem(403, "origin-foreign");
    }
    ada.send(post(&[("sec-fetch-site", "same-origin")])).await.created();
    ada.send(post(&[("origin", &world.origin)])).await.created();
    let bearer = post(&[("authorization", "Bearer x"), ("origin", "https://evil.test")]);
    ada.send(bearer).await.problem(401, "session-required");
}

#[tokio::test]
async fn the_form_of_local_sign_in_takes_nothing_from_another_site_and_only_so_much() {
    let world = World::new().await;
    let ada = world.stranger();
    let form = ada.get(START).await.location();
    let post = async |name: &str, value: &str| {
        let request = ada.client.post(&form).form(&[("name", "ada")]).header(name.to_owned(), value.to_owned());
        Reply::of(request.send().await.expect("an answer")).await
    };
    for (name, value) in [
        ("origin", "https://evil.test"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        post(name, value).await.problem(403, "origin-foreign");
    }
    let page = ada.client.get(&form).send().await.expect("an answer");
    assert_eq!(page.headers()["referrer-policy"], "same-origin", "else browsers send Origin: null with the form");
    let long = format!("{form}&nonce={}", "a".repeat(60_000)).replacen("&nonce=", "&was=", 1);
    let request = ada.client.post(long).form(&[("name", "ada")]).header("origin", &world.origin);
    assert_eq!(request.send().await.expect("an answer").status(), 400, "what would be kept is short");
    assert_eq!(post("accept", "*/*").await.status, 303, "a script that is no browser says neither");
    for _ in 1..100 {
        assert_eq!(post("origin", &world.origin).await.status, 303);
    }
    post("sec-fetch-site", "same-origin").await.problem(429, "too-many-attempts");
    world.app.clock.advance(chrono::TimeDelta::minutes(1));
    assert_eq!(post("sec-fetch-site", "same-origin").await.status, 303, "those that nobody has used are forgotten");
}

#[tokio::test]
async fn local_sign_in_works_behind_who_speaks_tls_on_the_same_computer() {
    let (listener, database) = (TcpListener::bind("127.0.0.1:0").await.expect("a free port"), database().await);
    let address = listener.local_addr().expect("an address");
    let env = Env::from([("DATABASE_URL", database.as_str()), ("PUBLIC_ORIGIN", "https://localhost:8443")]);
    migrations::run(&env).await.expect("the schema is applied");
    let app = App::from_env(&env).expect("the settings are right");
    serve(listener, &app, |_| app.clone(), &env);
    let person = Person::new(&format!("http://{address}"));
    let start = Reply::of(
        person.request(Method::GET, START).header(header::HOST, "localhost:8443").send().await.expect("an answer"),
    );
    let form = start.await.location();
    assert!(form.starts_with("https://localhost:8443/local/"), "{form}");
}

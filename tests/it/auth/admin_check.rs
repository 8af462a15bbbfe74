//! `auth --check` and `scripts/start --check`: one line a provider, which says what is right or wrong.

use serde_json::json;

use crate::{
    operations::program::program,
    support::{
        fake_provider::{Client, Documented, StandIn, kakao, listener, usual},
        github::GitHub,
        oidc::{CLIENT_ID, CLIENT_SECRET},
    },
};

/// What a program says with `--check` and these settings, and whether it is content.
async fn check(name: &'static str, settings: &[(&str, &str)]) -> (bool, String) {
    let mut command = program(name);
    command.arg("--check").env("PUBLIC_ORIGIN", "https://hanip.example").envs(settings.iter().copied());
    let checked = tokio::task::spawn_blocking(move || command.output().expect("cargo build --workspace has made it"));
    let checked = checked.await.expect("no panic");
    let lines = String::from_utf8(checked.stdout).expect("text") + &String::from_utf8(checked.stderr).expect("text");
    (checked.status.success(), lines)
}

fn settings<'a>(issuer: &'a str, secret: &'a str) -> [(&'a str, &'a str); 3] {
    [("OIDC_ISSUER", issuer), ("OIDC_CLIENT_ID", CLIENT_ID), ("OIDC_CLIENT_SECRET", secret)]
}

#[tokio::test]
async fn a_provider_that_is_right_has_a_line_that_says_so() {
    let (oidc, kakao, github) = (
        StandIn::start(usual()).await,
        StandIn::start(kakao()).await,
        GitHub::start(json!({ "login": "octocat", "id": 7 })).await,
    );
    let mut all = settings(&oidc.issuer, CLIENT_SECRET).to_vec();
    for (name, issuer) in [("KAKAO", &kakao.issuer), ("GITHUB", &github.issuer)] {
        for (part, value) in [("CLIENT_ID", CLIENT_ID), ("CLIENT_SECRET", CLIENT_SECRET), ("ISSUER", issuer)] {
            all.push((Box::leak(format!("OAUTH_{name}_{part}").into_boxed_str()), value));
        }
    }
    for program in ["auth", "standalone"] {
        let (content, said) = check(program, &all).await;
        let lines: Vec<&str> = said.lines().collect();
        assert!(content && lines.len() == 3, "{said}");
        for (line, id) in lines.iter().zip(["kakao", "github", "oidc"]) {
            assert!(line.starts_with(&format!("{id}: right: ")) && line.contains("it knows the client"), "{line}");
        }
    }
    let (content, said) = check("auth", &[]).await;
    assert!(content && said.contains("functions/auth/README.md"), "{said}");
}

#[tokio::test]
async fn a_provider_that_is_wrong_has_a_line_that_says_what_to_mend() {
    let (_, nowhere) = listener().await;
    let provider = StandIn::start(usual()).await;
    let public = StandIn::start(Documented { client: Client::Public, ..usual() }).await;
    let of = async |description: serde_json::Value| StandIn::start(Documented { description, ..usual() }).await;
    let hmac = of(json!({ "id_token_signing_alg_values_supported": ["HS256", "none"] })).await;
    let pushed = of(json!({ "require_pushed_authorization_requests": true })).await;
    let plain = of(json!({ "code_challenge_methods_supported": ["plain"] })).await;
    let renamed = of(json!({ "issuer": "https://id.example" })).await;
    let scopes = of(json!({ "scopes_supported": ["openid", "email"] })).await;
    let tenants = of(json!({ "issuer": "https://login.example/{tenantid}/v2.0" })).await;
    let secure = provider.issuer.replace("http:", "https:");
    let narrow = StandIn::start(Documented { scopes: &["openid"], ..usual() }).await;
    let encrypted = StandIn::start_tls(usual()).await;
    let (deeper, slash) = (format!("{}/realms/ours", provider.issuer), format!("{}/", provider.issuer));
    let keyless = of(json!({ "jwks_uri": format!("{}/.well-known/openid-configuration", provider.issuer) })).await;
    let leaky = of(json!({ "token_endpoint": "http://id.example/t" })).await;
    let half = of(json!({ "token_endpoint": null })).await;
    let (listener, moved) = listener().await;
    let elsewhere = axum::Router::new().fallback(async || {
        (reqwest::StatusCode::MOVED_PERMANENTLY, [(reqwest::header::LOCATION, "https://id.example/")])
    });
    tokio::spawn(async move { axum::serve(listener, elsewhere).await });
    for (case, settings, content, pieces) in [
        (
            "nobody there",
            settings(&nowhere, "x"),
            false,
            &["WRONG", "OIDC_ISSUER", "can't be reached: nobody listens there"][..],
        ),
        (
            "a name that nobody knows",
            settings("https://id.invalid", "x"),
            false,
            &["OIDC_ISSUER", "no such name is known here"],
        ),
        (
            "somewhere else",
            settings(&moved, "x"),
            false,
            &["OIDC_ISSUER", "301", "points to https://id.example/: expected"],
        ),
        ("another path", settings(&deeper, "x"), false, &["OIDC_ISSUER", "answered 404"]),
        ("a slash more", settings(&slash, CLIENT_SECRET), false, &["OIDC_ISSUER is", "set it to that, to the letter"]),
        ("no list of keys", settings(&keyless.issuer, "x"), false, &["keys", "can't be read"]),
        (
            "a plain endpoint",
            settings(&leaky.issuer, "x"),
            false,
            &["http://id.example/t", "token_endpoint", "expected https"],
        ),
        ("no endpoint", settings(&half.issuer, "x"), false, &["OIDC_ISSUER", "missing field `token_endpoint`"]),
        (
            "another secret",
            settings(&provider.issuer, "wrong"),
            false,
            &["WRONG", "OIDC_CLIENT_ID or OIDC_CLIENT_SECRET"],
        ),
        ("a blank in the secret", settings(&provider.issuer, "wrong "), false, &["begins or ends with a blank"]),
        (
            "quotation marks around the secret",
            settings(&provider.issuer, "\"wrong\""),
            false,
            &["begins or ends with a quotation mark"],
        ),
        ("https where http is spoken", settings(&secure, "x"), false, &["no https is spoken there"]),
        ("all tenants", settings(&tenants.issuer, "x"), false, &["for each tenant", "the address of your own"]),
        ("a public client with a secret", settings(&public.issuer, CLIENT_SECRET), false, &["OIDC_CLIENT_SECRET"]),
        ("MACs alone", settings(&hmac.issuer, CLIENT_SECRET), false, &["HS256, none alone", "choose one of RS256"]),
        ("pushed requests", settings(&pushed.issuer, CLIENT_SECRET), false, &["PAR", "switch that off"]),
        ("no S256", settings(&plain.issuer, CLIENT_SECRET), false, &["PKCE", "S256"]),
        (
            "another name",
            settings(&renamed.issuer, CLIENT_SECRET),
            false,
            &["calls itself https://id.example: set it to that"],
        ),
        ("a private authority", settings(&encrypted.issuer, CLIENT_SECRET), false, &["set OIDC_CA_FILE"]),
        (
            "a scope it refuses",
            settings(&narrow.issuer, CLIENT_SECRET),
            false,
            &["register https://hanip.example/api/auth/oidc/callback"],
        ),
        (
            "a scope it does not list",
            settings(&scopes.issuer, CLIENT_SECRET),
            true,
            &["right", "the scope profile", "OIDC_SCOPES"],
        ),
    ] {
        let (is_content, said) = check("auth", &settings).await;
        assert_eq!(is_content, content, "{case}: {said}");
        let first = said.lines().next().unwrap_or_default();
        assert!(pieces.iter().all(|piece| first.contains(piece)), "{case}: {said}");
        assert!(!said.contains(CLIENT_SECRET) && !first.is_empty(), "{case}");
        assert_eq!(said.lines().count(), if content { 1 } else { 2 }, "{case}: {said}");
    }
}

#[tokio::test]
async fn a_setting_that_can_not_be_meant_is_named_and_nobody_is_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("text").to_owned()
    };
    let (empty, junk) =
        (file("empty.pem", b""), file("junk.pem", b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"));
    let (binary, nowhere) =
        (file("ca.der", &[0x30, 0x82, 0xff]), folder.path().join("x").to_str().expect("text").to_owned());
    let issuer = ("OIDC_ISSUER", "https://id.example");
    let id = ("OIDC_CLIENT_ID", CLIENT_ID);
    for (case, settings, named) in [
        ("plain http", &[("OIDC_ISSUER", "http://id.example"), id][..], "OIDC_ISSUER: expected an https URL"),
        ("another scheme", &[("OIDC_ISSUER", "ftp://id.example"), id], "OIDC_ISSUER: expected an https URL"),
        ("no scheme", &[("OIDC_ISSUER", "id.example"), id], "OIDC_ISSUER: expected an https URL"),
        (
            "quotation marks",
            &[("OIDC_ISSUER", "'https://id.example'"), id],
            "OIDC_ISSUER: expected an https URL, or http on a loopback address, without quotation marks\n",
        ),
        ("no id", &[issuer], "OIDC_CLIENT_ID: not set"),
        ("no issuer", &[id], "OIDC_ISSUER: not set, but OIDC_CLIENT_ID is"),
        ("no secret", &[("OAUTH_KAKAO_CLIENT_ID", "x")], "OAUTH_KAKAO_CLIENT_SECRET: not set"),
        (
            "no file",
            &[issuer, id, ("OIDC_CLIENT_SECRET_FILE", &nowhere)],
            "OIDC_CLIENT_SECRET_FILE: expected a readable",
        ),
        ("no file of an authority", &[issuer, id, ("OIDC_CA_FILE", &nowhere)], "OIDC_CA_FILE: expected a readable"),
        ("an empty one", &[issuer, id, ("OIDC_CA_FILE", &empty)], "OIDC_CA_FILE: expected certificates in PEM"),
        ("one with junk", &[issuer, id, ("OIDC_CA_FILE", &junk)], "OIDC_CA_FILE: expected certificates in PEM"),
        ("one in DER", &[issuer, id, ("OIDC_CA_FILE", &binary)], "OIDC_CA_FILE: expected a readable text file"),
    ] {
        let (is_content, said) = check("auth", settings).await;
        assert!(!is_content && said.starts_with(named), "{case}: {said}");
        assert_eq!(said.lines().count(), 1, "{case}: {said}");
    }
}

//! ID tokens that must not be trusted, each by what is wrong with it.

use ring::hmac;
use serde_json::{Value, json};

use crate::support::{
    fake_provider::{NOW, encoded, public_key, signed, token_of, with},
    oidc::CLIENT_SECRET,
};

/// A way to make an ID token of the claims that would have been right.
pub type Forgery = Box<dyn Fn(&Value) -> String + Send>;
/// What becomes of a token.
type Spoil = fn(String) -> String;
/// The usual token with other claims; null removes one.
fn claims(more: Value) -> Forgery {
    Box::new(move |usual| signed(&with(usual, &more)))
}

/// The usual claims, one of them null, under the right signature.
fn null(name: &'static str) -> Forgery {
    Box::new(move |usual| {
        let mut claims = usual.clone();
        claims[name] = Value::Null;
        signed(&claims)
    })
}

/// The usual claims under another header, signed with the right key.
fn header(header: Value) -> Forgery {
    Box::new(move |usual| token_of(&header.to_string(), &usual.to_string()))
}

/// The usual claims with this text in front, so that a name comes twice.
fn twice(member: &'static str) -> Forgery {
    Box::new(move |usual| {
        let usual = usual.to_string();
        token_of(r#"{"alg":"RS256","kid":"key"}"#, &usual.replacen('{', &format!("{{{member},"), 1))
    })
}

/// A header without a signature of the provider: `sign` makes one of its own.
fn under(header: Value, sign: impl Fn(&str) -> Vec<u8> + Send + 'static) -> Forgery {
    Box::new(move |usual| {
        let message = format!("{}.{}", encoded(header.to_string()), encoded(usual.to_string()));
        let signature = encoded(sign(&message));
        format!("{message}.{signature}")
    })
}

fn mac(algorithm: hmac::Algorithm, secret: &str) -> impl Fn(&str) -> Vec<u8> + Send + 'static {
    let key = hmac::Key::new(algorithm, secret.as_bytes());
    move |message| hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
}

/// The right token, spoilt.
fn spoilt(spoil: Spoil) -> Forgery {
    Box::new(move |usual| spoil(signed(usual)))
}

pub fn forged_headers() -> Vec<(String, Forgery)> {
    let mut cases: Vec<(String, Forgery)> = Vec::new();
    for none in ["none", "None", "NONE", "nOnE", ""] {
        cases.push((format!("alg {none:?}, no signature"), under(json!({ "alg": none }), |_| Vec::new())));
        cases.push((format!("alg {none:?}, signed"), header(json!({ "alg": none, "kid": "key" }))));
    }
    // The public key, or the client's secret, taken for the secret of a MAC.
    let key = public_key("RS256");
    let modulus = key["n"].as_str().expect("text").to_owned();
    for (name, algorithm) in [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)]
    {
        for secret in [CLIENT_SECRET.to_owned(), key.to_string(), modulus.clone(), String::new()] {
            let signer = mac(algorithm, &secret);
            let case = format!("{name} with a secret of {} bytes", secret.len());
            cases.push((case, under(json!({ "alg": name, "kid": "key" }), signer)));
        }
    }
    for other in ["RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA", "rs256", "RS256 ", "XX"] {
        cases.push((format!("alg {other:?}"), header(json!({ "alg": other, "kid": "key" }))));
    }
    for odd in [json!(null), json!(256), json!(["RS256"]), json!({})] {
        cases.push((format!("alg {odd}"), header(json!({ "alg": odd, "kid": "key" }))));
    }
    cases.push(("no alg".into(), header(json!({ "kid": "key" }))));
    for kid in ["other", "KEY", "../../../../dev/null", "key' OR '1'='1", ""] {
        cases.push((format!("kid {kid:?}"), header(json!({ "alg": "RS256", "kid": kid }))));
    }
    // A key that the token itself brings, or points to.
    let brought = |name: &str, value: Value| {
        let header = json!({ "alg": "RS256", "kid": "theirs", name: value });
        (format!("{name} in the header"), under(header, |_| vec![0; 256]))
    };
    cases.push(brought("jku", json!("https://evil.test/keys")));
    cases.push(brought("x5u", json!("https://evil.test/cert")));
    cases.push(brought("jwk", public_key("RS256")));
    cases.push(brought("x5c", json!(["MIIB"])));
    for more in [
        json!({ "typ": "at+jwt" }),
        json!({ "typ": "logout+jwt" }),
        json!({ "cty": "JWT" }),
        json!({ "crit": ["exp"], "exp": 1 }),
        json!({ "crit": ["b64"], "b64": false }),
        json!({ "alg": "RSA-OAEP", "enc": "A256GCM" }),
    ] {
        cases.push((format!("header {more}"), header(with(&json!({ "alg": "RS256", "kid": "key" }), &more))));
    }
    cases
}

pub fn forged_claims() -> Vec<(String, Forgery)> {
    let mut cases: Vec<(String, Forgery)> = Vec::new();
    for name in ["iss", "sub", "aud", "exp", "iat", "nonce"] {
        cases.push((format!("no {name}"), claims(json!({ name: null }))));
        cases.push((format!("{name} null"), null(name)));
    }
    for wrong in [
        json!({ "iss": "https://kauth.kakao.com" }),
        json!({ "iss": "https://evil.test" }),
        json!({ "iss": "" }),
        json!({ "iss": 1 }),
        json!({ "aud": "other" }),
        json!({ "aud": "HANIP" }),
        json!({ "aud": "hanip " }),
        json!({ "aud": "" }),
        json!({ "aud": [] }),
        json!({ "aud": ["other"] }),
        json!({ "aud": ["hanip", "other"] }),
        json!({ "aud": ["hanip", "other"], "azp": "other" }),
        json!({ "aud": 1 }),
        json!({ "aud": { "hanip": true } }),
        json!({ "aud": ["hanip", "other"], "azp": null }),
        json!({ "aud": ["hanip", "other"], "azp": "HANIP" }),
        json!({ "aud": ["other", "another"], "azp": "hanip" }),
        json!({ "aud": ["hanip", 1], "azp": "hanip" }),
        json!({ "aud": "other", "azp": "hanip" }),
        json!({ "azp": "other" }),
        json!({ "azp": "" }),
        json!({ "azp": ["hanip"] }),
        json!({ "exp": NOW - 60 }),
        json!({ "exp": NOW - 86_400 }),
        json!({ "exp": 0 }),
        json!({ "exp": -1 }),
        json!({ "exp": "never" }),
        json!({ "exp": 1e300 }),
        json!({ "iat": NOW + 61 }),
        json!({ "iat": NOW + 86_400 }),
        json!({ "iat": "now" }),
        json!({ "iat": 1e300 }),
        json!({ "nbf": NOW + 61 }),
        json!({ "nbf": NOW + 86_400 }),
        json!({ "nbf": 1e300 }),
        json!({ "nbf": "later" }),
        json!({ "nbf": [NOW] }),
        json!({ "nonce": "" }),
        json!({ "nonce": "other" }),
        json!({ "nonce": 1 }),
        json!({ "nonce": ["x"] }),
        json!({ "sub": "" }),
        json!({ "sub": 1_234_567_890 }),
        json!({ "sub": ["1234567890"] }),
        json!({ "sub": "a".repeat(256) }),
        json!({ "sub": "가".repeat(86) }),
    ] {
        let case: String = wrong.to_string().chars().take(60).collect();
        cases.push((case, claims(wrong)));
    }
    let nonce = |change: fn(&str) -> String| -> Forgery {
        Box::new(move |usual| signed(&with(usual, &json!({ "nonce": change(usual["nonce"].as_str().expect("text")) }))))
    };
    cases.push(("a longer nonce".into(), nonce(|nonce| format!("{nonce}x"))));
    cases.push(("a shorter nonce".into(), nonce(|nonce| nonce[1..].to_owned())));
    cases.push(("a nonce in capitals".into(), nonce(|nonce| nonce.to_uppercase() + "A")));
    let issuer = |change: fn(&str) -> String| -> Forgery {
        Box::new(move |usual| signed(&with(usual, &json!({ "iss": change(usual["iss"].as_str().expect("text")) }))))
    };
    cases.push(("an issuer with a slash more".into(), issuer(|issuer| format!("{issuer}/"))));
    cases.push(("an issuer in capitals".into(), issuer(str::to_uppercase)));
    cases.push(("an issuer with a space".into(), issuer(|issuer| format!("{issuer} "))));
    cases.push(("an issuer of https".into(), issuer(|issuer| issuer.replace("http:", "https:"))));
    for member in [r#""sub":"eve""#, r#""aud":"other""#, r#""iss":"https://evil.test""#, r#""exp":1"#, r#""nonce":"x""#]
    {
        cases.push((format!("{member} and again"), twice(member)));
    }
    cases
}

pub fn spoilt_tokens() -> Vec<(String, Forgery)> {
    fn without_signature(token: &str) -> &str {
        token.rsplit_once('.').expect("a signature").0
    }
    let cases: [(&str, Spoil); 14] = [
        ("no signature", |token| format!("{}.", without_signature(&token))),
        ("two parts", |token| without_signature(&token).to_owned()),
        ("four parts", |token| format!("{token}.x")),
        ("five parts", |token| format!("{token}.x.y")),
        ("nothing", |_| String::new()),
        ("dots", |_| "..".to_owned()),
        ("half a signature", |token| token[..token.len() - 100].to_owned()),
        ("a longer signature", |token| format!("{token}AAAA")),
        ("padding", |token| format!("{token}==")),
        ("another signature", |token| {
            let other = token_of("{}", "{}");
            format!("{}.{}", without_signature(&token), other.rsplit_once('.').expect("a signature").1)
        }),
        ("a signature of zeros", |token| format!("{}.{}", without_signature(&token), encoded([0; 256]))),
        ("claims that are a list", |_| token_of(r#"{"alg":"RS256","kid":"key"}"#, "[]")),
        ("claims that are no JSON", |_| token_of(r#"{"alg":"RS256","kid":"key"}"#, "sub=1")),
        ("a megabyte", |token| format!("{token}{}", "A".repeat(1 << 20))),
    ];
    cases.map(|(case, spoil)| (case.to_owned(), spoilt(spoil))).into()
}

//! Stand-ins for providers that can't be asked in a test, built from what they document, and able to
//! lie where a test says so.

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    process::Command,
    sync::{Arc, LazyLock, Mutex},
};

use axum::{
    Router,
    extract::{RawForm, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use common::Json;
use openidconnect::{
    JsonWebKeyId, PrivateSigningKey,
    core::{CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::support::oidc::{CLIENT_ID, CLIENT_SECRET};

/// Noon of the worlds, in seconds.
pub const NOW: i64 = 1_773_230_400;

pub type Parameters = HashMap<String, String>;
type Mint = Box<dyn Fn(&Value) -> String + Send>;

/// What a provider documents.
#[derive(Clone, Default)]
pub struct Documented {
    pub authorize: &'static str,
    pub token: &'static str,
    pub keys: &'static str,
    pub scopes: &'static [&'static str],
    /// Whether `state` is required at the token endpoint.
    pub wants_state: bool,
    /// What its description has besides.
    pub description: Value,
    /// What it says of a person besides `sub`.
    pub person: Value,
    /// What its token endpoint answers besides.
    pub answer: Value,
}

/// A provider that lets everybody in as the same person.
pub struct StandIn {
    pub issuer: String,
    state: Arc<Inner>,
}

struct Inner {
    issuer: String,
    documented: Documented,
    mint: Mutex<Mint>,
    /// What its key is called.
    key_id: Mutex<&'static str>,
}

impl StandIn {
    pub async fn start(documented: Documented) -> Self {
        let (listener, issuer) = listener().await;
        let paths = documented.clone();
        let mint: Mint = Box::new(signed);
        let inner = Inner { issuer: issuer.clone(), documented, mint: mint.into(), key_id: "key".into() };
        let state = Arc::new(inner);
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(description))
            .route(paths.keys, get(published))
            .route(paths.authorize, get(authorize))
            .route(paths.token, post(token))
            .with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { issuer, state }
    }

    /// From now on, what `mint` makes of the claims is its ID token.
    pub fn mints(&self, mint: impl Fn(&Value) -> String + Send + 'static) {
        *self.state.mint.lock().expect("no panic") = Box::new(mint);
    }

    /// From now on, its only key is called this.
    pub fn calls_its_key(&self, key_id: &'static str) {
        *self.state.key_id.lock().expect("no panic") = key_id;
    }

    /// From now on, its ID token says this too.
    pub fn says(&self, claims: Value) {
        self.mints(move |usual| signed(&with(usual, &claims)));
    }
}

/// A free port, and its origin.
pub async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, origin)
}

/// The members of `object` with those of `more`; null removes.
pub fn with(object: &Value, more: &Value) -> Value {
    let mut object = object.clone();
    for (name, value) in more.as_object().into_iter().flatten() {
        object[name] = value.clone();
    }
    object.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    object
}

/// The codes of all stand-ins. They are good again and again, and at another stand-in too: that a sign-in
/// is used up, and belongs to one provider, is for us to see to.
static CODES: LazyLock<Mutex<HashMap<String, Parameters>>> = LazyLock::new(Mutex::default);

/// The one key of all stand-ins: making one takes long.
static KEY: LazyLock<CoreRsaPrivateSigningKey> = LazyLock::new(|| {
    let make = "console.log(require('crypto').generateKeyPairSync('rsa', { modulusLength: 2048 })
        .privateKey.export({ type: 'pkcs1', format: 'pem' }))";
    let made = Command::new("node").args(["-e", make]).output().expect("node runs");
    let pem = String::from_utf8(made.stdout).expect("text");
    CoreRsaPrivateSigningKey::from_pem(pem.trim(), Some(JsonWebKeyId::new("key".to_owned()))).expect("a key")
});

/// The public half, as a JSON Web Key.
pub fn public_key() -> Value {
    serde_json::to_value(KEY.as_verification_key()).expect("JSON")
}

async fn published(State(provider): State<Arc<Inner>>) -> Json<Value> {
    let key = json!({ "use": "sig", "alg": "RS256", "kid": *provider.key_id.lock().expect("no panic") });
    Json(json!({ "keys": [with(&public_key(), &key)] }))
}

pub fn encoded(text: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

/// A JSON Web Token of exactly this header and this payload, signed with the key of the stand-ins.
pub fn token_of(header: &str, payload: &str) -> String {
    let message = format!("{}.{}", encoded(header), encoded(payload));
    let signature = KEY.sign(&CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, message.as_bytes()).expect("signed");
    format!("{message}.{}", encoded(signature))
}

/// An ID token as it should be.
pub fn signed(claims: &Value) -> String {
    token_of(r#"{"alg":"RS256","typ":"JWT","kid":"key"}"#, &claims.to_string())
}

async fn description(State(provider): State<Arc<Inner>>) -> Response {
    let at = |path: &str| format!("{}{path}", provider.issuer);
    let description = json!({
        "issuer": provider.issuer,
        "authorization_endpoint": at(provider.documented.authorize),
        "token_endpoint": at(provider.documented.token),
        "jwks_uri": at(provider.documented.keys),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
    });
    Json(with(&description, &provider.documented.description)).into_response()
}

async fn authorize(State(provider): State<Arc<Inner>>, RawQuery(query): RawQuery) -> Response {
    let asked = parameters(query.unwrap_or_default().as_bytes());
    let scopes: Vec<&str> = asked["scope"].split(' ').collect();
    let known = |scope: &&&str| !provider.documented.scopes.contains(*scope);
    if let Some(scope) = scopes.iter().find(known) {
        return (StatusCode::BAD_REQUEST, format!("no such scope: {scope}")).into_response();
    }
    assert!(scopes.contains(&"openid") && asked["client_id"] == CLIENT_ID && asked["response_type"] == "code");
    let (code, back) = (Uuid::new_v4().to_string(), callback(&asked));
    CODES.lock().expect("no panic").insert(code.clone(), with_issuer(asked, &provider.issuer));
    Redirect::to(&format!("{back}&code={code}")).into_response()
}

fn with_issuer(mut asked: Parameters, issuer: &str) -> Parameters {
    asked.insert("issuer".to_owned(), issuer.to_owned());
    asked
}

/// The redirect URI with the state.
pub fn callback(asked: &Parameters) -> String {
    assert_eq!(asked["code_challenge_method"], "S256");
    format!("{}?state={}", asked["redirect_uri"], asked["state"])
}

async fn token(State(provider): State<Arc<Inner>>, headers: HeaderMap, RawForm(form): RawForm) -> Response {
    let form = parameters(&form);
    let granted = form.get("code").and_then(|code| CODES.lock().expect("no panic").get(code).cloned());
    let Some(granted) = granted.filter(|granted| is_good(&form, granted, &provider.issuer)) else {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
    };
    let secret = form.get("client_secret").map(String::as_str);
    let state = form.get("state") == granted.get("state") || !provider.documented.wants_state;
    if headers.contains_key(header::AUTHORIZATION) || secret != Some(CLIENT_SECRET) || !state {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client" }))).into_response();
    }
    let claims = json!({
        "iss": provider.issuer, "aud": CLIENT_ID, "sub": "1234567890", "nonce": granted["nonce"],
        "iat": NOW, "exp": NOW + 600, "auth_time": NOW,
    });
    let id_token = provider.mint.lock().expect("no panic")(&with(&claims, &provider.documented.person));
    let answer = json!({ "access_token": "a", "token_type": "bearer", "expires_in": 21599, "id_token": id_token });
    Json(with(&answer, &provider.documented.answer)).into_response()
}

/// Whether a code may be exchanged: for the same address, by who knows the verifier.
fn is_good(form: &Parameters, granted: &Parameters, issuer: &str) -> bool {
    let verifier = form.get("code_verifier").map(|verifier| encoded(Sha256::digest(verifier)));
    form.get("grant_type").is_some_and(|grant| grant == "authorization_code")
        && (form.get("redirect_uri") == granted.get("redirect_uri") || granted["issuer"] != issuer)
        && verifier.as_ref() == granted.get("code_challenge")
}

pub fn parameters(form: &[u8]) -> Parameters {
    url::form_urlencoded::parse(form).into_owned().collect()
}

pub fn kakao() -> Documented {
    Documented {
        authorize: "/oauth/authorize",
        token: "/oauth/token",
        keys: "/.well-known/jwks.json",
        scopes: &["openid", "profile_nickname", "profile_image", "account_email"],
        description: json!({ "grant_types_supported": ["authorization_code", "refresh_token"] }),
        person: json!({ "nickname": "지민", "picture": "https://k.kakaocdn.net/x.jpg" }),
        answer: json!({ "refresh_token": "r", "refresh_token_expires_in": 5_183_999, "scope": "openid profile_nickname" }),
        ..Documented::default()
    }
}

pub fn naver() -> Documented {
    Documented {
        authorize: "/oauth2/authorize",
        token: "/oauth2/token",
        keys: "/oauth2/jwks",
        scopes: &["openid", "profile"],
        wants_state: true,
        description: json!({
            "scopes_supported": ["openid", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "none"],
            "subject_types_supported": ["pairwise"],
        }),
        person: json!({ "sub": "a1-B2_c3", "name": "서연" }),
        answer: json!({ "refresh_token": "r", "expires_in": "3600" }),
    }
}

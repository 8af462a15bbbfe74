//! Stand-ins for providers that can't be asked in a test, built from what they document, and able to
//! lie where a test says so.

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::{RawForm, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use common::Json;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use uuid::Uuid;

pub use crate::support::keys::{encoded, public_key, token_of};
use crate::support::{
    oidc::{CLIENT_ID, CLIENT_SECRET},
    tls,
};

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
    /// What its token endpoint answers besides, and with which status, if not 200.
    pub answer: Value,
    pub status: Option<u16>,
    /// How its client says who it is.
    pub client: Client,
    /// What it answers to another client, with 400; else `invalid_client` with 401.
    pub unknown: Option<&'static str>,
    /// What it says at its userinfo endpoint, if it has one.
    pub userinfo: Value,
    /// How long it takes to answer anything but a browser.
    pub takes: Duration,
}

/// How a client says who it is at the token endpoint (OpenID Connect Core 1.0, section 9).
#[derive(Clone, Copy, Default, PartialEq)]
pub enum Client {
    #[default]
    Posts,
    Basic,
    /// By nothing but PKCE.
    Public,
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
    /// What its key is called, and of what kind it is.
    key_id: Mutex<&'static str>,
    algorithm: Mutex<&'static str>,
    /// What its token endpoint was sent.
    sent: Mutex<Vec<(HeaderMap, Parameters)>>,
    /// What a person's browser brought.
    asked: Mutex<Vec<Parameters>>,
}

impl StandIn {
    pub async fn start(documented: Documented) -> Self {
        let (listener, issuer) = listener().await;
        let (provider, router) = Self::build(documented, issuer);
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    /// One that speaks https, with a certificate of the tests' own authority.
    pub async fn start_tls(documented: Documented) -> Self {
        let (listener, issuer) = listener().await;
        let (provider, router) = Self::build(documented, issuer.replace("http:", "https:"));
        tokio::spawn(async move { axum::serve(tls::Listener::new(listener), router).await });
        provider
    }

    /// A provider under this issuer, and its routes.
    pub fn build(documented: Documented, issuer: String) -> (Self, Router) {
        // Made before a world waits for anything.
        public_key("RS256");
        let (paths, mint): (_, Mint) = (documented.clone(), Box::new(signed));
        let state = Arc::new(Inner {
            issuer: issuer.clone(),
            documented,
            mint: mint.into(),
            key_id: "key".into(),
            algorithm: "RS256".into(),
            sent: Mutex::default(),
            asked: Mutex::default(),
        });
        let path = url::Url::parse(&issuer).expect("a URL").path().trim_end_matches('/').to_owned();
        let at = |place: &str| format!("{path}{place}");
        let router = Router::new()
            .route(&at("/.well-known/openid-configuration"), get(description))
            .route(&at(paths.keys), get(published))
            .route(&at(paths.authorize), get(authorize))
            .route(&at(paths.token), post(token))
            .route(&at("/userinfo"), get(userinfo))
            .with_state(state.clone());
        (Self { issuer, state }, router)
    }

    /// From now on, its only key is of this algorithm, and signs its ID tokens.
    pub fn signs_with(&self, algorithm: &'static str) {
        *self.state.algorithm.lock().expect("no panic") = algorithm;
        self.mints(move |claims| token_of(&json!({ "alg": algorithm, "kid": "key" }).to_string(), &claims.to_string()));
    }

    /// What its token endpoint was sent: headers and form.
    pub fn sent(&self) -> Vec<(HeaderMap, Parameters)> {
        self.state.sent.lock().expect("no panic").clone()
    }

    /// What the browsers of people brought.
    pub fn asked(&self) -> Vec<Parameters> {
        self.state.asked.lock().expect("no panic").clone()
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

async fn published(State(provider): State<Arc<Inner>>) -> Json<Value> {
    tokio::time::sleep(provider.documented.takes).await;
    let algorithm = *provider.algorithm.lock().expect("no panic");
    let key = json!({ "use": "sig", "alg": algorithm, "kid": *provider.key_id.lock().expect("no panic") });
    Json(json!({ "keys": [with(&public_key(algorithm), &key)] }))
}

/// An ID token as it should be.
pub fn signed(claims: &Value) -> String {
    token_of(r#"{"alg":"RS256","typ":"JWT","kid":"key"}"#, &claims.to_string())
}

async fn description(State(provider): State<Arc<Inner>>) -> Response {
    tokio::time::sleep(provider.documented.takes).await;
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
    let description = match provider.documented.userinfo {
        Value::Null => description,
        _ => with(&description, &json!({ "userinfo_endpoint": at("/userinfo") })),
    };
    Json(with(&description, &provider.documented.description)).into_response()
}

async fn authorize(State(provider): State<Arc<Inner>>, RawQuery(query): RawQuery) -> Response {
    let asked = parameters(query.unwrap_or_default().as_bytes());
    provider.asked.lock().expect("no panic").push(asked.clone());
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

async fn userinfo(State(provider): State<Arc<Inner>>, headers: HeaderMap) -> Response {
    match (&provider.documented.userinfo, headers[header::AUTHORIZATION] == "Bearer a") {
        (said @ Value::Object(_), true) => Json(said.clone()).into_response(),
        (Value::String(text), true) => text.clone().into_response(),
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn token(State(provider): State<Arc<Inner>>, headers: HeaderMap, RawForm(form): RawForm) -> Response {
    tokio::time::sleep(provider.documented.takes).await;
    let form = parameters(&form);
    provider.sent.lock().expect("no panic").push((headers.clone(), form.clone()));
    let secret = form.get("client_secret").map(String::as_str);
    let is_client = match (provider.documented.client, headers.get(header::AUTHORIZATION)) {
        (Client::Posts, None) => secret == Some(CLIENT_SECRET),
        (Client::Basic, Some(basic)) => {
            let pair = format!("Basic {}", BASE64_STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}")));
            basic == pair.as_str() && secret.is_none()
        }
        (Client::Public, None) => secret.is_none() && form.get("client_id").is_some_and(|id| id == CLIENT_ID),
        _ => false,
    };
    // A client that does not authenticate hears nothing of its code (RFC 6749, section 5.2).
    if !is_client {
        if let Some(error) = provider.documented.unknown {
            return (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
        }
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client" }))).into_response();
    }
    let granted = form.get("code").and_then(|code| CODES.lock().expect("no panic").get(code).cloned());
    let Some(granted) = granted.filter(|granted| is_good(&form, granted, &provider.issuer)) else {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
    };
    let state = form.get("state") == granted.get("state") || !provider.documented.wants_state;
    if !state {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client" }))).into_response();
    }
    let claims = json!({
        "iss": provider.issuer, "aud": CLIENT_ID, "sub": "1234567890", "nonce": granted["nonce"],
        "iat": NOW, "exp": NOW + 600, "auth_time": NOW,
    });
    let id_token = provider.mint.lock().expect("no panic")(&with(&claims, &provider.documented.person));
    let answer = json!({ "access_token": "a", "token_type": "bearer", "expires_in": 21599, "id_token": id_token });
    let status = StatusCode::from_u16(provider.documented.status.unwrap_or(200)).expect("a status");
    (status, Json(with(&answer, &provider.documented.answer))).into_response()
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

/// Any other provider, as most of them are.
pub fn usual() -> Documented {
    Documented {
        authorize: "/authorize",
        token: "/token",
        keys: "/keys",
        scopes: &["openid", "profile", "email"],
        description: json!({ "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"] }),
        client: Client::Basic,
        person: json!({ "name": "Ada" }),
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
        ..Documented::default()
    }
}

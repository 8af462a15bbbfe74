//! The built-in identity provider: whoever sits at this computer says who they are.
//!
//! It is an OpenID Connect provider like any other, so that local sign-in takes the same path
//! through `auth`; it is compiled into standalone alone, which refuses any but a loopback origin.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use anyhow::{Result, anyhow};
use auth::oauth::Provider;
use axum::{
    Router,
    extract::{RawForm, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use common::{
    App, Clock, Code, Error, Json, Language, Origin,
    session::{is_foreign, random_token},
    text,
};
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use crate::page;

const CLIENT_ID: &str = "hanip";
/// How long a code or an ID token is good for.
const LIFETIME: TimeDelta = TimeDelta::minutes(1);
/// How many codes there are at once, and how many bytes of a nonce or a challenge are kept with each.
const MOST_CODES: usize = 100;
const LONGEST: usize = 128;

#[derive(Clone)]
struct Local(Arc<Inner>);

struct Inner {
    origin: Origin,
    /// What browsers see, `PUBLIC_ORIGIN/local`.
    issuer: String,
    redirect_uri: String,
    client_secret: String,
    /// Signs ID tokens (EdDSA, RFC 8037); made anew at every start.
    key: Ed25519KeyPair,
    key_id: String,
    clock: Clock,
    codes: Mutex<HashMap<String, Granted>>,
}

/// What a code stands for.
struct Granted {
    name: String,
    nonce: Option<String>,
    challenge: String,
    expires_at: DateTime<Utc>,
}

/// The provider's routes, under `/local`, and `auth`'s client of it. `address` is where this
/// process listens.
pub fn local(app: &App, address: SocketAddr) -> Result<(Router, Provider)> {
    let issuer = app.origin.url("/local");
    let client_secret = random_token();
    let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| anyhow!("no random bytes"))?;
    let key = Ed25519KeyPair::from_pkcs8(key.as_ref()).map_err(|error| anyhow!(error))?;
    let key_id = random_token();
    let provider = Provider::inside("local", &issuer, CLIENT_ID, &client_secret, address)?;
    let redirect_uri = app.origin.url("/api/auth/local/callback");
    let (origin, clock, codes) = (app.origin.clone(), app.clock.clone(), Mutex::default());
    let local = Local(Arc::new(Inner { origin, issuer, redirect_uri, client_secret, key, key_id, clock, codes }));
    let router = Router::new()
        .route("/local/.well-known/openid-configuration", get(configuration))
        .route("/local/keys", get(keys))
        .route("/local/authorize", get(ask).post(grant))
        .route("/local/token", post(token))
        .route("/local/page.css", get(async || ([(header::CONTENT_TYPE, "text/css")], page::STYLE)))
        .with_state(local);
    Ok((router, provider))
}

/// OpenID Connect Discovery 1.0, section 3.
async fn configuration(State(Local(local)): State<Local>) -> Json<Value> {
    let at = |path: &str| format!("{}/{path}", local.issuer);
    Json(json!({
        "issuer": local.issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "jwks_uri": at("keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

/// JSON Web Key Set (RFC 7517, section 5).
async fn keys(State(Local(local)): State<Local>) -> Json<Value> {
    let x = BASE64_URL_SAFE_NO_PAD.encode(local.key.public_key());
    Json(json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": local.key_id, "x": x }] }))
}

/// The form: who are you?
async fn ask(State(Local(local)): State<Local>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    match local.request(query.as_deref()) {
        Some(request) => page::form(request.language(&headers), false).into_response(),
        None => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// The form's answer: back to the app with a code.
async fn grant(
    State(Local(local)): State<Local>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    RawForm(form): RawForm,
) -> Response {
    if is_foreign(&headers, &local.origin) {
        return Error::from(Code::OriginForeign).into_response();
    }
    let Some(request) = local.request(query.as_deref()) else { return StatusCode::BAD_REQUEST.into_response() };
    let form = Parameters::parse(&form);
    let Ok(Some(name)) = text::line(form.get("name").unwrap_or_default(), 50) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, page::form(request.language(&headers), true)).into_response();
    };
    let code = random_token();
    let granted = Granted {
        name,
        nonce: request.get("nonce").map(str::to_owned),
        challenge: request.get("code_challenge").unwrap_or_default().to_owned(),
        expires_at: local.clock.now() + LIFETIME,
    };
    let mut codes = local.codes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    codes.retain(|_, granted| granted.expires_at > local.clock.now());
    if codes.len() >= MOST_CODES {
        return Error::from(Code::TooManyAttempts).into_response();
    }
    codes.insert(code.clone(), granted);
    let answer = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("code", code.as_str()), ("state", request.get("state").unwrap_or_default())])
        .append_pair("iss", &local.issuer)
        .finish();
    Redirect::to(&format!("{}?{answer}", local.redirect_uri)).into_response()
}

/// The token endpoint (RFC 6749, section 4.1.3), called by `auth` with what only it knows.
async fn token(State(Local(local)): State<Local>, headers: HeaderMap, RawForm(form): RawForm) -> Response {
    match local.exchange(&headers, &Parameters::parse(&form)) {
        Some(id_token) => Json(json!({
            "access_token": random_token(), "token_type": "Bearer", "expires_in": LIFETIME.num_seconds(),
            "id_token": id_token,
        }))
        .into_response(),
        None => (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response(),
    }
}

impl Inner {
    /// The parameters of an authorization request, if it is `auth`'s own.
    fn request(&self, query: Option<&str>) -> Option<Parameters> {
        let request = Parameters::parse(query?.as_bytes());
        let ours = request.get("client_id") == Some(CLIENT_ID)
            && request.get("redirect_uri") == Some(&self.redirect_uri)
            && request.get("response_type") == Some("code")
            && request.get("code_challenge_method") == Some("S256")
            && ["nonce", "code_challenge"]
                .iter()
                .all(|name| request.get(name).is_none_or(|text| text.len() <= LONGEST));
        ours.then_some(request)
    }

    fn exchange(&self, headers: &HeaderMap, form: &Parameters) -> Option<String> {
        let credentials = base64::prelude::BASE64_STANDARD.encode(format!("{CLIENT_ID}:{}", self.client_secret));
        if headers.get(header::AUTHORIZATION)?.as_bytes() != format!("Basic {credentials}").as_bytes() {
            return None;
        }
        let now = self.clock.now();
        let mut codes = self.codes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let granted = codes.remove(form.get("code")?)?;
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(form.get("code_verifier")?));
        let valid = granted.expires_at > now
            && challenge == granted.challenge
            && form.get("redirect_uri") == Some(&self.redirect_uri);
        valid.then_some(())?;
        Some(self.signed(&json!({
            "iss": self.issuer, "aud": CLIENT_ID, "sub": granted.name, "name": granted.name, "nonce": granted.nonce,
            "iat": now.timestamp(), "exp": (now + LIFETIME).timestamp(),
        })))
    }

    /// A JSON Web Token of these claims (RFC 7519).
    fn signed(&self, claims: &Value) -> String {
        let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": self.key_id });
        let encoded = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", encoded(&header), encoded(claims));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.key.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }
}

/// Form-encoded parameters; of several with one name the first counts.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn parse(form: &[u8]) -> Self {
        Self(form_urlencoded::parse(form).into_owned().collect())
    }

    /// The language of the page: the one chosen in the app, else the browser's.
    fn language(&self, headers: &HeaderMap) -> Language {
        match self.get("ui_locales") {
            Some("ko") => Language::Korean,
            Some("en") => Language::English,
            _ => Language::of(headers),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

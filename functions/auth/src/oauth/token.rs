//! The token endpoint: a code is exchanged for tokens (RFC 6749, section 4.1.3).

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use anyhow::{Context, Result, bail};
use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::StatusCode;
use serde_json::{Map, Value};
use url::{Url, form_urlencoded::byte_serialize};

use common::Code;

use super::http::{Answer, Http};

/// Our client at a provider.
pub struct Client {
    pub id: String,
    /// `None` for a public client, which PKCE alone protects.
    pub secret: Option<String>,
    /// Whether the provider was found to want the secret in another way than it describes.
    differs: AtomicBool,
}

/// What a code was exchanged for.
pub struct Tokens {
    pub access_token: String,
    pub id_token: Option<String>,
}

/// Why a token endpoint gave no tokens: its own error code (RFC 6749, section 5.2), and its words.
#[derive(Debug, thiserror::Error)]
#[error("{error}{}", .description.as_ref().map(|text| format!(": {text}")).unwrap_or_default())]
pub struct TokenError {
    pub error: String,
    description: Option<String>,
}

impl Client {
    pub fn new(id: String, secret: Option<String>) -> Self {
        Self { id, secret, differs: AtomicBool::new(false) }
    }

    /// Exchanges the code of `form`; a [`TokenError`] inside is what the provider said. The secret goes into the body
    /// if `posts` (`client_secret_post`), else into a header (`client_secret_basic`). A provider that does not know
    /// the client, or misses something, is asked once more the other way; what works is remembered.
    pub async fn exchange(&self, http: &Http, endpoint: &Url, posts: bool, form: &[(&str, &str)]) -> Result<Tokens> {
        let differs = self.differs.load(Relaxed);
        let error = match self.try_exchange(http, endpoint, posts != differs, form).await? {
            Ok(tokens) => return Ok(tokens),
            Err(error) => error,
        };
        let may_differ = error.is_unknown_client() || (error.error == "invalid_request" && !error.is_stale_code());
        if !may_differ || self.secret.is_none() {
            return Err(error.into());
        }
        let again = self.try_exchange(http, endpoint, posts == differs, form).await?;
        // Any other error than that one is about the code: the client was known this time.
        let is_known = again.as_ref().map_or_else(|again| !again.is_unknown_client(), |_| true);
        if again.is_ok() || (error.is_unknown_client() && is_known) {
            self.differs.store(!differs, Relaxed);
            return Ok(again?);
        }
        Err(error.into())
    }

    async fn try_exchange(
        &self,
        http: &Http,
        endpoint: &Url,
        posts: bool,
        form: &[(&str, &str)],
    ) -> Result<Result<Tokens, TokenError>> {
        let mut form = [form, &[("grant_type", "authorization_code")]].concat();
        let authorization = match &self.secret {
            Some(secret) if !posts => Some(basic(&self.id, secret)),
            secret => {
                form.push(("client_id", &self.id));
                form.extend(secret.as_deref().map(|secret| ("client_secret", secret)));
                None
            }
        };
        tokens(http.post(endpoint, &form, authorization).await.context("the token endpoint")?)
    }
}

/// RFC 6749, section 2.3.1: both halves are form-encoded before they become a pair.
fn basic(id: &str, secret: &str) -> String {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret))))
}

/// Reads the answer for what is used of it. GitHub and Naver tell errors with 200.
fn tokens(answer: Answer) -> Result<Result<Tokens, TokenError>> {
    // What is no JSON is not shown: it may hold a token.
    let body: Map<String, Value> = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    if let Some(error) = text("error").filter(|error| !error.is_empty()) {
        let description = text("error_description").map(|text| super::clean(&text));
        return Ok(Err(TokenError { error: super::clean(&error), description }));
    }
    match answer.status {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED => {
            return Ok(Err(TokenError { error: "invalid_client".to_owned(), description: None }));
        }
        status => bail!("the token endpoint answered {status}"),
    }
    let access_token = text("access_token").context("the token endpoint's answer has no access_token")?;
    Ok(Ok(Tokens { access_token, id_token: text("id_token") }))
}

impl TokenError {
    /// What a person reads: the code is too old or was used, else something that only the admin can mend.
    pub fn code(&self) -> Code {
        if self.is_stale_code() { Code::SignInExpired } else { Code::SignInFailed }
    }

    /// Whether the code is too old, was used, or never was. The second is GitHub's; the last are Naver's and Dex's.
    pub fn is_stale_code(&self) -> bool {
        let says = |text: &str| self.description.as_deref().is_some_and(|description| description.contains(text));
        match self.error.as_str() {
            "invalid_grant" | "bad_verification_code" => true,
            "invalid_request" => says("no valid data in session") || says("Invalid or expired code"),
            _ => false,
        }
    }

    /// Whether the provider does not know our client by its id and secret.
    pub fn is_unknown_client(&self) -> bool {
        ["invalid_client", "unauthorized_client", "incorrect_client_credentials"].contains(&self.error.as_str())
    }
}

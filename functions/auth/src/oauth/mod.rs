//! Sign-in at a provider: the authorization code grant of OAuth 2.0 with PKCE (RFC 7636). Most speak OpenID Connect, so
//! that the answer says who came; GitHub is asked for it.

mod check;
mod discovery;
mod github;
mod http;
mod id_token;
mod openid;
mod settings;
mod token;

use std::{fmt, net::SocketAddr, time::Duration};

use anyhow::{Error, Result, anyhow, ensure};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use common::{Code, Origin, session::hash};

pub use self::settings::providers;
use self::{
    http::Http,
    openid::OpenId,
    token::{Client, TokenError},
};

/// How long a provider may take to say who came. The answer to the person may take 10 s in all.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long an issuer or a subject may be (OpenID Connect Core 1.0, section 2).
const IDENTITY_LIMIT: usize = 255;

/// A place where people sign in.
pub struct Provider {
    /// Its name in our paths.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What the names of its settings begin with.
    prefix: String,
    issuer: String,
    client: Client,
    http: Http,
    protocol: Protocol,
}

enum Protocol {
    OpenId(OpenId),
    GitHub,
}

/// What an authorization request asks for besides who it is.
#[derive(Clone, Copy, Default)]
pub struct Ask<'a> {
    /// The language of the provider's pages, where the person has chosen one.
    pub locale: Option<&'a str>,
    /// Whether the person has to be shown who is signed in at the provider, and can be somebody else.
    pub choose_account: bool,
}

/// An authorization request (RFC 6749, section 4.1.1): where the browser goes, and what the response must match.
pub struct AuthorizationRequest {
    pub url: Url,
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

/// An authorization response (RFC 6749, section 4.1.2), beside what its request stored.
pub struct AuthorizationResponse<'a> {
    pub code: &'a str,
    pub state: &'a str,
    /// The issuer, where the provider names it (RFC 9207).
    pub iss: Option<&'a str>,
    pub nonce: &'a str,
    pub verifier: &'a str,
}

/// Who came back.
#[derive(Debug)]
pub struct Identity {
    pub issuer: String,
    pub subject: String,
    pub name: Option<String>,
    pub email: Option<String>,
}

impl Provider {
    /// A provider in this process, which listens on `address`, whatever address browsers see it under.
    pub fn inside(id: &str, issuer: &str, client_id: &str, client_secret: &str, address: SocketAddr) -> Result<Self> {
        let http = Http::new(&[])?.through(address);
        Ok(Self {
            id: id.to_owned(),
            name: "Hanip".to_owned(),
            prefix: id.to_uppercase(),
            issuer: issuer.to_owned(),
            client: Client::new(client_id.to_owned(), Some(client_secret.to_owned())),
            protocol: Protocol::OpenId(OpenId::new(id, ("PUBLIC_ORIGIN", issuer), "openid".to_owned(), &http)?),
            http,
        })
    }

    /// Who the provider is in the identities it gives.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Asks the provider from now on, in the background, what it says of itself.
    pub fn keep_fresh(&self) {
        if let Protocol::OpenId(openid) = &self.protocol {
            openid.discovery.keep_fresh();
        }
    }

    /// Begins a sign-in. `sign-in-failed` where the provider does not answer as it should.
    pub async fn begin(&self, origin: &Origin, ask: Ask<'_>) -> common::Result<AuthorizationRequest> {
        let begun = match &self.protocol {
            Protocol::OpenId(openid) => openid.begin(self, origin, ask).await,
            Protocol::GitHub => github::begin(self, origin, ask),
        };
        begun.map_err(|error| self.failed(error))
    }

    /// Completes a sign-in: exchanges the code, and learns who came. `sign-in-expired` where the provider takes the
    /// code no more, `sign-in-failed` where it does not answer as it should, or what it says can't be trusted.
    pub async fn complete(
        &self,
        origin: &Origin,
        response: AuthorizationResponse<'_>,
        now: DateTime<Utc>,
    ) -> common::Result<Identity> {
        let completed = timeout(PATIENCE, async {
            match &self.protocol {
                Protocol::OpenId(openid) => openid.complete(self, origin, response, now).await,
                Protocol::GitHub => github::complete(self, origin, response).await,
            }
        });
        let identity = completed.await.unwrap_or_else(|_| Err(anyhow!("no answer in {PATIENCE:?}")));
        let identity = identity.and_then(|identity| {
            let longest = identity.subject.len().max(identity.issuer.len());
            ensure!(
                !identity.subject.is_empty() && longest <= IDENTITY_LIMIT,
                "the subject (sub) is empty or too long"
            );
            Ok(identity)
        });
        identity.map_err(|error| self.failed(error))
    }

    /// What a person reads where the provider sends them back with an error (RFC 6749, section 4.1.2.1): their own
    /// decision, or something that only the admin can mend, who finds it in the log.
    pub fn refused(&self, error: &str, description: Option<&str>) -> Code {
        // The last two are LinkedIn's.
        let theirs = ["access_denied", "consent_required", "user_cancelled_login", "user_cancelled_authorize"];
        let is_theirs = theirs.contains(&error);
        let (error, description) = (clean(error), description.map(clean));
        if is_theirs {
            // It may be the provider's decision all the same: some say no more where a client is not for everybody.
            tracing::info!(provider = self.id, error, description, "the provider sent a person back refused");
            return Code::SignInRefused;
        }
        tracing::warn!(provider = self.id, error, description, "the provider sent a person back with an error");
        Code::SignInFailed
    }

    /// The page where people end their session at the provider, if it has one.
    pub fn sign_out_url(&self) -> Option<Url> {
        match &self.protocol {
            Protocol::OpenId(openid) => openid.sign_out_url(&self.client.id),
            Protocol::GitHub => None,
        }
    }

    /// Says in the log why nobody came in; the answer is what the person reads.
    fn failed(&self, error: Error) -> common::Error {
        let refusal = error.downcast_ref::<TokenError>();
        let code = refusal.map_or(Code::SignInFailed, TokenError::code);
        let hint = match refusal {
            Some(refusal) if refusal.is_unknown_client() => {
                let (id, secret) = (self.setting("CLIENT_ID"), self.setting("CLIENT_SECRET"));
                format!("{id}, {secret}: the provider does not know this client: ")
            }
            Some(_) => "the provider gave no tokens: ".to_owned(),
            None => String::new(),
        };
        let error = format!("{hint}{error:#}");
        match code {
            Code::SignInExpired => tracing::info!(provider = self.id, error, "sign-in expired"),
            _ => tracing::warn!(provider = self.id, error, "sign-in failed"),
        }
        code.into()
    }

    fn redirect_uri(&self, origin: &Origin) -> String {
        origin.url(&format!("/api/auth/{}/callback", self.id))
    }
}

/// Secrets are not shown.
impl fmt::Debug for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Provider").field("id", &self.id).field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// The code challenge of a verifier, S256 (RFC 7636, section 4.2).
fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(hash(verifier))
}

/// What somebody else wrote, fit for a log: one line of at most 200 characters.
fn clean(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).take(200).collect()
}

/// Reads a text that has something in it; anything else counts as absent.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text: Option<String> = lenient(deserializer)?;
    Ok(text.filter(|text| !text.trim().is_empty()))
}

/// Reads a value; one of another type counts as absent.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).ok())
}

//! Sign-in at a provider: the authorization code grant of OAuth 2.0 with PKCE (RFC 7636). Most speak
//! OpenID Connect, so that the answer says who came; GitHub is asked for it.

mod github;
mod http;
mod openid;

use std::{fmt, net::SocketAddr, time::Duration};

use anyhow::{Context, Result, anyhow, ensure};
use chrono::{DateTime, Utc};
use oauth2::{ClientId, ClientSecret, RedirectUrl, RequestTokenError, basic::BasicErrorResponse};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use common::{Code, Env, Error, Origin};

use self::{
    http::{BackChannel, SendError, is_private},
    openid::OpenId,
};

/// How long a provider may take, whatever is asked of it: then people hear that it does not answer.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long an issuer or a subject may be (OpenID Connect Core 1.0, section 2).
const IDENTITY_LIMIT: usize = 255;

/// Providers known by name: id, name, issuer, what is asked of them besides who it is. Kakao refuses
/// a scope that it does not know; nobody needs to give an e-mail address.
const KNOWN: [(&str, &str, &str, Option<&[&str]>); 4] = [
    ("google", "Google", "https://accounts.google.com", Some(&["profile", "email"])),
    ("kakao", "Kakao", "https://kauth.kakao.com", Some(&["profile_nickname"])),
    ("naver", "Naver", "https://nid.naver.com", Some(&["profile"])),
    // No OpenID Connect.
    ("github", "GitHub", "https://github.com", None),
];

/// The providers of `OAUTH_<NAME>_CLIENT_ID`, and of `OIDC_ISSUER`.
pub fn providers(env: &Env) -> Result<Vec<Provider>> {
    let mut providers = Vec::new();
    for (id, name, issuer, scopes) in KNOWN {
        let setting = |part: &str| format!("OAUTH_{}_{part}", id.to_uppercase());
        let Some(client_id) = env.optional(&setting("CLIENT_ID"))? else {
            for part in ["CLIENT_SECRET", "ISSUER"].map(setting) {
                ensure!(env.optional(&part)?.is_none(), "{}: not set, but {part} is", setting("CLIENT_ID"));
            }
            continue;
        };
        let secret = env.required(&setting("CLIENT_SECRET"), "the client's secret")?;
        let issuer = env.optional(&setting("ISSUER"))?.unwrap_or_else(|| issuer.to_owned());
        let provider = Provider::new(id, name, &issuer, &client_id, &secret).with_context(|| setting("ISSUER"))?;
        let protocol = scopes.map_or(Protocol::GitHub, |scopes| Protocol::OpenId(Box::new(OpenId::asking(scopes))));
        providers.push(Provider { protocol, ..provider });
    }
    let issuer = env.optional("OIDC_ISSUER")?;
    for part in ["OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_NAME"] {
        ensure!(issuer.is_some() || env.optional(part)?.is_none(), "OIDC_ISSUER: not set, but {part} is");
    }
    if let Some(issuer) = issuer {
        let client_id = env.required("OIDC_CLIENT_ID", "the client's id")?;
        let secret = env.required("OIDC_CLIENT_SECRET", "the client's secret")?;
        let name = env.optional("OIDC_NAME")?.unwrap_or_else(|| "OpenID Connect".to_owned());
        providers.push(Provider::new("oidc", &name, &issuer, &client_id, &secret).context("OIDC_ISSUER")?);
    }
    Ok(providers)
}

/// A place where people sign in.
pub struct Provider {
    /// Its name in our paths.
    pub id: String,
    /// Its name for people.
    pub name: String,
    issuer: String,
    client_id: ClientId,
    client_secret: ClientSecret,
    back_channel: BackChannel,
    protocol: Protocol,
}

enum Protocol {
    OpenId(Box<OpenId>),
    GitHub,
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
    /// An OpenID Connect provider. `issuer` is https, or http on this machine.
    pub fn new(id: &str, name: &str, issuer: &str, client_id: &str, client_secret: &str) -> Result<Self> {
        let expected = "expected an https URL, or http on a loopback address";
        ensure!(is_private(&issuer.parse::<Url>().context(expected)?), expected);
        Ok(Self {
            id: id.to_owned(),
            name: name.to_owned(),
            issuer: issuer.to_owned(),
            client_id: ClientId::new(client_id.to_owned()),
            client_secret: ClientSecret::new(client_secret.to_owned()),
            back_channel: BackChannel::new()?,
            protocol: Protocol::OpenId(Box::new(OpenId::asking(&["profile", "email"]))),
        })
    }

    /// Calls the provider at `address`, whatever address browsers see it under.
    pub fn through(self, address: SocketAddr) -> Self {
        Self { back_channel: self.back_channel.through(address), ..self }
    }

    /// Who the provider is in the identities it gives.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Begins a sign-in. `sign-in-failed` where the provider does not answer as it should.
    pub async fn begin(&self, origin: &Origin) -> common::Result<AuthorizationRequest> {
        self.in_time(async {
            match &self.protocol {
                Protocol::OpenId(openid) => openid.begin(self, origin).await,
                Protocol::GitHub => github::begin(self, origin),
            }
        })
        .await
    }

    /// Completes a sign-in: exchanges the code, and learns who came. `sign-in-refused` where the answer
    /// is not this provider's, `sign-in-expired` where it does not take the code or what it says is
    /// not to be trusted, `sign-in-failed` where it does not answer as it should.
    pub async fn complete(
        &self,
        origin: &Origin,
        response: AuthorizationResponse<'_>,
        now: DateTime<Utc>,
    ) -> common::Result<Identity> {
        let identity = self.in_time(async {
            match &self.protocol {
                Protocol::OpenId(openid) => openid.complete(self, origin, response, now).await,
                Protocol::GitHub => github::complete(self, origin, response).await,
            }
        });
        let identity = identity.await?;
        if identity.subject.is_empty() || identity.subject.len().max(identity.issuer.len()) > IDENTITY_LIMIT {
            tracing::warn!(provider = self.id, "an identity is empty or too long");
            return Err(Code::SignInExpired.into());
        }
        Ok(identity)
    }

    /// Waits for what is asked of the provider, but not for ever; logs what goes wrong.
    async fn in_time<T>(&self, asked: impl Future<Output = common::Result<T>>) -> common::Result<T> {
        let error = match timeout(PATIENCE, asked).await {
            Ok(Err(Error::Internal(error))) => error,
            Ok(answer) => return answer,
            Err(_) => anyhow!("no answer in {PATIENCE:?}"),
        };
        tracing::warn!(provider = self.id, error = format!("{error:#}"), "sign-in failed");
        Err(Code::SignInFailed.into())
    }

    fn redirect_url(&self, origin: &Origin) -> Result<RedirectUrl> {
        Ok(RedirectUrl::new(origin.url(&format!("/api/auth/{}/callback", self.id)))?)
    }

    /// What a token endpoint gave for a code. GitHub tells errors with 200, Naver may tell seconds as text.
    fn taken<T: DeserializeOwned>(
        &self,
        answer: Result<T, RequestTokenError<SendError, BasicErrorResponse>>,
    ) -> common::Result<T> {
        let error = match answer {
            Ok(taken) => return Ok(taken),
            Err(RequestTokenError::ServerResponse(refusal)) => refusal.error().to_string(),
            Err(RequestTokenError::Parse(error, body)) => {
                // The cause may quote a token: only the place is told.
                let unread = || anyhow!("the token endpoint's answer can't be read at {}", error.path());
                let mut body: Value = serde_json::from_slice(&body).map_err(|_| unread())?;
                match body.get("error").and_then(Value::as_str) {
                    Some(error) => error.to_owned(),
                    None => {
                        body.as_object_mut().and_then(|body| body.remove("expires_in"));
                        return Ok(serde_json::from_value(body).map_err(|_| unread())?);
                    }
                }
            }
            Err(error) => return Err(anyhow!(error).context("the code was not exchanged").into()),
        };
        let ours = ["invalid_client", "unauthorized_client", "incorrect_client_credentials", "redirect_uri_mismatch"];
        if ours.contains(&error.as_str()) {
            return Err(anyhow!("the provider does not know this client: {error}").into());
        }
        tracing::info!(provider = self.id, error, "the code was not taken");
        Err(Code::SignInExpired.into())
    }
}

/// Secrets are not shown.
impl fmt::Debug for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Provider").field("id", &self.id).field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

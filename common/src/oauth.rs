//! Sign-in at a provider: the authorization code grant of OAuth 2.0 with PKCE (RFC 7636), as
//! OpenID Connect, so that the answer says who came.

use std::{fmt, net::SocketAddr, time::Duration};

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use oauth2::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
};
use openidconnect::{
    AuthenticationFlow, ClaimsVerificationError, IssuerUrl, Nonce, SignatureVerificationError, TokenResponse,
    core::{CoreClient, CoreIdToken, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreResponseType},
};
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use crate::{
    Env, Origin,
    back_channel::{BackChannel, is_private},
};

/// How long what a provider says of itself is believed.
const DISCOVERED: Duration = Duration::from_secs(3600);

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// Providers known by name: id, name, issuer, how they take the client's secret.
const KNOWN: [(&str, &str, &str, AuthType); 3] = [
    ("google", "Google", "https://accounts.google.com", AuthType::BasicAuth),
    ("kakao", "Kakao", "https://kauth.kakao.com", AuthType::RequestBody),
    ("naver", "Naver", "https://nid.naver.com", AuthType::RequestBody),
];

/// The providers of `OAUTH_<NAME>_CLIENT_ID`, and of `OIDC_ISSUER`.
pub fn providers(env: &Env) -> Result<Vec<Provider>> {
    let mut providers = Vec::new();
    for (id, name, issuer, auth_type) in KNOWN {
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
        providers.push(Provider { auth_type, ..provider });
    }
    let issuer = env.optional("OIDC_ISSUER")?;
    for part in ["OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"] {
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
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: ClientSecret,
    auth_type: AuthType,
    back_channel: BackChannel,
    metadata: Mutex<Option<(Instant, CoreProviderMetadata)>>,
}

/// A sign-in to begin: where to send the browser, and what its return must match.
pub struct Attempt {
    pub url: Url,
    pub state: String,
    pub nonce: String,
    pub verifier: String,
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
    /// `issuer` is https, or http on this machine.
    pub fn new(id: &str, name: &str, issuer: &str, client_id: &str, client_secret: &str) -> Result<Self> {
        let expected = "expected an https URL, or http on a loopback address";
        ensure!(is_private(&issuer.parse::<Url>().context(expected)?), expected);
        Ok(Self {
            id: id.to_owned(),
            name: name.to_owned(),
            issuer: IssuerUrl::new(issuer.to_owned()).context(expected)?,
            client_id: ClientId::new(client_id.to_owned()),
            client_secret: ClientSecret::new(client_secret.to_owned()),
            auth_type: AuthType::BasicAuth,
            back_channel: BackChannel::new()?,
            metadata: Mutex::default(),
        })
    }

    /// Calls the provider at `address`, whatever address browsers see it under.
    pub fn through(self, address: SocketAddr) -> Self {
        Self { back_channel: self.back_channel.through(address), ..self }
    }

    /// Begins a sign-in.
    pub async fn begin(&self, origin: &Origin) -> Result<Attempt> {
        let client = self.client(origin, false).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let (url, state, nonce) = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(["profile", "email"].map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(challenge)
            .url();
        let (state, nonce) = (state.into_secret(), nonce.secret().clone());
        Ok(Attempt { url, state, nonce, verifier: verifier.into_secret() })
    }

    /// Completes a sign-in: exchanges the code, checks the ID token and its nonce. `None` where the
    /// provider does not take the code, or its ID token is not to be trusted.
    pub async fn complete(
        &self,
        origin: &Origin,
        code: String,
        verifier: String,
        nonce: String,
        now: DateTime<Utc>,
    ) -> Result<Option<Identity>> {
        let client = self.client(origin, false).await?;
        let token = client
            .exchange_code(AuthorizationCode::new(code))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request_async(&self.back_channel)
            .await;
        let token = match token {
            Err(RequestTokenError::ServerResponse(refusal)) => {
                tracing::info!(provider = self.id, error = %refusal.error(), "the code was not taken");
                return Ok(None);
            }
            token => token.context("the code was not exchanged")?,
        };
        let id_token = token.id_token().context("no ID token came")?;
        let checked = match self.check(&client, id_token, &nonce, now) {
            // The provider has a new key since it was asked last.
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
                self.check(&self.client(origin, true).await?, id_token, &nonce, now)
            }
            checked => checked,
        };
        Ok(checked
            .inspect_err(|error| tracing::warn!(provider = self.id, %error, "an ID token is not to be trusted"))
            .ok())
    }

    fn check(
        &self,
        client: &Client,
        id_token: &CoreIdToken,
        nonce: &str,
        now: DateTime<Utc>,
    ) -> Result<Identity, ClaimsVerificationError> {
        use CoreJwsSigningAlgorithm::{EcdsaP256Sha256, EdDsa, RsaSsaPkcs1V15Sha256};
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs([RsaSsaPkcs1V15Sha256, EcdsaP256Sha256, EdDsa])
            .set_time_fn(move || now);
        let claims = id_token.claims(&verifier, &Nonce::new(nonce.to_owned()))?;
        let name = claims.name().and_then(|name| Some(name.get(None)?.to_string()));
        let nickname = claims.nickname().and_then(|name| Some(name.get(None)?.to_string()));
        Ok(Identity {
            issuer: claims.issuer().to_string(),
            subject: claims.subject().to_string(),
            name: name.or(nickname),
            email: claims.email().map(|email| email.to_string()),
        })
    }

    /// Whether the callback's `iss` (RFC 9207), where it has one, names this provider.
    pub fn is_issuer(&self, iss: Option<&str>) -> bool {
        iss.is_none_or(|iss| iss == self.issuer.as_str())
    }

    /// A client as the provider describes itself (OpenID Connect Discovery 1.0), asked at most hourly.
    async fn client(&self, origin: &Origin, anew: bool) -> Result<Client> {
        let mut metadata = self.metadata.lock().await;
        if anew || metadata.as_ref().is_none_or(|(since, _)| since.elapsed() > DISCOVERED) {
            let found = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.back_channel).await;
            *metadata = Some((Instant::now(), found.context("discovery")?));
        }
        let (_, metadata) = metadata.clone().context("discovered above")?;
        let redirect = RedirectUrl::new(origin.url(&format!("/api/auth/{}/callback", self.id)))?;
        Ok(CoreClient::from_provider_metadata(metadata, self.client_id.clone(), Some(self.client_secret.clone()))
            .set_auth_type(self.auth_type.clone())
            .set_redirect_uri(redirect))
    }
}

/// Secrets are not shown.
impl fmt::Debug for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Provider").field("id", &self.id).field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

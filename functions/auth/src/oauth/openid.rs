//! OpenID Connect: a provider that describes itself, and an ID token that says who came.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use oauth2::{
    AuthType, AuthorizationCode, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, PkceCodeChallenge,
    PkceCodeVerifier, Scope,
};
use openidconnect::{
    AdditionalProviderMetadata, AuthenticationFlow, ClaimsVerificationError, IssuerUrl, Nonce, ProviderMetadata,
    SignatureVerificationError, TokenResponse,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod, CoreGrantType, CoreIdToken,
        CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm,
        CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
    },
};
use serde::{Deserialize, Serialize};
use tokio::{sync::Mutex, time::Instant};

use super::{AuthorizationRequest, AuthorizationResponse, Identity, Provider, http::is_private};
use common::{Code, Origin};

/// How long what a provider says of itself is believed.
const DISCOVERED: Duration = Duration::from_secs(3600);
/// How far a provider's clock may be ahead of ours.
const SKEW: TimeDelta = TimeDelta::seconds(60);

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

type Metadata = ProviderMetadata<
    Supported,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What RFC 8414 and RFC 9207 add to the description of a provider.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Supported {
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Supported {}

pub struct OpenId {
    /// What is asked of the provider besides `openid`.
    scopes: &'static [&'static str],
    metadata: Mutex<Option<(Instant, Metadata)>>,
}

impl OpenId {
    pub fn asking(scopes: &'static [&'static str]) -> Self {
        Self { scopes, metadata: Mutex::default() }
    }

    pub async fn begin(&self, provider: &Provider, origin: &Origin) -> common::Result<AuthorizationRequest> {
        let (client, metadata) = self.client(provider, origin, false).await?;
        let methods = metadata.additional_metadata().code_challenge_methods_supported.as_ref();
        // One that says nothing about PKCE may know it all the same, or ignores it.
        let has_s256 = methods.is_none_or(|methods| methods.iter().any(|method| method == "S256"));
        if !has_s256 || !is_private(metadata.authorization_endpoint().url()) {
            return Err(anyhow::anyhow!("the provider's description offers no safe way to sign in").into());
        }
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let (url, state, nonce) = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(self.scopes.iter().map(|scope| Scope::new((*scope).to_owned())))
            .set_pkce_challenge(challenge)
            .url();
        let (state, nonce) = (state.into_secret(), nonce.secret().clone());
        Ok(AuthorizationRequest { url, state, nonce, verifier: verifier.into_secret() })
    }

    /// Exchanges the code, checks the ID token and its nonce.
    pub async fn complete(
        &self,
        provider: &Provider,
        origin: &Origin,
        response: AuthorizationResponse<'_>,
        now: DateTime<Utc>,
    ) -> common::Result<Identity> {
        let (client, metadata) = self.client(provider, origin, false).await?;
        let is_issuer = match response.iss {
            Some(iss) => iss == provider.issuer,
            None => !metadata.additional_metadata().authorization_response_iss_parameter_supported,
        };
        if !is_issuer {
            return Err(Code::SignInRefused.into());
        }
        let token = client
            .exchange_code(AuthorizationCode::new(response.code.to_owned()))
            .context("the provider has no token endpoint")?
            .set_pkce_verifier(PkceCodeVerifier::new(response.verifier.to_owned()))
            // Naver asks for it; others ignore what they do not know (RFC 6749, section 3.2).
            .add_extra_param("state", response.state)
            .request_async(&provider.back_channel)
            .await;
        let token = provider.taken(token)?;
        let id_token = token.id_token().context("no ID token came")?;
        let checked = match check(&client, id_token, response.nonce, now) {
            // The provider has a new key since it was asked last.
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
                check(&self.client(provider, origin, true).await?.0, id_token, response.nonce, now)
            }
            checked => checked,
        };
        checked.map_err(|error| {
            tracing::warn!(provider = provider.id, %error, "an ID token is not to be trusted");
            Code::SignInExpired.into()
        })
    }

    /// A client as the provider describes itself (OpenID Connect Discovery 1.0), asked at most
    /// hourly unless `anew`.
    async fn client(&self, provider: &Provider, origin: &Origin, anew: bool) -> Result<(Client, Metadata)> {
        let mut metadata = self.metadata.lock().await;
        if anew || metadata.as_ref().is_none_or(|(since, _)| since.elapsed() > DISCOVERED) {
            let issuer = IssuerUrl::new(provider.issuer.clone())?;
            let found = Metadata::discover_async(issuer, &provider.back_channel).await.context("discovery")?;
            *metadata = Some((Instant::now(), found));
        }
        let (_, metadata) = metadata.clone().context("discovered above")?;
        ensure!(metadata.token_endpoint().is_some(), "the provider has no token endpoint");
        let methods = metadata.token_endpoint_auth_methods_supported();
        let basic = methods.is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let (id, secret) = (provider.client_id.clone(), provider.client_secret.clone());
        let client = CoreClient::from_provider_metadata(metadata.clone(), id, Some(secret))
            .set_auth_type(if basic { AuthType::BasicAuth } else { AuthType::RequestBody })
            .set_redirect_uri(provider.redirect_url(origin)?);
        Ok((client, metadata))
    }
}

fn check(
    client: &Client,
    id_token: &CoreIdToken,
    nonce: &str,
    now: DateTime<Utc>,
) -> Result<Identity, ClaimsVerificationError> {
    use CoreJwsSigningAlgorithm::{EcdsaP256Sha256, EdDsa, RsaSsaPkcs1V15Sha256};
    let verifier =
        client
            .id_token_verifier()
            .set_allowed_algs([RsaSsaPkcs1V15Sha256, EcdsaP256Sha256, EdDsa])
            .set_issue_time_verifier_fn(|issued| {
                if issued <= now + SKEW { Ok(()) } else { Err("issued in the future".to_owned()) }
            })
            .set_time_fn(move || now);
    let claims = id_token.claims(&verifier, &Nonce::new(nonce.to_owned()))?;
    // OpenID Connect Core 1.0, section 3.1.3.7, step 5, which the library leaves to us.
    if claims.authorized_party().is_some_and(|party| party != client.client_id()) {
        return Err(ClaimsVerificationError::InvalidAudience("for another client".to_owned()));
    }
    let name = claims.name().and_then(|name| Some(name.get(None)?.to_string()));
    let nickname = claims.nickname().and_then(|name| Some(name.get(None)?.to_string()));
    Ok(Identity {
        issuer: claims.issuer().to_string(),
        subject: claims.subject().to_string(),
        name: name.or(nickname),
        email: claims.email().map(|email| email.to_string()),
    })
}

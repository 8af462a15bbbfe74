//! GitHub: plain OAuth 2.0. No ID token says who came, so the API is asked, with a token that
//! is dropped after.

use anyhow::{Context, Result, ensure};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, CsrfToken, EndpointNotSet, EndpointSet, HttpRequest, PkceCodeChallenge,
    PkceCodeVerifier, TokenResponse, TokenUrl, basic::BasicClient,
};
use openidconnect::{
    AsyncHttpClient,
    reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue},
};
use serde::Deserialize;

use super::{AuthorizationRequest, AuthorizationResponse, Identity, Provider};
use common::{Code, Origin};

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Whose token it is: `GET /user`. Names and public e-mail addresses may be missing.
#[derive(Deserialize)]
struct Person {
    /// Never changes, as the login may; and a login that was given up may be taken by somebody else.
    id: u64,
    login: String,
    name: Option<String>,
    email: Option<String>,
}

/// Begins a sign-in. No scope is asked for: who it is, is public.
pub fn begin(provider: &Provider, origin: &Origin) -> common::Result<AuthorizationRequest> {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state) =
        client(provider, origin)?.authorize_url(CsrfToken::new_random).set_pkce_challenge(challenge).url();
    // Without an ID token there is nothing that a nonce could be in.
    Ok(AuthorizationRequest { url, state: state.into_secret(), nonce: String::new(), verifier: verifier.into_secret() })
}

/// Exchanges the code, and asks whose it is.
pub async fn complete(
    provider: &Provider,
    origin: &Origin,
    response: AuthorizationResponse<'_>,
) -> common::Result<Identity> {
    // The issuer of RFC 9207 is that of its authorization server.
    if response.iss.is_some_and(|iss| iss != oauth_url(provider)) {
        return Err(Code::SignInRefused.into());
    }
    let token = client(provider, origin)?
        .exchange_code(AuthorizationCode::new(response.code.to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(response.verifier.to_owned()))
        .request_async(&provider.back_channel)
        .await;
    let token = provider.taken(token)?;
    let person = person(provider, token.access_token().secret()).await.context("who came was not told")?;
    Ok(Identity {
        issuer: provider.issuer.clone(),
        subject: person.id.to_string(),
        name: person.name.or(Some(person.login)),
        email: person.email,
    })
}

async fn person(provider: &Provider, token: &str) -> Result<Person> {
    // GitHub's own API has a host of its own, that of an Enterprise Server a path.
    let api = match provider.issuer.trim_end_matches('/') {
        "https://github.com" => "https://api.github.com/user".to_owned(),
        issuer => format!("{issuer}/api/v3/user"),
    };
    let mut request = HttpRequest::new(Vec::new());
    *request.uri_mut() = api.parse()?;
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static("application/vnd.github+json"));
    headers.insert(AUTHORIZATION, format!("Bearer {token}").parse()?);
    let answer = provider.back_channel.call(request).await?;
    ensure!(answer.status().is_success(), "the API answered {}", answer.status());
    serde_json::from_slice(answer.body()).ok().context("the API's answer can't be read")
}

fn client(provider: &Provider, origin: &Origin) -> Result<Client> {
    let oauth = oauth_url(provider);
    Ok(BasicClient::new(provider.client_id.clone())
        .set_client_secret(provider.client_secret.clone())
        .set_auth_type(AuthType::RequestBody)
        .set_auth_uri(AuthUrl::new(format!("{oauth}/authorize"))?)
        .set_token_uri(TokenUrl::new(format!("{oauth}/access_token"))?)
        .set_redirect_uri(provider.redirect_url(origin)?))
}

fn oauth_url(provider: &Provider) -> String {
    format!("{}/login/oauth", provider.issuer.trim_end_matches('/'))
}

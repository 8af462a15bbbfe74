//! GitHub: plain OAuth 2.0. No ID token says who came, so the API is asked, with a token that is dropped after.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use url::Url;

use super::{Ask, AuthorizationRequest, AuthorizationResponse, Identity, Provider, openid::check_issuer};
use common::{Origin, session::random_token};

/// Whose token it is: `GET /user`. Names and public e-mail addresses may be missing.
#[derive(Deserialize)]
struct Account {
    /// Never changes, as the login may; and a login that was given up may be taken by somebody else.
    id: u64,
    login: String,
    #[serde(default, deserialize_with = "super::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "super::text")]
    email: Option<String>,
}

/// Begins a sign-in. No scope is asked for: who it is, is public.
pub fn begin(provider: &Provider, origin: &Origin, ask: Ask<'_>) -> Result<AuthorizationRequest> {
    let (state, verifier) = (random_token(), random_token());
    let mut url: Url = format!("{}/authorize", authorization_server(provider)).parse()?;
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &provider.client.id)
        .append_pair("redirect_uri", &provider.redirect_uri(origin))
        .append_pair("state", &state)
        .append_pair("code_challenge", &super::challenge(&verifier))
        .append_pair("code_challenge_method", "S256");
    if ask.choose_account {
        url.query_pairs_mut().append_pair("prompt", "select_account");
    }
    // Without an ID token there is nothing that a nonce could be in.
    Ok(AuthorizationRequest { url, state, nonce: String::new(), verifier })
}

/// Exchanges the code, and asks whose it is.
pub async fn complete(provider: &Provider, origin: &Origin, response: AuthorizationResponse<'_>) -> Result<Identity> {
    check_issuer(response.iss, &authorization_server(provider), false)?;
    let form = [
        ("code", response.code),
        ("redirect_uri", &provider.redirect_uri(origin)),
        ("code_verifier", response.verifier),
    ];
    let tokens = provider.client.exchange(&provider.http, &token_endpoint(provider)?, true, &form).await?;
    let account = account(provider, &tokens.access_token).await.context("who came was not told")?;
    Ok(Identity {
        issuer: provider.issuer.clone(),
        subject: account.id.to_string(),
        name: account.name.or(Some(account.login)),
        email: account.email,
    })
}

pub fn token_endpoint(provider: &Provider) -> Result<Url> {
    Ok(format!("{}/access_token", authorization_server(provider)).parse()?)
}

async fn account(provider: &Provider, token: &str) -> Result<Account> {
    let answer = provider.http.get(&api(&provider.issuer)?, "application/vnd.github+json", Some(token)).await?;
    ensure!(answer.status.is_success(), "the API answered {}", answer.status);
    serde_json::from_slice(&answer.body).ok().context("the API's answer can't be read")
}

/// Who an account's token belongs to. GitHub's own API and that of an enterprise with data residency have a host of
/// their own, that of an Enterprise Server a path.
fn api(issuer: &str) -> Result<Url> {
    let issuer = issuer.trim_end_matches('/');
    Ok(match issuer.strip_prefix("https://") {
        Some(host) if host == "github.com" || host.ends_with(".ghe.com") => format!("https://api.{host}/user"),
        _ => format!("{issuer}/api/v3/user"),
    }
    .parse()?)
}

/// What it calls its issuer in answers (RFC 9207).
fn authorization_server(provider: &Provider) -> String {
    format!("{}/login/oauth", provider.issuer.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::api;

    #[test]
    fn the_api_has_a_host_of_its_own_or_a_path() {
        for (issuer, url) in [
            ("https://github.com", "https://api.github.com/user"),
            ("https://hanip.ghe.com/", "https://api.hanip.ghe.com/user"),
            ("https://github.example", "https://github.example/api/v3/user"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000/api/v3/user"),
        ] {
            assert_eq!(api(issuer).expect("a URL").as_str(), url);
        }
    }
}

//! OpenID Connect: an ID token says who came.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow, ensure};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{
    Ask, AuthorizationRequest, AuthorizationResponse, Identity, Provider,
    discovery::{Description, Discovery},
    http::Http,
    id_token::{self, Expected},
    token::Tokens,
};
use common::{Origin, session::random_token, text};

/// When the userinfo endpoint is waited for no more, from the callback on: a part of what all of it may take.
const PATIENCE: Duration = Duration::from_secs(6);

pub struct OpenId {
    /// What is asked of the provider, `openid` included, separated by spaces.
    pub scopes: String,
    pub discovery: Arc<Discovery>,
}

impl OpenId {
    /// `setting` names the setting that holds the issuer.
    pub fn new(id: &str, (setting, issuer): (&str, &str), scopes: String, http: &Http) -> Result<Self> {
        Ok(Self { scopes, discovery: Arc::new(Discovery::new(id, setting, issuer, http.clone())?) })
    }

    pub async fn begin(&self, provider: &Provider, origin: &Origin, ask: Ask<'_>) -> Result<AuthorizationRequest> {
        let provided = self.discovery.get().await?;
        let (state, nonce, verifier) = (random_token(), random_token(), random_token());
        let mut url = provided.description.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.client.id)
            .append_pair("redirect_uri", &provider.redirect_uri(origin))
            .append_pair("scope", &self.scopes)
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &super::challenge(&verifier))
            .append_pair("code_challenge_method", "S256");
        if let Some(locale) = ask.locale {
            url.query_pairs_mut().append_pair("ui_locales", locale);
        }
        if ask.choose_account {
            url.query_pairs_mut().append_pair("prompt", prompt(&provided.description));
        }
        Ok(AuthorizationRequest { url, state, nonce, verifier })
    }

    /// Exchanges the code, checks the ID token and its nonce.
    pub async fn complete(
        &self,
        provider: &Provider,
        origin: &Origin,
        response: AuthorizationResponse<'_>,
        now: DateTime<Utc>,
    ) -> Result<Identity> {
        let began = Instant::now();
        let mut provided = self.discovery.get().await?;
        check_issuer(response.iss, &provider.issuer, provided.description.names_issuer)?;
        let form = [
            ("code", response.code),
            ("redirect_uri", &provider.redirect_uri(origin)),
            ("code_verifier", response.verifier),
            // Naver asks for it; others ignore what they do not know (RFC 6749, section 3.2).
            ("state", response.state),
        ];
        let (endpoint, posts) = (&provided.description.token_endpoint, provided.description.posts_secret());
        let tokens = provider.client.exchange(&provider.http, endpoint, posts, &form).await?;
        let id_token = tokens.id_token.as_deref();
        let id_token = id_token.context("no ID token came: is the scope openid allowed for this client?")?;
        let (issuer, client_id) = (provider.issuer.as_str(), provider.client.id.as_str());
        let expected = Expected { issuer, client_id, nonce: response.nonce, now };
        let checked = match id_token::check(id_token, &provided.keys, &expected) {
            Err(error) if error.may_be_a_new_key() => {
                provided = self.discovery.with_new_keys().await.with_context(|| error.to_string())?;
                id_token::check(id_token, &provided.keys, &expected)
            }
            checked => checked,
        };
        let (subject, claims) = checked?;
        let mut person = Person::of(claims);
        if !person.has_name() {
            let asked = self.userinfo(provider, &provided.description, &tokens, &subject);
            let said =
                timeout_at(began + PATIENCE, asked).await.unwrap_or_else(|_| Err(anyhow!("no answer came in time")));
            person = person.or(said.unwrap_or_else(|error| {
                let error = format!("{error:#}");
                tracing::info!(provider = provider.id, error, "the userinfo endpoint gave no name");
                Person::default()
            }));
        }
        let (name, email) = (person.best_name(), person.email);
        Ok(Identity { issuer: provider.issuer.clone(), subject, name, email })
    }

    /// What the provider says of the person besides (OpenID Connect Core 1.0, section 5.3). Sign-in does not depend on it.
    async fn userinfo(
        &self,
        provider: &Provider,
        described: &Description,
        tokens: &Tokens,
        subject: &str,
    ) -> Result<Person> {
        let Some(url) = &described.userinfo_endpoint else { return Ok(Person::default()) };
        let answer = provider.http.get(url, "application/json", Some(&tokens.access_token)).await?;
        ensure!(answer.status.is_success(), "it answered {}", answer.status);
        let said: Value = serde_json::from_slice(&answer.body).ok().context("the answer is no JSON")?;
        // Naver wraps what it says, and calls the subject an id.
        let said = said.get("response").filter(|inner| inner.is_object()).unwrap_or(&said).clone();
        let whose = said.get("sub").or(said.get("id")).and_then(Value::as_str);
        ensure!(whose == Some(subject), "the answer is about somebody else (sub)");
        Ok(Person::of(said))
    }

    /// Where people end their session at the provider (OpenID Connect RP-Initiated Logout 1.0), as far as is known now.
    pub fn sign_out_url(&self, client_id: &str) -> Option<Url> {
        let mut url = self.discovery.known()?.description.end_session_endpoint.clone()?;
        url.query_pairs_mut().append_pair("client_id", client_id);
        Some(url)
    }
}

impl Description {
    /// Whether the secret goes into the body; a header is what every provider has to understand (RFC 6749, section 2.3.1).
    pub fn posts_secret(&self) -> bool {
        let has = |method: &str| self.auth_methods.iter().any(|one| one == method);
        has("client_secret_post") && !has("client_secret_basic")
    }
}

/// Makes a provider show who is signed in there, where it would let the same person in without a question.
fn prompt(description: &Description) -> &'static str {
    let has = |prompt: &str| description.prompts.iter().any(|one| one == prompt);
    if has("login") && !has("select_account") { "login" } else { "select_account" }
}

/// RFC 9207: an answer of another authorization server is refused.
pub fn check_issuer(iss: Option<&str>, issuer: &str, is_required: bool) -> Result<()> {
    match iss {
        Some(iss) => ensure!(iss == issuer, "the answer is from another issuer (iss): {}", super::clean(iss)),
        None => {
            ensure!(!is_required, "the answer does not name its issuer (iss), as the provider says it does")
        }
    }
    Ok(())
}

/// What a provider says of a person. Any of it may be missing, or something else than text.
#[derive(Default, Deserialize)]
struct Person {
    #[serde(default, deserialize_with = "line")]
    name: Option<String>,
    #[serde(default, deserialize_with = "line")]
    nickname: Option<String>,
    #[serde(default, deserialize_with = "line")]
    given_name: Option<String>,
    #[serde(default, deserialize_with = "line")]
    family_name: Option<String>,
    #[serde(default, deserialize_with = "line")]
    preferred_username: Option<String>,
    #[serde(default, deserialize_with = "line")]
    email: Option<String>,
}

impl Person {
    fn of(claims: Value) -> Self {
        serde_json::from_value(claims).unwrap_or_default()
    }

    fn has_name(&self) -> bool {
        [&self.name, &self.nickname, &self.given_name, &self.family_name].iter().any(|name| name.is_some())
    }

    fn or(self, other: Self) -> Self {
        Self {
            name: self.name.or(other.name),
            nickname: self.nickname.or(other.nickname),
            given_name: self.given_name.or(other.given_name),
            family_name: self.family_name.or(other.family_name),
            preferred_username: self.preferred_username.or(other.preferred_username),
            email: self.email.or(other.email),
        }
    }

    fn best_name(&self) -> Option<String> {
        let whole = [&self.given_name, &self.family_name].map(|name| name.as_deref().unwrap_or_default()).join(" ");
        let whole = Some(whole.trim().to_owned()).filter(|whole| !whole.is_empty());
        [self.name.clone(), self.nickname.clone(), whole, self.preferred_username.clone()].into_iter().flatten().next()
    }
}

/// Reads a text of one line that shows something; anything else counts as absent, so that another one is taken.
fn line<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let said: Option<String> = super::lenient(deserializer)?;
    Ok(said.and_then(|said| text::line(&said, usize::MAX).ok().flatten()))
}

//! What a provider says of itself (OpenID Connect Discovery 1.0), kept and asked for anew in the background, so that
//! nobody who signs in waits for it, and a provider that is down for a while is still known.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::Deserialize;
use serde_json::Value;
use tokio::{
    sync::Mutex as AsyncMutex,
    time::{Instant, sleep, timeout},
};
use url::Url;

use super::{
    http::{Answer, Http, SendError, is_private},
    id_token::{self, Keys},
};

/// How old a description may be before it is asked for anew.
const FRESH: Duration = Duration::from_secs(45 * 60);
/// How long a person who signs in waits where nothing is known yet. The asking itself goes on.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long the background waits after a first failure; then twice as long each time, up to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);
/// Where a description is, below the issuer.
pub const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// What is known of a provider.
pub struct Provided {
    pub description: Description,
    pub keys: Keys,
    since: Instant,
}

/// A description, for what is used of it.
#[derive(Clone)]
pub struct Description {
    pub authorization_endpoint: Url,
    pub token_endpoint: Url,
    pub userinfo_endpoint: Option<Url>,
    pub end_session_endpoint: Option<Url>,
    jwks_uri: Url,
    /// Whether every answer names its issuer (RFC 9207).
    pub names_issuer: bool,
    /// Empty where it does not say.
    pub auth_methods: Vec<String>,
    pub algorithms: Vec<String>,
    pub scopes: Vec<String>,
    pub prompts: Vec<String>,
    /// Whether requests have to be pushed (RFC 9126), which is not supported.
    pub wants_pushed_requests: bool,
}

/// The members of a description that are read. Any of another type than it should be counts as absent, unless sign-in
/// depends on it.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default, deserialize_with = "super::text")]
    userinfo_endpoint: Option<String>,
    #[serde(default, deserialize_with = "super::text")]
    end_session_endpoint: Option<String>,
    #[serde(default, deserialize_with = "super::lenient")]
    authorization_response_iss_parameter_supported: Option<bool>,
    #[serde(default, deserialize_with = "super::lenient")]
    require_pushed_authorization_requests: Option<bool>,
    #[serde(default, deserialize_with = "super::lenient")]
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default, deserialize_with = "super::lenient")]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default, deserialize_with = "super::lenient")]
    id_token_signing_alg_values_supported: Option<Vec<String>>,
    #[serde(default, deserialize_with = "super::lenient")]
    scopes_supported: Option<Vec<String>>,
    #[serde(default, deserialize_with = "super::lenient")]
    prompt_values_supported: Option<Vec<String>>,
}

/// Asks one provider for its description and keys.
pub struct Discovery {
    /// The provider's id, and the setting of its issuer, for the log.
    provider: String,
    setting: String,
    issuer: Url,
    /// As it is set: issuers are compared to the letter.
    issuer_text: String,
    http: Http,
    provided: Mutex<Option<Arc<Provided>>>,
    /// A description whose keys are not there yet, and since when it is known. Where somebody stops waiting for the keys
    /// of a slow provider, the next one asks for these alone.
    described: Mutex<Option<(Description, Instant)>>,
    /// One request at a time; holds when the last one failed, and why.
    asking: AsyncMutex<Option<(Instant, String)>>,
}

impl Discovery {
    pub fn new(provider: &str, setting: &str, issuer: &str, http: Http) -> Result<Self> {
        Ok(Self {
            provider: provider.to_owned(),
            setting: setting.to_owned(),
            issuer: issuer.parse()?,
            issuer_text: issuer.to_owned(),
            http,
            provided: Mutex::default(),
            described: Mutex::default(),
            asking: AsyncMutex::default(),
        })
    }

    /// What is known now.
    pub fn known(&self) -> Option<Arc<Provided>> {
        self.provided.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is known, however old; else what the provider answers soon.
    pub async fn get(self: &Arc<Self>) -> Result<Arc<Provided>> {
        let known = self.known();
        if known.as_ref().is_some_and(|known| known.since.elapsed() < FRESH) {
            return known.context("known");
        }
        let late = || format!("{}: no description in {PATIENCE:?}", self.setting);
        if self.http.is_frozen {
            let answer = timeout(PATIENCE, self.ask(Instant::now())).await.with_context(late).flatten();
            return answer.or_else(|error| known.ok_or(error));
        }
        // In a task of its own, which goes on when nobody waits any more.
        let this = self.clone();
        let asked = tokio::spawn(async move { this.ask(Instant::now()).await });
        match known {
            Some(known) => Ok(known),
            None => timeout(PATIENCE, asked).await.with_context(late)?.context("the task runs to its end")?,
        }
    }

    /// What is known, with the keys of this moment.
    pub async fn with_new_keys(&self) -> Result<Arc<Provided>> {
        let known = self.known().context("nothing is known")?;
        let keys = self.keys(&known.description).await?;
        let (description, since) = (known.description.clone(), known.since);
        Ok(self.keep(Provided { description, keys, since }))
    }

    /// What the provider answers now.
    pub async fn ask_now(&self) -> Result<Arc<Provided>> {
        self.ask(Instant::now()).await
    }

    /// Asks from now on, in the background, so that what is known is never old. Ends with this value. A process that is
    /// frozen between requests has no background: there somebody who signs in waits for what is too old.
    pub fn keep_fresh(self: &Arc<Self>) {
        if self.http.is_frozen {
            return;
        }
        let weak = Arc::downgrade(self);
        tokio::spawn(async move {
            let (mut pause, mut told) = (PAUSE, None);
            while let Some(this) = weak.upgrade() {
                let wait = match this.ask(Instant::now()).await {
                    Ok(_) => {
                        if told.take().is_some() {
                            tracing::info!(provider = this.provider, "the provider answers again");
                        }
                        pause = PAUSE;
                        FRESH
                    }
                    Err(error) => {
                        let error = Some(format!("{error:#}"));
                        if error != told {
                            tracing::warn!(provider = this.provider, error, "people can't sign in with this provider");
                            told = error;
                        }
                        pause = (pause * 2).min(LONGEST_PAUSE);
                        pause / 2
                    }
                };
                drop(this);
                sleep(wait).await;
            }
        });
    }

    /// Asks the provider, unless somebody has since `began`.
    async fn ask(&self, began: Instant) -> Result<Arc<Provided>> {
        let mut failed = self.asking.lock().await;
        if let Some(known) = self.known().filter(|known| known.since >= began) {
            return Ok(known);
        }
        if let Some((_, error)) = failed.as_ref().filter(|(at, _)| *at >= began) {
            bail!("{error}");
        }
        let asked = async {
            let (description, since) = match self.described().filter(|(_, since)| since.elapsed() < LONGEST_PAUSE) {
                Some(described) => described,
                None => (self.description().await?, Instant::now()),
            };
            self.describe(Some((description.clone(), since)));
            let keys = self.keys(&description).await;
            self.describe(None);
            Ok(Provided { description, keys: keys?, since })
        };
        match asked.await {
            Ok(provided) => {
                *failed = None;
                Ok(self.keep(provided))
            }
            Err(error) => {
                *failed = Some((Instant::now(), format!("{error:#}")));
                Err(error)
            }
        }
    }

    fn described(&self) -> Option<(Description, Instant)> {
        self.described.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn describe(&self, described: Option<(Description, Instant)>) {
        *self.described.lock().unwrap_or_else(PoisonError::into_inner) = described;
    }

    fn keep(&self, provided: Provided) -> Arc<Provided> {
        let provided = Arc::new(provided);
        *self.provided.lock().unwrap_or_else(PoisonError::into_inner) = Some(provided.clone());
        provided
    }

    /// Asks for the description. Errors say what is wrong with the settings, or with the provider.
    async fn description(&self) -> Result<Description> {
        let Self { setting, issuer_text: issuer, .. } = self;
        let url: Url = format!("{}{WELL_KNOWN}", issuer.trim_end_matches('/')).parse()?;
        let answer =
            self.http.get(&url, "application/json", None).await.map_err(|error| self.unreachable(error, &url))?;
        if !answer.status.is_success() {
            let points = answer.location.map(|location| format!(" and points to {}", super::clean(&location)));
            bail!(
                "{setting}: {url} answered {}{}: expected the address that the provider calls its issuer",
                answer.status,
                points.unwrap_or_default()
            );
        }
        let document: Document = serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(
            &answer.body,
        ))
        .map_err(|error| match serde_json::from_slice::<Value>(&answer.body) {
            Ok(_) => anyhow!("{setting}: in the description at {url}, {}", super::clean(&error.to_string())),
            Err(_) => anyhow!("{setting}: what is at {url} is no JSON"),
        })?;
        if document.issuer != *issuer {
            let theirs = super::clean(&document.issuer);
            // Entra's for everybody: `{tenantid}` stands for that of whoever comes.
            ensure!(
                !theirs.contains('{'),
                "{setting} is {issuer}, but that has an issuer for each tenant, {theirs}: set it to the address of your own"
            );
            bail!("{setting} is {issuer}, but the provider calls itself {theirs}: set it to that, to the letter");
        }
        let endpoint = |name: &str, text: &str| self.endpoint(name, text);
        // One that says nothing about PKCE may know it all the same, or ignores it.
        let methods = document.code_challenge_methods_supported.unwrap_or_default();
        ensure!(
            methods.is_empty() || methods.iter().any(|method| method == "S256"),
            "the provider offers PKCE, but not with S256: switch that on for this client"
        );
        Ok(Description {
            authorization_endpoint: endpoint("authorization_endpoint", &document.authorization_endpoint)?,
            token_endpoint: endpoint("token_endpoint", &document.token_endpoint)?,
            jwks_uri: endpoint("jwks_uri", &document.jwks_uri)?,
            // Nobody depends on these: what is not safe is not used.
            userinfo_endpoint: document.userinfo_endpoint.and_then(|text| endpoint("userinfo_endpoint", &text).ok()),
            end_session_endpoint: document.end_session_endpoint.and_then(|text| endpoint("", &text).ok()),
            names_issuer: document.authorization_response_iss_parameter_supported == Some(true),
            auth_methods: document.token_endpoint_auth_methods_supported.unwrap_or_default(),
            algorithms: document.id_token_signing_alg_values_supported.unwrap_or_default(),
            scopes: document.scopes_supported.unwrap_or_default(),
            prompts: document.prompt_values_supported.unwrap_or_default(),
            wants_pushed_requests: document.require_pushed_authorization_requests == Some(true),
        })
    }

    /// An address of the provider. Of an issuer with https all are: only one on loopback may name http on loopback.
    fn endpoint(&self, name: &str, text: &str) -> Result<Url> {
        let expected = || {
            format!(
                "the provider names {} as its {name}: expected https, mend that at the provider",
                super::clean(text)
            )
        };
        let url: Url = text.parse().with_context(expected)?;
        ensure!(url.scheme() == "https" || (self.issuer.scheme() == "http" && is_private(&url)), expected());
        Ok(url)
    }

    async fn keys(&self, description: &Description) -> Result<Keys> {
        let url = &description.jwks_uri;
        let answer =
            self.http.get(url, "application/json", None).await.map_err(|error| self.unreachable(error, url))?;
        let Answer { status, body, .. } = answer;
        ensure!(status.is_success(), "the provider's keys at {url}: {status}");
        let keys = Keys::parse(&body).with_context(|| format!("the provider's keys at {url} can't be read"))?;
        ensure!(
            !keys.is_empty(),
            "none of the provider's keys at {url} signs ID tokens as is accepted here: choose one of {} at the provider",
            id_token::accepted()
        );
        Ok(keys)
    }

    /// What to say where no answer came from an address.
    fn unreachable(&self, error: SendError, url: &Url) -> anyhow::Error {
        let error = anyhow!(error);
        let hint = match format!("{error:#}") {
            text if text.contains("UnknownIssuer") => ": set OIDC_CA_FILE to the certificate of its authority (PEM)",
            text if text.contains("certificate") => ": its certificate is not for this name, or not valid now",
            text if text.contains("InvalidContentType") => ": no https is spoken there, are scheme and port right?",
            text if text.contains("tunnel") => ": look at HTTPS_PROXY and NO_PROXY",
            text if text.contains("dns error") => ": no such name is known here, is it right?",
            text if text.contains("refused") => ": nobody listens there, is it running and the address right?",
            _ => "",
        };
        anyhow!("{}: {url} can't be reached{hint} ({error:#})", self.setting)
    }
}

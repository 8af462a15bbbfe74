//! What can be told of a provider without a person: whether it answers, fits, knows our client and takes our address.

use std::fmt;

use url::Url;

use common::Origin;

use super::{
    Ask, Protocol, Provider, clean,
    discovery::{Description, Provided},
    github,
    http::{Answer, is_private},
    id_token,
    openid::OpenId,
    token::TokenError,
};

/// What was found, for an admin: faults stop people from signing in, remarks may.
#[derive(Default)]
pub struct Findings {
    faults: Vec<String>,
    remarks: Vec<String>,
    right: Vec<String>,
}

impl Findings {
    pub fn is_wrong(&self) -> bool {
        !self.faults.is_empty()
    }
}

/// One line.
impl fmt::Display for Findings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verdict, said) = match self.faults.is_empty() {
            true => ("right", [&self.right[..], &self.remarks].concat()),
            false => ("WRONG", [&self.faults[..], &self.remarks].concat()),
        };
        write!(formatter, "{verdict}: {}", said.join("; "))
    }
}

impl Provider {
    /// Asks the provider. Nobody is signed in by it.
    pub async fn check(&self, origin: &Origin) -> Findings {
        let mut findings = Findings::default();
        match &self.protocol {
            Protocol::GitHub => match github::token_endpoint(self) {
                Ok(endpoint) => self.check_client(&endpoint, true, origin, &mut findings).await,
                Err(error) => findings.faults.push(error.to_string()),
            },
            Protocol::OpenId(openid) => match openid.discovery.ask_now().await {
                Err(error) => findings.faults.push(format!("{error:#}")),
                Ok(provided) => {
                    self.check_description(openid, &provided, &mut findings);
                    let Description { token_endpoint, .. } = &provided.description;
                    let posts = provided.description.posts_secret();
                    self.check_client(token_endpoint, posts, origin, &mut findings).await;
                    self.check_page(origin, &mut findings).await;
                }
            },
        }
        findings
    }

    /// What the description says of sign-ins that would come to nothing.
    fn check_description(&self, openid: &OpenId, provided: &Provided, findings: &mut Findings) {
        let Description { algorithms, scopes, auth_methods, wants_pushed_requests, .. } = &provided.description;
        findings.right.push(format!("{} describes itself", self.issuer));
        if *wants_pushed_requests {
            let fault = "it wants pushed authorization requests (PAR), which are not supported: switch that off for this client";
            findings.faults.push(fault.to_owned());
        }
        if !algorithms.is_empty() && !algorithms.iter().any(|algorithm| id_token::is_accepted(algorithm)) {
            let (theirs, ours) = (clean(&algorithms.join(", ")), id_token::accepted());
            findings.faults.push(format!("it signs ID tokens with {theirs} alone: choose one of {ours}"));
        }
        let is_known = |method: &String| ["client_secret_basic", "client_secret_post"].contains(&method.as_str());
        if self.client.secret.is_some() && !auth_methods.is_empty() && !auth_methods.iter().any(is_known) {
            let theirs = clean(&auth_methods.join(", "));
            findings.remarks.push(format!("clients say who they are by {theirs} alone: a secret may not be taken"));
        }
        let missing = |scope: &&str| !scopes.is_empty() && !scopes.iter().any(|one| one == scope);
        let missing: Vec<&str> = openid.scopes.split(' ').filter(missing).collect();
        if !missing.is_empty() {
            let (missing, setting) = (missing.join(" "), self.setting("SCOPES"));
            findings
                .remarks
                .push(format!("it does not list the scope {missing}: if it refuses it, leave it out of {setting}"));
        }
    }

    /// A code that nobody gave: who knows the client says so, and who does not says that.
    async fn check_client(&self, endpoint: &Url, posts: bool, origin: &Origin, findings: &mut Findings) {
        let form = [("code", "hanip-check"), ("redirect_uri", &self.redirect_uri(origin)), ("code_verifier", CHECK)];
        let Err(error) = self.client.exchange(&self.http, endpoint, posts, &form).await else {
            findings.faults.push("it gave a token for a code that it never gave: it is no place to sign in".to_owned());
            return;
        };
        let (id, secret) = (self.setting("CLIENT_ID"), self.setting("CLIENT_SECRET"));
        let has_around = |around: fn(char) -> bool| {
            self.client.secret.as_deref().is_some_and(|secret| secret.starts_with(around) || secret.ends_with(around))
        };
        let odd = if has_around(char::is_whitespace) {
            ", which begins or ends with a blank"
        } else if has_around(|end| ['"', '\''].contains(&end)) {
            ", which begins or ends with a quotation mark"
        } else {
            ""
        };
        match error.downcast_ref::<TokenError>() {
            Some(error) if error.is_unknown_client() && self.client.secret.is_none() => {
                findings.faults.push(format!(
                    "it does not know the public client of {id} ({error}): set {secret}, or make it public there"
                ));
            }
            Some(error) if error.is_unknown_client() => {
                findings.faults.push(format!("it does not know the client ({error}): mend {id} or {secret}{odd}"));
            }
            Some(error) if error.is_stale_code() => findings.right.push("it knows the client".to_owned()),
            Some(error) => findings.remarks.push(format!("whether it knows the client can't be told ({error})")),
            None => findings.faults.push(format!("{error:#}")),
        }
    }

    /// The page where people sign in: it shows or names an error where our address or a scope is not allowed.
    async fn check_page(&self, origin: &Origin, findings: &mut Findings) {
        let redirect_uri = self.redirect_uri(origin);
        let Protocol::OpenId(openid) = &self.protocol else { return };
        let asked = async {
            let request = openid.begin(self, origin, Ask::default()).await?;
            anyhow::ensure!(is_private(&request.url), "the page is plain http");
            Ok(self.http.get(&request.url, "text/html", None).await?)
        };
        let Answer { status, location, .. } = match asked.await {
            Ok(answer) => answer,
            Err(error) => return findings.remarks.push(format!("its sign-in page does not answer: {error:#}")),
        };
        let parameters = location.as_deref().and_then(|location| Some(location.split_once('?')?.1)).unwrap_or_default();
        let parameter = |name: &str| {
            let mut parameters = url::form_urlencoded::parse(parameters.as_bytes());
            parameters.find(|(key, _)| key == name).map(|(_, value)| clean(&value))
        };
        match parameter("error") {
            Some(error) => {
                let description = parameter("error_description").unwrap_or_default();
                let scopes = self.setting("SCOPES");
                findings.faults.push(format!(
                    "its sign-in page refuses us ({error} {description}): register {redirect_uri}, and look at {scopes}"
                ));
            }
            None if status.is_client_error() || status.is_server_error() => {
                let code = status.as_u16();
                findings
                    .faults
                    .push(format!("its sign-in page answers {code}: register {redirect_uri} for this client"));
            }
            None => findings.right.push(format!("it has a sign-in page for {redirect_uri}")),
        }
    }

    /// The name of a setting of this provider.
    pub(super) fn setting(&self, part: &str) -> String {
        format!("{}_{part}", self.prefix)
    }
}

/// A verifier, as long as one has to be (RFC 7636, section 4.1).
const CHECK: &str = "hanip-check-hanip-check-hanip-check-hanip-check";

//! Requests to a provider that no browser sees (the back channel).

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use reqwest::{
    Certificate, Client, ClientBuilder, Method, Request, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, LOCATION},
    redirect::Policy,
};
use serde::Serialize;
use url::{Position, Url};

use common::{Env, is_loopback};

/// Answers are read up to this many bytes.
const ANSWER_LIMIT: usize = 256 * 1024;

/// Sends the code and the client's secret, which nobody else may see.
#[derive(Clone)]
pub struct Http {
    /// Goes through the proxy that `HTTPS_PROXY` and `NO_PROXY` name, if any.
    outside: Client,
    /// For loopback: a proxy there would be another machine's loopback, or would read secrets in plain http.
    loopback: Client,
    /// Where the provider is reached, if not where its URLs say.
    address: Option<SocketAddr>,
    /// Whether this process is frozen between requests, so that nothing is asked in the background.
    pub is_frozen: bool,
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    /// Where it points to, if it is a redirect.
    pub location: Option<String>,
    pub body: Vec<u8>,
}

impl Http {
    /// Trusts the certificate authorities of browsers, and those of `OIDC_CA` (PEM; the setting says more).
    pub fn from_env(env: &Env) -> anyhow::Result<Self> {
        let expected = "OIDC_CA_FILE: expected certificates in PEM";
        let Some(pem) = env.optional("OIDC_CA")? else {
            anyhow::ensure!(!env.names().any(|name| name == "OIDC_CA_FILE"), "{expected}, but it is empty");
            return Self::with(&[], env.is_lambda());
        };
        let certificates = Certificate::from_pem_bundle(pem.as_bytes()).context(expected)?;
        anyhow::ensure!(!certificates.is_empty(), expected);
        Self::with(&certificates, env.is_lambda()).context(expected)
    }

    pub fn new(certificates: &[Certificate]) -> anyhow::Result<Self> {
        Self::with(certificates, false)
    }

    fn with(certificates: &[Certificate], is_frozen: bool) -> anyhow::Result<Self> {
        let builder = || {
            let builder = Client::builder()
                // One that was frozen may be dead.
                .pool_max_idle_per_host(if is_frozen { 0 } else { usize::MAX })
                // A redirect would take the client's secret to wherever it points.
                .redirect(Policy::none())
                .connect_timeout(Duration::from_secs(3))
                .timeout(Duration::from_secs(10))
                .user_agent("hanip");
            certificates.iter().cloned().fold(builder, ClientBuilder::add_root_certificate)
        };
        Ok(Self { outside: builder().build()?, loopback: builder().no_proxy().build()?, address: None, is_frozen })
    }

    pub fn through(self, address: SocketAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    /// GET, with a bearer token where one is given.
    pub async fn get(&self, url: &Url, accept: &'static str, bearer: Option<&str>) -> Result<Answer, SendError> {
        let authorization = bearer.map(|token| format!("Bearer {token}"));
        self.send(request(Method::GET, url, accept, authorization)?).await
    }

    /// POST of a form, with an `Authorization` where one is given.
    pub async fn post(
        &self,
        url: &Url,
        form: &impl Serialize,
        authorization: Option<String>,
    ) -> Result<Answer, SendError> {
        let mut request = request(Method::POST, url, "application/json", authorization)?;
        let form = serde_urlencoded::to_string(form).map_err(|_| SendError::Request)?;
        *request.body_mut() = Some(form.into());
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        self.send(request).await
    }

    async fn send(&self, mut request: Request) -> Result<Answer, SendError> {
        if !is_private(request.url()) {
            return Err(SendError::Plain);
        }
        let http = if is_loopback(request.url()) { &self.loopback } else { &self.outside };
        if let Some(address) = self.address {
            let authority = request.url()[Position::BeforeHost..Position::AfterPort].to_owned();
            request.headers_mut().insert(HOST, authority.parse().map_err(|_| SendError::Request)?);
            let url = request.url_mut();
            let moved = url.set_ip_host(address.ip()).and_then(|()| url.set_port(Some(address.port())));
            // Who speaks TLS to browsers stands before this process.
            let moved = moved.and_then(|()| url.set_scheme("http"));
            moved.map_err(|()| SendError::Request)?;
        }
        let mut response = http.execute(request).await.map_err(|error| SendError::Http(error.without_url()))?;
        let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok()).map(str::to_owned);
        let (status, mut body) = (response.status(), Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(|error| SendError::Http(error.without_url()))? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_LIMIT {
                return Err(SendError::TooLong);
            }
        }
        Ok(Answer { status, location, body })
    }
}

fn request(method: Method, url: &Url, accept: &'static str, auth: Option<String>) -> Result<Request, SendError> {
    let mut request = Request::new(method, url.clone());
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static(accept));
    if let Some(auth) = auth {
        let mut auth = HeaderValue::try_from(auth).map_err(|_| SendError::Request)?;
        auth.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, auth);
    }
    Ok(request)
}

/// Whether nobody can read along: https, or http on this machine.
pub fn is_private(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("no answer came")]
    Http(#[source] reqwest::Error),
    #[error("the address is plain http")]
    Plain,
    #[error("the request can't be made")]
    Request,
    #[error("the answer is longer than {ANSWER_LIMIT} bytes")]
    TooLong,
}

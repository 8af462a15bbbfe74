//! Our own requests to a provider, which no browser sees.

use std::{net::SocketAddr, pin::Pin, time::Duration};

use openidconnect::{
    AsyncHttpClient, HttpRequest, HttpResponse,
    reqwest::{self, header::HOST, redirect::Policy},
};
use url::{Position, Url};

use common::is_loopback;

/// How much of an answer is read.
const ANSWER_LIMIT: usize = 256 * 1024;

/// Sends a provider what the browser must not see: the code and the client's secret.
pub(crate) struct BackChannel {
    http: reqwest::Client,
    /// Where the provider is reached, if not where its addresses say.
    address: Option<SocketAddr>,
}

impl BackChannel {
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            // A redirect would take the client's secret to wherever it points.
            .redirect(Policy::none())
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(5))
            .user_agent("hanip")
            .build()?;
        Ok(Self { http, address: None })
    }

    pub(crate) fn through(self, address: SocketAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, SendError> {
        let mut request: reqwest::Request = request.try_into()?;
        if !is_private(request.url()) {
            return Err(SendError::Public);
        }
        if let Some(address) = self.address {
            let authority = request.url()[Position::BeforeHost..Position::AfterPort].to_owned();
            request.headers_mut().insert(HOST, authority.parse().map_err(|_| SendError::Address)?);
            let url = request.url_mut();
            let moved = url.set_ip_host(address.ip()).and_then(|()| url.set_port(Some(address.port())));
            moved.map_err(|()| SendError::Address)?;
        }
        let mut response = self.http.execute(request).await?;
        let (status, headers, mut body) = (response.status(), std::mem::take(response.headers_mut()), Vec::new());
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_LIMIT {
                return Err(SendError::TooLong);
            }
        }
        let mut answer = HttpResponse::new(body);
        (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
        Ok(answer)
    }
}

impl<'c> AsyncHttpClient<'c> for BackChannel {
    type Error = SendError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, SendError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// Whether nobody can read along: https, or http on this machine.
pub(crate) fn is_private(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error("the provider could not be reached")]
    Http(#[from] reqwest::Error),
    #[error("the provider names a plain-http address")]
    Public,
    #[error("the provider's address can't be used")]
    Address,
    #[error("the provider's answer is too long")]
    TooLong,
}

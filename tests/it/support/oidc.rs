//! A certified OpenID Connect provider as a child process, and signing in through its pages.

use reqwest::{Client, Response, Url, header::LOCATION};

use super::node_script::NodeScript;

const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/oidc-provider/server.mjs");
pub const CLIENT_ID: &str = "hanip";
pub const CLIENT_SECRET: &str = "hanip-secret-for-tests";

/// A provider that lets anybody in under any name. It ends with this value, and with this process.
pub struct OidcProvider {
    issuer: String,
    _server: NodeScript,
}

impl OidcProvider {
    /// Starts one that answers to these addresses of the app, and waits until it is ready.
    pub fn start(redirect_uris: &[&str]) -> Self {
        let server = NodeScript::start(SERVER, &[("REDIRECT_URIS", &redirect_uris.join(","))]);
        let issuer = server.ready["issuer"].as_str().expect("it says where it is").to_owned();
        Self { issuer, _server: server }
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The settings of auth by which people sign in with it.
    pub fn settings(&self) -> [(&'static str, &str); 4] {
        [
            ("OIDC_ISSUER", &self.issuer),
            ("OIDC_CLIENT_ID", CLIENT_ID),
            ("OIDC_CLIENT_SECRET", CLIENT_SECRET),
            ("OIDC_NAME", "Test"),
        ]
    }
}

/// Follows `start_url` to the provider, signs in there as `name`, and returns the answer of the
/// app's callback: a redirect to a path of the app. The client keeps cookies and follows nothing.
pub async fn sign_in_through(client: &Client, start_url: &str, name: &str) -> Response {
    let app = Url::parse(start_url).expect("an absolute URL").origin();
    let mut response = client.get(start_url).send().await.expect("the app answers");
    let mut signed_in = false;
    for _hop in 0..10 {
        let here = response.url().clone();
        response = if let Some(location) = response.headers().get(LOCATION) {
            let next = here.join(location.to_str().expect("a text")).expect("a URL");
            if signed_in && here.origin() == app {
                assert_eq!(next.origin(), app, "the callback sends back into the app");
                return response;
            }
            client.get(next).send().await
        } else {
            let status = response.status();
            let page = response.text().await.expect("a page");
            let prompt = field(&page, r#"name="prompt" value=""#);
            let (Some(action), Some(prompt)) = (field(&page, r#"action=""#), prompt) else {
                panic!("{here} answered {status} without a form: {page}");
            };
            signed_in |= prompt == "login";
            let answers = [("prompt", prompt), ("login", name), ("password", "x")];
            client.post(here.join(action).expect("a URL")).form(&answers).send().await
        }
        .expect("an answer");
    }
    panic!("{start_url} redirects for ever");
}

/// What stands between `before` and the next double quote.
fn field<'a>(page: &'a str, before: &str) -> Option<&'a str> {
    let (_, value) = page.split_once(before)?;
    Some(value.split_once('"')?.0)
}

//! The one origin that browsers see. Absolute URLs and cookies come from it, never from `Host`.

use std::sync::Arc;

use anyhow::{Result, bail};
use axum::http::{HeaderMap, header};
use cookie::{Cookie, SameSite, time::Duration};
use url::{Host, Url};

use crate::Env;

/// Where standalone listens unless `PORT` says otherwise.
const DEFAULT_PORT: u16 = 8080;

/// Scheme, host and port of `PUBLIC_ORIGIN`. A clone is cheap: each request makes some.
#[derive(Clone, Debug)]
pub struct Origin(Arc<Url>);

impl Origin {
    /// Reads `PUBLIC_ORIGIN`.
    pub fn from_env(env: &Env) -> Result<Self> {
        let expected = "an origin such as https://hanip.example, without a path";
        let text = env.required("PUBLIC_ORIGIN", expected)?;
        match Url::parse(&text) {
            Ok(url) if is_origin(&url) => {
                let origin = Self(Arc::new(url));
                if !origin.is_https() && !origin.is_loopback() {
                    tracing::warn!("PUBLIC_ORIGIN is plain http off this machine: sign-in can be read on the way");
                }
                Ok(origin)
            }
            _ => bail!("PUBLIC_ORIGIN: expected {expected}"),
        }
    }

    /// `scheme://host[:port]`, as browsers write it in `Origin`.
    pub fn text(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// `host[:port]`, as browsers write it in `Host`.
    pub fn authority(&self) -> String {
        self.0[url::Position::BeforeHost..url::Position::AfterPort].to_owned()
    }

    /// `path` at this origin.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.text())
    }

    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// The value of the cookie `hanip_{name}`; two of them are none. With https only the
    /// `__Host-` name is read, which no other host and no plain-http page can set.
    pub fn cookie(&self, headers: &HeaderMap, name: &str) -> Option<String> {
        let name = self.cookie_name(name);
        let mut values = headers
            .get_all(header::COOKIE)
            .iter()
            // Another site's cookie may be no text, which makes ours no worse.
            .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'))
            .filter_map(|cookie| Cookie::parse(str::from_utf8(cookie).ok().filter(|cookie| cookie.is_ascii())?).ok())
            .filter(|cookie| cookie.name() == name);
        let value = values.next()?.value().to_owned();
        values.next().is_none().then_some(value)
    }

    /// A `Set-Cookie` that keeps `value` for `age`; a zero age removes the cookie.
    pub fn set_cookie(&self, name: &str, value: &str, age: Duration) -> String {
        Cookie::build((self.cookie_name(name), value))
            .path("/")
            .http_only(true)
            .secure(self.is_https())
            .same_site(SameSite::Lax)
            .max_age(age)
            .to_string()
    }

    /// `hanip_{name}`, with the prefix of its scheme. Browsers send a cookie to every port of its host, so on
    /// this machine the name ends with the port: two standalones would sign each other out.
    pub fn cookie_name(&self, name: &str) -> String {
        if self.is_https() {
            return format!("__Host-hanip_{name}");
        }
        match self.0.port() {
            Some(port) if self.is_loopback() && port != DEFAULT_PORT => format!("hanip_{name}_{port}"),
            _ => format!("hanip_{name}"),
        }
    }
}

/// Whether `url` has a scheme of the web, a host, maybe a port, and nothing else.
fn is_origin(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && [url.query(), url.fragment(), url.password()].iter().all(Option::is_none)
        && url.username().is_empty()
}

/// Whether `url` stays on this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Result<Origin> {
        Origin::from_env(&Env::from([("PUBLIC_ORIGIN", text)]))
    }

    #[test]
    fn the_scheme_alone_decides_the_cookie() {
        let https = origin("https://hanip.example").expect("an origin");
        let cookie = https.set_cookie("session", "x", Duration::DAY);
        assert!(cookie.starts_with("__Host-hanip_session=x") && cookie.contains("Secure"), "{cookie}");
        let planted = HeaderMap::from_iter([(header::COOKIE, "hanip_session=x".parse().expect("a header"))]);
        assert_eq!(https.cookie(&planted, "session"), None, "only the name of the scheme is read");
        let http = origin("http://127.0.0.1:8080").expect("an origin");
        assert_eq!(http.cookie(&planted, "session").as_deref(), Some("x"));
        assert!(!http.set_cookie("session", "x", Duration::DAY).contains("Secure"));
    }

    #[test]
    fn two_ports_of_this_machine_have_a_cookie_each() {
        let name = |text| origin(text).expect("an origin").cookie_name("session");
        assert_eq!(name("http://127.0.0.1:8080"), "hanip_session");
        assert_eq!(name("http://127.0.0.1:8081"), "hanip_session_8081");
        assert_eq!(name("http://[::1]:8081"), "hanip_session_8081");
        assert_eq!(name("http://127.0.0.1"), "hanip_session");
        assert_eq!(name("http://192.0.2.1:8081"), "hanip_session", "another host, which has one");
        assert_eq!(name("https://127.0.0.1:8443"), "__Host-hanip_session");
        let sent = HeaderMap::from_iter([(
            header::COOKIE,
            "hanip_session=a; hanip_session_8081=b".parse().expect("a header"),
        )]);
        let read = |text| origin(text).expect("an origin").cookie(&sent, "session");
        assert_eq!(read("http://127.0.0.1:8080").as_deref(), Some("a"));
        assert_eq!(read("http://127.0.0.1:8081").as_deref(), Some("b"));
    }

    #[test]
    fn an_origin_has_no_path_and_a_scheme_of_the_web() {
        for wrong in
            ["hanip.example", "ftp://hanip.example", "https://hanip.example/app", "https://user@hanip.example", ""]
        {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
        assert_eq!(origin("https://hanip.example:443/").expect("an origin").text(), "https://hanip.example");
    }
}

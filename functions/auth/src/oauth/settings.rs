//! Which providers are set up, and how.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use url::Url;

use common::Env;

use super::{
    Protocol, Provider,
    http::{Http, is_private},
    openid::OpenId,
    token::Client,
};

/// A provider that is known by name: where it is, and what is asked of it.
struct Known {
    id: &'static str,
    name: &'static str,
    issuer: &'static str,
    speaks: Speaks,
}

/// The protocol of a known provider.
#[derive(Clone, Copy)]
enum Speaks {
    /// OpenID Connect; what is asked for, where no setting says otherwise.
    OpenId { scopes: &'static str },
    /// OAuth 2.0 with an API of its own that says who came.
    GitHub,
}

const KNOWN: [Known; 4] = [
    Known {
        id: "google",
        name: "Google",
        issuer: "https://accounts.google.com",
        speaks: Speaks::OpenId { scopes: "openid profile email" },
    },
    // It refuses a scope that it does not know; nobody needs to give an e-mail address.
    Known {
        id: "kakao",
        name: "Kakao",
        issuer: "https://kauth.kakao.com",
        speaks: Speaks::OpenId { scopes: "openid profile_nickname" },
    },
    Known {
        id: "naver",
        name: "Naver",
        issuer: "https://nid.naver.com",
        speaks: Speaks::OpenId { scopes: "openid profile" },
    },
    Known { id: "github", name: "GitHub", issuer: "https://github.com", speaks: Speaks::GitHub },
];

/// What is asked of any other provider.
const SCOPES: &str = "openid profile email";
/// The settings of a provider, after its prefix.
const PARTS: [&str; 5] = ["ISSUER", "CLIENT_ID", "CLIENT_SECRET", "NAME", "SCOPES"];
/// Ids that are taken: in our paths, by the known providers, and by the sign-in of standalone.
const TAKEN: [&str; 12] = [
    "google",
    "kakao",
    "naver",
    "github",
    "oidc",
    "local",
    "me",
    "sessions",
    "tokens",
    "identities",
    "providers",
    "logout",
];
/// How long an id may be: what the column of attempts holds.
const ID_LIMIT: usize = 20;

/// The known providers of `OAUTH_<NAME>_CLIENT_ID`, that of `OIDC_ISSUER`, and those of `OIDC_<NAME>_ISSUER`.
pub fn providers(env: &Env) -> Result<Vec<Provider>> {
    let http = Http::from_env(env)?;
    let mut providers = Vec::new();
    for known in &KNOWN {
        providers.extend(read(env, &format!("OAUTH_{}", known.id.to_uppercase()), known.id, Some(known), &http)?);
    }
    providers.extend(read(env, "OIDC", "oidc", None, &http)?);
    for name in named(env) {
        let (prefix, id) = (format!("OIDC_{name}"), name.to_lowercase().replace('_', "-"));
        let is_id =
            (1..=ID_LIMIT).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        ensure!(is_id, "{prefix}_ISSUER: expected a name of at most {ID_LIMIT} letters, digits and underscores");
        let is_taken = TAKEN.contains(&id.as_str()) || providers.iter().any(|other| other.id == id);
        ensure!(!is_taken, "{prefix}_ISSUER: the name {name} is taken, choose another");
        providers.extend(read(env, &prefix, &id, None, &http)?);
    }
    Ok(providers)
}

/// The names in settings such as `OIDC_<NAME>_ISSUER`.
fn named(env: &Env) -> BTreeSet<String> {
    let name = |setting: &str| {
        let setting = setting.strip_prefix("OIDC_")?;
        let setting = setting.strip_suffix("_FILE").unwrap_or(setting);
        let part = PARTS.iter().find(|part| setting.ends_with(&format!("_{part}")))?;
        Some(setting[..setting.len() - part.len() - 1].to_owned())
    };
    env.names().filter_map(name).collect()
}

/// The provider whose settings begin with `prefix`, if it is set up.
fn read(env: &Env, prefix: &str, id: &str, known: Option<&Known>, http: &Http) -> Result<Option<Provider>> {
    let setting = |part: &str| format!("{prefix}_{part}");
    // What one has to give: of a known provider the client, of any other first of all the issuer.
    let first = setting(if known.is_some() { "CLIENT_ID" } else { "ISSUER" });
    if env.optional(&first)?.is_none() {
        for part in PARTS.map(setting) {
            ensure!(env.optional(&part)?.is_none(), "{first}: not set, but {part} is");
        }
        return Ok(None);
    }
    let client_id = env.required(&setting("CLIENT_ID"), "the client's id")?;
    let secret = match known {
        Some(_) => Some(env.required(&setting("CLIENT_SECRET"), "the client's secret")?),
        // Without one it is a public client.
        None => env.optional(&setting("CLIENT_SECRET"))?,
    };
    let issuer = env.optional(&setting("ISSUER"))?;
    let issuer = issuer.as_deref().or(known.map(|known| known.issuer)).unwrap_or_default();
    // What people paste: the address of the description, or a blank at the end.
    let issuer = issuer.trim();
    let issuer = issuer.split_once("/.well-known/").map_or(issuer, |(issuer, _)| issuer);
    let default_name = known.map_or(if id == "oidc" { "OpenID Connect" } else { id }, |known| known.name);
    let name = env.optional(&setting("NAME"))?.unwrap_or_else(|| default_name.to_owned());
    let url = issuer.parse::<Url>().ok().filter(is_private).with_context(|| {
        let quoted = if issuer.starts_with(['"', '\'']) { ", without quotation marks" } else { "" };
        format!("{}: expected an https URL, or http on a loopback address{quoted}", setting("ISSUER"))
    })?;
    // OpenID Connect Discovery 1.0, section 3; and a password would stand in the log.
    let has_more = url.query().or(url.fragment()).or(url.password()).is_some() || !url.username().is_empty();
    ensure!(!has_more, "{}: expected an address without a question mark, a hash sign or a password", setting("ISSUER"));
    let scopes = env.optional(&setting("SCOPES"))?;
    let speaks = known.map_or(Speaks::OpenId { scopes: SCOPES }, |known| known.speaks);
    let protocol = match speaks {
        Speaks::GitHub => {
            ensure!(scopes.is_none(), "{}: no scope is asked of GitHub", setting("SCOPES"));
            Protocol::GitHub
        }
        Speaks::OpenId { scopes: default } => {
            let scopes = scopes.as_deref().unwrap_or(default);
            let others = scopes.split_whitespace().filter(|scope| *scope != "openid");
            let scopes = ["openid"].into_iter().chain(others).collect::<Vec<_>>().join(" ");
            Protocol::OpenId(OpenId::new(id, (&setting("ISSUER"), issuer), scopes, http)?)
        }
    };
    Ok(Some(Provider {
        id: id.to_owned(),
        name,
        prefix: prefix.to_owned(),
        issuer: issuer.to_owned(),
        client: Client::new(client_id.trim().to_owned(), secret),
        http: http.clone(),
        protocol,
    }))
}

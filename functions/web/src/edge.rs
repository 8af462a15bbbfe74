//! The configuration of the edge: an nginx that serves the app and passes on what is a function's. Its
//! answers are those of the app's router and the functions' in one process.

use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use axum::http::{HeaderName, header};
use common::{
    Code, Env, Language, Origin, Problem,
    functions::{APIS, Api},
    security_headers,
};

use crate::{FOREIGN, POLICY};

const TEMPLATE: &str = include_str!("../nginx.conf");
/// What the edge answers itself: the statuses it answers so, the problem, a header that belongs to it.
const PROBLEMS: [Answer; 8] = [
    Answer { place: "@not_found", statuses: "404", code: Code::NotFound, header: "" },
    Answer {
        place: "@method_not_allowed",
        statuses: "405",
        code: Code::MethodNotAllowed,
        header: "Allow \"GET, HEAD\"",
    },
    Answer { place: "@body_too_large", statuses: "413", code: Code::BodyTooLarge, header: "" },
    Answer { place: "@unavailable", statuses: "500 502 503 504", code: Code::Unavailable, header: "Retry-After 1" },
    // Of what nginx can't read there may be no path, and so no way to a named place.
    Answer { place: "/problems/request_invalid", statuses: "400 412", code: Code::RequestInvalid, header: "" },
    Answer { place: "/problems/uri_too_long", statuses: "414", code: Code::UriTooLong, header: "" },
    Answer { place: "/problems/headers_too_large", statuses: "494", code: Code::HeadersTooLarge, header: "" },
    Answer { place: "/problems/not_implemented", statuses: "501 505", code: Code::NotImplemented, header: "" },
];
/// Functions may take longer to answer larger bodies.
const LARGE_BODY: usize = 1024 * 1024;

struct Answer {
    place: &'static str,
    statuses: &'static str,
    code: Code,
    header: &'static str,
}

/// The text of `nginx.conf` for these settings.
pub fn configuration(env: &Env) -> Result<String> {
    let origin = Origin::from_env(env)?;
    let problem: Vec<_> = security_headers(&origin).collect();
    let app: Vec<_> = security_headers(&origin)
        .map(|header| if header.0 == header::CONTENT_SECURITY_POLICY { (header.0, POLICY) } else { header })
        .collect();
    let filled = [
        ("port", env.parsed("PORT", "a port number", 8080_u16)?.to_string()),
        ("health_port", env.parsed("HEALTH_PORT", "a port number", 8081_u16)?.to_string()),
        ("gateway", word(env, "GATEWAY", "kourier-internal.kourier-system.svc.cluster.local")?),
        ("namespace", word(env, "NAMESPACE", "hanip")?),
        ("app", word(env, "APP_DIR", "/app")?),
        ("trusted_proxies", trusted_proxies(env)?),
        ("foreign", FOREIGN.join("|")),
        ("problems", PROBLEMS.iter().map(Answer::words).collect::<Result<_>>()?),
        ("error_pages", PROBLEMS.iter().map(Answer::error_page).collect()),
        ("apis", APIS.iter().map(location).collect()),
        ("app_headers", add_headers(&app)),
        ("problem_locations", PROBLEMS.iter().map(|answer| answer.location(&problem)).collect()),
    ];
    let configuration = filled.iter().fold(TEMPLATE.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{{{name}}}}}"), value.trim_end_matches('\n'))
    });
    Ok(configuration)
}

/// A setting that is one word of the configuration.
fn word(env: &Env, name: &str, default: &str) -> Result<String> {
    let value = env.optional(name)?.unwrap_or_else(|| default.to_owned());
    ensure!(is_word(&value), "{name}: expected letters, digits and .-_:/, such as {default}");
    Ok(value)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|char| char.is_ascii_alphanumeric() || ".-_:/".contains(char))
}

/// Who may say, in `X-Forwarded-For`, for whom they ask.
fn trusted_proxies(env: &Env) -> Result<String> {
    let Some(networks) = env.optional("TRUSTED_PROXIES")? else { return Ok(String::new()) };
    let mut text = "    real_ip_header X-Forwarded-For;\n    real_ip_recursive on;\n".to_owned();
    for network in networks.split(',').map(str::trim) {
        ensure!(is_word(network), "TRUSTED_PROXIES: expected networks such as 10.0.0.0/8, with commas between");
        writeln!(text, "    set_real_ip_from {network};")?;
    }
    Ok(text)
}

/// The requests of one function. Its name makes the address of its service.
fn location(api: &Api) -> String {
    let Api { name, prefix, body_limit, .. } = api;
    let patience = if *body_limit > LARGE_BODY { "            proxy_read_timeout 330s;\n" } else { "" };
    format!(
        "        location ~ ^{prefix}(/|$) {{
            set $function {name};
            client_max_body_size {body_limit};
{patience}            proxy_pass http://gateway;
        }}
"
    )
}

impl Answer {
    /// The variable with its words, in the language of the request.
    fn words(&self) -> Result<String> {
        let text = |language| {
            let text = serde_json::to_string(&Problem::new(self.code, language)).context("a problem is JSON")?;
            // Within single quotes; a variable would begin with a dollar.
            ensure!(!text.contains(['\\', '$']), "{:?}: its words can't stand in a configuration", self.code);
            Ok(text.replace('\'', "\\'"))
        };
        let (name, korean, english) = (self.name(), text(Language::Korean)?, text(Language::English)?);
        Ok(format!("    map $language ${name} {{\n        ko '{korean}';\n        default '{english}';\n    }}\n"))
    }

    fn error_page(&self) -> String {
        format!("        error_page {} = {};\n", self.statuses, self.place)
    }

    fn location(&self, headers: &[(HeaderName, &str)]) -> String {
        let (place, how) = match self.place.strip_prefix('/') {
            Some(_) => (format!("= {}", self.place), "            internal;\n"),
            None => (self.place.to_owned(), ""),
        };
        let own = match self.header {
            "" => String::new(),
            header => format!("            add_header {header} always;\n"),
        };
        format!(
            "        location {place} {{
{how}            default_type application/problem+json;
            add_header Content-Language $language always;
            add_header Vary Accept-Language always;
            add_header Cache-Control no-store always;
{}{own}            return {} ${};
        }}
",
            add_headers(headers),
            self.code.status().as_u16(),
            self.name()
        )
    }

    fn name(&self) -> &str {
        self.place.trim_start_matches("/problems/").trim_start_matches('@')
    }
}

fn add_headers(headers: &[(HeaderName, &str)]) -> String {
    headers.iter().map(|(name, value)| format!("            add_header {name} \"{value}\" always;\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(settings: &[(&str, &str)]) -> Result<String> {
        let mut env = Env::from([("PUBLIC_ORIGIN", "https://hanip.example")]);
        settings.iter().for_each(|(name, value)| env.set(name, *value));
        configuration(&env)
    }

    #[test]
    fn every_place_of_the_template_is_filled() {
        let text = made(&[("TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7")]).expect("it is made");
        assert!(!text.contains("{{") && !text.contains("}}"), "{text}");
        assert!(text.contains("set_real_ip_from 192.0.2.7;") && text.contains("max-age=31536000"), "{text}");
    }

    #[test]
    fn a_setting_that_is_no_word_is_refused_with_its_name() {
        for name in ["GATEWAY", "NAMESPACE", "APP_DIR", "TRUSTED_PROXIES"] {
            let error = made(&[(name, "a; return 200")]).expect_err("no word").to_string();
            assert!(error.starts_with(&format!("{name}: expected")), "{error}");
        }
    }
}

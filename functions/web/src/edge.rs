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
/// What the edge answers itself, by the name of the place in the template.
const PROBLEMS: [(&str, Code); 4] = [
    ("not_found", Code::NotFound),
    ("method_not_allowed", Code::MethodNotAllowed),
    ("body_too_large", Code::BodyTooLarge),
    ("unavailable", Code::Unavailable),
];
/// Larger bodies are passed on as they come, and their functions may take longer.
const KEPT_BODY: usize = 1024 * 1024;

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
        ("problems", PROBLEMS.iter().map(|(name, code)| problem_map(name, *code)).collect::<Result<_>>()?),
        ("apis", APIS.iter().map(location).collect()),
        ("app_headers", add_headers(&app)),
        ("problem_headers", add_headers(&problem)),
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
    let streamed = if *body_limit > KEPT_BODY {
        "            proxy_request_buffering off;\n            proxy_read_timeout 330s;\n"
    } else {
        ""
    };
    format!(
        "        location ~ ^{prefix}(/|$) {{
            set $function {name};
            client_max_body_size {body_limit};
{streamed}            proxy_pass http://gateway;
        }}
"
    )
}

/// A problem in both languages, as a variable of the configuration.
fn problem_map(name: &str, code: Code) -> Result<String> {
    let text = |language| {
        let text = serde_json::to_string(&Problem::new(code, language)).context("a problem is JSON")?;
        // Within single quotes; a variable would begin with a dollar.
        ensure!(!text.contains(['\\', '$']), "{code:?}: its words can't stand in a configuration");
        Ok(text.replace('\'', "\\'"))
    };
    let (korean, english) = (text(Language::Korean)?, text(Language::English)?);
    Ok(format!("    map $language ${name} {{\n        ko '{korean}';\n        default '{english}';\n    }}\n"))
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

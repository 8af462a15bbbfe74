//! The page of the built-in identity provider.

use axum::{
    http::{HeaderName, header},
    response::Html,
};
use common::Language;

/// In the colours of the app.
pub const STYLE: &str = "
:root { color-scheme: light dark; font: 1.125rem/1.5 system-ui, sans-serif;
  background: light-dark(#faf6ef, #1b1713); color: light-dark(#2b241d, #f4ece2) }
body { max-width: 22rem; margin: 15vh auto 0; padding: 0 1.25rem; word-break: keep-all; overflow-wrap: anywhere }
h1 { font-size: 1.5rem }
label { display: block; font-weight: 600 }
input, button { box-sizing: border-box; width: 100%; min-height: 3rem; margin-top: .5rem; padding: .5rem .75rem;
  border: 1px solid light-dark(#8f8374, #8a7d6e); border-radius: .75rem; font: inherit }
input { background: light-dark(#fff, #26211c); color: inherit }
button { border: 0; background: light-dark(#b8440f, #ff9f6b); color: light-dark(#fff, #2b1405); font-weight: 600 }
[role=alert] { color: light-dark(#a3231f, #ffb4ab) }
";

/// A plain form with one field, `name`. It posts to its own address.
pub fn form(language: Language, again: bool) -> ([(HeaderName, &'static str); 3], Html<String>) {
    let [title, label, hint, button, alert] = match language {
        Language::Korean => [
            "한입에 로그인",
            "이름",
            "이 컴퓨터에서만 쓰는 로그인이에요. 같은 이름은 같은 사람이에요.",
            "들어가기",
            "이름을 50자까지 적어 주세요.",
        ],
        Language::English => [
            "Sign in to Hanip",
            "Name",
            "This sign-in is for this computer only. The same name is the same person.",
            "Sign in",
            "Give a name of at most 50 characters.",
        ],
    };
    let alert = if again { format!("<p role=alert>{alert}</p>") } else { String::new() };
    let html = format!(
        "<!doctype html><html lang={lang}><head><meta charset=utf-8><title>{title}</title>
<meta name=viewport content='width=device-width, initial-scale=1'><link rel=stylesheet href=/local/page.css></head>
<body><main><h1>{title}</h1><form method=post>{alert}<label for=name>{label}</label>
<input id=name name=name required maxlength=50 autocomplete=username autofocus aria-describedby=hint>
<p id=hint>{hint}</p><button>{button}</button></form></main></body></html>",
        lang = language.tag()
    );
    let policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    // Where a page tells nobody who refers, browsers send `Origin: null` with its form.
    let referrer = (header::REFERRER_POLICY, "same-origin");
    ([(header::CONTENT_SECURITY_POLICY, policy), (header::CACHE_CONTROL, "no-store"), referrer], Html(html))
}

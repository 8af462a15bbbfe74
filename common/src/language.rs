//! The languages the API speaks, and which of them a request asks for.

use axum::http::{HeaderMap, header};
use chrono::{Datelike, NaiveDate};

/// A language the API speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Korean,
    English,
}

impl Language {
    /// The first of our languages in `Accept-Language` by weight (RFC 9110, section 12.5.4);
    /// English where it names neither.
    pub fn of(headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut best = (Self::English, 0.0);
        for range in accepted.split(',') {
            let (tag, parameter) = range.split_once(';').unwrap_or((range, "q=1"));
            let weight =
                parameter.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok()).unwrap_or(0.0);
            let primary = tag.trim().split('-').next().unwrap_or_default();
            let named = [Self::Korean, Self::English].into_iter().find(|it| it.tag().eq_ignore_ascii_case(primary));
            let Some(language) = named else { continue };
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }

    /// The language of a person, by what is stored of them: for what they did not ask for in a browser.
    pub fn of_person(locale: &str) -> Self {
        if locale == Self::Korean.tag() { Self::Korean } else { Self::English }
    }

    /// The tag of the language (RFC 5646).
    pub fn tag(self) -> &'static str {
        match self {
            Self::Korean => "ko",
            Self::English => "en",
        }
    }

    /// `date` as people say it, with the year where it is not `this_year`.
    pub(crate) fn date(self, date: NaiveDate, this_year: i32) -> String {
        match (self, date.year() == this_year) {
            (Self::Korean, true) => date.format("%-m월 %-d일").to_string(),
            (Self::Korean, false) => date.format("%Y년 %-m월 %-d일").to_string(),
            (Self::English, true) => date.format("%B %-d").to_string(),
            (Self::English, false) => date.format("%B %-d, %Y").to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heavier_language_wins_and_english_is_the_default() {
        let language = |accept: &'static str| {
            Language::of(&HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, accept.parse().expect("a header"))]))
        };
        assert_eq!(language("ko-KR,ko;q=0.9,en;q=0.8"), Language::Korean);
        assert_eq!(language("en-GB,ko;q=0.5"), Language::English);
        assert_eq!(language("fr, ko;q=0.5"), Language::Korean);
        assert_eq!(language("fr"), Language::English);
        assert_eq!(language("ko, en"), Language::Korean);
        assert_eq!(language("en, ko"), Language::English);
        assert_eq!(language("ko;q=0, fr"), Language::English);
        assert_eq!(language("kok-IN, Korean"), Language::English);
    }
}

//! What would have been right, where a value is wrong.

use std::ops::RangeInclusive;

use crate::Language;

/// The values that a field can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// One of these names.
    OneOf(Vec<String>),
    /// A number in this range; both ends belong to it.
    Between(RangeInclusive<u32>),
    Text,
    WholeNumber,
    Boolean,
    List,
    Object,
    Id,
    Instant,
}

impl Expected {
    /// What serde's text of an error says after "expected"; `None` where it says nothing that helps.
    pub(super) fn of(text: &str) -> Option<Self> {
        if text.starts_with("UUID parsing failed") {
            return Some(Self::Id);
        }
        if text.starts_with("invalid digit") || text.starts_with("number too") {
            return Some(Self::WholeNumber);
        }
        let (_, expected) = text.split_once("expected ")?;
        let names: Vec<String> = expected.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        Some(match expected.split(" at line ").next()? {
            _ if !names.is_empty() => Self::OneOf(names),
            "a string" | "a borrowed string" => Self::Text,
            "u8" | "u16" | "u32" | "u64" | "usize" | "i64" => Self::WholeNumber,
            "a boolean" => Self::Boolean,
            "a sequence" => Self::List,
            "an object" | "a map" => Self::Object,
            text if text.starts_with("struct ") => Self::Object,
            text if text.contains("UUID") => Self::Id,
            text if text.contains("RFC 3339") => Self::Instant,
            _ => return None,
        })
    }

    pub(super) fn text(&self, language: Language) -> String {
        match (language, self) {
            (Language::Korean, Self::Between(range)) => {
                format!("{}부터 {}까지 쓸 수 있어요.", grouped(*range.start()), grouped(*range.end()))
            }
            (Language::English, Self::Between(range)) => {
                format!("It can be {} to {}.", grouped(*range.start()), grouped(*range.end()))
            }
            (Language::Korean, _) => format!("쓸 수 있는 값: {}", self.values(language)),
            (Language::English, _) => format!("It can be: {}", self.values(language)),
        }
    }

    fn values(&self, language: Language) -> String {
        let [korean, english] = match self {
            Self::OneOf(names) => return names.join(", "),
            Self::Between(range) => return format!("{}–{}", range.start(), range.end()),
            Self::Text => ["글자", "text"],
            Self::WholeNumber => ["0 이상의 정수", "a whole number, not below 0"],
            Self::Boolean => ["true, false"; 2],
            Self::List => ["목록 […]", "a list […]"],
            Self::Object => ["객체 {…}", "an object {…}"],
            Self::Id => ["UUID", "a UUID"],
            Self::Instant => ["2026-03-05T12:00:00Z 같은 시각", "an instant such as 2026-03-05T12:00:00Z"],
        };
        match language {
            Language::Korean => korean.to_owned(),
            Language::English => english.to_owned(),
        }
    }
}

/// 36500 is "36,500".
fn grouped(number: u32) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1000), number % 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_told_in_both_languages() {
        let goal = Expected::Between(1..=36_500);
        assert_eq!(goal.text(Language::Korean), "1부터 36,500까지 쓸 수 있어요.");
        assert_eq!(goal.text(Language::English), "It can be 1 to 36,500.");
    }

    #[test]
    fn the_names_of_a_choice_are_told() {
        for text in [
            "unknown variant `guess`, expected `assume` or `confirm`",
            "unknown variant, expected one of `assume`, `confirm` at line 1 column 9",
        ] {
            let expected = Expected::of(text).expect("names");
            assert_eq!(expected.text(Language::English), "It can be: assume, confirm");
        }
    }
}

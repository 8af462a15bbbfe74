//! Which field could not be read, and why. serde tells both in English alone, so this file reads its phrases; each
//! has a test, which fails when a new version words it otherwise.

use std::fmt::Display;

use serde_path_to_error::{Error, Segment};

use super::expected::Expected;
use crate::Code;

/// The path to the value that could not be read, why, and what would have been right. Our own types give a code as the
/// text of their error; serde's texts are told apart by how they begin.
pub(super) fn fault<E: Display>(error: &Error<E>) -> (Vec<String>, Code, Option<Expected>) {
    let mut path: Vec<String> = error
        .path()
        .iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect();
    let text = error.inner().to_string();
    let named = text.split('`').nth(1).unwrap_or_default();
    let code = match text.split(" at line ").next().and_then(Code::named) {
        Some(code) => code,
        None if text.starts_with("missing field") => Code::FieldMissing,
        None if text.starts_with("unknown field") => Code::FieldUnknown,
        None if text.starts_with("duplicate field") => Code::FieldTwice,
        None => return (path, Code::ValueInvalid, Expected::of(&text)),
    };
    // These three are errors of the object; the field is named in the text alone.
    if matches!(code, Code::FieldMissing | Code::FieldUnknown | Code::FieldTwice)
        && path.last().is_none_or(|last| last != named)
    {
        path.push(named.to_owned());
    }
    (path, code, None)
}

#[cfg(test)]
mod tests {
    use serde::{
        Deserialize,
        de::{DeserializeOwned, Error as _},
    };

    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only read from JSON")]
        inner: Vec<Inner>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "only read from JSON")]
        name: Name,
    }

    /// A type whose error is a code, as those of our fields are.
    struct Name;

    impl<'de> Deserialize<'de> for Name {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            match String::deserialize(deserializer)?.as_str() {
                "" => Err(D::Error::custom(Code::NameBlank.as_str())),
                _ => Ok(Self),
            }
        }
    }

    fn in_json<T: DeserializeOwned>(text: &str) -> (String, Code) {
        let mut json = serde_json::Deserializer::from_str(text);
        let (path, code, _) = fault(&serde_path_to_error::deserialize::<_, T>(&mut json).err().expect("a fault"));
        (path.join("/"), code)
    }

    fn in_query<T: DeserializeOwned>(text: &str) -> (String, Code) {
        let query = serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(text.as_bytes()));
        let (path, code, _) = fault(&serde_path_to_error::deserialize::<_, T>(query).err().expect("a fault"));
        (path.join("/"), code)
    }

    #[test]
    fn a_missing_field_is_named() {
        assert_eq!(in_json::<Outer>("{}"), ("inner".to_owned(), Code::FieldMissing));
        assert_eq!(in_json::<Outer>(r#"{"inner": [{}]}"#), ("inner/0/name".to_owned(), Code::FieldMissing));
        assert_eq!(in_query::<Outer>(""), ("inner".to_owned(), Code::FieldMissing));
    }

    #[test]
    fn an_unknown_field_is_named() {
        assert_eq!(in_json::<Outer>(r#"{"outer": 1}"#), ("outer".to_owned(), Code::FieldUnknown));
        assert_eq!(in_json::<Outer>(r#"{"inner": [{"nom": 1}]}"#), ("inner/0/nom".to_owned(), Code::FieldUnknown));
        assert_eq!(in_query::<Inner>("nom=x"), ("nom".to_owned(), Code::FieldUnknown));
    }

    #[test]
    fn a_field_that_comes_twice_is_named() {
        assert_eq!(in_json::<Outer>(r#"{"inner": [], "inner": []}"#), ("inner".to_owned(), Code::FieldTwice));
        assert_eq!(in_query::<Inner>("name=x&name=y"), ("name".to_owned(), Code::FieldTwice));
    }

    #[test]
    fn a_code_that_a_type_gives_is_its_fault() {
        assert_eq!(in_json::<Outer>(r#"{"inner": [{"name": ""}]}"#), ("inner/0/name".to_owned(), Code::NameBlank));
        assert_eq!(in_query::<Inner>("name="), ("name".to_owned(), Code::NameBlank));
    }

    #[test]
    fn any_other_phrase_is_a_wrong_value() {
        for wrong in [r#"{"inner": 1}"#, r#"{"inner": null}"#, r#"{"inner": {}}"#] {
            assert_eq!(in_json::<Outer>(wrong), ("inner".to_owned(), Code::ValueInvalid), "{wrong}");
        }
        assert_eq!(in_json::<Outer>(r#"{"inner": [1]}"#), ("inner/0".to_owned(), Code::ValueInvalid));
        assert_eq!(in_query::<u8>("name=x"), (String::new(), Code::ValueInvalid));
    }
}

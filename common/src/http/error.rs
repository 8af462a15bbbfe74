//! What a handler may fail with.

use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};
use serde_json::{Map, Value};

use crate::{Code, Language, http::expected::Expected};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The status of the code: the request as a whole can't be met.
    #[error("{}", .0.as_str())]
    Refused(Code),
    /// The status of the first code: these fields can't be taken.
    #[error("{}", .0.iter().map(|fault| fault.code.as_str()).collect::<Vec<_>>().join(", "))]
    Faults(Vec<Fault>),
    /// The status of the code, with extension members of its own (RFC 9457, section 3.2).
    #[error("{}", .0.as_str())]
    Extended(Code, Map<String, Value>),
    /// `503` where trying again helps or the schema is older than this program, else `500`.
    #[error("{}", crate::db::without_values(.0))]
    Database(#[from] sqlx::Error),
    /// The database has rolled the transaction back without an error: the request runs again, `503` if that does not help.
    #[error("the transaction was rolled back without an error")]
    RolledBack,
    /// `500`: our fault.
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::Refused(code)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Faults(vec![fault])
    }
}

/// One field that can't be taken, and why.
#[derive(Clone, Debug)]
pub struct Fault {
    pub(super) place: Place,
    pub(super) code: Code,
    pub(super) date: Option<(NaiveDate, i32)>,
    pub(super) expected: Option<Expected>,
}

#[derive(Clone, Debug)]
pub(super) enum Place {
    Pointer(String),
    Parameter(String),
}

impl Fault {
    /// In the body, at a JSON pointer (RFC 6901) such as `/foods/0/outcome`.
    pub fn pointer(pointer: impl Into<String>, code: Code) -> Self {
        Self { place: Place::Pointer(pointer.into()), code, date: None, expected: None }
    }

    /// In the path, the query or the headers.
    pub fn parameter(name: impl Into<String>, code: Code) -> Self {
        Self { place: Place::Parameter(name.into()), code, date: None, expected: None }
    }

    /// Names `date`, as told on the day `today`.
    pub fn naming(mut self, date: NaiveDate, today: NaiveDate) -> Self {
        self.date = Some((date, today.year()));
        self
    }

    /// Says which numbers can stand there; both ends belong to the range.
    pub fn between(mut self, range: RangeInclusive<u32>) -> Self {
        self.expected = Some(Expected::Between(range));
        self
    }

    /// Says which of these can stand there.
    pub fn one_of(mut self, names: &[&str]) -> Self {
        self.expected = Some(Expected::OneOf(names.iter().map(|name| (*name).to_owned()).collect()));
        self
    }

    pub(super) fn expecting(mut self, expected: Option<Expected>) -> Self {
        self.expected = expected;
        self
    }

    /// What a person reads.
    pub(super) fn text(&self, language: Language) -> String {
        match &self.expected {
            Some(expected) => expected.text(language),
            None => self.code.text(language, self.date),
        }
    }
}

/// Gathers the faults of a body, so that all are told at once.
#[derive(Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// The value, or a default after noting what is wrong at `pointer`.
    pub fn take<T: Default>(&mut self, pointer: &str, result: Result<T, Code>) -> T {
        result.unwrap_or_else(|code| {
            self.add(Fault::pointer(pointer, code));
            T::default()
        })
    }

    /// Refuses the request if anything was noted.
    pub fn check(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Faults(self.0)) }
    }
}

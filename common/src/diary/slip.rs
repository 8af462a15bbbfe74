//! A slip: one time that a food was eaten.

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Code, diary::day::HourMinute, text};

/// How many slips a food can have on a date.
pub const MOST_SLIPS: i64 = 50;
/// How strong a craving can be.
pub const CRAVING: RangeInclusive<u32> = 0..=10;

/// One time that a food was eaten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromRow, ToSchema)]
pub struct Slip {
    pub id: Uuid,
    pub date: NaiveDate,
    pub food_id: Uuid,
    pub time: Option<HourMinute>,
    pub craving: Option<u8>,
    #[sqlx(rename = "cause")] // TRIGGER is a reserved word of SQL
    pub trigger: Option<String>,
    pub amount: Option<String>,
    pub note: Option<String>,
}

impl Slip {
    /// Its columns in `slips`.
    pub const COLUMNS: &str = "id, date, food_id, time, craving, cause, amount, note";
}

/// What set the slip off: free text, or a key that the app translates. At most 50 characters.
pub fn trigger(trigger: &str) -> Result<Option<String>, Code> {
    text::line(trigger, 50)
}

/// At most 50 characters.
pub fn amount(amount: &str) -> Result<Option<String>, Code> {
    text::line(amount, 50)
}

/// At most 500 characters.
pub fn note(note: &str) -> Result<Option<String>, Code> {
    text::lines(note, 500)
}

//! A slip: one time that a food was eaten.

use chrono::NaiveDate;
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::diary::day::HourMinute;

/// How many slips a food can have on a date.
pub const MOST_SLIPS: i64 = 50;

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

//! A reminder: what its fields can hold.

use chrono::{NaiveTime, Timelike};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantNames};
use utoipa::ToSchema;

use crate::{Code, Fault, Faults, diary::day::HourMinute};

/// How many reminders a person can have.
pub const MOST_REMINDERS: usize = 10;
/// Every day of the week, a bit for each; Monday is the lowest.
pub const ALL_DAYS: u8 = 0b0111_1111;

/// When a reminder has something to say.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    IntoStaticStr,
    EnumString,
    VariantNames,
)]
#[serde(rename_all = "snake_case", try_from = "String")]
#[strum(serialize_all = "snake_case")]
pub enum About {
    /// If a food that counts reviewed days only has neither outcome nor slip on the date.
    #[default]
    Waiting,
    /// If the date has no review.
    Review,
}

/// By five minutes.
pub fn time(HourMinute(time): HourMinute) -> Result<NaiveTime, Code> {
    if time.minute() % 5 == 0 { Ok(time) } else { Err(Code::TimeNotByFive) }
}

/// The bits of a list of days, Monday 1: at least one, and none twice. What is wrong is noted at `pointer`.
pub fn days(list: &[u8], pointer: &str, faults: &mut Faults) -> u8 {
    if list.is_empty() {
        faults.add(Fault::pointer(pointer, Code::ValueInvalid));
    }
    let mut days = 0;
    for (index, day) in list.iter().enumerate() {
        let pointer = format!("{pointer}/{index}");
        match day {
            1..=7 if days & (1 << (day - 1)) != 0 => faults.add(Fault::pointer(pointer, Code::FieldTwice)),
            1..=7 => days |= 1 << (day - 1),
            _ => faults.add(Fault::pointer(pointer, Code::NumberOutOfRange).between(1..=7)),
        }
    }
    days
}

/// The list of days that has these bits.
pub fn days_of(days: u8) -> Vec<u8> {
    (1..=7).filter(|day| days & (1 << (day - 1)) != 0).collect()
}

//! Dates of a whole history, read and written in compact forms. A plain form would be easier to read and slower by the
//! figures given here (docs/speed.md says how they were measured).

use std::str::FromStr;

use anyhow::Context;
use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use crate::Result;

/// A SELECT column: all dates with an outcome, as one text. One row for each would cost the driver 30 % of the CPU
/// time of a calendar (1,020 → 725 µs).
pub(super) const OUTCOMES: &str = "GROUP_CONCAT(CONCAT(TO_DAYS(date), ' ', outcome))";

/// The dates and outcomes in the text of [`OUTCOMES`]; none where it is NULL.
pub(super) fn outcomes<O: FromStr>(text: Option<&str>) -> impl Iterator<Item = Result<(NaiveDate, O)>> {
    text.into_iter().flat_map(|text| text.split(',')).map(|entry| {
        let parsed =
            entry.split_once(' ').and_then(|(days, outcome)| Some((days.parse().ok()?, outcome.parse().ok()?)));
        let (days, outcome) = parsed.context("expected the days of a date and its outcome")?;
        Ok((date(days), outcome))
    })
}

/// The date of which MariaDB's `TO_DAYS(date)` is `days`. The driver reads a number faster than a date.
pub(super) fn date(days: i32) -> NaiveDate {
    /// TO_DAYS of the last day before the year 1.
    const BEFORE: i32 = 365;
    NaiveDate::from_num_days_from_ce_opt(days - BEFORE).unwrap_or_default()
}

/// Serializes a date as `YYYY-MM-DD`, digit by digit. chrono's formatter takes three times as long: 10 % of the CPU
/// time of a calendar.
pub fn serialize<S: serde::Serializer>(date: &NaiveDate, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    let Ok(year @ 0..=9999) = u32::try_from(date.year()) else { return date.serialize(serializer) };
    let mut text = *b"0000-00-00";
    for (from, digits, mut number) in [(0, 4, year), (5, 2, date.month()), (8, 2, date.day())] {
        for place in text[from..from + digits].iter_mut().rev() {
            *place += (number % 10) as u8;
            number /= 10;
        }
    }
    serializer.serialize_str(std::str::from_utf8(&text).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_as_serde_writes_it() {
        let days = [NaiveDate::MIN, NaiveDate::MAX].into_iter().chain(
            (-400..3_660_000).step_by(97).map(|days| NaiveDate::from_num_days_from_ce_opt(days).expect("a date")),
        );
        for date in days {
            let written = serialize(&date, serde_json::value::Serializer).expect("text");
            assert_eq!(written, serde_json::json!(date));
        }
    }
}

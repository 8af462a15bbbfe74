//! What a day is: a civil date label, `YYYY-MM-DD`, fixed when it is written.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::{IntoParams, ToSchema};

use crate::{Code, Error, Fault, Result, diary::zone::Zone};

/// Today's label: the date on the wall clock in `zone`, less `day_start`. The subtraction is on
/// the wall clock, so that the boundary is the same wall time on days when clocks change.
pub fn today(now: DateTime<Utc>, zone: &Zone, day_start: NaiveTime) -> NaiveDate {
    (zone.wall_clock(now) - since_midnight(day_start)).date()
}

/// The instant at which the label after `today` begins: the first moment that [`today`] gives it.
pub fn next_day_at(today: NaiveDate, zone: &Zone, day_start: NaiveTime) -> DateTime<Utc> {
    let boundary = (today + Days::new(1)).and_time(day_start);
    // A wall time that clocks skip is reached when they have jumped: mostly by an hour, once by a whole day.
    (0..=24 * 60)
        .find_map(|minute| zone.instant(boundary + TimeDelta::minutes(minute)))
        .unwrap_or_else(|| boundary.and_utc())
}

fn since_midnight(time: NaiveTime) -> TimeDelta {
    TimeDelta::seconds(time.num_seconds_from_midnight().into())
}

/// A date in a request: `YYYY-MM-DD` to the letter, from 2000-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema, sqlx::Type)]
#[sqlx(transparent)]
#[schema(value_type = String, format = Date)]
pub struct Date(pub NaiveDate);

impl Date {
    /// The first date on which anything can be recorded.
    pub const FIRST: NaiveDate = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a date");
    /// The last date that four digits of a year can write, and MariaDB can keep.
    pub const LAST: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).expect("a date");

    /// Parses `text`, or says why it is no date of ours.
    pub fn parse(text: &str) -> std::result::Result<Self, Code> {
        let strict = text.len() == 10
            && text
                .bytes()
                .enumerate()
                .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
        let date = strict.then(|| text.parse::<NaiveDate>().ok()).flatten().ok_or(Code::DateInvalid)?;
        if date < Self::FIRST { Err(Code::DateTooEarly) } else { Ok(Self(date)) }
    }

    /// Parses the path parameter `name`; a malformed one is refused with its name.
    pub fn parameter(name: &'static str, text: &str) -> Result<NaiveDate> {
        Self::parse(text).map(|date| date.0).map_err(|code| Error::from(Fault::parameter(name, code)))
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(|code| D::Error::custom(code.as_str()))
    }
}

/// How many days one answer shows.
const MOST_DAYS: i64 = 400;

/// The dates that a request asks for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DateRange {
    /// The first date.
    from: Date,
    /// The last date: at most the 400th from the first.
    to: Date,
}

impl DateRange {
    /// What [`DateRange::dates`] refuses.
    pub const PROBLEMS: [Code; 2] = [Code::RangeInvalid, Code::RangeTooLong];

    /// Both dates and those between them. One that ends before it begins is refused, and one of more than 400 days.
    pub fn dates(&self) -> Result<RangeInclusive<NaiveDate>> {
        let (from, to) = (self.from.0, self.to.0);
        if to < from {
            return Err(Fault::parameter("to", Code::RangeInvalid).into());
        }
        if (to - from).num_days() >= MOST_DAYS {
            return Err(Fault::parameter("to", Code::RangeTooLong).into());
        }
        Ok(from..=to)
    }
}

/// The Monday of the week of a date.
pub fn week_of(date: NaiveDate) -> NaiveDate {
    date - Days::new(date.weekday().num_days_from_monday().into())
}

/// A time of day in a request or an answer: `HH:MM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema, sqlx::Type)]
#[sqlx(transparent)]
#[schema(value_type = String, format = "hour-minute", pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", examples("04:00"))]
pub struct HourMinute(pub NaiveTime);

impl Serialize for HourMinute {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.format("%H:%M"))
    }
}

impl<'de> Deserialize<'de> for HourMinute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let strict = text.len() == 5
            && text.bytes().enumerate().all(|(at, byte)| if at == 2 { byte == b':' } else { byte.is_ascii_digit() });
        let time = strict.then(|| NaiveTime::parse_from_str(&text, "%H:%M").ok()).flatten();
        time.map(Self).ok_or_else(|| D::Error::custom(Code::TimeInvalid.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn zone(name: &str) -> Zone {
        Zone::named(name).expect("a zone")
    }

    fn four() -> NaiveTime {
        NaiveTime::from_hms_opt(4, 0, 0).expect("a time")
    }

    #[test]
    fn before_the_day_starts_it_is_still_yesterday() {
        assert_eq!(today(at("2026-03-11T18:59:59Z"), &zone("Asia/Seoul"), four()).to_string(), "2026-03-11");
        assert_eq!(today(at("2026-03-11T19:00:00Z"), &zone("Asia/Seoul"), four()).to_string(), "2026-03-12");
    }

    #[test]
    fn the_boundary_is_the_same_wall_time_on_the_day_clocks_change() {
        let zone = &zone("America/New_York"); // 2026-03-08 has 23 hours
        assert_eq!(today(at("2026-03-08T07:59:59Z"), zone, four()).to_string(), "2026-03-07");
        assert_eq!(today(at("2026-03-08T08:00:00Z"), zone, four()).to_string(), "2026-03-08");
    }

    #[test]
    fn the_next_day_begins_when_today_gives_it() {
        for (zone, day) in
            [("America/New_York", "2026-03-07"), ("Africa/Cairo", "2026-04-23"), ("Asia/Seoul", "2026-03-11")]
        {
            let zone = &super::tests::zone(zone);
            for start in [NaiveTime::MIN, four()] {
                let day: NaiveDate = day.parse().expect("a date");
                let next = next_day_at(day, zone, start);
                assert_eq!(today(next - TimeDelta::seconds(1), zone, start), day, "{zone:?}");
                assert!(today(next, zone, start) > day, "{zone:?}");
            }
        }
    }

    #[test]
    fn a_date_is_ten_characters_from_2000_on() {
        assert_eq!(Date::parse("2026-02-30"), Err(Code::DateInvalid));
        assert_eq!(Date::parse("2026-2-3"), Err(Code::DateInvalid));
        assert_eq!(Date::parse("1999-12-31"), Err(Code::DateTooEarly));
        assert!(Date::parse("2000-01-01").is_ok());
    }
}

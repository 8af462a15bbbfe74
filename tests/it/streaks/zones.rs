//! Which date is today, in every zone around every jump of its clock, as Python's zoneinfo says.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta};
use chrono_tz::{IANA_TZDB_VERSION, TZ_VARIANTS, Tz};
use common::diary::day::{next_day_at, today};
use sha2::{Digest, Sha256};

use crate::support::world::date;

const VECTORS: &str = include_str!("../../vectors/days.txt");
/// The starts of the day in the vectors, in minutes.
const STARTS: [u32; 6] = [0, 30, 210, 240, 450, 720];

/// Where people live and fly to: the widest, and those whose clocks jump.
pub const ZONES: [Tz; 12] = [
    Tz::UTC,
    Tz::Asia__Seoul,
    Tz::America__Los_Angeles,
    Tz::Pacific__Kiritimati,
    Tz::Pacific__Niue,
    Tz::Asia__Kathmandu,
    Tz::Europe__London,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Chatham,
    Tz::America__St_Johns,
    Tz::Africa__Cairo,
    Tz::Pacific__Apia,
];

fn starts() -> [NaiveTime; 6] {
    STARTS.map(|minutes| NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).expect("a time"))
}

/// The second before a jump, and every hour up to three days from it.
fn instants(jump: i64) -> impl Iterator<Item = i64> {
    std::iter::once(jump - 1).chain((-72..=72).map(move |hour| jump + hour * 3600))
}

fn digest(zone: Tz, jumps: &[i64]) -> String {
    let mut labels = Sha256::new();
    for instant in jumps.iter().copied().flat_map(instants) {
        let now = DateTime::from_timestamp(instant, 0).expect("an instant");
        for start in starts() {
            labels.update(today(now, zone, start).num_days_from_ce().to_le_bytes());
        }
    }
    format!("{:x}", labels.finalize())
}

#[test]
fn today_is_what_an_independent_implementation_says_in_every_zone_around_every_jump() {
    assert_eq!(
        IANA_TZDB_VERSION, "2025b",
        "the vectors are of this version: make them anew, tests/vectors/days.py says how"
    );
    let zones: BTreeMap<&str, (&str, Vec<i64>)> = VECTORS
        .lines()
        .map(|line| {
            let mut fields = line.split(' ');
            let (name, digest) = (fields.next().expect("a zone"), fields.next().expect("a digest"));
            (name, (digest, fields.map(|jump| jump.parse().expect("an instant")).collect()))
        })
        .collect();
    let mut labels = 0;
    for zone in TZ_VARIANTS {
        let (expected, jumps) = zones.get(zone.name()).unwrap_or_else(|| panic!("{zone} is in the vectors"));
        labels += jumps.len() * 146 * STARTS.len();
        assert_eq!(&digest(zone, jumps), expected, "{zone}");
    }
    let zones = TZ_VARIANTS.len();
    println!("labels that Python gives another date, in {zones} zones of tzdata {IANA_TZDB_VERSION}: 0 of {labels}");
    assert!(labels > 10_000_000, "{labels}");
}

/// The dates that a zone has from one instant to another, looked at by the minute.
fn dates(zone: Tz, from: &str, minutes: i64) -> Vec<NaiveDate> {
    let from: DateTime<chrono::Utc> = from.parse().expect("an instant");
    let mut dates: Vec<NaiveDate> =
        (0..minutes).map(|minute| today(from + TimeDelta::minutes(minute), zone, NaiveTime::MIN)).collect();
    dates.dedup();
    dates
}

#[test]
fn a_date_that_was_jumped_over_is_no_ones_today_and_none_comes_twice() {
    let samoa = dates(Tz::Pacific__Apia, "2011-12-29T10:00:00Z", 3 * 1440);
    assert_eq!(samoa[..3], [date("2011-12-29"), date("2011-12-31"), date("2012-01-01")]);
    let kwajalein = dates(Tz::Pacific__Kwajalein, "1993-08-20T12:00:00Z", 3 * 1440);
    assert_eq!(kwajalein[..3], [date("1993-08-20"), date("1993-08-22"), date("1993-08-23")]);
}

#[test]
fn the_next_day_begins_at_the_first_instant_that_has_its_label() {
    for (zone, day) in [
        (Tz::Asia__Kolkata, "2026-03-11"),
        (Tz::Asia__Kathmandu, "2026-03-11"),
        (Tz::Pacific__Chatham, "2026-04-04"),
        (Tz::Australia__Lord_Howe, "2026-04-04"),
        (Tz::Australia__Lord_Howe, "2026-10-03"),
        (Tz::Africa__Cairo, "2026-04-23"),
        (Tz::America__Sao_Paulo, "2018-11-03"),
        (Tz::Asia__Beirut, "2026-03-28"),
        (Tz::Pacific__Apia, "2011-12-29"),
        (Tz::America__New_York, "2026-10-31"),
    ] {
        for start in starts() {
            let next = next_day_at(date(day), zone, start);
            assert_eq!(today(next - TimeDelta::seconds(1), zone, start), date(day), "{zone} {start}");
            assert!(today(next, zone, start) > date(day), "{zone} {start}");
        }
    }
}

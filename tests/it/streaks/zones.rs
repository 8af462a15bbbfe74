//! Which date is today, in every zone around every jump of its clock, as Python's zoneinfo says.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta};
use common::diary::{
    day::{next_day_at, today},
    zone::{DATABASE, Zone},
};
use sha2::{Digest, Sha256};

use crate::support::world::date;

const VECTORS: &str = include_str!("../../vectors/days.txt");
/// The starts of the day in the vectors, in minutes.
const STARTS: [u32; 6] = [0, 30, 210, 240, 450, 720];

/// Where people live and fly to: the widest, and those whose clocks jump.
pub const ZONES: [&str; 12] = [
    "UTC",
    "Asia/Seoul",
    "America/Los_Angeles",
    "Pacific/Kiritimati",
    "Pacific/Niue",
    "Asia/Kathmandu",
    "Europe/London",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/St_Johns",
    "Africa/Cairo",
    "Pacific/Apia",
];

/// The zone of this name.
pub fn zone(name: &str) -> Zone {
    Zone::named(name).unwrap_or_else(|| panic!("{name} is no zone"))
}

fn starts() -> [NaiveTime; 6] {
    STARTS.map(|minutes| NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).expect("a time"))
}

/// The second before a jump, and every hour up to three days from it.
fn instants(jump: i64) -> impl Iterator<Item = i64> {
    std::iter::once(jump - 1).chain((-72..=72).map(move |hour| jump + hour * 3600))
}

fn digest(zone: &Zone, jumps: &[i64]) -> String {
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
    let (version, vectors) = VECTORS.split_once('\n').expect("a version");
    assert_eq!(DATABASE, version, "the vectors are of another version: make them anew, tests/vectors/days.py says how");
    let zones: BTreeMap<&str, (&str, Vec<i64>)> = vectors
        .lines()
        .map(|line| {
            let mut fields = line.split(' ');
            let (name, digest) = (fields.next().expect("a zone"), fields.next().expect("a digest"));
            (name, (digest, fields.map(|jump| jump.parse().expect("an instant")).collect()))
        })
        .collect();
    let mut labels = 0;
    for name in Zone::names() {
        let (expected, jumps) = zones.get(name).unwrap_or_else(|| panic!("{name} is in the vectors"));
        labels += jumps.len() * 146 * STARTS.len();
        assert_eq!(&digest(&zone(name), jumps), expected, "{name}");
    }
    let zones = Zone::names().count();
    println!("labels that Python gives another date, in {zones} zones of tzdata {version}: 0 of {labels}");
    assert!(labels > 10_000_000, "{labels}");
}

/// The dates that a zone has from one instant to another, looked at by the minute.
fn dates(name: &str, from: &str, minutes: i64) -> Vec<NaiveDate> {
    let zone = zone(name);
    let from: DateTime<chrono::Utc> = from.parse().expect("an instant");
    let mut dates: Vec<NaiveDate> =
        (0..minutes).map(|minute| today(from + TimeDelta::minutes(minute), &zone, NaiveTime::MIN)).collect();
    dates.dedup();
    dates
}

#[test]
fn a_date_that_was_jumped_over_is_no_ones_today_and_none_comes_twice() {
    let samoa = dates("Pacific/Apia", "2011-12-29T10:00:00Z", 3 * 1440);
    assert_eq!(samoa[..3], [date("2011-12-29"), date("2011-12-31"), date("2012-01-01")]);
    let kwajalein = dates("Pacific/Kwajalein", "1993-08-20T12:00:00Z", 3 * 1440);
    assert_eq!(kwajalein[..3], [date("1993-08-20"), date("1993-08-22"), date("1993-08-23")]);
}

#[test]
fn the_next_day_begins_at_the_first_instant_that_has_its_label() {
    for (name, day) in [
        ("Asia/Kolkata", "2026-03-11"),
        ("Asia/Kathmandu", "2026-03-11"),
        ("Pacific/Chatham", "2026-04-04"),
        ("Australia/Lord_Howe", "2026-04-04"),
        ("Australia/Lord_Howe", "2026-10-03"),
        ("Africa/Cairo", "2026-04-23"),
        ("America/Sao_Paulo", "2018-11-03"),
        ("Asia/Beirut", "2026-03-28"),
        ("Pacific/Apia", "2011-12-29"),
        ("America/New_York", "2026-10-31"),
    ] {
        let zone = zone(name);
        for start in starts() {
            let next = next_day_at(date(day), &zone, start);
            assert_eq!(today(next - TimeDelta::seconds(1), &zone, start), date(day), "{name} {start}");
            assert!(today(next, &zone, start) > date(day), "{name} {start}");
        }
    }
}

//! When a reminder fires: a pure function of its wall time, its days, and the person's zone and start of the day.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use common::diary::zone::Zone;

/// Where and when a person lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    pub zone: Zone,
    pub day_start: NaiveTime,
}

/// A wall time on some days of the week. A day is the date that a record of that moment would have: with a day that
/// starts at 04:00, 01:00 is late in the evening of the date before.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub time: NaiveTime,
    /// A bit for each; Monday is the lowest.
    pub days: u8,
}

/// One time that a reminder fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    pub date: NaiveDate,
    pub at: DateTime<Utc>,
}

impl Plan {
    /// The instant of a date: the first of an hour that comes twice, the next minute that exists in one that is skipped.
    pub fn on(self, date: NaiveDate, life: &Life) -> Occurrence {
        let wall_date = if self.time < life.day_start { date + Days::new(1) } else { date };
        let wall = wall_date.and_time(self.time);
        let mut minutes = (0..=24 * 60).map(|minute| wall + TimeDelta::minutes(minute));
        let at = minutes.find_map(|wall| life.zone.instant(wall)).unwrap_or_else(|| wall.and_utc());
        Occurrence { date, at }
    }

    /// The first time at `from` or after it. `days` has at least one.
    pub fn first_from(self, from: DateTime<Utc>, life: &Life) -> Occurrence {
        let mut date = life.zone.wall_clock(from).date() - Days::new(2);
        loop {
            let day = 1 << date.weekday().num_days_from_monday();
            let occurrence = self.on(date, life);
            // Days that somebody has stored as none would be looked for without an end.
            if self.days & day != 0 && occurrence.at >= from || occurrence.at > from + TimeDelta::days(30) {
                return occurrence;
            }
            date = date + Days::new(1);
        }
    }
}

#[cfg(test)]
pub mod tests {
    use common::diary::reminder::ALL_DAYS;

    use super::*;

    fn life(zone: &str, day_start: &str) -> Life {
        Life { zone: Zone::named(zone).expect("a zone"), day_start: day_start.parse().expect("a time") }
    }

    fn plan(time: &str, days: u8) -> Plan {
        Plan { time: time.parse().expect("a time"), days }
    }

    fn next(plan: Plan, from: &str, life: &Life) -> (String, String) {
        let Occurrence { date, at } = plan.first_from(from.parse().expect("an instant"), life);
        (date.to_string(), at.format("%FT%TZ").to_string())
    }

    #[test]
    fn a_wall_time_is_that_of_the_persons_zone() {
        let seoul = life("Asia/Seoul", "00:00:00");
        let nine = plan("21:00:00", ALL_DAYS);
        assert_eq!(next(nine, "2026-03-11T12:00:00Z", &seoul), ("2026-03-11".into(), "2026-03-11T12:00:00Z".into()));
        assert_eq!(next(nine, "2026-03-11T12:00:01Z", &seoul), ("2026-03-12".into(), "2026-03-12T12:00:00Z".into()));
    }

    #[test]
    fn an_hour_that_comes_twice_has_it_once_and_one_that_is_skipped_at_the_next_minute_that_exists() {
        let york = life("America/New_York", "00:00:00");
        let half_past_two = plan("02:30:00", ALL_DAYS);
        assert_eq!(next(half_past_two, "2026-03-08T05:00:00Z", &york).1, "2026-03-08T07:00:00Z");
        let half_past_one = plan("01:30:00", ALL_DAYS);
        assert_eq!(next(half_past_one, "2026-11-01T04:00:00Z", &york).1, "2026-11-01T05:30:00Z");
        assert_eq!(next(half_past_one, "2026-11-01T05:30:01Z", &york).1, "2026-11-02T06:30:00Z");
    }

    #[test]
    fn days_are_those_that_records_have() {
        let monday = plan("01:00:00", 1);
        let late = life("UTC", "04:00:00");
        assert_eq!(next(monday, "2026-03-07T00:00:00Z", &late), ("2026-03-09".into(), "2026-03-10T01:00:00Z".into()));
        let early = life("UTC", "00:00:00");
        assert_eq!(next(monday, "2026-03-07T00:00:00Z", &early), ("2026-03-09".into(), "2026-03-09T01:00:00Z".into()));
    }

    #[test]
    fn every_date_of_every_zone_has_one_time_in_order() {
        for zone in Zone::names() {
            let life = life(zone, "00:00:00");
            for time in ["00:00:00", "02:30:00", "21:00:00"] {
                let plan = plan(time, ALL_DAYS);
                let mut from: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().expect("an instant");
                let mut before: Option<Occurrence> = None;
                for _ in 0..370 {
                    let next = plan.first_from(from, &life);
                    if let Some(before) = before {
                        assert_eq!(next.date, before.date + Days::new(1), "{zone} {time}");
                    }
                    before = Some(next);
                    from = next.at + TimeDelta::microseconds(1);
                }
            }
        }
    }

    /// When the clock of a zone jumps.
    pub fn jumps(zone: &Zone, from: &str, until: &str) -> Vec<DateTime<Utc>> {
        let [from, until] = [from, until].map(|text| text.parse::<DateTime<Utc>>().expect("an instant").timestamp());
        let at = |second| DateTime::from_timestamp(second, 0).expect("an instant");
        let offset = |second| zone.wall_clock(at(second)) - at(second).naive_utc();
        let mut jumps = Vec::new();
        for before in (from..until).step_by(5 * 24 * 60 * 60) {
            let (mut before, mut after) = (before, before + 5 * 24 * 60 * 60);
            if offset(before) == offset(after) {
                continue;
            }
            while after - before > 1 {
                let middle = (before + after) / 2;
                if offset(middle) == offset(before) { before = middle } else { after = middle }
            }
            jumps.push(at(after));
        }
        jumps
    }

    #[test]
    fn around_every_jump_of_every_zone_it_is_the_first_instant_that_shows_the_time_or_a_later_one() {
        let mut times = 0;
        for zone in Zone::names() {
            let life = life(zone, "00:00:00");
            for jump in jumps(&life.zone, "2000-01-01T00:00:00Z", "2038-01-01T00:00:00Z") {
                for minutes in (-180..=180).step_by(15) {
                    let wall = life.zone.wall_clock(jump) + TimeDelta::minutes(minutes);
                    let Occurrence { at, .. } = Plan { time: wall.time(), days: ALL_DAYS }.on(wall.date(), &life);
                    assert!(life.zone.wall_clock(at) >= wall, "{zone} {wall}: {at}");
                    for seconds in [1, 60, 900, 1800, 2700, 3600, 5400, 7200, 10_800, 86_400] {
                        let earlier = at - TimeDelta::seconds(seconds);
                        assert!(life.zone.wall_clock(earlier) < wall, "{zone} {wall}: {at} is not the first");
                    }
                    times += 1;
                }
            }
        }
        println!("times around jumps of clocks at another instant than the first that shows them: 0 of {times}");
        assert!(times > 100_000, "{times}");
    }
}

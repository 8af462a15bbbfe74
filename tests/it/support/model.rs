//! The slow, obvious count: every date looked at, one after the other. It shares no rule with the fold.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use common::diary::streak::{Counter, Counting, Outcome, Status};
use serde_json::Value;

use crate::support::world::date;

/// Everything recorded for one food.
#[derive(Clone, Debug)]
pub struct Past {
    pub start: NaiveDate,
    pub counting: Counting,
    pub goal: Option<u32>,
    pub outcomes: BTreeMap<NaiveDate, Outcome>,
    /// One date a slip.
    pub slips: Vec<NaiveDate>,
    /// Days off: both ends belong to them.
    pub skips: Vec<(NaiveDate, NaiveDate)>,
}

/// What a history comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    pub current: u32,
    pub longest: u32,
    pub kept: u32,
    pub confirmed: u32,
    pub slipped: u32,
    pub skipped: u32,
    pub missing: u32,
    pub if_yesterday_kept: Option<u32>,
    pub last_slip_on: Option<NaiveDate>,
    pub milestones: Vec<(u32, NaiveDate)>,
}

impl Past {
    pub fn status(&self, on: NaiveDate, today: NaiveDate) -> Status {
        let outcome = self.outcomes.get(&on).copied();
        let off = self.skips.iter().any(|(from, to)| (*from..=*to).contains(&on));
        if self.slips.contains(&on) || outcome == Some(Outcome::Slipped) {
            Status::Slipped
        } else if outcome == Some(Outcome::Skipped) || (outcome.is_none() && off) {
            Status::Skipped
        } else if outcome == Some(Outcome::Kept) || (self.counting == Counting::Assume && on < today) {
            Status::Kept
        } else if on == today {
            Status::Open
        } else {
            Status::Missing
        }
    }

    /// The numbers as of `today`, which is not over.
    pub fn on(&self, today: NaiveDate) -> Numbers {
        self.count(today, today)
    }

    /// The numbers through `last`, which is over.
    pub fn through(&self, last: NaiveDate) -> Numbers {
        self.count(last, last + Days::new(1))
    }

    fn count(&self, last: NaiveDate, today: NaiveDate) -> Numbers {
        let mut numbers = Numbers::default();
        for on in self.start.iter_days().take_while(|on| *on <= last) {
            match self.status(on, today) {
                Status::Kept => {
                    numbers.kept += 1;
                    numbers.confirmed += u32::from(self.outcomes.contains_key(&on));
                    numbers.current += 1;
                    if numbers.current > numbers.longest {
                        numbers.longest = numbers.current;
                        if self.is_milestone(numbers.longest) {
                            numbers.milestones.push((numbers.longest, on));
                        }
                    }
                }
                Status::Slipped => {
                    numbers.slipped += 1;
                    numbers.current = 0;
                    numbers.last_slip_on = Some(on);
                }
                Status::Missing => {
                    numbers.missing += 1;
                    numbers.current = 0;
                }
                Status::Skipped => numbers.skipped += 1,
                Status::Open => {}
            }
        }
        let yesterday = today - Days::new(1);
        if (self.start..=last).contains(&yesterday) && self.status(yesterday, today) == Status::Missing {
            let mut kept = self.clone();
            kept.outcomes.insert(yesterday, Outcome::Kept);
            numbers.if_yesterday_kept = Some(kept.count(last, today).current);
        }
        numbers
    }

    /// How many slips are on a date; one where a review alone says so.
    pub fn slips_on(&self, on: NaiveDate) -> u32 {
        let slips = self.slips.iter().filter(|slip| **slip == on).count();
        let told = self.outcomes.get(&on) == Some(&Outcome::Slipped);
        u32::try_from(slips).expect("few").max(u32::from(told))
    }

    /// The weeks up to `today`, which is not over: kept, counted, and slips, by their Mondays.
    pub fn weeks(&self, today: NaiveDate) -> BTreeMap<NaiveDate, [u32; 3]> {
        let mut weeks: BTreeMap<NaiveDate, [u32; 3]> = BTreeMap::new();
        for on in self.start.iter_days().take_while(|on| *on <= today) {
            let mut monday = on;
            while monday.weekday() != Weekday::Mon {
                monday = monday - Days::new(1);
            }
            let [kept, counted, slips] = weeks.entry(monday).or_default();
            match self.status(on, today) {
                Status::Kept => (*kept, *counted) = (*kept + 1, *counted + 1),
                Status::Slipped | Status::Missing => *counted += 1,
                Status::Skipped | Status::Open => {}
            }
            *slips += self.slips_on(on);
        }
        weeks
    }

    fn is_milestone(&self, days: u32) -> bool {
        let usual = [1, 3, 7, 14, 21, 30, 50, 66, 100, 200].contains(&days) || days.is_multiple_of(365);
        usual || self.goal == Some(days)
    }
}

impl Numbers {
    /// How many dates they count.
    pub fn days(&self) -> u32 {
        self.kept + self.slipped + self.skipped + self.missing
    }

    /// Those of a fold, which knows what `if_yesterday_kept` is.
    pub fn of(counter: &Counter, if_yesterday_kept: Option<u32>) -> Self {
        Self {
            current: counter.current_run,
            longest: counter.longest_run,
            kept: counter.kept_days,
            confirmed: counter.confirmed_days,
            slipped: counter.slip_days,
            skipped: counter.skipped_days,
            missing: counter.missing_days,
            if_yesterday_kept,
            last_slip_on: counter.last_slip_on,
            milestones: counter.milestones.iter().map(|milestone| (milestone.days, milestone.reached_on)).collect(),
        }
    }

    /// Those that an answer shows.
    pub fn shown(streak: &Value) -> Self {
        let number = |name: &str| streak[name].as_u64().map(|number| u32::try_from(number).expect("few"));
        let count = |name: &str| number(name).unwrap_or_else(|| panic!("{name} in {streak}"));
        let milestones = streak["milestones"].as_array().expect("a list");
        let reached = |milestone: &Value| {
            let days = milestone["days"].as_u64().expect("a number");
            (u32::try_from(days).expect("few"), date(milestone["reached_on"].as_str().expect("a date")))
        };
        Self {
            current: count("current_streak"),
            longest: count("longest_streak"),
            kept: count("kept_days"),
            confirmed: count("confirmed_days"),
            slipped: count("slip_days"),
            skipped: count("skipped_days"),
            missing: count("missing_days"),
            if_yesterday_kept: number("current_if_yesterday_kept"),
            last_slip_on: streak["last_slip_on"].as_str().map(date),
            milestones: milestones.iter().map(reached).collect(),
        }
    }
}

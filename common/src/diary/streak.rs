//! The count: a pure function of what is recorded and a date.
//!
//! It is a fold that can resume. A [`Counter`] holds the fold up to `closed_through`;
//! [`Counter::advance`] takes it further at a cost of what is recorded, not of days. No clock, no
//! zone, no database: the caller says which date is today.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantNames};
use utoipa::ToSchema;

use crate::diary::compact;

/// What a day without a record means.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoStaticStr, EnumString, VariantNames,
)]
#[serde(rename_all = "snake_case", try_from = "String")]
#[strum(serialize_all = "snake_case")]
pub enum Counting {
    /// Silence is success: only slips are logged.
    Assume,
    /// Only days reviewed as kept count.
    Confirm,
}

/// What a review says about a food on a date.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoStaticStr, EnumString, VariantNames,
)]
#[serde(rename_all = "snake_case", try_from = "String")]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    Kept,
    Slipped,
    Skipped,
}

/// What a date is for a food.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Kept,
    Slipped,
    Skipped,
    /// Today, with nothing recorded.
    Open,
    /// Over, with nothing recorded, and the food counts reviewed days only.
    Missing,
}

/// What one date holds for one food.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    pub outcome: Option<Outcome>,
    pub slips: u32,
}

/// Everything recorded for one food, in whatever order it came.
#[derive(Clone, Debug, Default)]
pub struct History {
    records: BTreeMap<NaiveDate, Record>,
    /// Skip ranges, both ends included; sorted, and apart from each other.
    skips: Vec<(NaiveDate, NaiveDate)>,
}

impl History {
    pub fn set_outcome(&mut self, date: NaiveDate, outcome: Outcome) {
        self.records.entry(date).or_default().outcome = Some(outcome);
    }

    pub fn set_slips(&mut self, date: NaiveDate, slips: u32) {
        if slips > 0 {
            self.records.entry(date).or_default().slips = slips;
        }
    }

    /// Skips every date from `from` to `to`; ranges may overlap.
    pub fn skip(&mut self, mut from: NaiveDate, mut to: NaiveDate) {
        self.skips.retain(|&(start, end)| {
            let apart = end < from || to < start;
            if !apart {
                (from, to) = (from.min(start), to.max(end));
            }
            apart
        });
        let at = self.skips.partition_point(|&(start, _)| start < from);
        self.skips.insert(at, (from, to));
    }

    /// What `date` holds.
    pub fn on(&self, date: NaiveDate) -> Record {
        self.records.get(&date).copied().unwrap_or_default()
    }

    /// Whether a skip range covers `date`, and the last date of which the same is true.
    fn skipped(&self, date: NaiveDate) -> (bool, NaiveDate) {
        match self.skips.get(self.skips.partition_point(|&(_, end)| end < date)) {
            Some(&(start, end)) if start <= date => (true, end),
            Some(&(start, _)) => (false, start - Days::new(1)),
            None => (false, NaiveDate::MAX),
        }
    }

    /// The status of `date`, strongest rule first; `over` says that it lies before today.
    pub fn status(&self, date: NaiveDate, counting: Counting, over: bool) -> Status {
        let record = self.on(date);
        match record.outcome {
            _ if record.slips > 0 => Status::Slipped,
            Some(Outcome::Slipped) => Status::Slipped,
            Some(Outcome::Skipped) => Status::Skipped,
            Some(Outcome::Kept) => Status::Kept,
            None if self.skipped(date).0 => Status::Skipped,
            None if !over => Status::Open,
            None if counting == Counting::Assume => Status::Kept,
            None => Status::Missing,
        }
    }
}

/// A run of a length that is celebrated, and the kept date that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Milestone {
    pub days: u32,
    #[serde(serialize_with = "compact::serialize")]
    pub reached_on: NaiveDate,
}

/// The smallest milestone above `days`: the first year's, every further year, and the goal.
pub fn milestone_after(days: u32, goal: Option<u32>) -> u32 {
    const FIRST_YEAR: [u32; 11] = [1, 3, 7, 14, 21, 30, 50, 66, 100, 200, 365];
    let usual = FIRST_YEAR.into_iter().find(|&step| step > days).unwrap_or((days / 365 + 1) * 365);
    goal.filter(|&goal| goal > days).map_or(usual, |goal| goal.min(usual))
}

/// The fold over every date from the start of a food to `closed_through`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Counter {
    /// The last date counted; the day before the start when none is.
    pub closed_through: NaiveDate,
    pub kept_days: u32,
    /// Of these, kept by a review.
    pub confirmed_days: u32,
    /// Dates, not slips.
    pub slip_days: u32,
    pub skipped_days: u32,
    pub missing_days: u32,
    /// Kept dates back from `closed_through` until a slipped or missing one.
    pub current_run: u32,
    pub longest_run: u32,
    /// The run if `closed_through`, which is missing, were reviewed as kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_run: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_slip_on: Option<NaiveDate>,
    #[sqlx(json)]
    pub milestones: Vec<Milestone>,
}

impl Counter {
    /// Its columns in `counters`.
    pub(super) const COLUMNS: &str = "closed_through, kept_days, confirmed_days, slip_days, skipped_days, missing_days,
        current_run, longest_run, waiting_run, last_slip_on, milestones";

    /// Before the first date of a food that starts on `start_date`.
    pub fn new(start_date: NaiveDate) -> Self {
        Self {
            closed_through: start_date - Days::new(1),
            kept_days: 0,
            confirmed_days: 0,
            slip_days: 0,
            skipped_days: 0,
            missing_days: 0,
            current_run: 0,
            longest_run: 0,
            waiting_run: None,
            last_slip_on: None,
            milestones: Vec::new(),
        }
    }

    /// Counts every date after `closed_through`, up to `until`, all of which are over. `history`
    /// needs to hold no earlier ones.
    pub fn advance(&mut self, history: &History, counting: Counting, goal: Option<u32>, until: NaiveDate) {
        let mut records = history.records.range(self.closed_through + Days::new(1)..).peekable();
        while self.closed_through < until {
            let date = self.closed_through + Days::new(1);
            let last = match records.peek() {
                Some(&(&recorded, _)) if recorded == date => {
                    records.next();
                    date
                }
                // A stretch without records, as far as one status reaches.
                Some(&(&recorded, _)) => until.min(recorded - Days::new(1)).min(history.skipped(date).1),
                None => until.min(history.skipped(date).1),
            };
            let confirmed = history.on(date).outcome.is_some();
            self.count(history.status(date, counting, true), confirmed, goal, last);
        }
    }

    /// Counts the dates after `closed_through` to `last`, which all have this status.
    fn count(&mut self, status: Status, confirmed: bool, goal: Option<u32>, last: NaiveDate) {
        let days = u32::try_from((last - self.closed_through).num_days()).unwrap_or_default();
        let waiting = self.waiting_run.take();
        match status {
            Status::Kept => {
                let run = self.current_run + days;
                let mut step = milestone_after(self.longest_run, goal);
                while step <= run {
                    let reached_on = self.closed_through + Days::new((step - self.current_run).into());
                    self.milestones.push(Milestone { days: step, reached_on });
                    step = milestone_after(step, goal);
                }
                self.kept_days += days;
                self.confirmed_days += if confirmed { days } else { 0 };
                self.current_run = run;
                self.longest_run = self.longest_run.max(run);
            }
            Status::Slipped => {
                self.slip_days += days;
                self.current_run = 0;
                self.last_slip_on = Some(last);
            }
            Status::Skipped => self.skipped_days += days,
            Status::Missing => {
                self.missing_days += days;
                self.waiting_run = Some(if days == 1 { self.current_run + 1 } else { 1 });
                self.current_run = 0;
            }
            // Today is never closed while it is open.
            Status::Open => {
                self.waiting_run = waiting;
                return;
            }
        }
        self.closed_through = last;
    }

    /// The fold with `today` as it is now: the last date of all, which need not be over.
    /// Returns its status, and the run if yesterday, being missing, were reviewed as kept.
    pub fn with_today(
        mut self,
        history: &History,
        counting: Counting,
        goal: Option<u32>,
        today: NaiveDate,
    ) -> (Self, Status, Option<u32>) {
        let status = history.status(today, counting, false);
        let if_kept = self.waiting_run.map(|run| match status {
            Status::Kept => run + 1,
            Status::Slipped => 0,
            Status::Skipped | Status::Open | Status::Missing => run,
        });
        self.count(status, history.on(today).outcome.is_some(), goal, today);
        (self, status, if_kept)
    }
}

//! The fold against a slow, obvious model: every date looked at, one after the other.

use chrono::{Days, NaiveDate};
use common::streak::{Counter, Counting, History, Outcome, Status};
use proptest::{collection::vec, prelude::*};

use crate::world::date;

const START: &str = "2026-01-01";

/// What is recorded, as days after the start.
#[derive(Clone, Debug)]
struct Recorded {
    outcomes: Vec<(u64, Outcome)>,
    slips: Vec<(u64, u32)>,
    skips: Vec<(u64, u64)>,
}

fn recorded() -> impl Strategy<Value = Recorded> {
    let outcome = prop_oneof![Just(Outcome::Kept), Just(Outcome::Slipped), Just(Outcome::Skipped)];
    let outcomes = prop::collection::btree_map(0..60_u64, outcome, 0..20).prop_map(|map| map.into_iter().collect());
    let slips = prop::collection::btree_map(0..60_u64, 1..4_u32, 0..6).prop_map(|map| map.into_iter().collect());
    let skips = vec((0..60_u64, 0..15_u64), 0..4);
    (outcomes, slips, skips).prop_map(|(outcomes, slips, skips)| Recorded { outcomes, slips, skips })
}

fn counting() -> impl Strategy<Value = Counting> {
    prop_oneof![Just(Counting::Assume), Just(Counting::Confirm)]
}

fn day(after: u64) -> NaiveDate {
    date(START) + Days::new(after)
}

impl Recorded {
    fn history(&self) -> History {
        let mut history = History::default();
        for &(at, outcome) in &self.outcomes {
            history.set_outcome(day(at), outcome);
        }
        for &(at, slips) in &self.slips {
            history.set_slips(day(at), slips);
        }
        for &(from, length) in &self.skips {
            history.skip(day(from), day(from + length));
        }
        history
    }

    fn status(&self, at: u64, counting: Counting, today: u64) -> Status {
        let outcome = self.outcomes.iter().find(|(on, _)| *on == at).map(|(_, outcome)| *outcome);
        let skipped = self.skips.iter().any(|(from, length)| (*from..=from + length).contains(&at));
        if self.slips.iter().any(|(on, _)| *on == at) || outcome == Some(Outcome::Slipped) {
            Status::Slipped
        } else if outcome == Some(Outcome::Skipped) || (outcome.is_none() && skipped) {
            Status::Skipped
        } else if outcome == Some(Outcome::Kept) || (counting == Counting::Assume && at < today) {
            Status::Kept
        } else if at == today {
            Status::Open
        } else {
            Status::Missing
        }
    }

    /// (current, longest, kept, slipped, skipped, missing), and the dates of the milestones.
    fn model(&self, counting: Counting, today: u64) -> ([u32; 6], Vec<(u32, NaiveDate)>) {
        let statuses: Vec<Status> = (0..=today).map(|at| self.status(at, counting, today)).collect();
        let count = |status| u32::try_from(statuses.iter().filter(|other| **other == status).count()).expect("few");
        let (mut run, mut longest, mut reached) = (0, 0, Vec::new());
        for (at, status) in (0..).zip(&statuses) {
            match status {
                Status::Kept => run += 1,
                Status::Slipped | Status::Missing => run = 0,
                Status::Skipped | Status::Open => {}
            }
            if run > longest {
                longest = run;
                if [1, 3, 7, 14, 21, 30, 50, 66].contains(&run) {
                    reached.push((run, day(at)));
                }
            }
        }
        let counts = [Status::Kept, Status::Slipped, Status::Skipped, Status::Missing].map(count);
        ([run, longest, counts[0], counts[1], counts[2], counts[3]], reached)
    }

    fn fold(&self, counting: Counting, today: u64) -> Counter {
        let mut counter = Counter::new(date(START));
        counter.advance(&self.history(), counting, None, day(today) - Days::new(1));
        counter.with_today(&self.history(), counting, None, day(today)).0
    }
}

fn numbers(counter: &Counter) -> ([u32; 6], Vec<(u32, NaiveDate)>) {
    let counts = [
        counter.current_run,
        counter.longest_run,
        counter.kept_days,
        counter.slip_days,
        counter.skipped_days,
        counter.missing_days,
    ];
    (counts, counter.milestones.iter().map(|milestone| (milestone.days, milestone.reached_on)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_fold_agrees_with_looking_at_every_date(recorded in recorded(), counting in counting(), today in 0..80_u64) {
        prop_assert_eq!(numbers(&recorded.fold(counting, today)), recorded.model(counting, today));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn resuming_anywhere_equals_starting_over(recorded in recorded(), counting in counting(), stops in vec(0..80_u64, 0..5)) {
        let mut counter = Counter::new(date(START));
        for stop in stops {
            counter.advance(&recorded.history(), counting, None, day(stop)); // an earlier one changes nothing
        }
        counter.advance(&recorded.history(), counting, None, day(79));
        let mut whole = Counter::new(date(START));
        whole.advance(&recorded.history(), counting, None, day(79));
        prop_assert_eq!(counter, whole);
    }

    #[test]
    fn a_slip_never_raises_a_number_people_are_proud_of(recorded in recorded(), counting in counting(), today in 0..60_u64, at in 0..60_u64) {
        let mut slipped = recorded.clone();
        slipped.slips.push((at.min(today), 1));
        let (before, after) = (recorded.fold(counting, today), slipped.fold(counting, today));
        prop_assert!(after.current_run <= before.current_run);
        prop_assert!(after.longest_run <= before.longest_run);
        prop_assert!(after.kept_days <= before.kept_days);
    }

    #[test]
    fn a_day_with_nothing_recorded_adds_one_after_an_open_today_and_none_after_another(recorded in recorded(), today in 61..80_u64) {
        let (now, next) = (recorded.fold(Counting::Assume, today), recorded.fold(Counting::Assume, today + 1));
        let grown = u32::from(recorded.status(today, Counting::Assume, today) == Status::Open);
        prop_assert_eq!(next.current_run, now.current_run + grown);
    }

    #[test]
    fn the_streak_if_yesterday_were_kept_is_what_it_becomes(recorded in recorded(), today in 1..60_u64) {
        let counting = Counting::Confirm;
        let mut counter = Counter::new(date(START));
        counter.advance(&recorded.history(), counting, None, day(today - 1));
        let (_, _, if_kept) = counter.with_today(&recorded.history(), counting, None, day(today));
        let missing = recorded.status(today - 1, counting, today) == Status::Missing;
        prop_assert_eq!(if_kept.is_some(), missing);
        if missing {
            let mut kept = recorded.clone();
            kept.outcomes.push((today - 1, Outcome::Kept));
            prop_assert_eq!(if_kept, Some(kept.fold(counting, today).current_run));
        }
    }
}

#[test]
fn a_range_of_days_off_gives_way_to_what_is_recorded() {
    let recorded = Recorded { outcomes: vec![(8, Outcome::Kept)], slips: vec![], skips: vec![(7, 6)] };
    let counter = recorded.fold(Counting::Assume, 10);
    assert_eq!((counter.current_run, counter.longest_run, counter.kept_days), (8, 8, 8));
}

#[test]
fn a_food_whose_every_day_is_off_has_no_share_of_days_kept() {
    let recorded = Recorded { outcomes: vec![], slips: vec![], skips: vec![(0, 10)] };
    assert_eq!(numbers(&recorded.fold(Counting::Assume, 10)), ([0, 0, 0, 0, 11, 0], vec![]));
}

#[test]
fn twenty_six_years_cost_no_more_than_a_day() {
    let mut counter = Counter::new(date("2000-01-01"));
    counter.advance(&History::default(), Counting::Assume, Some(1000), date("2025-12-31"));
    assert_eq!(counter.current_run, 9497);
    let last: Vec<u32> = counter.milestones.iter().rev().take(2).map(|milestone| milestone.days).collect();
    assert_eq!(last, [9490, 9125]);
    assert!(counter.milestones.iter().any(|milestone| milestone.days == 1000));
}

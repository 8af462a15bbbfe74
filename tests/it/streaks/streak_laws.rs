//! The laws of the fold, each on ten thousand histories.

use std::fmt::Debug;

use chrono::{Days, NaiveDate};
use common::diary::streak::{Counter, Counting, History, Outcome, Status};
use proptest::{
    collection::{btree_map, vec},
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestCaseResult, TestRng, TestRunner},
};

use crate::support::{
    model::{Numbers, Past},
    proxy::Random,
    world::date,
    writers::times,
};

/// The dates of the histories, as days after their first.
const DAYS: u64 = 60;

/// Checks that a law holds for many histories; `HANIP_SEED` is what an earlier run printed.
fn law<S: Strategy>(law: &str, histories: &S, holds: impl Fn(S::Value) -> TestCaseResult)
where
    S::Value: Debug,
{
    let (seed, count) = (Random::new().seed(), times(10_000));
    let bytes: Vec<u8> = seed.to_le_bytes().into_iter().cycle().take(32).collect();
    let cases = u32::try_from(count).expect("HANIP_PROVE is not that large");
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    if let Err(failure) = TestRunner::new_with_rng(config, rng).run(histories, holds) {
        panic!("{law}, seed {seed}: {failure}");
    }
    println!("{law}: {count} of {count}, seed {seed}");
}

fn day(after: u64) -> NaiveDate {
    date("2026-01-01") + Days::new(after)
}

fn dates() -> impl Strategy<Value = NaiveDate> {
    (0..DAYS).prop_map(day)
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![Just(Outcome::Kept), Just(Outcome::Slipped), Just(Outcome::Skipped)]
}

fn past() -> impl Strategy<Value = Past> {
    let counting = prop_oneof![Just(Counting::Assume), Just(Counting::Confirm)];
    let skip = (0..DAYS, 0..15_u64).prop_map(|(from, length)| (day(from), day(from + length)));
    let recorded = (btree_map(dates(), outcome(), 0..20), vec(dates(), 0..8), vec(skip, 0..4));
    (counting, prop::option::of(1..40_u32), recorded).prop_map(|(counting, goal, (outcomes, slips, skips))| Past {
        start: day(0),
        counting,
        goal,
        outcomes,
        slips,
        skips,
    })
}

/// One thing that is recorded.
#[derive(Clone, Copy, Debug)]
enum Event {
    Outcome(NaiveDate, Outcome),
    Slips(NaiveDate, u32),
    Skip(NaiveDate, NaiveDate),
}

fn events(past: &Past) -> Vec<Event> {
    let outcomes = past.outcomes.iter().map(|(&on, &outcome)| Event::Outcome(on, outcome));
    let slips = past.slips.iter().map(|&on| {
        let count = past.slips.iter().filter(|other| **other == on).count();
        Event::Slips(on, u32::try_from(count).expect("few"))
    });
    let skips = past.skips.iter().map(|&(from, to)| Event::Skip(from, to));
    outcomes.chain(slips).chain(skips).collect()
}

fn history(events: &[Event]) -> History {
    let mut history = History::default();
    for &event in events {
        match event {
            Event::Outcome(on, outcome) => history.set_outcome(on, outcome),
            Event::Slips(on, slips) => history.set_slips(on, slips),
            Event::Skip(from, to) => history.skip(from, to),
        }
    }
    history
}

/// The numbers of `past` today, by the fold, when its events come in this order.
fn folded(past: &Past, events: &[Event], today: u64) -> Numbers {
    let history = history(events);
    let mut counter = Counter::new(past.start);
    counter.advance(&history, past.counting, past.goal, day(today) - Days::new(1));
    let (counter, _, if_kept) = counter.with_today(&history, past.counting, past.goal, day(today));
    Numbers::of(&counter, if_kept)
}

fn fold(past: &Past, today: u64) -> Numbers {
    folded(past, &events(past), today)
}

#[test]
fn the_fold_agrees_with_looking_at_every_date() {
    law("the fold is what looking at every date says", &(past(), 0..80_u64), |(past, today)| {
        prop_assert_eq!(fold(&past, today), past.on(day(today)));
        Ok(())
    });
}

#[test]
fn the_order_in_which_things_were_recorded_plays_no_part() {
    let shuffled = past().prop_flat_map(|past| (Just(events(&past)).prop_shuffle(), Just(past), 0..80_u64));
    law("the order of events plays no part", &shuffled, |(events, past, today)| {
        prop_assert_eq!(folded(&past, &events, today), fold(&past, today));
        Ok(())
    });
}

#[test]
fn what_is_recorded_twice_counts_once() {
    let twice = |past: &Past| [events(past), events(past)].concat();
    let doubled = past().prop_flat_map(move |past| (Just(twice(&past)).prop_shuffle(), Just(past), 0..80_u64));
    law("duplicates change nothing", &doubled, |(events, past, today)| {
        prop_assert_eq!(folded(&past, &events, today), fold(&past, today));
        let mut slipped = past.clone();
        slipped.slips.extend(&past.slips);
        prop_assert_eq!(fold(&slipped, today), fold(&past, today), "a second slip of a date is no second slipped date");
        Ok(())
    });
}

#[test]
fn a_slip_never_raises_a_number_people_are_proud_of() {
    law("a slip raises neither current, longest nor kept", &(past(), 0..80_u64, dates()), |(past, today, on)| {
        let mut slipped = past.clone();
        slipped.slips.push(on.min(day(today)));
        let (before, after) = (fold(&past, today), fold(&slipped, today));
        prop_assert!(after.current <= before.current);
        prop_assert!(after.longest <= before.longest);
        prop_assert!(after.kept <= before.kept);
        Ok(())
    });
}

#[test]
fn the_next_day_adds_one_after_an_open_today_and_none_after_another() {
    law("a day later, with nothing recorded", &(past(), 0..DAYS), |(past, today)| {
        let (today, next) = (day(today), today + 1);
        // What is recorded later, and days off that reach that far, would have a say in the next day.
        let mut past = Past { counting: Counting::Assume, ..past };
        past.outcomes.retain(|&on, _| on <= today);
        past.slips.retain(|&on| on <= today);
        past.skips.retain(|&(_, to)| to <= today);
        let (now, then) = (fold(&past, next - 1).current, fold(&past, next).current);
        match past.status(today, today) {
            Status::Open => prop_assert_eq!(then, now + 1),
            Status::Slipped => prop_assert_eq!((now, then), (0, 0)),
            Status::Kept | Status::Skipped => prop_assert_eq!(then, now),
            Status::Missing => prop_assert!(false, "silence is success"),
        }
        Ok(())
    });
}

#[test]
fn saying_what_was_said_before_undoes_what_was_said_since() {
    let changed = (past(), any::<prop::sample::Index>(), outcome(), 0..80_u64);
    law("undo restores", &changed, |(past, which, other, today)| {
        let events = events(&past);
        let outcomes: Vec<_> = past.outcomes.iter().collect();
        let Some((&on, &before)) = (!outcomes.is_empty()).then(|| outcomes[which.index(outcomes.len())]) else {
            return Ok(());
        };
        let changed = [&events[..], &[Event::Outcome(on, other)]].concat();
        let mut as_changed = past.clone();
        as_changed.outcomes.insert(on, other);
        prop_assert_eq!(folded(&past, &changed, today), as_changed.on(day(today)));
        let undone = [&changed[..], &[Event::Outcome(on, before)]].concat();
        prop_assert_eq!(folded(&past, &undone, today), fold(&past, today));
        Ok(())
    });
}

#[test]
fn the_longest_run_is_never_shorter_than_the_current_one() {
    law("current <= longest <= kept", &(past(), 0..80_u64), |(past, today)| {
        let numbers = fold(&past, today);
        prop_assert!(numbers.current <= numbers.longest && numbers.longest <= numbers.kept);
        prop_assert!(numbers.confirmed <= numbers.kept);
        Ok(())
    });
}

#[test]
fn every_date_counts_once() {
    law("no date doubled, none missed", &(past(), 0..80_u64), |(past, today)| {
        let open = u32::from(past.status(day(today), day(today)) == Status::Open);
        prop_assert_eq!(u64::from(fold(&past, today).days() + open), today + 1);
        Ok(())
    });
}

#[test]
fn resuming_anywhere_equals_starting_over() {
    law("resuming equals starting over", &(past(), vec(0..80_u64, 0..5)), |(past, stops)| {
        let history = history(&events(&past));
        let mut counter = Counter::new(past.start);
        for stop in stops {
            counter.advance(&history, past.counting, past.goal, day(stop)); // an earlier one changes nothing
        }
        counter.advance(&history, past.counting, past.goal, day(79));
        let mut whole = Counter::new(past.start);
        whole.advance(&history, past.counting, past.goal, day(79));
        prop_assert_eq!(counter, whole);
        Ok(())
    });
}

#[test]
fn the_streak_if_yesterday_were_kept_is_what_it_becomes() {
    law("current_if_yesterday_kept is what it becomes", &(past(), 1..80_u64), |(past, today)| {
        let past = Past { counting: Counting::Confirm, ..past };
        let missing = past.status(day(today - 1), day(today)) == Status::Missing;
        let promised = fold(&past, today).if_yesterday_kept;
        prop_assert_eq!(promised.is_some(), missing);
        if missing {
            let mut kept = past.clone();
            kept.outcomes.insert(day(today - 1), Outcome::Kept);
            prop_assert_eq!(promised, Some(fold(&kept, today).current));
        }
        Ok(())
    });
}

fn nothing_recorded(counting: Counting) -> Past {
    let (outcomes, slips, skips) = Default::default();
    Past { start: day(0), counting, goal: None, outcomes, slips, skips }
}

#[test]
fn a_range_of_days_off_gives_way_to_what_is_recorded() {
    let mut past = nothing_recorded(Counting::Assume);
    past.outcomes.insert(day(8), Outcome::Kept);
    past.skips.push((day(7), day(13)));
    let numbers = fold(&past, 10);
    assert_eq!((numbers.current, numbers.longest, numbers.kept), (8, 8, 8));
}

#[test]
fn a_food_whose_every_day_is_off_has_no_share_of_days_kept() {
    let skips = vec![(day(0), day(10))];
    let past = Past { skips, ..nothing_recorded(Counting::Assume) };
    assert_eq!(fold(&past, 10), Numbers { skipped: 11, ..Numbers::default() });
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

//! Validates an import: the rules of the API, with a JSON pointer to the first record that breaks one.
//!
//! Two rules are laxer, because a valid account can come to break them as time passes. A date may be as late as today
//! is anywhere on earth, since the person may have flown west since. And a record may be later than its food was
//! archived.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use common::{
    Code, Fault, Faults, Object, Result,
    diary::{
        food::{self, GOAL_DAYS},
        reminder,
        review::{self, LONGEST_SKIP, RATING, SKIP_AHEAD},
        slip::{self, CRAVING},
    },
    text,
};
use uuid::Uuid;

use crate::archive::{Archive, Food, FoodOutcome, Review, Skip, Slip};

impl Archive {
    /// Validates every record by itself, and normalizes texts as they are stored. Returns the first fault.
    pub fn check(&mut self, now: DateTime<Utc>) -> Result<()> {
        // Today where it is latest: UTC+14.
        let latest = (now + TimeDelta::hours(14)).date_naive();
        each("foods", &mut self.foods, |food, place| check_food(food, place, latest, now))?;
        each("reviews", &mut self.reviews, |review, place| check_review(review, place, latest, now))?;
        each("outcomes", &mut self.outcomes, |outcome, place| check_outcome(outcome, place, latest))?;
        each("slips", &mut self.slips, |slip, place| check_slip(slip, place, latest, now))?;
        each("skips", &mut self.skips, |skip, place| check_skip(skip, place, latest))?;
        unique("foods", "id", self.foods.iter().map(|Object(food)| food.id))?;
        unique("reviews", "date", self.reviews.iter().map(|Object(review)| review.date.0))?;
        unique("outcomes", "date", self.outcomes.iter().map(|Object(outcome)| (outcome.food_id, outcome.date.0)))?;
        unique("slips", "id", self.slips.iter().map(|Object(slip)| slip.id))?;
        unique("skips", "id", self.skips.iter().map(|Object(skip)| skip.id))?;
        unique("reminders", "id", self.reminders.iter().map(|Object(reminder)| reminder.id))?;
        let mut faults = Faults::default();
        for (index, Object(reminder)) in self.reminders.iter().enumerate() {
            let pointer = |field| format!("/reminders/{index}/{field}");
            faults.take(&pointer("time"), reminder::time(reminder.time));
            reminder::days(&reminder.days, &pointer("days"), &mut faults);
        }
        faults.check()
    }

    /// Checks that the food of each record is in `starts`, which has the start date of each food, and that no record is
    /// before it. `today` is the person's.
    pub fn check_foods(&self, starts: &HashMap<Uuid, NaiveDate>, today: NaiveDate) -> Result<()> {
        let outcomes = self.outcomes.iter().enumerate();
        let outcomes = outcomes.map(|(index, Object(said))| ("outcomes", index, said.food_id, said.date.0));
        let slips = self.slips.iter().enumerate();
        let slips = slips.map(|(index, Object(slip))| ("slips", index, slip.food_id, slip.date.0));
        for (list, index, food_id, date) in outcomes.chain(slips) {
            let at = |field| format!("/{list}/{index}/{field}");
            match starts.get(&food_id) {
                None => return Err(Fault::pointer(at("food_id"), Code::FoodNotFound).into()),
                Some(start) if date < *start => {
                    return Err(Fault::pointer(at("date"), Code::ReviewBeforeStart).naming(*start, today).into());
                }
                Some(_) => {}
            }
        }
        for (index, Object(skip)) in self.skips.iter().enumerate() {
            if let Some(food) = skip.food_ids.iter().position(|id| !starts.contains_key(id)) {
                return Err(Fault::pointer(format!("/skips/{index}/food_ids/{food}"), Code::FoodNotFound).into());
            }
        }
        Ok(())
    }
}

/// Where a record stands in the archive.
#[derive(Clone, Copy)]
struct Place {
    list: &'static str,
    index: usize,
}

impl Place {
    /// What is wrong with a field of the record.
    fn field(self, field: &'static str) -> impl Fn(Code) -> Fault {
        move |code| Fault::pointer(format!("/{}/{}/{field}", self.list, self.index), code)
    }
}

fn each<T>(
    list: &'static str,
    records: &mut [Object<T>],
    check: impl Fn(&mut T, Place) -> Result<(), Fault>,
) -> Result<(), Fault> {
    records.iter_mut().enumerate().try_for_each(|(index, Object(record))| check(record, Place { list, index }))
}

/// Refuses the first record whose key an earlier one of the list has.
fn unique<K: Eq + Hash>(list: &'static str, field: &'static str, keys: impl Iterator<Item = K>) -> Result<(), Fault> {
    let mut seen = HashSet::new();
    for (index, key) in keys.enumerate() {
        if !seen.insert(key) {
            return Err(Place { list, index }.field(field)(Code::FieldTwice));
        }
    }
    Ok(())
}

fn check_food(food: &mut Food, place: Place, latest: NaiveDate, now: DateTime<Utc>) -> Result<(), Fault> {
    let at = |field| place.field(field);
    food.name = text::name(&food.name).map_err(at("name"))?;
    tidy(&mut food.icon, food::icon_of_archive).map_err(at("icon"))?;
    tidy(&mut food.color, food::color).map_err(at("color"))?;
    not_after(latest, food.start_date.0, Code::StartDateFuture).map_err(at("start_date"))?;
    if food.goal_days.is_some_and(|days| !GOAL_DAYS.contains(&days)) {
        return Err(at("goal_days")(Code::NumberOutOfRange).between(GOAL_DAYS));
    }
    tidy(&mut food.motivation, food::motivation).map_err(at("motivation"))?;
    tidy(&mut food.price_per_day, food::price).map_err(at("price_per_day"))?;
    tidy(&mut food.currency, food::currency).map_err(at("currency"))?;
    match (&food.price_per_day, &food.currency) {
        (Some(_), None) => return Err(at("currency")(Code::PriceWithoutCurrency)),
        (None, Some(_)) => return Err(at("price_per_day")(Code::PriceWithoutCurrency)),
        _ => {}
    }
    if let Some(archived_on) = food.archived_on {
        not_after(latest, archived_on.0, Code::ReviewDateFuture).map_err(at("archived_on"))?;
    }
    if let Some(deleted_at) = &mut food.deleted_at {
        instant(deleted_at, now).map_err(at("deleted_at"))?;
    }
    instant(&mut food.created_at, now).map_err(at("created_at"))?;
    instant(&mut food.updated_at, now).map_err(at("updated_at"))
}

fn check_review(review: &mut Review, place: Place, latest: NaiveDate, now: DateTime<Utc>) -> Result<(), Fault> {
    let at = |field| place.field(field);
    not_after(latest, review.date.0, Code::ReviewDateFuture).map_err(at("date"))?;
    for (field, value) in [("difficulty", review.difficulty), ("mood", review.mood)] {
        if value.is_some_and(|value| !RATING.contains(&value.into())) {
            return Err(at(field)(Code::NumberOutOfRange).between(RATING));
        }
    }
    tidy(&mut review.note, review::day_note).map_err(at("note"))?;
    instant(&mut review.updated_at, now).map_err(at("updated_at"))
}

fn check_outcome(outcome: &mut FoodOutcome, place: Place, latest: NaiveDate) -> Result<(), Fault> {
    let at = |field| place.field(field);
    not_after(latest, outcome.date.0, Code::ReviewDateFuture).map_err(at("date"))?;
    tidy(&mut outcome.note, review::note).map_err(at("note"))?;
    if outcome.outcome.is_none() && outcome.note.is_none() {
        return Err(at("outcome")(Code::FieldMissing));
    }
    Ok(())
}

fn check_slip(slip: &mut Slip, place: Place, latest: NaiveDate, now: DateTime<Utc>) -> Result<(), Fault> {
    let at = |field| place.field(field);
    not_after(latest, slip.date.0, Code::ReviewDateFuture).map_err(at("date"))?;
    if slip.craving.is_some_and(|craving| !CRAVING.contains(&craving.into())) {
        return Err(at("craving")(Code::NumberOutOfRange).between(CRAVING));
    }
    tidy(&mut slip.trigger, slip::trigger).map_err(at("trigger"))?;
    tidy(&mut slip.amount, slip::amount).map_err(at("amount"))?;
    tidy(&mut slip.note, slip::note).map_err(at("note"))?;
    instant(&mut slip.updated_at, now).map_err(at("updated_at"))
}

fn check_skip(skip: &mut Skip, place: Place, latest: NaiveDate) -> Result<(), Fault> {
    let at = |field| place.field(field);
    if skip.to < skip.from {
        return Err(at("to")(Code::RangeInvalid));
    }
    if (skip.to.0 - skip.from.0).num_days() >= LONGEST_SKIP {
        return Err(at("to")(Code::SkipTooLong));
    }
    not_after(latest + Days::new(SKIP_AHEAD), skip.to.0, Code::SkipTooFar).map_err(at("to"))?;
    let mut foods = HashSet::new();
    if let Some(food) = skip.food_ids.iter().position(|id| !foods.insert(*id)) {
        return Err(Fault::pointer(format!("/skips/{}/food_ids/{food}", place.index), Code::FieldTwice));
    }
    tidy(&mut skip.note, review::note).map_err(at("note"))
}

fn not_after(latest: NaiveDate, date: NaiveDate, code: Code) -> Result<(), Code> {
    if date > latest { Err(code) } else { Ok(()) }
}

fn tidy(
    value: &mut Option<String>,
    check: impl FnOnce(&str) -> std::result::Result<Option<String>, Code>,
) -> std::result::Result<(), Code> {
    if let Some(text) = value {
        *value = check(text)?;
    }
    Ok(())
}

/// Rounds an instant down to whole microseconds, which is what the database stores (a leap second becomes the first of
/// the next minute). One later than now, by the clock of another computer, becomes now.
fn instant(at: &mut DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Code> {
    if at.year() < 2000 {
        return Err(Code::DateTooEarly);
    }
    *at = DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(now).min(now);
    Ok(())
}

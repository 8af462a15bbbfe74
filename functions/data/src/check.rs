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
    Code, Fault, Object, Result,
    diary::{
        food::{self, GOAL_DAYS},
        review::{self, LONGEST_SKIP, RATING, SKIP_AHEAD},
        slip::{self, CRAVING},
    },
    text,
};
use uuid::Uuid;

use crate::archive::Archive;

impl Archive {
    /// Validates every record by itself, and normalizes texts as they are stored. Returns the first fault.
    pub fn check(&mut self, now: DateTime<Utc>) -> Result<()> {
        // Today where it is latest: UTC+14.
        let latest = (now + TimeDelta::hours(14)).date_naive();
        let mut ids = HashSet::new();
        for (index, Object(food)) in self.foods.iter_mut().enumerate() {
            let at = |field: &'static str| move |code| Fault::pointer(format!("/foods/{index}/{field}"), code);
            once(&mut ids, food.id).map_err(at("id"))?;
            food.name = text::name(&food.name).map_err(at("name"))?;
            tidy(&mut food.icon, food::icon_of_archive).map_err(at("icon"))?;
            tidy(&mut food.color, food::color).map_err(at("color"))?;
            not_after(latest, food.start_date.0, Code::StartDateFuture).map_err(at("start_date"))?;
            if food.goal_days.is_some_and(|days| !GOAL_DAYS.contains(&days)) {
                return Err(at("goal_days")(Code::NumberOutOfRange).between(GOAL_DAYS).into());
            }
            tidy(&mut food.motivation, food::motivation).map_err(at("motivation"))?;
            tidy(&mut food.price_per_day, food::price).map_err(at("price_per_day"))?;
            tidy(&mut food.currency, food::currency).map_err(at("currency"))?;
            match (&food.price_per_day, &food.currency) {
                (Some(_), None) => return Err(at("currency")(Code::PriceWithoutCurrency).into()),
                (None, Some(_)) => return Err(at("price_per_day")(Code::PriceWithoutCurrency).into()),
                _ => {}
            }
            if let Some(archived_on) = food.archived_on {
                not_after(latest, archived_on.0, Code::ReviewDateFuture).map_err(at("archived_on"))?;
            }
            if let Some(deleted_at) = &mut food.deleted_at {
                instant(deleted_at, now).map_err(at("deleted_at"))?;
            }
            instant(&mut food.created_at, now).map_err(at("created_at"))?;
            instant(&mut food.updated_at, now).map_err(at("updated_at"))?;
        }

        let mut dates = HashSet::new();
        for (index, Object(review)) in self.reviews.iter_mut().enumerate() {
            let at = |field: &'static str| move |code| Fault::pointer(format!("/reviews/{index}/{field}"), code);
            once(&mut dates, review.date.0).map_err(at("date"))?;
            not_after(latest, review.date.0, Code::ReviewDateFuture).map_err(at("date"))?;
            for (field, value) in [("difficulty", review.difficulty), ("mood", review.mood)] {
                if value.is_some_and(|value| !RATING.contains(&value.into())) {
                    return Err(at(field)(Code::NumberOutOfRange).between(RATING).into());
                }
            }
            tidy(&mut review.note, review::day_note).map_err(at("note"))?;
            instant(&mut review.updated_at, now).map_err(at("updated_at"))?;
        }

        let mut said = HashSet::new();
        for (index, Object(outcome)) in self.outcomes.iter_mut().enumerate() {
            let at = |field: &'static str| move |code| Fault::pointer(format!("/outcomes/{index}/{field}"), code);
            once(&mut said, (outcome.food_id, outcome.date.0)).map_err(at("date"))?;
            not_after(latest, outcome.date.0, Code::ReviewDateFuture).map_err(at("date"))?;
            tidy(&mut outcome.note, review::note).map_err(at("note"))?;
            if outcome.outcome.is_none() && outcome.note.is_none() {
                return Err(at("outcome")(Code::FieldMissing).into());
            }
        }

        let mut ids = HashSet::new();
        for (index, Object(slip)) in self.slips.iter_mut().enumerate() {
            let at = |field: &'static str| move |code| Fault::pointer(format!("/slips/{index}/{field}"), code);
            once(&mut ids, slip.id).map_err(at("id"))?;
            not_after(latest, slip.date.0, Code::ReviewDateFuture).map_err(at("date"))?;
            if slip.craving.is_some_and(|craving| !CRAVING.contains(&craving.into())) {
                return Err(at("craving")(Code::NumberOutOfRange).between(CRAVING).into());
            }
            tidy(&mut slip.trigger, slip::trigger).map_err(at("trigger"))?;
            tidy(&mut slip.amount, slip::amount).map_err(at("amount"))?;
            tidy(&mut slip.note, slip::note).map_err(at("note"))?;
            instant(&mut slip.updated_at, now).map_err(at("updated_at"))?;
        }

        let mut ids = HashSet::new();
        for (index, Object(skip)) in self.skips.iter_mut().enumerate() {
            let at = |field: &'static str| move |code| Fault::pointer(format!("/skips/{index}/{field}"), code);
            once(&mut ids, skip.id).map_err(at("id"))?;
            if skip.to < skip.from {
                return Err(at("to")(Code::RangeInvalid).into());
            }
            if (skip.to.0 - skip.from.0).num_days() >= LONGEST_SKIP {
                return Err(at("to")(Code::SkipTooLong).into());
            }
            not_after(latest + Days::new(SKIP_AHEAD), skip.to.0, Code::SkipTooFar).map_err(at("to"))?;
            let mut foods = HashSet::new();
            for (food, id) in skip.food_ids.iter().enumerate() {
                let at = |code| Fault::pointer(format!("/skips/{index}/food_ids/{food}"), code);
                once(&mut foods, *id).map_err(at)?;
            }
            tidy(&mut skip.note, review::note).map_err(at("note"))?;
        }
        Ok(())
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

fn once<T: Eq + Hash>(seen: &mut HashSet<T>, key: T) -> Result<(), Code> {
    if seen.insert(key) { Ok(()) } else { Err(Code::FieldTwice) }
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

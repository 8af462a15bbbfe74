//! When slips happen, and the strongest pattern among them.

use std::{collections::BTreeMap, ops::RangeInclusive};

use chrono::NaiveDate;
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    Result,
    db::{Results, Select, id},
};

/// SELECT: when slips were on `dates`, and what set them off; of one food, or of all that are not deleted. The database
/// counts them: a food can have hundreds of thousands, and nobody else is answered while their rows are read here. Of
/// what set them off, it tells the hundred most frequent, since each can have words of its own.
pub struct SlipTimes {
    pub user_id: Uuid,
    pub food_id: Option<Uuid>,
    pub dates: RangeInclusive<NaiveDate>,
}

/// How many different things that set slips off are told.
const MOST_CAUSES: u32 = 100;

/// How many slips were on a weekday (Monday is 0), in an hour of the wall clock, for one reason.
#[derive(Clone, Debug, FromRow)]
pub struct SlipTime {
    pub weekday: u32,
    pub hour: Option<u32>,
    pub cause: Option<String>,
    pub slips: u32,
}

impl Select for SlipTimes {
    type Rows = Vec<SlipTime>;

    fn sql(&self) -> String {
        let (user_id, from, to) = (id(self.user_id), self.dates.start(), self.dates.end());
        let (index, of_food) = match self.food_id {
            Some(food_id) => ("by_food", format!("AND food_id = {}", id(food_id))),
            None => ("by_date", String::new()),
        };
        let slips = format!(
            "slips FORCE INDEX ({index}) STRAIGHT_JOIN foods ON foods.user_id = slips.user_id AND foods.id = food_id"
        );
        let counted = format!(
            "slips.user_id = {user_id} {of_food} AND deleted_at IS NULL
                 AND date BETWEEN DATE'{from}' AND DATE'{to}' AND date <= COALESCE(archived_on, DATE'{to}')"
        );
        format!(
            "WITH frequent AS (
                 SELECT cause FROM {slips} WHERE {counted} AND cause IS NOT NULL
                 GROUP BY cause ORDER BY COUNT(*) DESC, cause LIMIT {MOST_CAUSES})
             SELECT CAST(WEEKDAY(date) AS UNSIGNED INTEGER) AS weekday, CAST(HOUR(time) AS UNSIGNED INTEGER) AS hour,
                    frequent.cause AS cause, CAST(COUNT(*) AS UNSIGNED INTEGER) AS slips
             FROM {slips} LEFT JOIN frequent ON frequent.cause = slips.cause
             WHERE {counted}
             GROUP BY weekday, hour, frequent.cause"
        )
    }

    fn rows(&self, results: &mut Results) -> Result<Vec<SlipTime>> {
        results.take()
    }
}

/// A part of the day, by the hour of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartOfDay {
    /// From 5.
    Morning,
    /// From 12.
    Afternoon,
    /// From 18.
    Evening,
    /// From 22.
    Night,
}

impl PartOfDay {
    fn of(hour: u32) -> Self {
        match hour {
            5..12 => Self::Morning,
            12..18 => Self::Afternoon,
            18..22 => Self::Evening,
            _ => Self::Night,
        }
    }
}

/// What most slips have in common: a weekday, a part of the day, what set them off, or several of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Pattern {
    /// Monday is 0.
    #[schema(minimum = 0, maximum = 6)]
    weekday: Option<u32>,
    part_of_day: Option<PartOfDay>,
    trigger: Option<String>,
    /// How many slips have it.
    slips: u32,
    /// How many slips there are; a date reviewed as slipped without one is among them.
    of: u32,
}

/// A pattern is not told of fewer slips.
const FEWEST_SLIPS: u32 = 5;
/// How many different things slips could have in common if they came by chance. Eight triggers are what the app offers.
const WEEKDAYS: f64 = 7.0;
const PARTS: f64 = 4.0;
const TRIGGERS: f64 = 8.0;
/// One in so many people would be told of a pattern where there is none.
const ONE_IN: f64 = 20.0;

type Key<'a> = (Option<u32>, Option<PartOfDay>, Option<&'a str>);

/// The strongest pattern: at least half of the slips have it, and it is the one that chance is least likely to make.
/// None where there are fewer than five slips, or where chance would do as well.
pub fn strongest(times: &[SlipTime]) -> Option<Pattern> {
    let of = times.iter().map(|time| time.slips).sum();
    if of < FEWEST_SLIPS {
        return None;
    }
    let mut counts: BTreeMap<Key, u32> = BTreeMap::new();
    for SlipTime { weekday, hour, cause, slips } in times {
        for weekday in [None, Some(*weekday)] {
            for part in [None, hour.map(PartOfDay::of)].into_iter().take(1 + usize::from(hour.is_some())) {
                for cause in [None, cause.as_deref()].into_iter().take(1 + usize::from(cause.is_some())) {
                    *counts.entry((weekday, part, cause)).or_default() += slips;
                }
            }
        }
    }
    counts.remove(&(None, None, None));
    let strengths = counts.into_iter().filter(|(_, slips)| slips * 2 >= of);
    let strengths = strengths.map(|(key, slips)| (key, slips, strength(key, slips, of)));
    let strongest = strengths.max_by(|(.., one), (.., other)| one.total_cmp(other));
    let ((weekday, part_of_day, trigger), slips, _) = strongest.filter(|(.., strength)| *strength >= ONE_IN.ln())?;
    Some(Pattern { weekday, part_of_day, trigger: trigger.map(str::to_owned), slips, of })
}

/// How much likelier what was seen is by the pattern than by chance, as a logarithm (the log-likelihood ratio), less
/// the logarithm of how many patterns of this kind there could be.
fn strength((weekday, part, cause): Key, slips: u32, of: u32) -> f64 {
    let kinds = [(weekday.is_some(), WEEKDAYS), (part.is_some(), PARTS), (cause.is_some(), TRIGGERS)];
    let kinds: f64 = kinds.into_iter().filter(|(told, _)| *told).map(|(_, kinds)| kinds).product();
    let (with, without) = (f64::from(slips), f64::from(of - slips));
    let share = with / f64::from(of);
    let by_chance = 1.0 / kinds;
    let others = if slips == of { 0.0 } else { without * ((1.0 - share) / (1.0 - by_chance)).ln() };
    with * (share / by_chance).ln() + others - kinds.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(weekday: u32, hour: u32, cause: &str, slips: u32) -> SlipTime {
        let cause = (!cause.is_empty()).then(|| cause.to_owned());
        SlipTime { weekday, hour: (hour < 24).then_some(hour), cause, slips }
    }

    #[test]
    fn what_most_slips_have_in_common_is_told_as_exactly_as_it_holds() {
        let times =
            [time(4, 23, "with_people", 3), time(4, 22, "with_people", 2), time(1, 9, "", 1), time(6, 24, "", 1)];
        let pattern = strongest(&times).expect("a pattern");
        assert_eq!((pattern.weekday, pattern.part_of_day), (Some(4), Some(PartOfDay::Night)));
        assert_eq!((pattern.trigger.as_deref(), pattern.slips, pattern.of), (Some("with_people"), 5, 7));
    }

    #[test]
    fn of_fewer_than_five_slips_nothing_is_said() {
        assert_eq!(strongest(&[time(4, 23, "with_people", 4)]), None);
        assert!(strongest(&[time(4, 23, "with_people", 5)]).is_some());
        assert_eq!(strongest(&[]), None);
    }

    #[test]
    fn what_chance_would_do_as_well_is_no_pattern() {
        let spread: Vec<SlipTime> = (0..7).map(|weekday| time(weekday, 24, "", 1)).collect();
        assert_eq!(strongest(&spread), None);
        // Three of five in the afternoon, and three of five on a Monday.
        let few = [time(0, 13, "", 2), time(0, 20, "", 1), time(2, 14, "", 1), time(3, 9, "", 1)];
        assert_eq!(strongest(&few), None);
    }

    #[test]
    fn less_than_half_of_the_slips_are_no_pattern() {
        let mut times: Vec<SlipTime> = (0..7).map(|weekday| time(weekday, 24, "", 10)).collect();
        times.push(time(4, 24, "", 40));
        assert_eq!(strongest(&times), None, "50 of 110");
        times.push(time(4, 24, "", 10));
        assert_eq!(strongest(&times).map(|pattern| (pattern.weekday, pattern.slips)), Some((Some(4), 60)));
    }
}

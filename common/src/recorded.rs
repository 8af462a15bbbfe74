//! What is stored on some dates: their reviews, slips and days off.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{FromRow, MySqlConnection};
use uuid::Uuid;

use crate::{
    Result, counters,
    day::Date,
    review::{Day, Said, Slip, Stored},
    streak::{History, Outcome},
};

/// What is stored on some dates, with the days off that touch them.
#[derive(Default)]
pub struct Recorded {
    pub dates: BTreeMap<NaiveDate, Stored>,
    skips: Vec<(Uuid, NaiveDate, NaiveDate)>,
}

impl Recorded {
    fn new(
        dates: &[NaiveDate],
        skips: Vec<(Uuid, NaiveDate, NaiveDate)>,
        days: Vec<DayRow>,
        said: Vec<SaidRow>,
        slips: Vec<SlipRow>,
    ) -> Self {
        let mut recorded = Self { dates: dates.iter().map(|&date| (date, Stored::default())).collect(), skips };
        for DayRow { date, day, updated_at } in days {
            let stored = recorded.dates.entry(date).or_default();
            stored.content.day = day;
            stored.reviewed_at = Some(updated_at);
        }
        for (date, food_id, outcome, note) in said {
            recorded.dates.entry(date).or_default().content.foods.insert(food_id, Said { outcome, note });
        }
        for SlipRow { slip, updated_at } in slips {
            let stored = recorded.dates.entry(slip.date).or_default();
            stored.slipped_at = stored.slipped_at.max(Some(updated_at));
            stored.slips.push(slip);
        }
        for &(food_id, from, to) in &recorded.skips {
            for (_, stored) in recorded.dates.range_mut(from..=to) {
                stored.skipped.push(food_id);
            }
        }
        recorded
    }

    /// The same, by food.
    pub fn histories(&self) -> HashMap<Uuid, History> {
        let mut histories: HashMap<Uuid, History> = HashMap::new();
        for &(food_id, from, to) in &self.skips {
            histories.entry(food_id).or_default().skip(from, to);
        }
        for (&date, stored) in &self.dates {
            for (&food_id, said) in &stored.content.foods {
                if let Some(outcome) = said.outcome {
                    histories.entry(food_id).or_default().set_outcome(date, outcome);
                }
            }
            for slip in &stored.slips {
                let history = histories.entry(slip.food_id).or_default();
                history.set_slips(date, history.on(date).slips + 1);
            }
        }
        histories
    }
}

// What is stored on some dates; of deleted foods nothing shows. The order of the tables is given, and
// the index: where most people have few records, the server thinks little of reading all of one person's.
macro_rules! select_days {
    ($reviews:literal, $dates:literal) => {
        concat!("SELECT reviews.date, difficulty, mood, note, updated_at FROM ", $reviews, " ", $dates)
    };
}
macro_rules! select_said {
    ($outcomes:literal, $dates:literal) => {
        concat!(
            "SELECT outcomes.date, food_id, outcome, note FROM ",
            $outcomes,
            " FORCE INDEX (by_date)
             STRAIGHT_JOIN foods ON foods.user_id = outcomes.user_id AND foods.id = food_id AND deleted_at IS NULL ",
            $dates
        )
    };
}
macro_rules! select_slips {
    ($slips:literal, $dates:literal) => {
        concat!(
            "SELECT slips.id, slips.date, food_id, time, craving, cause, amount, note, slips.updated_at FROM ",
            $slips,
            " FORCE INDEX (by_date)
             STRAIGHT_JOIN foods ON foods.user_id = slips.user_id AND foods.id = food_id AND deleted_at IS NULL ",
            $dates,
            " ORDER BY slips.date, time IS NULL, time, slips.id"
        )
    };
}

/// What is stored on `date`, and on every date after `after`.
pub async fn load(db: &mut MySqlConnection, user_id: Uuid, date: NaiveDate, after: NaiveDate) -> Result<Recorded> {
    let skips = counters::skips(db, user_id, date.min(after)..=Date::LAST).await?;
    let days = sqlx::query_as(select_days!("reviews", "WHERE user_id = ? AND (date = ? OR date > ?)"));
    let days = days.bind(user_id).bind(date).bind(after).fetch_all(&mut *db).await?;
    let said = sqlx::query_as(select_said!("outcomes", "WHERE outcomes.user_id = ? AND (date = ? OR date > ?)"));
    let said = said.bind(user_id).bind(date).bind(after).fetch_all(&mut *db).await?;
    let slips = sqlx::query_as(select_slips!("slips", "WHERE slips.user_id = ? AND (date = ? OR date > ?)"));
    let slips = slips.bind(user_id).bind(date).bind(after).fetch_all(&mut *db).await?;
    Ok(Recorded::new(&[date], skips, days, said, slips))
}

/// What is stored on each of `dates`.
pub async fn load_dates(
    db: &mut MySqlConnection,
    user_id: Uuid,
    dates: &[NaiveDate],
) -> Result<BTreeMap<NaiveDate, Stored>> {
    let (Some(&first), Some(&last)) = (dates.iter().min(), dates.iter().max()) else { return Ok(BTreeMap::new()) };
    let skips = counters::skips(db, user_id, first..=last).await?;
    let json = sqlx::types::Json(dates);
    let days = sqlx::query_as(select_days!(
        "JSON_TABLE(?, '$[*]' COLUMNS (date DATE PATH '$')) AS dates STRAIGHT_JOIN reviews",
        "WHERE user_id = ? AND reviews.date = dates.date"
    ));
    let days = days.bind(json).bind(user_id).fetch_all(&mut *db).await?;
    let said = sqlx::query_as(select_said!(
        "JSON_TABLE(?, '$[*]' COLUMNS (date DATE PATH '$')) AS dates STRAIGHT_JOIN outcomes",
        "WHERE outcomes.user_id = ? AND outcomes.date = dates.date"
    ));
    let said = said.bind(json).bind(user_id).fetch_all(&mut *db).await?;
    let slips = sqlx::query_as(select_slips!(
        "JSON_TABLE(?, '$[*]' COLUMNS (date DATE PATH '$')) AS dates STRAIGHT_JOIN slips",
        "WHERE slips.user_id = ? AND slips.date = dates.date"
    ));
    let slips = slips.bind(json).bind(user_id).fetch_all(&mut *db).await?;
    Ok(Recorded::new(dates, skips, days, said, slips).dates)
}

#[derive(FromRow)]
struct DayRow {
    date: NaiveDate,
    #[sqlx(flatten)]
    day: Day,
    updated_at: DateTime<Utc>,
}

type SaidRow = (NaiveDate, Uuid, Option<Outcome>, Option<String>);

#[derive(FromRow)]
struct SlipRow {
    #[sqlx(flatten)]
    slip: Slip,
    updated_at: DateTime<Utc>,
}

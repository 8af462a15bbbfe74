//! The review of a date: as it is answered, and as it is stored.

use std::collections::{BTreeMap, HashMap};

use axum::http::{HeaderMap, header};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::{FromRow, MySqlConnection};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    Result,
    counters::{self, Tracked},
    day::{Date, HourMinute},
    streak::{History, Outcome, Status},
};

/// How many slips a food can have on a date.
pub const MOST_SLIPS: i64 = 50;
/// How many ranges of days off a person can have, how long one can be, and how far ahead it can end, in days.
pub const MOST_SKIPS: usize = 100;
pub const LONGEST_SKIP: i64 = 92;
pub const SKIP_AHEAD: u64 = 366;

/// The review of a date, with its slips.
#[derive(Serialize, ToSchema)]
pub struct Review {
    pub date: NaiveDate,
    #[serde(flatten)]
    pub day: Day,
    /// Every food that has a status on the date, in the person's order.
    pub foods: Vec<FoodReview>,
    pub slips: Vec<Slip>,
    pub updated_at: DateTime<Utc>,
}

/// What is said of the date as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, FromRow, ToSchema)]
pub struct Day {
    #[schema(minimum = 1, maximum = 5)]
    pub difficulty: Option<u8>,
    #[schema(minimum = 1, maximum = 5)]
    pub mood: Option<u8>,
    pub note: Option<String>,
}

/// What is said of one food on the date.
#[derive(Serialize, ToSchema)]
pub struct FoodReview {
    pub food_id: Uuid,
    pub outcome: Option<Outcome>,
    pub status: Option<Status>,
    pub note: Option<String>,
}

/// One time that a food was eaten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromRow, ToSchema)]
pub struct Slip {
    pub id: Uuid,
    pub date: NaiveDate,
    pub food_id: Uuid,
    pub time: Option<HourMinute>,
    pub craving: Option<u8>,
    #[sqlx(rename = "cause")] // TRIGGER is a reserved word of SQL
    pub trigger: Option<String>,
    pub amount: Option<String>,
    pub note: Option<String>,
}

/// An outcome and a note; one of them is not null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Said {
    pub outcome: Option<Outcome>,
    pub note: Option<String>,
}

/// What a PUT replaces and an ETag covers: everything but slips.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Content {
    pub day: Day,
    pub foods: BTreeMap<Uuid, Said>,
}

impl Content {
    /// Whether nothing of it is recorded.
    pub fn is_empty(&self) -> bool {
        self.day == Day::default() && self.foods.is_empty()
    }

    /// A strong validator (RFC 9110, section 8.8.3).
    pub fn etag(&self) -> Result<String> {
        let json = serde_json::to_vec(self).map_err(anyhow::Error::from)?;
        Ok(format!("\"{}\"", hex::encode(&Sha256::digest(json)[..16])))
    }

    /// Whether `If-Match` and `If-None-Match` let a write pass (RFC 9110, section 13.1).
    pub fn satisfies(&self, headers: &HeaderMap) -> Result<bool> {
        let etag = self.etag()?;
        // A condition that can't be read names nothing, and is one all the same.
        let names = |header: &header::HeaderName, weak: &str| {
            let mut values = headers.get_all(header).iter().peekable();
            values.peek()?;
            let mut tags = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
            Some(tags.any(|tag| match tag.trim() {
                "*" => !self.is_empty(),
                tag => tag.strip_prefix(weak).unwrap_or(tag) == etag,
            }))
        };
        // If-None-Match compares weakly, If-Match does not.
        Ok(names(&header::IF_MATCH, "").unwrap_or(true) && !names(&header::IF_NONE_MATCH, "W/").unwrap_or(false))
    }
}

/// A date as it is stored.
#[derive(Default)]
pub struct Stored {
    pub content: Content,
    pub slips: Vec<Slip>,
    /// The foods for which the date lies in a range of days off.
    pub skipped: Vec<Uuid>,
    reviewed_at: Option<DateTime<Utc>>,
    slipped_at: Option<DateTime<Utc>>,
}

/// What is stored on some dates, with the days off that touch them.
#[derive(Default)]
pub struct Recorded {
    pub dates: BTreeMap<NaiveDate, Stored>,
    skips: Vec<(Uuid, NaiveDate, NaiveDate)>,
}

impl Stored {
    /// Whether anything at all is recorded: without it the date has no review.
    pub fn is_empty(&self) -> bool {
        self.content.is_empty() && self.slips.is_empty()
    }

    /// The same once `content` has been written at `now`.
    pub fn rewritten(self, content: Content, now: DateTime<Utc>) -> Self {
        Self { reviewed_at: (!content.is_empty()).then_some(now), content, ..self }
    }

    /// As it is answered on the day `today`, at `now`.
    pub fn review(self, date: NaiveDate, foods: &[Tracked], today: NaiveDate, now: DateTime<Utc>) -> Review {
        let review_of = |food: &Tracked| {
            let said = self.content.foods.get(&food.id);
            let slips = self.slips.iter().filter(|slip| slip.food_id == food.id).count();
            let outcome = said.and_then(|said| said.outcome);
            let as_of = food.as_of(today);
            let status = (food.start_date..=as_of).contains(&date).then(|| {
                let mut history = History::default();
                if self.skipped.contains(&food.id) {
                    history.skip(date, date);
                }
                history.set_slips(date, u32::try_from(slips).unwrap_or(u32::MAX));
                if let Some(outcome) = outcome {
                    history.set_outcome(date, outcome);
                }
                history.status(date, food.counting, date < as_of)
            });
            let note = said.and_then(|said| said.note.clone());
            (status.is_some() || said.is_some() || slips > 0).then_some(FoodReview {
                food_id: food.id,
                outcome,
                status,
                note,
            })
        };
        Review {
            date,
            foods: foods.iter().filter_map(review_of).collect(),
            day: self.content.day,
            slips: self.slips,
            updated_at: self.reviewed_at.max(self.slipped_at).unwrap_or(now),
        }
    }
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

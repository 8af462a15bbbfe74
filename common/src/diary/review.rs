//! The review of a date: what it holds, and as it is answered.

use std::{collections::BTreeMap, ops::RangeInclusive};

use axum::http::HeaderMap;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    Code, Etag, Result,
    diary::{
        counted_food::CountedFood,
        slip::Slip,
        streak::{History, Outcome, Status},
    },
    text,
};

/// The values of a difficulty and a mood.
pub const RATING: RangeInclusive<u32> = 1..=5;

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

/// What a review says of the date as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, FromRow, ToSchema)]
pub struct Day {
    #[schema(minimum = 1, maximum = 5)]
    pub difficulty: Option<u8>,
    #[schema(minimum = 1, maximum = 5)]
    pub mood: Option<u8>,
    pub note: Option<String>,
}

/// The note of a date: at most 2,000 characters.
pub fn day_note(note: &str) -> Result<Option<String>, Code> {
    text::lines(note, 2000)
}

/// The note of a food on a date, or of a range of days off: at most 500 characters.
pub fn note(note: &str) -> Result<Option<String>, Code> {
    text::lines(note, 500)
}

/// What a review says of one food on the date.
#[derive(Serialize, ToSchema)]
pub struct FoodReview {
    pub food_id: Uuid,
    pub outcome: Option<Outcome>,
    pub status: Option<Status>,
    pub note: Option<String>,
}

/// The outcome and the note of one food on a date; one of them is not null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoodOutcome {
    pub outcome: Option<Outcome>,
    pub note: Option<String>,
}

/// What a PUT replaces and an ETag covers: everything but slips.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Content {
    pub day: Day,
    pub foods: BTreeMap<Uuid, FoodOutcome>,
}

impl Content {
    /// Whether nothing of it is recorded.
    pub fn is_empty(&self) -> bool {
        self.day == Day::default() && self.foods.is_empty()
    }

    pub fn etag(&self) -> Result<Etag> {
        Ok(Etag::of(&serde_json::to_vec(self).map_err(anyhow::Error::from)?))
    }

    /// Whether `If-Match` and `If-None-Match` let a write pass (RFC 9110, section 13.1).
    pub fn satisfies(&self, headers: &HeaderMap) -> Result<bool> {
        Ok(self.etag()?.permits(headers, !self.is_empty()))
    }
}

/// What is recorded on a date.
#[derive(Default)]
pub struct DateRecord {
    pub content: Content,
    pub slips: Vec<Slip>,
    /// The foods for which the date lies in a range of days off.
    pub skipped: Vec<Uuid>,
    pub(super) reviewed_at: Option<DateTime<Utc>>,
    pub(super) slipped_at: Option<DateTime<Utc>>,
}

impl DateRecord {
    /// Whether nothing at all is recorded: then the date has no review.
    pub fn is_empty(&self) -> bool {
        self.content.is_empty() && self.slips.is_empty()
    }

    /// Whether the date holds an outcome of the food, a day off among them, or a slip.
    pub fn has(&self, food_id: Uuid) -> bool {
        self.content.foods.get(&food_id).is_some_and(|food| food.outcome.is_some())
            || self.skipped.contains(&food_id)
            || self.slips.iter().any(|slip| slip.food_id == food_id)
    }

    /// Replaces the content, which is written at `now`.
    pub fn rewrite(&mut self, content: Content, now: DateTime<Utc>) {
        self.reviewed_at = (!content.is_empty()).then_some(now);
        self.content = content;
    }

    /// As it is answered on the day `today`, at `now`. `foods` are all that the person has, in their order.
    pub fn review(&self, date: NaiveDate, foods: &[CountedFood], today: NaiveDate, now: DateTime<Utc>) -> Review {
        Review {
            date,
            foods: foods.iter().filter_map(|food| self.food_review(date, food, today)).collect(),
            day: self.content.day.clone(),
            slips: self.slips.clone(),
            updated_at: self.reviewed_at.max(self.slipped_at).unwrap_or(now),
        }
    }

    /// The part of one food; none where the date is not one of the food's, and nothing is recorded.
    fn food_review(&self, date: NaiveDate, food: &CountedFood, today: NaiveDate) -> Option<FoodReview> {
        let recorded = self.content.foods.get(&food.id);
        let slips = self.slips.iter().filter(|slip| slip.food_id == food.id).count();
        let outcome = recorded.and_then(|recorded| recorded.outcome);
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
        let note = recorded.and_then(|recorded| recorded.note.clone());
        let shown = status.is_some() || recorded.is_some() || slips > 0;
        shown.then_some(FoodReview { food_id: food.id, outcome, status, note })
    }
}

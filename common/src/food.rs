//! A food, as it is answered.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::streak::Counting;

/// How long a deleted food can be restored.
pub const RESTORABLE: TimeDelta = TimeDelta::days(30);

/// A food that a person quits.
#[derive(Serialize, FromRow, ToSchema)]
pub struct Food {
    pub id: Uuid,
    pub name: String,
    pub icon: Option<String>,
    pub color: Option<String>,
    pub start_date: NaiveDate,
    pub counting: Counting,
    pub goal_days: Option<u32>,
    /// One reason a line.
    pub motivation: Option<String>,
    pub price_per_day: Option<String>,
    pub currency: Option<String>,
    pub position: u32,
    pub archived_on: Option<NaiveDate>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A constant SELECT of [`Food`]s, with what follows `FROM foods`.
#[macro_export]
macro_rules! select_foods {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, icon, color, start_date, counting, goal_days, motivation, price_per_day, currency,
                    position, archived_on, created_at, updated_at
             FROM foods ",
            $rest
        )
    };
}

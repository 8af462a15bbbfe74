//! What a body may give or change of a food.

use chrono::NaiveDate;
use common::{
    Code, Fault, Faults, Result,
    diary::{
        day::Date,
        food::{self, GOAL_DAYS},
        streak::Counting,
    },
    present, text,
};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

/// The problems of these fields.
pub const FIELDS: [Code; 2] = [Code::StartDateFuture, Code::PriceWithoutCurrency];

/// A food to create. Only the name is required.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFood {
    /// Made by the client, so that sending the request again creates nothing twice.
    pub id: Option<Uuid>,
    #[schema(min_length = 1, max_length = 50, examples("라면"))]
    name: String,
    /// One emoji or one letter, of at most 64 bytes.
    #[schema(max_length = 64)]
    icon: Option<String>,
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    color: Option<String>,
    /// Today where absent; not after today.
    start_date: Option<Date>,
    counting: Option<Counting>,
    #[schema(minimum = 1, maximum = 36500)]
    goal_days: Option<u32>,
    #[schema(max_length = 1000)]
    motivation: Option<String>,
    /// A decimal number, with `currency`.
    #[schema(examples("1500"))]
    price_per_day: Option<String>,
    /// Three capital letters (ISO 4217).
    #[schema(pattern = "^[A-Z]{3}$")]
    currency: Option<String>,
}

/// A change of a food: what is absent stays; null clears what a food need not have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_length = 1, max_length = 50)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 64)]
    icon: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, pattern = "^#[0-9a-fA-F]{6}$")]
    color: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    start_date: Option<Date>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    counting: Option<Counting>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 36500)]
    goal_days: Option<Option<u32>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 1000)]
    motivation: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    price_per_day: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, pattern = "^[A-Z]{3}$")]
    currency: Option<Option<String>>,
    /// True archives the food as of today, false brings it back.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    archived: Option<bool>,
}

/// The checked values of a food.
#[derive(Clone, FromRow)]
pub struct Draft {
    pub name: String,
    pub icon: Option<String>,
    pub color: Option<String>,
    pub start_date: NaiveDate,
    pub counting: Counting,
    pub goal_days: Option<u32>,
    pub motivation: Option<String>,
    pub price_per_day: Option<String>,
    pub currency: Option<String>,
    pub archived_on: Option<NaiveDate>,
}

impl Draft {
    /// Whether the days count otherwise than they did as `before`.
    pub fn counts_otherwise(&self, before: &Self) -> bool {
        let rules = |food: &Self| (food.start_date, food.counting, food.goal_days, food.archived_on);
        rules(self) != rules(before)
    }
}

impl NewFood {
    /// The checked values; `today` is the person's.
    pub fn check(&self, today: NaiveDate) -> Result<Draft> {
        let blank = Draft {
            name: String::new(),
            icon: None,
            color: None,
            start_date: today,
            counting: Counting::Assume,
            goal_days: None,
            motivation: None,
            price_per_day: None,
            currency: None,
            archived_on: None,
        };
        let change = Change {
            name: Some(self.name.clone()),
            icon: Some(self.icon.clone()),
            color: Some(self.color.clone()),
            start_date: self.start_date,
            counting: self.counting,
            goal_days: Some(self.goal_days),
            motivation: Some(self.motivation.clone()),
            price_per_day: Some(self.price_per_day.clone()),
            currency: Some(self.currency.clone()),
            archived: None,
        };
        change.apply(&blank, today)
    }
}

impl Change {
    /// `before` with this change, checked; `today` is the person's.
    pub fn apply(&self, before: &Draft, today: NaiveDate) -> Result<Draft> {
        let mut faults = Faults::default();
        let mut changed = before.clone();
        if let Some(name) = &self.name {
            changed.name = faults.take("/name", text::name(name));
        }
        if let Some(icon) = &self.icon {
            changed.icon = faults.take("/icon", optional(icon, food::icon));
        }
        if let Some(color) = &self.color {
            changed.color = faults.take("/color", optional(color, food::color));
        }
        if let Some(Date(start_date)) = self.start_date {
            changed.start_date = start_date;
            if start_date > today {
                faults.add(Fault::pointer("/start_date", Code::StartDateFuture));
            }
        }
        changed.counting = self.counting.unwrap_or(changed.counting);
        if let Some(goal_days) = self.goal_days {
            changed.goal_days = goal_days;
            if goal_days.is_some_and(|days| !GOAL_DAYS.contains(&days)) {
                faults.add(Fault::pointer("/goal_days", Code::NumberOutOfRange).between(GOAL_DAYS));
            }
        }
        if let Some(motivation) = &self.motivation {
            changed.motivation = faults.take("/motivation", optional(motivation, food::motivation));
        }
        if let Some(price) = &self.price_per_day {
            changed.price_per_day = faults.take("/price_per_day", optional(price, food::price));
        }
        if let Some(currency) = &self.currency {
            changed.currency = faults.take("/currency", optional(currency, food::currency));
        }
        match self.archived {
            Some(true) => changed.archived_on = changed.archived_on.or(Some(today)),
            Some(false) => changed.archived_on = None,
            None => {}
        }
        faults.check()?;
        match (&changed.price_per_day, &changed.currency) {
            (Some(_), None) => Err(Fault::pointer("/currency", Code::PriceWithoutCurrency).into()),
            (None, Some(_)) => Err(Fault::pointer("/price_per_day", Code::PriceWithoutCurrency).into()),
            _ => Ok(changed),
        }
    }
}

fn optional(
    value: &Option<String>,
    check: impl FnOnce(&str) -> Result<Option<String>, Code>,
) -> Result<Option<String>, Code> {
    value.as_deref().map_or(Ok(None), check)
}

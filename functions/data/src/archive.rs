//! The file format of exports and imports.
//!
//! This is version 2. An import refuses fields that it does not know, so that a new field needs a new version. Version 2
//! brought reminders; a file of version 1 has none, and can be imported.

use chrono::{DateTime, Utc};
use common::{
    Code, Me, Object,
    diary::{
        day::{Date, HourMinute},
        reminder::About,
        streak::{Counting, Outcome},
    },
};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use utoipa::ToSchema;
use uuid::Uuid;

pub const FORMAT: &str = "hanip";
pub const VERSION: u32 = 2;
const OLDEST: u32 = 1;

/// Everything a person has recorded. Counts are not in it: they follow from the records.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    #[serde(rename = "format")]
    #[schema(value_type = String, pattern = "^hanip$")]
    _format: Format,
    #[serde(rename = "version")]
    #[schema(value_type = u32, minimum = 1, maximum = 2)]
    _version: Version,
    #[serde(rename = "exported_at")]
    _exported_at: Option<DateTime<Utc>>,
    /// Whose it was. An import leaves the account as it is.
    #[serde(rename = "account")]
    #[schema(value_type = Option<Me>)]
    _account: Option<IgnoredAny>,
    /// In the person's order.
    #[serde(default)]
    #[schema(value_type = Vec<Food>)]
    pub foods: Vec<Object<Food>>,
    #[serde(default)]
    #[schema(value_type = Vec<Review>)]
    pub reviews: Vec<Object<Review>>,
    #[serde(default)]
    #[schema(value_type = Vec<FoodOutcome>)]
    pub outcomes: Vec<Object<FoodOutcome>>,
    #[serde(default)]
    #[schema(value_type = Vec<Slip>)]
    pub slips: Vec<Object<Slip>>,
    #[serde(default)]
    #[schema(value_type = Vec<Skip>)]
    pub skips: Vec<Object<Skip>>,
    /// Not where they go to: what opens a channel is a secret, and stays where it was stored.
    #[serde(default)]
    #[schema(value_type = Vec<Reminder>)]
    pub reminders: Vec<Object<Reminder>>,
}

/// From text, since serde_json calls any other value in the place of an enum a mistake of syntax.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Format;

impl TryFrom<String> for Format {
    type Error = String;

    fn try_from(format: String) -> Result<Self, String> {
        // In serde's words, which say what would have been right.
        if format == FORMAT { Ok(Self) } else { Err(format!("unknown variant, expected one of `{FORMAT}`")) }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "u32")]
struct Version;

impl TryFrom<u32> for Version {
    type Error = &'static str;

    fn try_from(version: u32) -> Result<Self, &'static str> {
        if (OLDEST..=VERSION).contains(&version) { Ok(Self) } else { Err(Code::VersionUnknown.as_str()) }
    }
}

/// A food, archived ones and those that can still be restored too.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Food {
    pub id: Uuid,
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
    #[schema(max_length = 64)]
    pub icon: Option<String>,
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    pub color: Option<String>,
    pub start_date: Date,
    pub counting: Counting,
    #[schema(minimum = 1, maximum = 36500)]
    pub goal_days: Option<u32>,
    #[schema(max_length = 1000)]
    pub motivation: Option<String>,
    pub price_per_day: Option<String>,
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: Option<String>,
    pub archived_on: Option<Date>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What is said of a date as a whole: nothing, where something is said of a food alone.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Review {
    pub date: Date,
    #[schema(minimum = 1, maximum = 5)]
    pub difficulty: Option<u8>,
    #[schema(minimum = 1, maximum = 5)]
    pub mood: Option<u8>,
    #[schema(max_length = 2000)]
    pub note: Option<String>,
    pub updated_at: DateTime<Utc>,
}

/// What is said of a food on a date: an outcome, a note, or both.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Outcome")]
pub struct FoodOutcome {
    pub food_id: Uuid,
    pub date: Date,
    pub outcome: Option<Outcome>,
    #[schema(max_length = 500)]
    pub note: Option<String>,
}

/// One time that a food was eaten.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Slip {
    pub id: Uuid,
    pub food_id: Uuid,
    pub date: Date,
    pub time: Option<HourMinute>,
    #[schema(maximum = 10)]
    pub craving: Option<u8>,
    #[schema(max_length = 50)]
    pub trigger: Option<String>,
    #[schema(max_length = 50)]
    pub amount: Option<String>,
    #[schema(max_length = 500)]
    pub note: Option<String>,
    pub updated_at: DateTime<Utc>,
}

/// A range of days off; both ends belong to it.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    pub id: Uuid,
    pub from: Date,
    pub to: Date,
    pub food_ids: Vec<Uuid>,
    #[schema(max_length = 500)]
    pub note: Option<String>,
}

/// A wall time at which the person wants to be reminded.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reminder {
    pub id: Uuid,
    /// By five minutes.
    pub time: HourMinute,
    /// Monday is 1.
    #[schema(min_items = 1, max_items = 7)]
    pub days: Vec<u8>,
    pub about: About,
    /// Whether it names no food.
    pub discreet: bool,
}

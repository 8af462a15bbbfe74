//! A food: as it is answered, and what its fields can hold.

use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::FromRow;
use unicode_segmentation::UnicodeSegmentation;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Code, diary::streak::Counting, text};

/// How long a deleted food can be restored.
pub const RESTORABLE: TimeDelta = TimeDelta::days(30);
/// How many foods a person can have, archived ones too.
pub const MOST_FOODS: i64 = 200;
/// How many a person can have stored, those among them that are deleted and not erased yet: creating and deleting in a
/// loop ends too.
pub const MOST_STORED: i64 = 1000;
/// How many bytes an icon can have: a family of four takes 25, the flag of Wales 28.
pub const MOST_ICON: usize = 64;
/// How many days a goal can be.
pub const GOAL_DAYS: RangeInclusive<u32> = 1..=36_500;

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

/// One emoji or one letter: a grapheme cluster (Unicode Standard Annex 29) of at most [`MOST_ICON`] bytes.
pub fn icon(icon: &str) -> Result<Option<String>, Code> {
    let too_long = |icon: &String| icon.len() > MOST_ICON || icon.graphemes(true).nth(1).is_some();
    match text::line(icon, MOST_ICON) {
        Ok(Some(icon)) if too_long(&icon) => Err(Code::IconTooLong),
        Err(Code::TextTooLong) => Err(Code::IconTooLong),
        checked => checked,
    }
}

/// As [`icon`], for what was exported when an icon was any text of 16 bytes: its first letter stays.
pub fn icon_of_archive(text: &str) -> Result<Option<String>, Code> {
    let first = text.trim().graphemes(true).next().filter(|_| text.len() <= 16);
    icon(first.unwrap_or(text))
}

/// `#rrggbb`.
pub fn color(color: &str) -> Result<Option<String>, Code> {
    let digits = color.strip_prefix('#').ok_or(Code::ColorInvalid)?;
    let valid = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if valid { Ok(Some(color.to_lowercase())) } else { Err(Code::ColorInvalid) }
}

/// One reason a line, at most 1,000 characters.
pub fn motivation(motivation: &str) -> Result<Option<String>, Code> {
    text::lines(motivation, 1000)
}

/// Digits, at most ten before and four after the point: what thirty years of it still multiply to.
pub fn price(price: &str) -> Result<Option<String>, Code> {
    let (whole, fraction) = price.split_once('.').unwrap_or((price, "0"));
    let digits = |text: &str, max| (1..=max).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit());
    let valid = digits(whole, 10) && digits(fraction, 4);
    let price = price.parse::<Decimal>().ok().filter(|_| valid).ok_or(Code::PriceInvalid)?;
    Ok(Some(price.to_string()))
}

/// Three capital letters (ISO 4217).
pub fn currency(currency: &str) -> Result<Option<String>, Code> {
    let valid = currency.len() == 3 && currency.bytes().all(|letter| letter.is_ascii_uppercase());
    if valid { Ok(Some(currency.to_owned())) } else { Err(Code::CurrencyInvalid) }
}

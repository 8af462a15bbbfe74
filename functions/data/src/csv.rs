//! An export as one CSV table: a row for each record, whose `kind` says what it is.

use chrono::{DateTime, SecondsFormat, Utc};
use common::Me;
use serde::Serialize;
use uuid::Uuid;

use crate::archive::{Food, FoodOutcome, Reminder, Review, Skip, Slip};

/// One cell of the table, safe to open in a spreadsheet.
#[derive(Default, Serialize)]
#[serde(transparent)]
pub struct Cell(String);

/// First characters by which a spreadsheet takes a text for a formula (OWASP, CSV Injection), and their full-width
/// forms.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

impl Cell {
    /// The text of `value`, after an apostrophe if a spreadsheet would take it for a formula.
    pub fn of(value: impl ToString) -> Self {
        let text = value.to_string();
        Self(if text.starts_with(FORMULA) { format!("'{text}") } else { text })
    }

    fn maybe(value: Option<impl ToString>) -> Self {
        value.map(Self::of).unwrap_or_default()
    }

    fn at(instant: DateTime<Utc>) -> Self {
        Self::of(instant.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// One row. The columns that people read come first; a kind leaves the columns of others empty.
#[derive(Default, Serialize)]
pub struct Row {
    kind: Cell,
    date: Cell,
    until: Cell,
    pub food: Cell,
    outcome: Cell,
    difficulty: Cell,
    mood: Cell,
    time: Cell,
    craving: Cell,
    trigger: Cell,
    amount: Cell,
    note: Cell,
    icon: Cell,
    color: Cell,
    counting: Cell,
    goal_days: Cell,
    motivation: Cell,
    price_per_day: Cell,
    currency: Cell,
    archived_on: Cell,
    deleted_at: Cell,
    display_name: Cell,
    email: Cell,
    locale: Cell,
    time_zone: Cell,
    day_start: Cell,
    days: Cell,
    about: Cell,
    discreet: Cell,
    created_at: Cell,
    updated_at: Cell,
    id: Cell,
    food_id: Cell,
}

/// A record that can be written as rows. `name` looks up the name of a food.
pub trait Rows {
    fn rows(self, name: impl Fn(Uuid) -> Option<String>) -> Vec<Row>;
}

impl Rows for Me {
    fn rows(self, _: impl Fn(Uuid) -> Option<String>) -> Vec<Row> {
        vec![Row {
            kind: Cell::of("account"),
            display_name: Cell::of(self.display_name),
            email: Cell::maybe(self.email),
            locale: Cell::of(self.locale),
            time_zone: Cell::of(self.time_zone),
            day_start: Cell::of(self.day_start.0.format("%H:%M")),
            created_at: Cell::at(self.created_at),
            id: Cell::of(self.id),
            ..Row::default()
        }]
    }
}

impl Rows for Food {
    fn rows(self, _: impl Fn(Uuid) -> Option<String>) -> Vec<Row> {
        vec![Row {
            kind: Cell::of("food"),
            date: Cell::of(self.start_date.0),
            food: Cell::of(self.name),
            icon: Cell::maybe(self.icon),
            color: Cell::maybe(self.color),
            counting: Cell::of(<&str>::from(self.counting)),
            goal_days: Cell::maybe(self.goal_days),
            motivation: Cell::maybe(self.motivation),
            price_per_day: Cell::maybe(self.price_per_day),
            currency: Cell::maybe(self.currency),
            archived_on: Cell::maybe(self.archived_on.map(|date| date.0)),
            deleted_at: self.deleted_at.map(Cell::at).unwrap_or_default(),
            created_at: Cell::at(self.created_at),
            updated_at: Cell::at(self.updated_at),
            id: Cell::of(self.id),
            ..Row::default()
        }]
    }
}

impl Rows for Review {
    fn rows(self, _: impl Fn(Uuid) -> Option<String>) -> Vec<Row> {
        vec![Row {
            kind: Cell::of("review"),
            date: Cell::of(self.date.0),
            difficulty: Cell::maybe(self.difficulty),
            mood: Cell::maybe(self.mood),
            note: Cell::maybe(self.note),
            updated_at: Cell::at(self.updated_at),
            ..Row::default()
        }]
    }
}

impl Rows for FoodOutcome {
    fn rows(self, name: impl Fn(Uuid) -> Option<String>) -> Vec<Row> {
        vec![Row {
            kind: Cell::of("outcome"),
            date: Cell::of(self.date.0),
            food: Cell::maybe(name(self.food_id)),
            outcome: Cell::maybe(self.outcome.map(<&str>::from)),
            note: Cell::maybe(self.note),
            food_id: Cell::of(self.food_id),
            ..Row::default()
        }]
    }
}

impl Rows for Slip {
    fn rows(self, name: impl Fn(Uuid) -> Option<String>) -> Vec<Row> {
        vec![Row {
            kind: Cell::of("slip"),
            date: Cell::of(self.date.0),
            food: Cell::maybe(name(self.food_id)),
            time: Cell::maybe(self.time.map(|time| time.0.format("%H:%M").to_string())),
            craving: Cell::maybe(self.craving),
            trigger: Cell::maybe(self.trigger),
            amount: Cell::maybe(self.amount),
            note: Cell::maybe(self.note),
            updated_at: Cell::at(self.updated_at),
            id: Cell::of(self.id),
            food_id: Cell::of(self.food_id),
            ..Row::default()
        }]
    }
}

/// One row for each food of the range, or one without a food when all of them are erased.
impl Rows for Skip {
    fn rows(self, name: impl Fn(Uuid) -> Option<String>) -> Vec<Row> {
        let row = |food_id: Option<Uuid>| Row {
            kind: Cell::of("day off"),
            date: Cell::of(self.from.0),
            until: Cell::of(self.to.0),
            food: Cell::maybe(food_id.and_then(&name)),
            note: Cell::maybe(self.note.as_ref()),
            id: Cell::of(self.id),
            food_id: Cell::maybe(food_id),
            ..Row::default()
        };
        match self.food_ids.is_empty() {
            true => vec![row(None)],
            false => self.food_ids.iter().map(|id| row(Some(*id))).collect(),
        }
    }
}

impl Rows for Reminder {
    fn rows(self, _: impl Fn(Uuid) -> Option<String>) -> Vec<Row> {
        let days: Vec<String> = self.days.iter().map(u8::to_string).collect();
        vec![Row {
            kind: Cell::of("reminder"),
            time: Cell::of(self.time.0.format("%H:%M")),
            days: Cell::of(days.join(" ")),
            about: Cell::of(<&str>::from(self.about)),
            discreet: Cell::of(self.discreet),
            id: Cell::of(self.id),
            ..Row::default()
        }]
    }
}

//! Adds the records of an import.

use chrono::{DateTime, Utc};
use common::{
    Faults, Result,
    db::{Locked, safe},
    diary::{counted_food::CountedFood, counters, reminder},
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    archive::{Food, Reminder, Skip},
    stored::New,
    table::{Kind, Table, column},
};

/// How many bytes of records one statement adds, at least. The server refuses more than `max_allowed_packet`, which is
/// one MiB where it is least.
const BATCH: usize = 128 * 1024;

const FOODS: Table = Table {
    name: "foods",
    columns: &[
        column("id", Kind::Id),
        column("name", Kind::Text(50)),
        column("icon", Kind::Text(64)),
        column("color", Kind::Text(7)),
        column("start_date", Kind::Date),
        column("counting", Kind::Text(7)),
        column("goal_days", Kind::Number),
        column("motivation", Kind::Text(1000)),
        column("price_per_day", Kind::Text(20)),
        column("currency", Kind::Text(3)),
        column("position", Kind::Number),
        column("archived_on", Kind::Date),
        column("deleted_at", Kind::Instant),
        column("created_at", Kind::Instant),
        column("updated_at", Kind::Instant),
    ],
};

const REVIEWS: Table = Table {
    name: "reviews",
    columns: &[
        column("date", Kind::Date),
        column("difficulty", Kind::Number),
        column("mood", Kind::Number),
        column("note", Kind::Text(2000)),
        column("updated_at", Kind::Instant),
    ],
};

const OUTCOMES: Table = Table {
    name: "outcomes",
    columns: &[
        column("food_id", Kind::Id),
        column("date", Kind::Date),
        column("outcome", Kind::Text(7)),
        column("note", Kind::Text(500)),
    ],
};

const SLIPS: Table = Table {
    name: "slips",
    columns: &[
        column("id", Kind::Id),
        column("food_id", Kind::Id),
        column("date", Kind::Date),
        column("time", Kind::Time),
        column("craving", Kind::Number),
        column("cause", Kind::Text(50)).from("trigger"),
        column("amount", Kind::Text(50)),
        column("note", Kind::Text(500)),
        column("updated_at", Kind::Instant),
    ],
};

const SKIPS: Table = Table {
    name: "skips",
    columns: &[
        column("id", Kind::Id),
        column("from_date", Kind::Date).from("from"),
        column("to_date", Kind::Date).from("to"),
        column("note", Kind::Text(500)),
    ],
};

const SKIP_FOODS: Table =
    Table { name: "skip_foods", columns: &[column("skip_id", Kind::Id), column("food_id", Kind::Id)] };

impl New<'_> {
    /// Adds the records at `now`, none of which is stored.
    pub async fn insert(&self, db: &mut Locked, now: DateTime<Utc>) -> Result<()> {
        foods(db, &self.foods).await?;
        add(db, &REVIEWS, &self.reviews).await?;
        add(db, &OUTCOMES, &self.outcomes).await?;
        add(db, &SLIPS, &self.slips).await?;
        add(db, &SKIPS, &self.skips).await?;
        let of_skip = |skip: &&Skip| {
            let skip_id = skip.id;
            skip.food_ids.clone().into_iter().map(move |food_id| SkipFood { skip_id, food_id })
        };
        add(db, &SKIP_FOODS, &self.skips.iter().flat_map(of_skip).collect::<Vec<_>>()).await?;
        reminders(db, &self.reminders, now).await
    }
}

#[derive(Serialize)]
struct SkipFood {
    skip_id: Uuid,
    food_id: Uuid,
}

/// Adds foods behind those that are stored, with their counters.
async fn foods(db: &mut Locked, new: &[&Food]) -> Result<()> {
    #[derive(Serialize)]
    struct Placed<'a> {
        #[serde(flatten)]
        food: &'a Food,
        position: u32,
    }
    let user_id = db.user_id();
    let first = sqlx::query_scalar!(
        r#"SELECT CAST(COALESCE(MAX(position) + 1, 0) AS UNSIGNED INTEGER) AS "first!: u32" FROM foods WHERE user_id = ?"#,
        user_id
    );
    let first = first.fetch_one(&mut **db).await?;
    let placed: Vec<_> = (first..).zip(new).map(|(position, food)| Placed { food, position }).collect();
    add(db, &FOODS, &placed).await?;
    let counted = new.iter().map(|food| CountedFood {
        archived_on: food.archived_on.map(|date| date.0),
        ..CountedFood::new(user_id, food.id, food.start_date.0, food.counting, food.goal_days)
    });
    counters::store_all(db, &counted.collect::<Vec<_>>()).await
}

/// Adds reminders, of which a person has a few. They are due at once, as of a date long gone: whoever sends them finds no
/// time to tell, and plans the next.
async fn reminders(db: &mut Locked, new: &[&Reminder], now: DateTime<Utc>) -> Result<()> {
    let user_id = db.user_id();
    for reminder in new {
        sqlx::query!(
            "INSERT INTO reminders (user_id, id, time, days, about, discreet, next_on, next_at, time_zone, day_start, zones)
             VALUES (?, ?, ?, ?, ?, ?, '2000-01-01', ?, '', '00:00', '')",
            user_id,
            reminder.id,
            reminder.time,
            reminder::days(&reminder.days, "", &mut Faults::default()),
            reminder.about,
            reminder.discreet,
            now
        )
        .execute(&mut **db)
        .await?;
    }
    Ok(())
}

/// Adds records, as many with one statement as fit into [`BATCH`] bytes.
async fn add<T: Serialize>(db: &mut Locked, table: &Table, records: &[T]) -> Result<()> {
    let (insert, user_id) = (table.insert(), db.user_id());
    let mut records = records.iter().peekable();
    let mut array = Vec::new();
    while let Some(record) = records.next() {
        array.push(if array.is_empty() { b'[' } else { b',' });
        serde_json::to_writer(&mut array, record).map_err(anyhow::Error::from)?;
        if array.len() >= BATCH || records.peek().is_none() {
            array.push(b']');
            let json = std::str::from_utf8(&array).map_err(anyhow::Error::from)?;
            sqlx::query(safe(insert.clone())).bind(user_id).bind(json).execute(&mut **db).await?;
            array.clear();
        }
    }
    Ok(())
}

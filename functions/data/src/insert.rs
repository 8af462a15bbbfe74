//! Adds the records of an import. A record whose key is stored already stays as it is stored.

use common::{
    Object, Result,
    diary::{counted_food::CountedFood, counters},
};
use serde::Serialize;
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use crate::{
    archive::{Food, Review, Said, Skip, Slip},
    table::{Kind, Table, column},
};

/// How many records one statement adds.
const BATCH: usize = 500;

const FOODS: Table = Table {
    name: "foods",
    key: &["id"],
    columns: &[
        column("id", Kind::Id),
        column("name", Kind::Text(50)),
        column("icon", Kind::Text(16)),
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
    key: &["date"],
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
    key: &["food_id", "date"],
    columns: &[
        column("food_id", Kind::Id),
        column("date", Kind::Date),
        column("outcome", Kind::Text(7)),
        column("note", Kind::Text(500)),
    ],
};

const SLIPS: Table = Table {
    name: "slips",
    key: &["id"],
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

/// Adds foods that are not stored, behind those that are. Returns how many.
pub async fn foods(db: &mut MySqlConnection, user_id: Uuid, new: &[&Food]) -> Result<u64> {
    #[derive(Serialize)]
    struct Placed<'a> {
        #[serde(flatten)]
        food: &'a Food,
        position: u32,
    }
    let first: u32 = sqlx::query_scalar(
        "SELECT CAST(COALESCE(MAX(position) + 1, 0) AS UNSIGNED INTEGER) FROM foods WHERE user_id = ?",
    )
    .bind(user_id)
    .fetch_one(&mut *db)
    .await?;
    let placed: Vec<_> = (first..).zip(new).map(|(position, food)| Placed { food, position }).collect();
    let added = add(db, user_id, &FOODS, &placed).await?;
    for batch in new.chunks(BATCH) {
        let counted = batch.iter().map(|food| CountedFood {
            archived_on: food.archived_on.map(|date| date.0),
            ..CountedFood::new(user_id, food.id, food.start_date.0, food.counting, food.goal_days)
        });
        counters::store_all(db, &counted.collect::<Vec<_>>()).await?;
    }
    Ok(added)
}

/// Adds reviews of dates that have none. Returns how many.
pub async fn reviews(db: &mut MySqlConnection, user_id: Uuid, reviews: &[Object<Review>]) -> Result<u64> {
    add(db, user_id, &REVIEWS, reviews).await
}

/// Adds outcomes of foods and dates that have none. Returns how many.
pub async fn outcomes(db: &mut MySqlConnection, user_id: Uuid, outcomes: &[Object<Said>]) -> Result<u64> {
    add(db, user_id, &OUTCOMES, outcomes).await
}

/// Adds slips whose id is not stored. Returns how many.
pub async fn slips(db: &mut MySqlConnection, user_id: Uuid, slips: &[Object<Slip>]) -> Result<u64> {
    add(db, user_id, &SLIPS, slips).await
}

async fn add<T: Serialize>(db: &mut MySqlConnection, user_id: Uuid, table: &Table, records: &[T]) -> Result<u64> {
    let insert = table.insert_new();
    let mut added = 0;
    for batch in records.chunks(BATCH) {
        let insert = sqlx::query(common::db::safe(insert.clone())).bind(user_id).bind(Json(batch)).bind(user_id);
        added += insert.execute(&mut *db).await?.rows_affected();
    }
    Ok(added)
}

/// Adds ranges of days off whose id is not stored. Returns how many.
pub async fn skips(db: &mut MySqlConnection, user_id: Uuid, skips: &[Object<Skip>]) -> Result<u64> {
    let mut added = 0;
    for Object(skip) in skips {
        let insert = sqlx::query(
            "INSERT INTO skips (user_id, id, from_date, to_date, note)
             SELECT * FROM (SELECT ? AS user_id, ? AS id, ? AS from_date, ? AS to_date, ? AS note) AS new
             WHERE NOT EXISTS (SELECT 1 FROM skips AS old WHERE old.user_id = new.user_id AND old.id = new.id)",
        );
        let insert = insert.bind(user_id).bind(skip.id).bind(skip.from).bind(skip.to).bind(&skip.note);
        if insert.execute(&mut *db).await?.rows_affected() == 0 {
            continue;
        }
        added += 1;
        sqlx::query(
            "INSERT INTO skip_foods (user_id, skip_id, food_id)
             SELECT ?, ?, UNHEX(REPLACE(food_id, '-', ''))
             FROM JSON_TABLE(?, '$[*]' COLUMNS (food_id CHAR(36) PATH '$')) AS new",
        )
        .bind(user_id)
        .bind(skip.id)
        .bind(Json(&skip.food_ids))
        .execute(&mut *db)
        .await?;
    }
    Ok(added)
}

//! How the records of an import are added: what is there already stays. Each answers how many were added.

use common::{
    Object, Result,
    diary::counters::{self, CountedFood},
};
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use crate::archive::{Food, Review, Said, Skip, Slip};

/// How many records one statement adds.
const BATCH: usize = 500;

/// Adds foods that are not there, after those that are.
pub async fn foods(db: &mut MySqlConnection, user_id: Uuid, new: &[&Food]) -> Result<u64> {
    let (mut position,): (u32,) =
        sqlx::query_as("SELECT CAST(COALESCE(MAX(position) + 1, 0) AS UNSIGNED INTEGER) FROM foods WHERE user_id = ?")
            .bind(user_id)
            .fetch_one(&mut *db)
            .await?;
    for batch in new.chunks(BATCH) {
        sqlx::query(
            "INSERT INTO foods (user_id, id, name, icon, color, start_date, counting, goal_days, motivation,
                                price_per_day, currency, position, archived_on, deleted_at, created_at, updated_at)
             SELECT ?, UNHEX(REPLACE(id, '-', '')), name, icon, color, start_date, counting, goal_days, motivation,
                    price_per_day, currency, ? + place - 1, archived_on, REPLACE(deleted_at, 'Z', ''),
                    REPLACE(created_at, 'Z', ''), REPLACE(updated_at, 'Z', '')
             FROM JSON_TABLE(?, '$[*]' COLUMNS (
                 place FOR ORDINALITY, id CHAR(36) PATH '$.id', name VARCHAR(50) CHARACTER SET utf8mb4 PATH '$.name',
                 icon VARCHAR(16) CHARACTER SET utf8mb4 PATH '$.icon', color CHAR(7) PATH '$.color',
                 start_date DATE PATH '$.start_date', counting VARCHAR(7) PATH '$.counting',
                 goal_days INT UNSIGNED PATH '$.goal_days', motivation VARCHAR(1000) CHARACTER SET utf8mb4 PATH '$.motivation',
                 price_per_day VARCHAR(20) PATH '$.price_per_day', currency CHAR(3) PATH '$.currency',
                 archived_on DATE PATH '$.archived_on', deleted_at VARCHAR(30) PATH '$.deleted_at',
                 created_at VARCHAR(30) PATH '$.created_at', updated_at VARCHAR(30) PATH '$.updated_at'
             )) AS new",
        )
        .bind(user_id)
        .bind(position)
        .bind(Json(batch))
        .execute(&mut *db)
        .await?;
        position += batch.len() as u32;
        let tracked = batch.iter().map(|food| CountedFood {
            archived_on: food.archived_on.map(|date| date.0),
            ..CountedFood::new(user_id, food.id, food.start_date.0, food.counting, food.goal_days)
        });
        counters::store_all(db, &tracked.collect::<Vec<_>>()).await?;
    }
    Ok(new.len() as u64)
}

pub async fn reviews(db: &mut MySqlConnection, user_id: Uuid, reviews: &[Object<Review>]) -> Result<u64> {
    let mut added = 0;
    for batch in reviews.chunks(BATCH) {
        let insert = sqlx::query(
            "INSERT INTO reviews (user_id, date, difficulty, mood, note, updated_at)
             SELECT ?, new.date, new.difficulty, new.mood, new.note, REPLACE(new.updated_at, 'Z', '')
             FROM JSON_TABLE(?, '$[*]' COLUMNS (
                 date DATE PATH '$.date', difficulty TINYINT PATH '$.difficulty', mood TINYINT PATH '$.mood',
                 note VARCHAR(2000) CHARACTER SET utf8mb4 PATH '$.note', updated_at VARCHAR(30) PATH '$.updated_at'
             )) AS new
             LEFT JOIN reviews AS old ON old.user_id = ? AND old.date = new.date
             WHERE old.user_id IS NULL",
        );
        added += insert.bind(user_id).bind(Json(batch)).bind(user_id).execute(&mut *db).await?.rows_affected();
    }
    Ok(added)
}

pub async fn outcomes(db: &mut MySqlConnection, user_id: Uuid, outcomes: &[Object<Said>]) -> Result<u64> {
    let mut added = 0;
    for batch in outcomes.chunks(BATCH) {
        let insert = sqlx::query(
            "INSERT INTO outcomes (user_id, food_id, date, outcome, note)
             SELECT ?, UNHEX(REPLACE(new.food_id, '-', '')), new.date, new.outcome, new.note
             FROM JSON_TABLE(?, '$[*]' COLUMNS (
                 food_id CHAR(36) PATH '$.food_id', date DATE PATH '$.date', outcome VARCHAR(7) PATH '$.outcome',
                 note VARCHAR(500) CHARACTER SET utf8mb4 PATH '$.note'
             )) AS new
             LEFT JOIN outcomes AS old
                 ON old.user_id = ? AND old.food_id = UNHEX(REPLACE(new.food_id, '-', '')) AND old.date = new.date
             WHERE old.user_id IS NULL",
        );
        added += insert.bind(user_id).bind(Json(batch)).bind(user_id).execute(&mut *db).await?.rows_affected();
    }
    Ok(added)
}

pub async fn slips(db: &mut MySqlConnection, user_id: Uuid, slips: &[Object<Slip>]) -> Result<u64> {
    let mut added = 0;
    for batch in slips.chunks(BATCH) {
        let insert = sqlx::query(
            "INSERT INTO slips (user_id, id, food_id, date, time, craving, cause, amount, note, updated_at)
             SELECT ?, UNHEX(REPLACE(new.id, '-', '')), UNHEX(REPLACE(new.food_id, '-', '')), new.date, new.time,
                    new.craving, new.cause, new.amount, new.note, REPLACE(new.updated_at, 'Z', '')
             FROM JSON_TABLE(?, '$[*]' COLUMNS (
                 id CHAR(36) PATH '$.id', food_id CHAR(36) PATH '$.food_id', date DATE PATH '$.date',
                 time TIME PATH '$.time', craving TINYINT PATH '$.craving', cause VARCHAR(50) CHARACTER SET utf8mb4 PATH '$.trigger',
                 amount VARCHAR(50) CHARACTER SET utf8mb4 PATH '$.amount', note VARCHAR(500) CHARACTER SET utf8mb4 PATH '$.note',
                 updated_at VARCHAR(30) PATH '$.updated_at'
             )) AS new
             LEFT JOIN slips AS old ON old.user_id = ? AND old.id = UNHEX(REPLACE(new.id, '-', ''))
             WHERE old.user_id IS NULL",
        );
        added += insert.bind(user_id).bind(Json(batch)).bind(user_id).execute(&mut *db).await?.rows_affected();
    }
    Ok(added)
}

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

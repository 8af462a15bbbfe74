//! Creating a food.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use common::{
    App, Code, Connected, Json, Problems, Result, db,
    diary::{
        counters::{self, CountedFood},
        food::{Food, MOST_FOODS, MOST_KEPT},
    },
    functions::FOODS,
    session,
};
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::{fields::NewFood, food};

/// Creates a food. With an `id` made by the client, the same body again answers 200 and the food as it is now.
#[utoipa::path(post, path = "", request_body = NewFood,
    responses((status = 201, description = "Created.", body = Food, headers(("Location" = String))), (status = 200, description = "As it is now.", body = Food), Problems))]
pub async fn create(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Json(new): Json<NewFood>,
) -> Result<Response> {
    let now = app.clock.now();
    let body_hash = session::hash(&serde_json::to_string(&new).map_err(anyhow::Error::from)?);
    let id = new.id.unwrap_or_else(Uuid::now_v7);
    let mut db = db::write(db, user.id).await?;
    let before = created_before(&mut db, user.id, id, &body_hash).await?;
    let status = if before { StatusCode::OK } else { StatusCode::CREATED };
    if !before {
        // Checked only now: what was right when it was sent first need not be so again.
        let draft = new.check(user.today(now))?;
        refuse_too_many_kept(&mut db, user.id).await?;
        let position = next_position(&mut db, user.id).await?;
        sqlx::query(
            "INSERT INTO foods (user_id, id, name, icon, color, start_date, counting, goal_days, motivation,
                                price_per_day, currency, position, body_hash, created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(user.id)
        .bind(id)
        .bind(&draft.name)
        .bind(&draft.icon)
        .bind(&draft.color)
        .bind(draft.start_date)
        .bind(draft.counting)
        .bind(draft.goal_days)
        .bind(&draft.motivation)
        .bind(&draft.price_per_day)
        .bind(&draft.currency)
        .bind(position)
        .bind(body_hash.as_slice())
        .bind(now)
        .bind(now)
        .execute(&mut *db)
        .await?;
        let food = CountedFood::new(user.id, id, draft.start_date, draft.counting, draft.goal_days);
        counters::store_all(&mut db, &[food]).await?;
    }
    let food = food(&mut db, user.id, id).await?;
    db.commit().await?;
    let location = [(header::LOCATION, format!("{}/{id}", FOODS.prefix))];
    Ok((status, location, Json(food)).into_response())
}

/// Whether the same body has created this food before. Another body is a conflict.
async fn created_before(db: &mut MySqlConnection, user_id: Uuid, id: Uuid, body_hash: &[u8; 32]) -> Result<bool> {
    let before: Option<(Option<Vec<u8>>, bool)> =
        sqlx::query_as("SELECT body_hash, deleted_at IS NOT NULL FROM foods WHERE user_id = ? AND id = ?")
            .bind(user_id)
            .bind(id)
            .fetch_optional(db)
            .await?;
    match before {
        None => Ok(false),
        Some((Some(hash), false)) if hash == body_hash => Ok(true),
        Some(_) => Err(Code::FoodExists.into()),
    }
}

async fn refuse_too_many_kept(db: &mut MySqlConnection, user_id: Uuid) -> Result<()> {
    let (kept,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM foods WHERE user_id = ?").bind(user_id).fetch_one(db).await?;
    if kept < MOST_KEPT { Ok(()) } else { Err(Code::TooManyDeleted.into()) }
}

/// The place after the last food; refused where there are as many as there can be.
pub async fn next_position(db: &mut MySqlConnection, user_id: Uuid) -> Result<u32> {
    let (count, position): (i64, u32) = sqlx::query_as(
        "SELECT COUNT(*), CAST(COALESCE(MAX(position) + 1, 0) AS UNSIGNED INTEGER)
         FROM foods WHERE user_id = ? AND deleted_at IS NULL",
    )
    .bind(user_id)
    .fetch_one(db)
    .await?;
    if count < MOST_FOODS { Ok(position) } else { Err(Code::TooManyFoods.into()) }
}

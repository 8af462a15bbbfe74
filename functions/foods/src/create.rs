//! Creating a food.

use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use common::{
    App, Code, Connected, Json, NewId, Result, db,
    diary::{
        counted_food::CountedFood,
        counters,
        food::{Food, MOST_FOODS, MOST_STORED},
    },
    functions::FOODS,
    session,
};
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::{
    fields::{FIELDS, NewFood},
    written,
};

/// Creates a food. With an `id` made by the client, the same body again answers 200 and the food as it is now.
#[utoipa::path(
    post, path = "",
    request_body(content = NewFood, example = json!({
        "id": "01958d5c-9f00-7c3e-8a41-5b2d6f7e8c90", "name": "라면", "icon": "🍜", "color": "#e4572e", "start_date": "2026-03-01",
        "goal_days": 100, "motivation": "Sleep better", "price_per_day": "1500", "currency": "KRW",
    })),
    responses(
        (status = 201, description = "The food, created now.", body = Food,
            headers(("Location" = String, description = "The path of the food."))),
        (status = 200, description = "The food as it is now: it was created before, by the same body.", body = Food),
    ),
    extensions(("x-problems" = json!([FIELDS, Code::FoodExists, Code::TooManyFoods, Code::TooManyDeleted]))),
)]
pub async fn create(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Extension(NewId(new_id)): Extension<NewId>,
    Json(new): Json<NewFood>,
) -> Result<Response> {
    let now = app.clock.now();
    let body_hash = session::hash(&serde_json::to_string(&new).map_err(anyhow::Error::from)?);
    let id = new.id.unwrap_or(new_id);
    let mut db = db::lock(db, user.id).await?;
    let before = created_before(&mut db, user.id, id, &body_hash).await?;
    let status = if before { StatusCode::OK } else { StatusCode::CREATED };
    if !before {
        // Checked only now: what was right when it was sent first need not be so again.
        let draft = new.check(user.today(now))?;
        refuse_too_many_stored(&mut db, user.id).await?;
        let position = next_position(&mut db, user.id).await?;
        sqlx::query!(
            "INSERT INTO foods (user_id, id, name, icon, color, start_date, counting, goal_days, motivation,
                                price_per_day, currency, position, body_hash, created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            user.id,
            id,
            draft.name,
            draft.icon,
            draft.color,
            draft.start_date,
            draft.counting,
            draft.goal_days,
            draft.motivation,
            draft.price_per_day,
            draft.currency,
            position,
            body_hash.as_slice(),
            now,
            now
        )
        .execute(&mut *db)
        .await?;
        let food = CountedFood::new(user.id, id, draft.start_date, draft.counting, draft.goal_days);
        counters::store_all(&mut db, &[food]).await?;
    }
    let food = written(&mut db, user.id, id).await?;
    db.commit().await?;
    let location = [(header::LOCATION, format!("{}/{id}", FOODS.prefix))];
    Ok((status, location, Json(food)).into_response())
}

/// Whether the same body has created this food before. Another body is a conflict.
async fn created_before(db: &mut MySqlConnection, user_id: Uuid, id: Uuid, body_hash: &[u8; 32]) -> Result<bool> {
    let before = sqlx::query!(
        r#"SELECT body_hash AS "body_hash: Vec<u8>", deleted_at IS NOT NULL AS "is_deleted: bool" FROM foods WHERE user_id = ? AND id = ?"#,
        user_id,
        id
    );
    match before.fetch_optional(db).await? {
        None => Ok(false),
        Some(food) if !food.is_deleted && food.body_hash.as_deref() == Some(body_hash) => Ok(true),
        Some(_) => Err(Code::FoodExists.into()),
    }
}

/// Refuses a food where too many are stored, those among them that are deleted and not erased yet.
async fn refuse_too_many_stored(db: &mut MySqlConnection, user_id: Uuid) -> Result<()> {
    let count = sqlx::query_scalar!("SELECT COUNT(*) FROM foods WHERE user_id = ?", user_id).fetch_one(db).await?;
    if count < MOST_STORED { Ok(()) } else { Err(Code::TooManyDeleted.into()) }
}

/// The place after the last food; refused where there are as many as there can be.
pub async fn next_position(db: &mut MySqlConnection, user_id: Uuid) -> Result<u32> {
    let foods = sqlx::query!(
        r#"SELECT COUNT(*) AS count, CAST(COALESCE(MAX(position) + 1, 0) AS UNSIGNED INTEGER) AS "next!: u32"
           FROM foods WHERE user_id = ? AND deleted_at IS NULL"#,
        user_id
    )
    .fetch_one(db)
    .await?;
    if foods.count < MOST_FOODS { Ok(foods.next) } else { Err(Code::TooManyFoods.into()) }
}

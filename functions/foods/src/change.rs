//! Changing a food, deleting it and bringing it back.

use axum::{extract::State, http::StatusCode};
use chrono::NaiveDate;
use common::{
    App, Code, Connected, Fault, Json, Path, Result, db,
    diary::{
        counters,
        food::{Food, RESTORABLE},
        streak::Counting,
    },
};
use serde::Deserialize;
use sqlx::MySqlConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    create::next_position,
    fields::{Change, Draft, FIELDS},
    food, written,
};

/// Changes a food: what is absent stays; null clears what a food need not have.
#[utoipa::path(
    patch, path = "/{id}",
    params(("id" = Uuid, Path, description = "The food's id.", example = "01958d5c-9f00-7c3e-8a41-5b2d6f7e8c90")),
    request_body(content = Change, example = json!({ "goal_days": 200, "motivation": null })),
    responses((status = 200, description = "The food as it is now.", body = Food)),
    extensions(("x-problems" = json!([FIELDS, Code::StartDateAfterHistory]))),
)]
pub async fn change(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(change): Json<Change>,
) -> Result<Json<Food>> {
    let now = app.clock.now();
    let today = user.today(now);
    let mut db = db::lock(db, user.id).await?;
    let before = sqlx::query_as!(
        Draft,
        r#"SELECT name, icon, color AS "color: String", start_date, counting AS "counting: Counting", goal_days, motivation,
                  price_per_day, currency AS "currency: String", archived_on
           FROM foods WHERE user_id = ? AND id = ? AND deleted_at IS NULL"#,
        user.id,
        id
    )
    .fetch_optional(&mut *db)
    .await?
    .ok_or(Code::NotFound)?;
    let after = change.apply(&before, today)?;
    if after.start_date > before.start_date {
        refuse_history_before(&mut db, user.id, id, after.start_date, today).await?;
    }
    sqlx::query!(
        "UPDATE foods SET name = ?, icon = ?, color = ?, start_date = ?, counting = ?, goal_days = ?,
                          motivation = ?, price_per_day = ?, currency = ?, archived_on = ?, updated_at = ?
         WHERE user_id = ? AND id = ?",
        after.name,
        after.icon,
        after.color,
        after.start_date,
        after.counting,
        after.goal_days,
        after.motivation,
        after.price_per_day,
        after.currency,
        after.archived_on,
        now,
        user.id,
        id
    )
    .execute(&mut *db)
    .await?;
    if after.counts_otherwise(&before) {
        counters::recompute(&mut db, &[id], today).await?;
    }
    let food = food(&mut db, user.id, id).await?;
    db.commit().await?;
    Ok(Json(food))
}

/// A start can't move past what is recorded: the first such date is named.
async fn refuse_history_before(
    db: &mut MySqlConnection,
    user_id: Uuid,
    id: Uuid,
    start_date: NaiveDate,
    today: NaiveDate,
) -> Result<()> {
    let first = sqlx::query_scalar!(
        "SELECT MIN(date) FROM (
             SELECT MIN(date) AS date FROM outcomes WHERE user_id = ? AND food_id = ?
             UNION ALL SELECT MIN(date) FROM slips WHERE user_id = ? AND food_id = ?
         ) AS recorded",
        user_id,
        id,
        user_id,
        id
    )
    .fetch_one(db)
    .await?;
    match first.filter(|first| *first < start_date) {
        Some(first) => Err(Fault::pointer("/start_date", Code::StartDateAfterHistory).naming(first, today).into()),
        None => Ok(()),
    }
}

/// Deletes a food. It can be restored for 30 days.
#[utoipa::path(
    delete, path = "/{id}", params(("id" = Uuid, Path, description = "The food's id.")),
    responses((status = 204, description = "It is deleted.")),
)]
pub async fn delete(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<StatusCode> {
    let now = app.clock.now();
    let mut db = db::lock(db, user.id).await?;
    let delete = sqlx::query!(
        "UPDATE foods SET deleted_at = ? WHERE user_id = ? AND id = ? AND deleted_at IS NULL",
        now,
        user.id,
        id
    );
    let deleted = delete.execute(&mut *db).await?;
    if deleted.rows_affected() == 0 {
        return Err(Code::NotFound.into());
    }
    db.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Brings a deleted food back, as if it had never been deleted.
#[utoipa::path(
    post, path = "/{id}/restore", params(("id" = Uuid, Path, description = "The food's id.")),
    responses((status = 200, description = "The food as it is now.", body = Food)),
    extensions(("x-problems" = json!([Code::TooManyFoods]))),
)]
pub async fn restore(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<Json<Food>> {
    let now = app.clock.now();
    let mut db = db::lock(db, user.id).await?;
    let deleted = sqlx::query_scalar!(
        "SELECT id FROM foods WHERE user_id = ? AND id = ? AND deleted_at > ?",
        user.id,
        id,
        now - RESTORABLE
    )
    .fetch_optional(&mut *db)
    .await?;
    if deleted.is_some() {
        // The limit holds for it as for a new one. It keeps its place, though another may have that too now.
        next_position(&mut db, user.id).await?;
        sqlx::query!("UPDATE foods SET deleted_at = NULL WHERE user_id = ? AND id = ?", user.id, id)
            .execute(&mut *db)
            .await?;
        // A range of days off may have changed meanwhile.
        counters::recompute(&mut db, &[id], user.today(now)).await?;
    }
    let food =
        if deleted.is_some() { written(&mut db, user.id, id).await? } else { food(&mut db, user.id, id).await? };
    db.commit().await?;
    Ok(Json(food))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    ids: Vec<Uuid>,
}

/// Puts the foods in this order; those not named follow in their old one.
#[utoipa::path(
    put, path = "/order",
    request_body(content = Order, example = json!({ "ids": ["01958d5c-9f00-7c3e-8a41-5b2d6f7e8c90"] })),
    responses((status = 204, description = "They are in this order.")),
    extensions(("x-problems" = json!([Code::FoodNotFound]))),
)]
pub async fn order(Connected { user, db }: Connected, Json(order): Json<Order>) -> Result<StatusCode> {
    let mut db = db::lock(db, user.id).await?;
    let mut rest = sqlx::query_scalar!(
        r#"SELECT id AS "id: Uuid" FROM foods WHERE user_id = ? AND deleted_at IS NULL ORDER BY position, id"#,
        user.id
    )
    .fetch_all(&mut *db)
    .await?;
    let mut ordered = Vec::with_capacity(rest.len());
    for (index, id) in order.ids.iter().enumerate() {
        let Some(at) = rest.iter().position(|other| other == id) else {
            let code = if ordered.contains(id) { Code::FieldTwice } else { Code::FoodNotFound };
            return Err(Fault::pointer(format!("/ids/{index}"), code).into());
        };
        ordered.push(rest.remove(at));
    }
    ordered.append(&mut rest);
    let ids: Vec<String> = ordered.iter().map(|id| id.simple().to_string()).collect();
    sqlx::query!(
        "UPDATE foods
         JOIN JSON_TABLE(?, '$[*]' COLUMNS (place FOR ORDINALITY, id CHAR(32) PATH '$')) AS ordered
             ON foods.id = UNHEX(ordered.id)
         SET position = place - 1 WHERE user_id = ?",
        sqlx::types::Json(ids) as _,
        user.id
    )
    .execute(&mut *db)
    .await?;
    db.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

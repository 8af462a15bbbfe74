//! The foods a person quits: create, read, change, archive, delete, restore, order.

mod change;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::NaiveDate;
use common::{
    App, Code, Fault, Json, Path, Problems, Query, Result, User, counters, db,
    food::{Food, RESTORABLE},
    select_foods, session,
    streak::Counter,
};
use serde::{Deserialize, Serialize};
use sqlx::MySqlConnection;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::change::{Change, Draft, NewFood};

/// The part of the public path that is this function's.
pub const PREFIX: &str = "/api/foods";
/// How many foods a person can have, archived ones too.
const MOST_FOODS: i64 = 200;

pub fn router(app: App) -> Router {
    let routes = OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(order))
        .routes(routes!(show, change, delete))
        .routes(routes!(restore));
    common::routes(app, PREFIX, "Hanip foods", routes)
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Listing {
    #[default]
    Active,
    Archived,
    Deleted,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Active where absent. Deleted ones are listed while they can be restored.
    #[serde(default)]
    state: Listing,
}

#[derive(Serialize, ToSchema)]
struct Foods {
    foods: Vec<Food>,
}

/// The foods, in the person's order.
#[utoipa::path(get, path = "", params(Filter), responses((status = 200, body = Foods), Problems))]
async fn list(user: User, State(app): State<App>, Query(filter): Query<Filter>) -> Result<Json<Foods>> {
    let foods = match filter.state {
        Listing::Active => sqlx::query_as(select_foods!(
            "WHERE user_id = ? AND deleted_at IS NULL AND archived_on IS NULL ORDER BY position, id"
        )),
        Listing::Archived => sqlx::query_as(select_foods!(
            "WHERE user_id = ? AND deleted_at IS NULL AND archived_on IS NOT NULL ORDER BY position, id"
        )),
        Listing::Deleted => sqlx::query_as(select_foods!("WHERE user_id = ? AND deleted_at > ? ORDER BY position, id")),
    };
    let foods = match filter.state {
        Listing::Deleted => foods.bind(user.id).bind(app.clock.now() - RESTORABLE),
        _ => foods.bind(user.id),
    };
    Ok(Json(Foods { foods: foods.fetch_all(&app.db).await? }))
}

/// Creates a food. With an `id` made by the client, the same body again answers 200 and the food as it is now.
#[utoipa::path(post, path = "", request_body = NewFood,
    responses((status = 201, body = Food, headers(("Location" = String))), (status = 200, body = Food), Problems))]
async fn create(user: User, State(app): State<App>, Json(new): Json<NewFood>) -> Result<Response> {
    let now = app.clock.now();
    let draft = new.check(user.today(now))?;
    let body_hash = session::hash(&serde_json::to_string(&new).map_err(anyhow::Error::from)?);
    let id = new.id.unwrap_or_else(Uuid::now_v7);
    let mut db = db::write(&app.db, user.id).await?;
    // A person without foods has no counter to lock: two first foods at once wait here.
    sqlx::query("SELECT user_id FROM users WHERE user_id = ? FOR UPDATE").bind(user.id).execute(&mut *db).await?;
    let before = created_before(&mut db, user.id, id, &body_hash).await?;
    let status = if before { StatusCode::OK } else { StatusCode::CREATED };
    if !before {
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
        counters::store(&mut db, user.id, id, &Counter::new(draft.start_date)).await?;
    }
    let food = food(&mut db, user.id, id).await?;
    db.commit().await?;
    let location = [(header::LOCATION, format!("{PREFIX}/{id}"))];
    Ok((status, location, Json(food)).into_response())
}

/// Whether the same body has created this food before. Another body is a conflict.
async fn created_before(db: &mut MySqlConnection, user_id: Uuid, id: Uuid, body_hash: &[u8; 32]) -> Result<bool> {
    let before: Option<(Vec<u8>, bool)> =
        sqlx::query_as("SELECT body_hash, deleted_at IS NOT NULL FROM foods WHERE user_id = ? AND id = ?")
            .bind(user_id)
            .bind(id)
            .fetch_optional(db)
            .await?;
    match before {
        None => Ok(false),
        Some((hash, false)) if hash == body_hash => Ok(true),
        Some(_) => Err(Code::FoodExists.into()),
    }
}

/// The place after the last food; refused where there are as many as there can be.
async fn next_position(db: &mut MySqlConnection, user_id: Uuid) -> Result<u32> {
    let (count, position): (i64, u32) = sqlx::query_as(
        "SELECT COUNT(*), CAST(COALESCE(MAX(position) + 1, 0) AS UNSIGNED INTEGER)
         FROM foods WHERE user_id = ? AND deleted_at IS NULL",
    )
    .bind(user_id)
    .fetch_one(db)
    .await?;
    if count < MOST_FOODS { Ok(position) } else { Err(Code::TooManyFoods.into()) }
}

/// One food.
#[utoipa::path(get, path = "/{id}", params(("id" = Uuid, Path)), responses((status = 200, body = Food), Problems))]
async fn show(user: User, State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<Food>> {
    let mut db = app.db.acquire().await?;
    Ok(Json(food(&mut db, user.id, id).await?))
}

async fn food(db: &mut MySqlConnection, user_id: Uuid, id: Uuid) -> Result<Food> {
    let food = sqlx::query_as(select_foods!("WHERE user_id = ? AND id = ? AND deleted_at IS NULL"));
    food.bind(user_id).bind(id).fetch_optional(db).await?.ok_or_else(|| Code::NotFound.into())
}

/// Changes a food: what is absent stays, null clears.
#[utoipa::path(patch, path = "/{id}", params(("id" = Uuid, Path)), request_body = Change,
    responses((status = 200, body = Food), Problems))]
async fn change(
    user: User,
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(change): Json<Change>,
) -> Result<Json<Food>> {
    let now = app.clock.now();
    let today = user.today(now);
    let mut db = db::write(&app.db, user.id).await?;
    let before: Draft = sqlx::query_as(
        "SELECT name, icon, color, start_date, counting, goal_days, motivation, price_per_day, currency, archived_on
         FROM foods WHERE user_id = ? AND id = ? AND deleted_at IS NULL",
    )
    .bind(user.id)
    .bind(id)
    .fetch_optional(&mut *db)
    .await?
    .ok_or(Code::NotFound)?;
    let after = change.apply(&before, today)?;
    if after.start_date > before.start_date {
        refuse_history_before(&mut db, user.id, id, after.start_date, today).await?;
    }
    sqlx::query(
        "UPDATE foods SET name = ?, icon = ?, color = ?, start_date = ?, counting = ?, goal_days = ?,
                          motivation = ?, price_per_day = ?, currency = ?, archived_on = ?, updated_at = ?
         WHERE user_id = ? AND id = ?",
    )
    .bind(&after.name)
    .bind(&after.icon)
    .bind(&after.color)
    .bind(after.start_date)
    .bind(after.counting)
    .bind(after.goal_days)
    .bind(&after.motivation)
    .bind(&after.price_per_day)
    .bind(&after.currency)
    .bind(after.archived_on)
    .bind(now)
    .bind(user.id)
    .bind(id)
    .execute(&mut *db)
    .await?;
    if after.counts_otherwise(&before) {
        counters::recompute(&mut db, user.id, &[id], today).await?;
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
    let (first,): (Option<NaiveDate>,) = sqlx::query_as(
        "SELECT MIN(date) FROM (
             SELECT MIN(date) AS date FROM outcomes WHERE user_id = ? AND food_id = ?
             UNION ALL SELECT MIN(date) FROM slips WHERE user_id = ? AND food_id = ?
         ) AS recorded",
    )
    .bind(user_id)
    .bind(id)
    .bind(user_id)
    .bind(id)
    .fetch_one(db)
    .await?;
    match first.filter(|first| *first < start_date) {
        Some(first) => Err(Fault::pointer("/start_date", Code::StartDateAfterHistory).naming(first, today).into()),
        None => Ok(()),
    }
}

/// Deletes a food. It can be restored for 30 days.
#[utoipa::path(delete, path = "/{id}", params(("id" = Uuid, Path)), responses((status = 204), Problems))]
async fn delete(user: User, State(app): State<App>, Path(id): Path<Uuid>) -> Result<StatusCode> {
    let now = app.clock.now();
    let mut db = db::write(&app.db, user.id).await?;
    let deleted = sqlx::query("UPDATE foods SET deleted_at = ? WHERE user_id = ? AND id = ? AND deleted_at IS NULL")
        .bind(now)
        .bind(user.id)
        .bind(id)
        .execute(&mut *db)
        .await?;
    if deleted.rows_affected() == 0 {
        return Err(Code::NotFound.into());
    }
    db.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Brings a deleted food back, as if it had never been deleted.
#[utoipa::path(post, path = "/{id}/restore", params(("id" = Uuid, Path)), responses((status = 200, body = Food), Problems))]
async fn restore(user: User, State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<Food>> {
    let now = app.clock.now();
    let mut db = db::write(&app.db, user.id).await?;
    let deleted: Option<(Uuid,)> =
        sqlx::query_as("SELECT id FROM foods WHERE user_id = ? AND id = ? AND deleted_at > ?")
            .bind(user.id)
            .bind(id)
            .bind(now - RESTORABLE)
            .fetch_optional(&mut *db)
            .await?;
    if deleted.is_some() {
        // Its old place may be another's now; the limit holds for it as for a new one.
        next_position(&mut db, user.id).await?;
        sqlx::query("UPDATE foods SET deleted_at = NULL WHERE user_id = ? AND id = ?")
            .bind(user.id)
            .bind(id)
            .execute(&mut *db)
            .await?;
    }
    let food = food(&mut db, user.id, id).await?;
    db.commit().await?;
    Ok(Json(food))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Order {
    ids: Vec<Uuid>,
}

/// Puts the foods in this order; those not named follow in their old one.
#[utoipa::path(put, path = "/order", request_body = Order, responses((status = 204), Problems))]
async fn order(user: User, State(app): State<App>, Json(order): Json<Order>) -> Result<StatusCode> {
    let mut db = db::write(&app.db, user.id).await?;
    let before: Vec<(Uuid,)> =
        sqlx::query_as("SELECT id FROM foods WHERE user_id = ? AND deleted_at IS NULL ORDER BY position, id")
            .bind(user.id)
            .fetch_all(&mut *db)
            .await?;
    let mut rest: Vec<Uuid> = before.into_iter().map(|(id,)| id).collect();
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
    sqlx::query(
        "UPDATE foods
         JOIN JSON_TABLE(?, '$[*]' COLUMNS (place FOR ORDINALITY, id CHAR(32) PATH '$')) AS ordered
             ON foods.id = UNHEX(ordered.id)
         SET position = place - 1 WHERE user_id = ?",
    )
    .bind(sqlx::types::Json(ids))
    .bind(user.id)
    .execute(&mut *db)
    .await?;
    db.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

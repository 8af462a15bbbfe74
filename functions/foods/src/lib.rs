//! The foods a person quits: create, read, change, archive, delete, restore, order.

mod change;
mod create;
mod fields;

use axum::{Router, extract::State};
use chrono::{DateTime, Utc};
use common::{
    App, Code, Connected, Error, Json, Path, Query, Result, Routes,
    diary::{
        food::{Food, RESTORABLE},
        streak::Counting,
    },
    functions::FOODS,
    routes,
};
use serde::{Deserialize, Serialize};
use sqlx::MySqlConnection;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A SELECT of [`Food`]s, with what follows `FROM foods` and its parameters.
macro_rules! select_foods {
    ($rest:literal, $($parameter:expr),*) => {
        sqlx::query_as!(
            Food,
            r#"SELECT id AS "id: Uuid", name, icon, color AS "color: String", start_date, counting AS "counting: Counting", goal_days,
                      motivation, price_per_day, currency AS "currency: String", position, archived_on,
                      created_at AS "created_at: DateTime<Utc>", updated_at AS "updated_at: DateTime<Utc>"
               FROM foods "# + $rest,
            $($parameter),*
        )
    };
}

pub fn router(app: App) -> Router {
    let routes = Routes::default()
        .routes(routes!(list, create::create))
        .routes(routes!(change::order))
        .routes(routes!(show, change::change, change::delete))
        .routes(routes!(change::restore));
    routes.under(&FOODS, app)
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
    #[param(inline)]
    state: Listing,
}

#[derive(Serialize, ToSchema)]
struct Foods {
    foods: Vec<Food>,
}

/// The foods, in the person's order.
#[utoipa::path(
    get, path = "", params(Filter), responses((status = 200, description = "The foods.", body = Foods)),
)]
async fn list(
    Connected { user, mut db }: Connected,
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> Result<Json<Foods>> {
    let foods = match filter.state {
        Listing::Active => {
            select_foods!(
                "WHERE user_id = ? AND deleted_at IS NULL AND archived_on IS NULL ORDER BY position, id",
                user.id
            )
            .fetch_all(&mut *db)
            .await?
        }
        Listing::Archived => {
            select_foods!(
                "WHERE user_id = ? AND deleted_at IS NULL AND archived_on IS NOT NULL ORDER BY position, id",
                user.id
            )
            .fetch_all(&mut *db)
            .await?
        }
        Listing::Deleted => {
            let since = app.clock.now() - RESTORABLE;
            select_foods!("WHERE user_id = ? AND deleted_at > ? ORDER BY position, id", user.id, since)
                .fetch_all(&mut *db)
                .await?
        }
    };
    Ok(Json(Foods { foods }))
}

/// One food.
#[utoipa::path(
    get, path = "/{id}", params(("id" = Uuid, Path, description = "The food's id.")),
    responses((status = 200, description = "The food.", body = Food)),
)]
async fn show(Connected { user, mut db }: Connected, Path(id): Path<Uuid>) -> Result<Json<Food>> {
    Ok(Json(food(&mut db, user.id, id).await?))
}

async fn food(db: &mut MySqlConnection, user_id: Uuid, id: Uuid) -> Result<Food> {
    let food = select_foods!("WHERE user_id = ? AND id = ? AND deleted_at IS NULL", user_id, id);
    food.fetch_optional(db).await?.ok_or_else(|| Code::NotFound.into())
}

/// A food that this transaction has written. If it is not there, the database has rolled the transaction back.
async fn written(db: &mut MySqlConnection, user_id: Uuid, id: Uuid) -> Result<Food> {
    food(db, user_id, id).await.map_err(|error| match error {
        Error::Refused(Code::NotFound) => Error::RolledBack,
        error => error,
    })
}

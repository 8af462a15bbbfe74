//! The whole first screen in one call.

use axum::extract::State;
use chrono::{DateTime, Days, NaiveDate, Utc};
use common::{
    App, Json, Me, Problems, Result, User,
    counters::{self, Streak},
    day, db,
    food::Food,
    review::{self, Review, Stored},
    select_foods,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Serialize, ToSchema)]
pub struct Today {
    /// The person's today.
    as_of: NaiveDate,
    /// When the next day begins.
    next_day_at: DateTime<Utc>,
    me: Me,
    /// The active foods, in the person's order.
    foods: Vec<FoodToday>,
    /// Null where nothing is recorded yet.
    review: Option<Review>,
    /// What yesterday still waits for.
    pending: Option<Pending>,
}

#[derive(Serialize, ToSchema)]
pub struct FoodToday {
    food: Food,
    streak: Streak,
}

/// The foods that have neither an outcome nor a slip on `date`.
#[derive(Serialize, ToSchema)]
pub struct Pending {
    date: NaiveDate,
    food_ids: Vec<Uuid>,
}

/// Everything the first screen shows.
#[utoipa::path(get, path = "/today", responses((status = 200, description = "As it is now.", body = Today), Problems))]
pub async fn show(user: User, State(app): State<App>) -> Result<Json<Today>> {
    let now = app.clock.now();
    let as_of = user.today(now);
    let yesterday = as_of - Days::new(1);
    let mut db = db::snapshot(&app.db).await?;
    let foods: Vec<Food> = sqlx::query_as(select_foods!(
        "WHERE user_id = ? AND deleted_at IS NULL AND archived_on IS NULL ORDER BY position, id"
    ))
    .bind(user.id)
    .fetch_all(&mut *db)
    .await?;
    let tracked = counters::tracked(&mut db, user.id).await?;
    let mut stored = review::load(&mut db, user.id, &[yesterday, as_of]).await?;
    let active = tracked.iter().filter(|food| food.archived_on.is_none()).cloned().collect();
    let streaks = counters::streaks(&mut db, user.id, active, as_of).await?;

    let before = stored.remove(&yesterday).unwrap_or_default();
    let waits = |food: &&Food| food.start_date <= yesterday && !is_recorded(&before, food.id);
    let food_ids: Vec<Uuid> = foods.iter().filter(waits).map(|food| food.id).collect();
    let review = stored.remove(&as_of).filter(|stored| !stored.is_empty());
    Ok(Json(Today {
        as_of,
        next_day_at: day::next_day_at(as_of, user.time_zone(), user.day_start),
        review: review.map(|stored| stored.review(as_of, &tracked, as_of, now)),
        pending: (!food_ids.is_empty()).then_some(Pending { date: yesterday, food_ids }),
        foods: foods.into_iter().zip(streaks).map(|(food, streak)| FoodToday { food, streak }).collect(),
        me: user.into(),
    }))
}

/// Whether the date holds an outcome of the food, a day off among them, or a slip.
fn is_recorded(stored: &Stored, food_id: Uuid) -> bool {
    stored.content.foods.get(&food_id).is_some_and(|said| said.outcome.is_some())
        || stored.skipped.contains(&food_id)
        || stored.slips.iter().any(|slip| slip.food_id == food_id)
}

//! The whole first screen in one call.

use axum::extract::State;
use chrono::{DateTime, Days, NaiveDate, Utc};
use common::{
    App, Connected, Json, Me, Problems, Result, db,
    diary::{
        counters::{self, CountedFood, Streak},
        day,
        food::Food,
        records::{self, Recorded},
        review::{Review, Stored},
    },
};
use serde::Serialize;
use sqlx::FromRow;
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

/// A food and its counter, from one statement.
#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    food: Food,
    #[sqlx(flatten)]
    tracked: CountedFood,
}

/// Everything the first screen shows.
#[utoipa::path(get, path = "/today", responses((status = 200, description = "As it is now.", body = Today), Problems))]
pub async fn show(Connected { user, db }: Connected, State(app): State<App>) -> Result<Json<Today>> {
    let now = app.clock.now();
    let as_of = user.today(now);
    let yesterday = as_of - Days::new(1);
    let more = "name, icon, color, motivation, position, created_at, updated_at,";
    // Ticks have closed what is before; where they have not, it is read again from the last that they have.
    let since = yesterday - Days::new(1);
    let statements = [counters::select_foods(user.id, more), records::select(user.id, yesterday, since)];
    let (mut db, mut read) = db::snapshot(db, &statements).await?;
    let rows: Vec<Row> = read.rows()?;
    let (foods, tracked): (Vec<Food>, Vec<CountedFood>) = rows.into_iter().map(|row| (row.food, row.tracked)).unzip();
    let active = || tracked.iter().filter(|food| food.archived_on.is_none());
    let closed = counters::closed_through(active());
    if closed < since {
        read = db::read(&mut db, &[records::select(user.id, yesterday, closed)]).await?;
    }
    let mut recorded = Recorded::read(&mut read, &tracked, &[yesterday])?;
    let streaks = counters::streaks(&mut db, user.id, active().cloned().collect(), recorded.histories(), as_of).await?;

    let foods: Vec<Food> = foods.into_iter().filter(|food| food.archived_on.is_none()).collect();
    let before = recorded.dates.remove(&yesterday).unwrap_or_default();
    let waits = |food: &&Food| food.start_date <= yesterday && !is_recorded(&before, food.id);
    let food_ids: Vec<Uuid> = foods.iter().filter(waits).map(|food| food.id).collect();
    let review = recorded.dates.remove(&as_of).filter(|stored| !stored.is_empty());
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

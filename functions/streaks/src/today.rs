//! The whole first screen in one call.

use axum::extract::State;
use chrono::{DateTime, Days, NaiveDate, Utc};
use common::{
    Account, App, Connected, Json, Me, Result,
    db::{self, Results, Select},
    diary::{
        counted_food::CountedFood, counters, day, food::Food, numbers::Streak, records::RecordsOnAndAfter,
        review::Review,
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

/// SELECT: the foods of a person that are not deleted, in their order, with all that is shown of them.
struct FoodsInFull {
    user_id: Uuid,
}

#[derive(FromRow)]
struct FoodInFull {
    #[sqlx(flatten)]
    food: Food,
    #[sqlx(flatten)]
    counted: CountedFood,
}

impl Select for FoodsInFull {
    type Rows = Vec<FoodInFull>;

    fn sql(&self) -> String {
        let select = CountedFood::select(", name, icon, color, motivation, position, created_at, updated_at");
        let user_id = db::id(self.user_id);
        format!("{select} WHERE foods.user_id = {user_id} AND deleted_at IS NULL ORDER BY position, id")
    }

    fn rows(&self, results: &mut Results) -> Result<Vec<FoodInFull>> {
        results.take()
    }
}

/// Everything the first screen shows.
#[utoipa::path(
    get, path = "/today", responses((status = 200, description = "What there is today.", body = Today)),
)]
pub async fn show(Connected { user, db }: Connected, State(app): State<App>) -> Result<Json<Today>> {
    let now = app.clock.now();
    let as_of = user.today(now);
    let yesterday = as_of - Days::new(1);
    // A tick in time has closed the day before yesterday; yesterday is read in any case.
    let assumed = yesterday - Days::new(1);
    let since = |after| RecordsOnAndAfter { user_id: user.id, date: yesterday, after };
    let select = (Account(user.clone()), FoodsInFull { user_id: user.id }, since(assumed));
    let (mut db, (me, foods, rows)) = db::snapshot(db, select).await?;
    let (foods, counted): (Vec<Food>, Vec<CountedFood>) = foods.into_iter().map(|row| (row.food, row.counted)).unzip();
    let active = || counted.iter().filter(|food| food.archived_on.is_none());
    let rows = counters::since_closed(&mut db, counters::closed_through(active()), assumed, rows, since).await?;
    let mut records = rows.of(&counted, &[yesterday]);
    let streaks = counters::streaks(&mut db, user.id, active().cloned().collect(), records.histories(), as_of).await?;

    let foods: Vec<Food> = foods.into_iter().filter(|food| food.archived_on.is_none()).collect();
    let before = records.on(yesterday);
    let waits = |food: &&Food| food.start_date <= yesterday && !before.has(food.id);
    let food_ids: Vec<Uuid> = foods.iter().filter(waits).map(|food| food.id).collect();
    let review = records.dates.get(&as_of).filter(|record| !record.is_empty());
    Ok(Json(Today {
        as_of,
        next_day_at: day::next_day_at(as_of, &user.time_zone(), user.day_start),
        review: review.map(|record| record.review(as_of, &counted, as_of, now)),
        pending: (!food_ids.is_empty()).then_some(Pending { date: yesterday, food_ids }),
        foods: foods.into_iter().zip(streaks).map(|(food, streak)| FoodToday { food, streak }).collect(),
        me,
    }))
}

//! The review of a date, slips, and days off.

mod list;
mod quick_slip;
mod reviews;
mod skips;
mod slips;
mod stats;

use axum::Router;
use chrono::NaiveDate;
use common::{
    App, Code, Fault, Result, Routes,
    diary::{counted_food::CountedFood, day::Date},
    functions::REVIEWS,
    routes,
};
use uuid::Uuid;

pub fn router(app: App) -> Router {
    let reviews =
        Routes::default().routes(routes!(reviews::show, reviews::put, reviews::delete)).body_limit(REVIEWS.body_limit);
    let routes = reviews
        .routes(routes!(list::list))
        .routes(routes!(stats::show))
        .routes(routes!(quick_slip::post))
        .routes(routes!(slips::put, slips::delete))
        .routes(routes!(skips::list))
        .routes(routes!(skips::put, skips::delete));
    routes.under(&REVIEWS, app)
}

/// The problems of what may be recorded: [`recordable_date`], [`recordable`].
const RECORDABLE: [Code; 4] = [Code::ReviewDateFuture, Code::ReviewBeforeStart, Code::FoodNotFound, Code::FoodArchived];

/// The date of a path on which something may be recorded.
fn recordable_date(date: &str, today: NaiveDate) -> Result<NaiveDate> {
    let date = Date::parameter("date", date)?;
    if date > today { Err(Fault::parameter("date", Code::ReviewDateFuture).into()) } else { Ok(date) }
}

/// Refuses to record `date` for the food that the body names at `pointer`, where it can't be:
/// another's food, one that starts later, or one archived before.
fn recordable(
    foods: &[CountedFood],
    food_id: Uuid,
    pointer: &str,
    date: NaiveDate,
    today: NaiveDate,
) -> Result<(), Fault> {
    let refused = |code| Err(Fault::pointer(pointer, code));
    match foods.iter().find(|food| food.id == food_id) {
        None => refused(Code::FoodNotFound),
        Some(food) if date < food.start_date => {
            Err(Fault::pointer(pointer, Code::ReviewBeforeStart).naming(food.start_date, today))
        }
        Some(food) if food.archived_on.is_some_and(|archived_on| date > archived_on) => refused(Code::FoodArchived),
        Some(_) => Ok(()),
    }
}

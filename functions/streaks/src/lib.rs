//! Counts, calendars and the first screen: reads only.

mod calendar;
mod stats;
mod today;

use std::collections::HashMap;

use axum::{Router, extract::State};
use chrono::{Days, NaiveDate};
use common::{
    App, Code, Connected, Json, Path, Problems, Result, Routes, db,
    diary::{
        counters::{self, CountedFood, Streak},
        day::Date,
        history,
    },
    functions::STREAKS,
    routes,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub fn router(app: App) -> Router {
    let routes = Routes::default()
        .routes(routes!(list))
        .routes(routes!(today::show))
        .routes(routes!(show))
        .routes(routes!(calendar::show))
        .routes(routes!(stats::show));
    routes.under(&STREAKS, app)
}

#[derive(Serialize, ToSchema)]
struct Streaks {
    /// The person's today.
    as_of: NaiveDate,
    streaks: Vec<Streak>,
}

/// The numbers of the active foods, in the person's order.
#[utoipa::path(get, path = "", responses((status = 200, description = "As it is now.", body = Streaks), Problems))]
async fn list(Connected { user, db }: Connected, State(app): State<App>) -> Result<Json<Streaks>> {
    let as_of = user.today(app.clock.now());
    let (mut db, read) = db::snapshot(db, &counters::select_current(user.id, as_of)).await?;
    let (foods, recent) = counters::read_current(&mut db, user.id, read, &[], as_of).await?;
    Ok(Json(Streaks { as_of, streaks: counters::streaks(&mut db, user.id, foods, recent, as_of).await? }))
}

/// The numbers of one food, archived or not.
#[utoipa::path(get, path = "/{food_id}", params(("food_id" = Uuid, Path)),
    responses((status = 200, description = "As it is now.", body = Streak), Problems))]
async fn show(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Path(food_id): Path<Uuid>,
) -> Result<Json<Streak>> {
    let today = user.today(app.clock.now());
    // A tick has closed yesterday; where it has not, what is recorded since is read again.
    let yesterday = today - Days::new(1);
    let statements =
        [counters::select_food(user.id, food_id), history::select(user.id, food_id, yesterday..=Date::LAST)];
    let (mut db, mut read) = db::snapshot(db, &statements).await?;
    let food: CountedFood = read.rows()?.pop().ok_or(Code::NotFound)?;
    let closed = food.counter.closed_through;
    let history = match closed < yesterday {
        true => history::load(&mut db, user.id, food_id, closed..=Date::LAST).await?,
        false => history::read(&mut read)?,
    };
    let recent = HashMap::from([(food_id, history)]);
    let mut streaks = counters::streaks(&mut db, user.id, vec![food], recent, today).await?;
    streaks.pop().map(Json).ok_or_else(|| Code::NotFound.into())
}

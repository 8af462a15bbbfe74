//! Counts, calendars, the feed of a calendar and the first screen: reads only.

mod calendar;
mod feed;
mod stats;
mod today;

use axum::{Router, extract::State};
use chrono::{Days, NaiveDate};
use common::{
    App, Code, Connected, Json, Path, Result, Routes, db,
    diary::{
        counted_food::OneFood,
        counters,
        day::Date,
        history::{Histories, HistoryOf},
        numbers::Streak,
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
        .routes(routes!(calendar::show_all))
        .routes(routes!(feed::show))
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
#[utoipa::path(
    get, path = "", responses((status = 200, description = "The numbers.", body = Streaks)),
)]
async fn list(Connected { user, db }: Connected, State(app): State<App>) -> Result<Json<Streaks>> {
    let as_of = user.today(app.clock.now());
    let (mut db, read) = db::snapshot(db, counters::current(user.id, as_of)).await?;
    Ok(Json(Streaks { as_of, streaks: counters::current_streaks(&mut db, user.id, read, &[], as_of).await? }))
}

/// The numbers of one food, archived or not.
#[utoipa::path(
    get, path = "/{food_id}", params(("food_id" = Uuid, Path, description = "The food's id.")),
    responses((status = 200, description = "The numbers.", body = Streak)),
)]
async fn show(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Path(food_id): Path<Uuid>,
) -> Result<Json<Streak>> {
    let today = user.today(app.clock.now());
    let yesterday = today - Days::new(1);
    let since = |from| HistoryOf { user_id: user.id, food_id, dates: from..=Date::LAST };
    let (mut db, (food, history)) = db::snapshot(db, (OneFood { user_id: user.id, food_id }, since(yesterday))).await?;
    let food = food.ok_or(Code::NotFound)?;
    let closed = food.counter.closed_through;
    let history = counters::since_closed(&mut db, closed, yesterday, history, since).await?;
    let recent = Histories::from([(food_id, history)]);
    let mut streaks = counters::streaks(&mut db, user.id, vec![food], recent, today).await?;
    streaks.pop().map(Json).ok_or_else(|| Code::NotFound.into())
}

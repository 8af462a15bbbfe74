//! The dates of one food, each with its status.

use axum::extract::State;
use chrono::NaiveDate;
use common::{
    App, Code, Connected, Fault, Json, Path, Query, Result, db,
    diary::{compact, counted_food::OneFood, day::Date, history::HistoryOf, streak::Status},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// How many days one answer shows.
const MOST_DAYS: i64 = 400;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Range {
    /// The first date.
    from: Date,
    /// The last date: at most the 400th from the first.
    to: Date,
}

#[derive(Serialize, ToSchema)]
pub struct Calendar {
    /// Ascending; clipped to the start of the food and today.
    days: Vec<CalendarDay>,
}

#[derive(Serialize, ToSchema)]
pub struct CalendarDay {
    #[serde(serialize_with = "compact::serialize")]
    date: NaiveDate,
    status: Status,
    /// Whether the status was recorded, not assumed.
    recorded: bool,
    slips: u32,
}

/// The dates from `from` to `to`, both included, at most 400.
#[utoipa::path(
    get, path = "/{food_id}/calendar", params(("food_id" = Uuid, Path, description = "The food's id."), Range),
    responses((status = 200, description = "The dates, from the food's start to today.", body = Calendar)),
    extensions(("x-problems" = json!([Code::RangeInvalid, Code::RangeTooLong]))),
)]
pub async fn show(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Path(food_id): Path<Uuid>,
    Query(Range { from, to }): Query<Range>,
) -> Result<Json<Calendar>> {
    if to < from {
        return Err(Fault::parameter("to", Code::RangeInvalid).into());
    }
    if (to.0 - from.0).num_days() >= MOST_DAYS {
        return Err(Fault::parameter("to", Code::RangeTooLong).into());
    }
    let today = user.today(app.clock.now());
    let dates = from.0..=to.0;
    let select = (OneFood { user_id: user.id, food_id }, HistoryOf { user_id: user.id, food_id, dates });
    let (_, (food, history)) = db::snapshot(db, select).await?;
    let food = food.ok_or(Code::NotFound)?;
    let as_of = food.as_of(today);
    let (first, last) = (from.0.max(food.start_date), to.0.min(as_of));
    let dates = first.iter_days().take_while(|date| *date <= last);
    let day = |date: NaiveDate| {
        let record = history.on(date);
        CalendarDay {
            date,
            status: history.status(date, food.counting, date < as_of),
            recorded: record.outcome.is_some() || record.slips > 0,
            slips: record.slips,
        }
    };
    Ok(Json(Calendar { days: dates.map(day).collect() }))
}

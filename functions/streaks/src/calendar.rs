//! The dates of one food, or of all, each with its status.

use axum::extract::State;
use chrono::NaiveDate;
use common::{
    App, Code, Connected, Json, Path, Query, Result, db,
    diary::{
        compact,
        counted_food::{CountedFood, Foods, OneFood},
        day::DateRange,
        history::{HistoriesOn, HistoryOf},
        streak::{History, Status},
    },
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

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
    get, path = "/{food_id}/calendar", params(("food_id" = Uuid, Path, description = "The food's id."), DateRange),
    responses((status = 200, description = "The dates, from the food's start to today.", body = Calendar)),
    extensions(("x-problems" = json!(DateRange::PROBLEMS))),
)]
pub async fn show(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Path(food_id): Path<Uuid>,
    Query(range): Query<DateRange>,
) -> Result<Json<Calendar>> {
    let dates = range.dates()?;
    let today = user.today(app.clock.now());
    let (from, to) = (*dates.start(), *dates.end());
    let select = (OneFood { user_id: user.id, food_id }, HistoryOf { user_id: user.id, food_id, dates });
    let (_, (food, history)) = db::snapshot(db, select).await?;
    let food = food.ok_or(Code::NotFound)?;
    let day = |(date, status)| {
        let record = history.on(date);
        CalendarDay { date, status, recorded: record.outcome.is_some() || record.slips > 0, slips: record.slips }
    };
    Ok(Json(Calendar { days: days(&food, &history, from, to, today).map(day).collect() }))
}

/// The dates of a food, each with its status, of those from `from` to `to` that it has.
pub fn days(
    food: &CountedFood,
    history: &History,
    from: NaiveDate,
    to: NaiveDate,
    today: NaiveDate,
) -> impl Iterator<Item = (NaiveDate, Status)> {
    let as_of = food.as_of(today);
    let (first, last) = (from.max(food.start_date), to.min(as_of));
    let dates = first.iter_days().take_while(move |date| *date <= last);
    dates.map(move |date| (date, history.status(date, food.counting, date < as_of)))
}

#[derive(Serialize, ToSchema)]
pub struct Calendars {
    /// The first date, as asked for.
    from: NaiveDate,
    /// The last date, as asked for.
    to: NaiveDate,
    /// In the person's order, archived ones among them. A food with none of the dates is left out.
    foods: Vec<FoodCalendar>,
}

#[derive(Serialize, ToSchema)]
pub struct FoodCalendar {
    food_id: Uuid,
    /// The date of the first letter: `from`, or the food's start.
    from: NaiveDate,
    /// A letter a date, until `to`, today, or the day the food was archived: `k` kept, `s` slipped, `d` a day off,
    /// `o` open, `m` missing.
    #[schema(pattern = "^[ksdom]+$", examples("kkskkdo"))]
    days: String,
    /// The dates with more than one slip, ascending.
    counts: Vec<SlipCount>,
}

#[derive(Serialize, ToSchema)]
pub struct SlipCount {
    date: NaiveDate,
    slips: u32,
}

/// The dates of all foods from `from` to `to`, both included, at most 400.
#[utoipa::path(
    get, path = "/calendar", params(DateRange),
    responses((status = 200, description = "The dates of each food, from its start to today.", body = Calendars)),
    extensions(("x-problems" = json!(DateRange::PROBLEMS))),
)]
pub async fn show_all(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Query(range): Query<DateRange>,
) -> Result<Json<Calendars>> {
    let dates = range.dates()?;
    let today = user.today(app.clock.now());
    let (from, to) = (*dates.start(), *dates.end());
    let select = (Foods { user_id: user.id }, HistoriesOn { user_id: user.id, dates });
    let (_, (foods, mut histories)) = db::snapshot(db, select).await?;
    let calendar = |food: CountedFood| {
        let history = histories.remove(&food.id).unwrap_or_default();
        let (mut letters, mut counts) = (String::new(), Vec::new());
        for (date, status) in days(&food, &history, from, to, today) {
            letters.push(letter(status));
            let slips = history.on(date).slips;
            if slips > 1 {
                counts.push(SlipCount { date, slips });
            }
        }
        let calendar = FoodCalendar { food_id: food.id, from: from.max(food.start_date), days: letters, counts };
        (!calendar.days.is_empty()).then_some(calendar)
    };
    Ok(Json(Calendars { from, to, foods: foods.into_iter().filter_map(calendar).collect() }))
}

fn letter(status: Status) -> char {
    match status {
        Status::Kept => 'k',
        Status::Slipped => 's',
        Status::Skipped => 'd',
        Status::Open => 'o',
        Status::Missing => 'm',
    }
}

//! What the history of one food says: when slips happen, and how long runs were.

use std::collections::HashMap;

use axum::extract::State;
use chrono::{Datelike, Days, NaiveDate, NaiveTime, Timelike};
use common::{
    App, Code, Connected, Json, Path, Result,
    db::{self, Results, Select},
    diary::{
        counted_food::OneFood,
        day::Date,
        history::HistoryOf,
        streak::{Outcome, Status},
    },
};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Serialize, ToSchema)]
pub struct Stats {
    /// Slips by weekday, Monday first.
    by_weekday: [u32; 7],
    /// Slips by hour of the wall clock.
    by_hour: [u32; 24],
    /// Slips without a time, dates reviewed as slipped without a slip among them.
    without_time: u32,
    /// The most frequent first.
    triggers: Vec<Trigger>,
    /// Every run of kept dates, ascending.
    runs: Vec<Run>,
    rate_30: Rate,
}

#[derive(Serialize, ToSchema)]
pub struct Trigger {
    trigger: String,
    count: u32,
}

/// Kept dates with nothing but days off between them.
#[derive(Serialize, ToSchema)]
pub struct Run {
    /// The first kept date.
    from: NaiveDate,
    /// The last kept date.
    to: NaiveDate,
    /// How many of them are kept.
    days: u32,
    /// Slipped or missing; null while it goes on.
    ended_by: Option<Status>,
}

/// Of the last 30 dates.
#[derive(Default, Serialize, ToSchema)]
pub struct Rate {
    kept: u32,
    /// Kept, slipped or missing.
    counted: u32,
}

/// SELECT: when the slips of a food were, and what set them off.
struct SlipTimes {
    user_id: Uuid,
    food_id: Uuid,
}

#[derive(FromRow)]
struct SlipTime {
    date: NaiveDate,
    time: Option<NaiveTime>,
    cause: Option<String>,
}

impl Select for SlipTimes {
    type Rows = Vec<SlipTime>;

    fn sql(&self) -> String {
        let (user_id, food_id) = (db::id(self.user_id), db::id(self.food_id));
        format!("SELECT date, time, cause FROM slips WHERE user_id = {user_id} AND food_id = {food_id}")
    }

    fn rows(&self, results: &mut Results) -> Result<Vec<SlipTime>> {
        results.take()
    }
}

/// Statistics of one food.
#[utoipa::path(
    get, path = "/{food_id}/stats", params(("food_id" = Uuid, Path, description = "The food's id.")),
    responses((status = 200, description = "The statistics.", body = Stats)),
)]
pub async fn show(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Path(food_id): Path<Uuid>,
) -> Result<Json<Stats>> {
    let today = user.today(app.clock.now());
    let one_food = OneFood { user_id: user.id, food_id };
    let history = HistoryOf { user_id: user.id, food_id, dates: Date::FIRST..=Date::LAST };
    let slips = SlipTimes { user_id: user.id, food_id };
    let (_, (food, history, slips)) = db::snapshot(db, (one_food, history, slips)).await?;
    let food = food.ok_or(Code::NotFound)?;
    let as_of = food.as_of(today);

    let mut stats = Stats {
        by_weekday: [0; 7],
        by_hour: [0; 24],
        without_time: 0,
        triggers: Vec::new(),
        runs: Vec::new(),
        rate_30: Rate::default(),
    };
    let mut triggers: HashMap<String, u32> = HashMap::new();
    for SlipTime { date, time, cause } in slips.into_iter().filter(|slip| slip.date <= as_of) {
        stats.slip(date, time);
        cause.into_iter().for_each(|trigger| *triggers.entry(trigger).or_default() += 1);
    }
    stats.triggers = triggers.into_iter().map(|(trigger, count)| Trigger { trigger, count }).collect();
    stats.triggers.sort_by(|one, other| (other.count, &one.trigger).cmp(&(one.count, &other.trigger)));
    for date in food.start_date.iter_days().take_while(|date| *date <= as_of) {
        let record = history.on(date);
        if record.outcome == Some(Outcome::Slipped) && record.slips == 0 {
            stats.slip(date, None);
        }
        let status = history.status(date, food.counting, date < as_of);
        stats.extend_runs(date, status);
        if date + Days::new(30) > as_of {
            stats.rate_30.kept += u32::from(status == Status::Kept);
            stats.rate_30.counted += u32::from(matches!(status, Status::Kept | Status::Slipped | Status::Missing));
        }
    }
    Ok(Json(stats))
}

impl Stats {
    fn slip(&mut self, date: NaiveDate, time: Option<NaiveTime>) {
        self.by_weekday[date.weekday().num_days_from_monday() as usize] += 1;
        match time {
            Some(time) => self.by_hour[time.hour() as usize] += 1,
            None => self.without_time += 1,
        }
    }

    /// Takes the next date into the last run, or a new one.
    fn extend_runs(&mut self, date: NaiveDate, status: Status) {
        let open = self.runs.last_mut().filter(|run| run.ended_by.is_none());
        match (status, open) {
            (Status::Kept, Some(run)) => (run.to, run.days) = (date, run.days + 1),
            (Status::Kept, None) => self.runs.push(Run { from: date, to: date, days: 1, ended_by: None }),
            (Status::Slipped | Status::Missing, Some(run)) => run.ended_by = Some(status),
            _ => {}
        }
    }
}

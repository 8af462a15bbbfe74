//! What the history of one food says: when slips happen, and how long runs were.

use std::collections::HashMap;

use axum::extract::State;
use chrono::{Datelike, Days, NaiveDate, NaiveTime, Timelike};
use common::{
    App, Code, Connected, Json, Path, Problems, Result, db,
    diary::{
        counters::{self, CountedFood},
        day::Date,
        history,
        streak::{Outcome, Status},
    },
};
use serde::Serialize;
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

/// Statistics of one food.
#[utoipa::path(get, path = "/{food_id}/stats", params(("food_id" = Uuid, Path)),
    responses((status = 200, description = "As it is now.", body = Stats), Problems))]
pub async fn show(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Path(food_id): Path<Uuid>,
) -> Result<Json<Stats>> {
    let today = user.today(app.clock.now());
    let statements = [
        counters::select_food(user.id, food_id),
        history::select(user.id, food_id, Date::FIRST..=Date::LAST),
        format!(
            "SELECT date, time, cause FROM slips WHERE user_id = {} AND food_id = {}",
            db::id(user.id),
            db::id(food_id)
        ),
    ];
    let (_, mut read) = db::snapshot(db, &statements).await?;
    let food: CountedFood = read.rows()?.pop().ok_or(Code::NotFound)?;
    let as_of = food.as_of(today);
    let history = history::read(&mut read)?;
    let slips: Vec<(NaiveDate, Option<NaiveTime>, Option<String>)> = read.rows()?;

    let mut stats = Stats {
        by_weekday: [0; 7],
        by_hour: [0; 24],
        without_time: 0,
        triggers: Vec::new(),
        runs: Vec::new(),
        rate_30: Rate::default(),
    };
    let mut triggers: HashMap<String, u32> = HashMap::new();
    for (date, time, trigger) in slips.into_iter().filter(|(date, ..)| *date <= as_of) {
        stats.slip(date, time);
        trigger.into_iter().for_each(|trigger| *triggers.entry(trigger).or_default() += 1);
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

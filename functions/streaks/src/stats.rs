//! What the history of one food says: when slips happen, and how long runs were.

use std::collections::HashMap;

use axum::extract::State;
use chrono::{Datelike, Days, NaiveDate};
use common::{
    App, Code, Connected, Json, Path, Result, db,
    diary::{
        counted_food::OneFood,
        day::{Date, week_of},
        history::HistoryOf,
        pattern::{self, Pattern, SlipTime, SlipTimes},
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
    /// The most frequent first, at most 100.
    triggers: Vec<Trigger>,
    /// Every run of kept dates, ascending.
    runs: Vec<Run>,
    rate_30: Rate,
    /// The last 104 weeks, ascending.
    by_week: Vec<Week>,
    /// What most slips have in common; null where there are fewer than five, or where chance would do as well.
    pattern: Option<Pattern>,
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

/// A week of the food's dates.
#[derive(Serialize, ToSchema)]
pub struct Week {
    /// Its Monday.
    week: NaiveDate,
    kept: u32,
    /// Kept, slipped or missing.
    counted: u32,
    /// Slips, dates reviewed as slipped without a slip among them.
    slips: u32,
}

/// How many weeks are shown.
const MOST_WEEKS: usize = 104;

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
    let slips = SlipTimes { user_id: user.id, food_id: Some(food_id), dates: Date::FIRST..=today };
    let (_, (food, history, mut times)) = db::snapshot(db, (one_food, history, slips)).await?;
    let food = food.ok_or(Code::NotFound)?;
    let as_of = food.as_of(today);

    let mut stats = Stats {
        by_weekday: [0; 7],
        by_hour: [0; 24],
        without_time: 0,
        triggers: Vec::new(),
        runs: Vec::new(),
        rate_30: Rate::default(),
        by_week: Vec::new(),
        pattern: None,
    };
    for date in food.start_date.iter_days().take_while(|date| *date <= as_of) {
        let record = history.on(date);
        let without = u32::from(record.outcome == Some(Outcome::Slipped) && record.slips == 0);
        if without > 0 {
            let weekday = date.weekday().num_days_from_monday();
            times.push(SlipTime { weekday, hour: None, cause: None, slips: without });
        }
        let status = history.status(date, food.counting, date < as_of);
        let (kept, counted) = (
            u32::from(status == Status::Kept),
            u32::from(matches!(status, Status::Kept | Status::Slipped | Status::Missing)),
        );
        stats.extend_runs(date, status);
        if date + Days::new(30) > as_of {
            stats.rate_30.kept += kept;
            stats.rate_30.counted += counted;
        }
        stats.extend_weeks(date, kept, counted, record.slips + without);
    }
    stats.by_week.drain(..stats.by_week.len().saturating_sub(MOST_WEEKS));
    stats.pattern = pattern::strongest(&times);
    let mut triggers: HashMap<String, u32> = HashMap::new();
    for SlipTime { weekday, hour, cause, slips } in times {
        stats.slips(weekday, hour, slips);
        cause.into_iter().for_each(|trigger| *triggers.entry(trigger).or_default() += slips);
    }
    stats.triggers = triggers.into_iter().map(|(trigger, count)| Trigger { trigger, count }).collect();
    stats.triggers.sort_by(|one, other| (other.count, &one.trigger).cmp(&(one.count, &other.trigger)));
    Ok(Json(stats))
}

impl Stats {
    fn slips(&mut self, weekday: u32, hour: Option<u32>, slips: u32) {
        self.by_weekday[weekday as usize] += slips;
        match hour {
            Some(hour) => self.by_hour[hour as usize] += slips,
            None => self.without_time += slips,
        }
    }

    /// Takes the next date into its week.
    fn extend_weeks(&mut self, date: NaiveDate, kept: u32, counted: u32, slips: u32) {
        let week = week_of(date);
        match self.by_week.last_mut().filter(|last| last.week == week) {
            Some(last) => {
                last.kept += kept;
                last.counted += counted;
                last.slips += slips;
            }
            None => self.by_week.push(Week { week, kept, counted, slips }),
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

//! What weeks were like, when slips happen, and what hard days came to, of all foods together.

use std::collections::HashMap;

use axum::extract::State;
use chrono::NaiveDate;
use common::{
    App, Connected, Json, Query, Result,
    db::{self, Results, Select},
    diary::{
        day::{DateRange, week_of},
        pattern::{self, Pattern, SlipTime, SlipTimes},
    },
};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

/// From this difficulty on a date was hard: of five faces, the last two.
const HARD: u8 = 4;
/// From this craving on, of ten, a slip was on a date that was hard.
const STRONG: u8 = 7;

#[derive(Serialize, ToSchema)]
pub struct Stats {
    /// The weeks of the dates up to today, ascending, those without a record too.
    by_week: Vec<Week>,
    /// What most slips of the dates have in common; null where there are fewer than five, or where chance would do as
    /// well.
    pattern: Option<Pattern>,
    hard_days: HardDays,
}

/// What wanting some has come to: the dates up to today that were hard. Those are the ones whose review says a difficulty
/// of 4 or 5, and those with a slip that says a craving of 7 or more.
#[derive(Default, Serialize, FromRow, ToSchema)]
pub struct HardDays {
    /// How many there were.
    days: u32,
    /// How many of them passed with nothing eaten: without a slip of any food, and reviewed as slipped for none.
    passed: u32,
}

#[derive(Serialize, ToSchema)]
pub struct Week {
    /// Its Monday. Dates of the week before the first, or after the last, play no part.
    week: NaiveDate,
    /// The dates with a review.
    reviews: u32,
    /// The mean of the reviews that say it, from 1 to 5, to 2 decimals.
    difficulty: Option<f64>,
    /// The mean of the reviews that say it, from 1 to 5, to 2 decimals.
    mood: Option<f64>,
    /// The mean craving of the slips that say it, from 0 to 10, to 2 decimals.
    cravings: Option<f64>,
}

/// SELECT: the reviews and cravings of the weeks, the dates reviewed as slipped without a slip, and the dates that were
/// hard; of foods that are not deleted.
struct Weeks {
    user_id: Uuid,
    from: NaiveDate,
    to: NaiveDate,
}

struct WeekRows {
    reviews: Vec<ReviewsOfWeek>,
    cravings: Vec<(NaiveDate, Option<f64>)>,
    without_slip: Vec<SlipTime>,
    hard_days: Option<HardDays>,
}

#[derive(FromRow)]
struct ReviewsOfWeek {
    week: NaiveDate,
    reviews: u32,
    difficulty: Option<f64>,
    mood: Option<f64>,
}

impl Select for Weeks {
    type Rows = WeekRows;

    fn sql(&self) -> String {
        let (user_id, from, to) = (db::id(self.user_id), self.from, self.to);
        let week = "DATE_SUB(date, INTERVAL WEEKDAY(date) DAY)";
        let foods = |table: &str| {
            format!(
                "{table} FORCE INDEX (by_date)
                 STRAIGHT_JOIN foods ON foods.user_id = {table}.user_id AND foods.id = {table}.food_id
                 WHERE {table}.user_id = {user_id} AND deleted_at IS NULL
                     AND date BETWEEN DATE'{from}' AND DATE'{to}' AND date <= COALESCE(archived_on, DATE'{to}')"
            )
        };
        let (outcomes, slips) = (foods("outcomes"), foods("slips"));
        format!(
            "SELECT {week} AS week, CAST(COUNT(DISTINCT date) AS UNSIGNED INTEGER) AS reviews,
                    CAST(ROUND(AVG(difficulty), 2) AS DOUBLE) AS difficulty, CAST(ROUND(AVG(mood), 2) AS DOUBLE) AS mood
             FROM (SELECT date, difficulty, mood FROM reviews
                   WHERE user_id = {user_id} AND date BETWEEN DATE'{from}' AND DATE'{to}'
                       AND (difficulty IS NOT NULL OR mood IS NOT NULL OR note IS NOT NULL)
                   UNION ALL
                   SELECT DISTINCT date, NULL, NULL FROM {outcomes}) AS dates
             GROUP BY week;
             SELECT {week} AS week, CAST(ROUND(AVG(craving), 2) AS DOUBLE) FROM {slips} GROUP BY week;
             SELECT CAST(WEEKDAY(date) AS UNSIGNED INTEGER) AS weekday, CAST(NULL AS UNSIGNED INTEGER) AS hour,
                    CAST(NULL AS CHAR) AS cause, CAST(COUNT(*) AS UNSIGNED INTEGER) AS slips
             FROM {outcomes} AND outcome = 'slipped' AND NOT EXISTS
                 (SELECT 1 FROM slips FORCE INDEX (by_food)
                  WHERE slips.user_id = {user_id} AND slips.food_id = outcomes.food_id AND slips.date = outcomes.date)
             GROUP BY weekday;
             SELECT CAST(COUNT(*) AS UNSIGNED INTEGER) AS days,
                    CAST(COALESCE(SUM(NOT is_slipped), 0) AS UNSIGNED INTEGER) AS passed
             FROM (SELECT MAX(is_hard) AS is_hard, MAX(is_slipped) AS is_slipped
                   FROM (SELECT date, difficulty >= {HARD} AS is_hard, FALSE AS is_slipped FROM reviews
                         WHERE user_id = {user_id} AND date BETWEEN DATE'{from}' AND DATE'{to}'
                         UNION ALL
                         SELECT date, craving >= {STRONG}, TRUE FROM {slips}
                         UNION ALL
                         SELECT date, FALSE, TRUE FROM {outcomes} AND outcome = 'slipped') AS records
                   GROUP BY date) AS dates
             WHERE is_hard"
        )
    }

    fn rows(&self, results: &mut Results) -> Result<WeekRows> {
        Ok(WeekRows {
            reviews: results.take()?,
            cravings: results.take()?,
            without_slip: results.take()?,
            hard_days: results.take()?.pop(),
        })
    }
}

/// The weeks from `from` to `to`, both included, at most 400 days.
#[utoipa::path(
    get, path = "/stats", tag = "Reviews", params(DateRange),
    responses((status = 200, description = "The weeks, what slips have in common, and what hard days came to.", body = Stats)),
    extensions(("x-problems" = json!(DateRange::PROBLEMS))),
)]
pub async fn show(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Query(range): Query<DateRange>,
) -> Result<Json<Stats>> {
    let dates = range.dates()?;
    let (from, to) = (*dates.start(), (*dates.end()).min(user.today(app.clock.now())));
    let slips = SlipTimes { user_id: user.id, food_id: None, dates: from..=to };
    let (_, (weeks, mut times)) = db::snapshot(db, (Weeks { user_id: user.id, from, to }, slips)).await?;
    times.extend(weeks.without_slip);
    let mut reviews: HashMap<NaiveDate, ReviewsOfWeek> = weeks.reviews.into_iter().map(|row| (row.week, row)).collect();
    let cravings: HashMap<NaiveDate, Option<f64>> = weeks.cravings.into_iter().collect();
    let week = |week: NaiveDate| {
        let row = reviews.remove(&week);
        Week {
            week,
            reviews: row.as_ref().map_or(0, |row| row.reviews),
            difficulty: row.as_ref().and_then(|row| row.difficulty),
            mood: row.and_then(|row| row.mood),
            cravings: cravings.get(&week).copied().flatten(),
        }
    };
    let mondays = week_of(from).iter_weeks().take_while(|monday| *monday <= to && from <= to);
    Ok(Json(Stats {
        by_week: mondays.map(week).collect(),
        pattern: pattern::strongest(&times),
        hard_days: weeks.hard_days.unwrap_or_default(),
    }))
}

//! What is recorded and counts: the outcomes, slips and days off of one food, or of each since a date.

use std::{collections::HashMap, ops::RangeInclusive};

use anyhow::Context;
use chrono::NaiveDate;
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::{
    Result,
    db::{self, Results},
    diary::{day::Date, streak::History},
};

/// The SELECTs of [`read_each`]: what is recorded after `date`.
pub fn select_after(user_id: Uuid, date: NaiveDate) -> String {
    let id = db::id(user_id);
    [
        format!(
            "SELECT food_id, date, outcome FROM outcomes FORCE INDEX (by_date)
             WHERE user_id = {id} AND date > DATE'{date}' AND outcome IS NOT NULL"
        ),
        format!(
            "SELECT food_id, date, CAST(COUNT(*) AS UNSIGNED INTEGER) FROM slips FORCE INDEX (by_date)
             WHERE user_id = {id} AND date > DATE'{date}' GROUP BY food_id, date"
        ),
        select_skips(user_id, date..=Date::LAST),
    ]
    .join(";")
}

/// What is recorded, by food.
pub fn read_each(read: &mut Results) -> Result<HashMap<Uuid, History>> {
    let mut histories: HashMap<Uuid, History> = HashMap::new();
    for (food_id, date, outcome) in read.rows::<(Uuid, _, _)>()? {
        histories.entry(food_id).or_default().set_outcome(date, outcome);
    }
    for (food_id, date, count) in read.rows::<(Uuid, _, _)>()? {
        histories.entry(food_id).or_default().set_slips(date, count);
    }
    for (food_id, from, to) in read.rows::<(Uuid, _, _)>()? {
        histories.entry(food_id).or_default().skip(from, to);
    }
    Ok(histories)
}

/// What is recorded for one food on `dates`.
pub async fn load(
    db: &mut MySqlConnection,
    user_id: Uuid,
    food_id: Uuid,
    dates: RangeInclusive<NaiveDate>,
) -> Result<History> {
    read(&mut db::read(db, &[select(user_id, food_id, dates)]).await?)
}

/// The SELECTs of [`read`]. All outcomes are one row: one for each would cost the driver more than
/// what it says.
pub fn select(user_id: Uuid, food_id: Uuid, dates: RangeInclusive<NaiveDate>) -> String {
    let (user_id, food_id) = (db::id(user_id), db::id(food_id));
    let (from, to) = dates.into_inner();
    [
        format!(
            "SELECT GROUP_CONCAT(CONCAT(TO_DAYS(date), ' ', outcome)) FROM outcomes
             WHERE user_id = {user_id} AND food_id = {food_id} AND date BETWEEN DATE'{from}' AND DATE'{to}'
                 AND outcome IS NOT NULL"
        ),
        format!(
            "SELECT TO_DAYS(date), CAST(COUNT(*) AS UNSIGNED INTEGER) FROM slips
             WHERE user_id = {user_id} AND food_id = {food_id} AND date BETWEEN DATE'{from}' AND DATE'{to}'
             GROUP BY date"
        ),
        format!(
            "SELECT from_date, to_date FROM skip_foods
             JOIN skips ON skips.user_id = skip_foods.user_id AND skips.id = skip_id
             WHERE skip_foods.user_id = {user_id} AND food_id = {food_id}
                 AND to_date >= DATE'{from}' AND from_date <= DATE'{to}'"
        ),
    ]
    .join(";")
}

/// What is recorded for one food.
pub fn read(results: &mut Results) -> Result<History> {
    let mut history = History::default();
    for (outcomes,) in results.rows::<(Option<String>,)>()? {
        for recorded in outcomes.iter().flat_map(|outcomes| outcomes.split(',')) {
            let parsed = recorded.split_once(' ').and_then(|(days, it)| Some((days.parse().ok()?, it.parse().ok()?)));
            let (days, outcome) = parsed.context("the days of a date and its outcome")?;
            history.set_outcome(db::date(days), outcome);
        }
    }
    for (days, count) in results.rows()? {
        history.set_slips(db::date(days), count);
    }
    for (from, to) in results.rows()? {
        history.skip(from, to);
    }
    Ok(history)
}

/// A SELECT of the ranges of days off that touch `dates`, for each of their foods.
pub fn select_skips(user_id: Uuid, dates: RangeInclusive<NaiveDate>) -> String {
    let (from, to) = dates.into_inner();
    format!(
        "SELECT food_id, from_date, to_date FROM skips
         STRAIGHT_JOIN skip_foods ON skip_foods.user_id = skips.user_id AND skip_id = skips.id
         WHERE skips.user_id = {} AND to_date >= DATE'{from}' AND from_date <= DATE'{to}'",
        db::id(user_id)
    )
}

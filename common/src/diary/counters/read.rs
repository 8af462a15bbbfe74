//! Reading counters: the numbers of foods as of today, and folding again.

use std::ops::DerefMut;

use chrono::{Days, NaiveDate};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::write::store_again;
use crate::{
    Result,
    db::{self, Locked, Select},
    diary::{
        counted_food::{CountedFood, Foods},
        day::Date,
        history::{Histories, HistoriesAfter, HistoryOf},
        numbers::Streak,
        streak::Counter,
    },
};

/// The last date that is closed for all of `foods`.
pub fn closed_through<'a>(foods: impl IntoIterator<Item = &'a CountedFood>) -> NaiveDate {
    foods.into_iter().map(|food| food.counter.closed_through).min().unwrap_or(Date::LAST)
}

/// What is recorded since `closed`, the last date that is closed for all foods in question.
///
/// A request reads it in the round trip that reads the foods, before it can know `closed`: it assumes that the tick
/// has closed everything through `assumed`, and `read` is what came of `since(assumed)`. Where the tick is late, it
/// is read again from `closed`.
pub async fn since_closed<S: Select>(
    db: &mut (impl DerefMut<Target = MySqlConnection> + Send),
    closed: NaiveDate,
    assumed: NaiveDate,
    read: S::Rows,
    since: impl FnOnce(NaiveDate) -> S,
) -> Result<S::Rows> {
    if closed < assumed { db::select(db, since(closed)).await } else { Ok(read) }
}

/// SELECT: the foods of a person, and what is recorded since yesterday, the last date that a tick in time has closed.
pub fn current(user_id: Uuid, today: NaiveDate) -> (Foods, HistoriesAfter) {
    (Foods { user_id }, HistoriesAfter { user_id, after: today - Days::new(1) })
}

/// The numbers of the active foods and of those `named`, from what [`current`] has read.
pub async fn current_streaks(
    db: &mut (impl DerefMut<Target = MySqlConnection> + Send),
    user_id: Uuid,
    (mut foods, histories): (Vec<CountedFood>, Histories),
    named: &[Uuid],
    today: NaiveDate,
) -> Result<Vec<Streak>> {
    foods.retain(|food| food.archived_on.is_none() || named.contains(&food.id));
    let since = |after| HistoriesAfter { user_id, after };
    let histories = since_closed(db, closed_through(&foods), today - Days::new(1), histories, since).await?;
    streaks(db, user_id, foods, histories, today).await
}

/// The numbers after the last write: of the active foods, and of those `named` by it.
pub async fn after_write(db: &mut Locked, named: &[Uuid], today: NaiveDate) -> Result<Vec<Streak>> {
    let user_id = db.user_id();
    let read = db.select_last(current(user_id, today)).await?;
    current_streaks(db, user_id, read, named, today).await
}

/// The numbers of `foods` on the day `today`, in the same order. `recent` is what is recorded since they were closed.
pub async fn streaks(
    db: &mut (impl DerefMut<Target = MySqlConnection> + Send),
    user_id: Uuid,
    foods: Vec<CountedFood>,
    mut recent: Histories,
    today: NaiveDate,
) -> Result<Vec<Streak>> {
    let mut streaks = Vec::with_capacity(foods.len());
    for mut food in foods {
        let as_of = food.as_of(today);
        let history = if food.has_closed(as_of) {
            // The same date came again (a flight west, an earlier start of the day): the counter is past it.
            food.counter = Counter::new(food.start_date);
            let dates = food.start_date..=Date::LAST;
            db::select(db, HistoryOf { user_id, food_id: food.id, dates }).await?
        } else {
            recent.remove(&food.id).unwrap_or_default()
        };
        streaks.push(food.streak(&history, as_of));
    }
    Ok(streaks)
}

/// Folds foods again from their start, after their rules or a closed date have changed.
pub async fn recompute(db: &mut Locked, food_ids: &[Uuid], today: NaiveDate) -> Result<()> {
    let user_id = db.user_id();
    let mut foods = db::select(db, Foods { user_id }).await?;
    foods.retain(|food| food_ids.contains(&food.id));
    for food in &mut foods {
        let over = food.closes_through().min(today - Days::new(1));
        food.counter = folded_again(db, food, over).await?;
    }
    store_again(db, &foods).await
}

/// [`recompute`] of those foods for which `date` was closed already. Returns whether there were any.
pub async fn recompute_closed(
    db: &mut Locked,
    foods: &[CountedFood],
    food_ids: &[Uuid],
    date: NaiveDate,
    today: NaiveDate,
) -> Result<bool> {
    let closed = foods.iter().filter(|food| food_ids.contains(&food.id) && food.has_closed(date));
    let closed: Vec<Uuid> = closed.map(|food| food.id).collect();
    if !closed.is_empty() {
        recompute(db, &closed, today).await?;
    }
    Ok(!closed.is_empty())
}

/// The counter of `food` from its start to `until`, whatever is stored of it.
pub async fn folded_again(db: &mut MySqlConnection, food: &CountedFood, until: NaiveDate) -> Result<Counter> {
    let dates = food.start_date..=Date::LAST;
    let history = db::select(db, HistoryOf { user_id: food.user_id, food_id: food.id, dates }).await?;
    let mut counter = Counter::new(food.start_date);
    counter.advance(&history, food.counting, food.goal_days, until);
    Ok(counter)
}

//! Closes the foods of a chunk that have records in the gap, or need the fold for another reason.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use common::{
    Result,
    db::{self, Transaction},
    diary::{
        counted_food::CountedFood,
        counters,
        streak::{History, Outcome},
    },
};
use futures_util::TryStreamExt;
use sqlx::{FromRow, Row, mysql::MySqlRow};
use uuid::Uuid;

use super::{FoodKey, Gap, key_list, lock::LockedFoods};

/// What is recorded in a gap, by food.
pub struct Records(HashMap<FoodKey, History>);

/// How the fold went.
pub struct Folded {
    /// How many foods it closed.
    pub closed: u64,
    /// Foods whose counters can't be read: they are left as they are.
    pub unreadable: HashSet<FoodKey>,
}

/// Reads the records of `locked` foods: all of them, since whoever has one is folded.
pub async fn records(db: &mut Transaction, locked: &LockedFoods) -> Result<Records> {
    let LockedFoods { gap: Gap { since, until }, people, .. } = locked;
    let mut histories: HashMap<FoodKey, History> = HashMap::new();
    let outcomes = format!(
        "SELECT user_id, food_id, date, outcome FROM outcomes
         WHERE {people} AND date > DATE'{since}' AND date <= DATE'{until}' AND outcome IS NOT NULL"
    );
    each(db, outcomes, |(user_id, food_id, date, outcome): (Uuid, Uuid, NaiveDate, Outcome)| {
        histories.entry((user_id, food_id)).or_default().set_outcome(date, outcome);
    })
    .await?;
    let slips = format!(
        "SELECT user_id, food_id, date, CAST(COUNT(*) AS UNSIGNED INTEGER) FROM slips
         WHERE {people} AND date > DATE'{since}' AND date <= DATE'{until}'
         GROUP BY user_id, food_id, date"
    );
    each(db, slips, |(user_id, food_id, date, count): (Uuid, Uuid, NaiveDate, u32)| {
        histories.entry((user_id, food_id)).or_default().set_slips(date, count);
    })
    .await?;
    let skips = format!(
        "SELECT user_id, food_id, from_date, to_date FROM skips JOIN skip_foods USING (user_id)
         WHERE {people} AND skip_id = skips.id AND to_date > DATE'{since}' AND from_date <= DATE'{until}'"
    );
    each(db, skips, |(user_id, food_id, from, to): (Uuid, Uuid, NaiveDate, NaiveDate)| {
        histories.entry((user_id, food_id)).or_default().skip(from, to);
    })
    .await?;
    Ok(Records(histories))
}

/// Folds the foods that need it, deleted ones too since they may be restored, and writes them back in one statement.
/// A counter that can't be read does not stop the others.
pub async fn fold(db: &mut Transaction, locked: &LockedFoods, Records(histories): Records) -> Result<Folded> {
    let until = locked.gap.until;
    let foods: HashSet<&FoodKey> = locked.needs_fold.iter().chain(histories.keys()).collect();
    let mut unreadable = HashSet::new();
    if foods.is_empty() {
        return Ok(Folded { closed: 0, unreadable });
    }
    let select = format!(
        "{} WHERE (foods.user_id, foods.id) IN ({}) AND closed_through < LEAST(DATE'{until}', closes_through)",
        CountedFood::select(""),
        key_list(foods),
    );
    let nothing = History::default();
    let (mut with_milestones, mut without) = (Vec::new(), Vec::new());
    for row in sqlx::raw_sql(db::safe(select)).fetch_all(&mut **db).await? {
        match CountedFood::from_row(&row) {
            Ok(mut food) => {
                let history = histories.get(&(food.user_id, food.id)).unwrap_or(&nothing);
                let before = food.counter.milestones.len();
                food.close(history, until);
                if food.counter.milestones.len() > before {
                    with_milestones.push(food);
                } else {
                    without.push(food);
                }
            }
            Err(error) => {
                let key: FoodKey = (row.try_get("user_id")?, row.try_get("id")?);
                tracing::error!(%error, user_id = %key.0, food_id = %key.1, "a counter can't be read");
                unreadable.insert(key);
            }
        }
    }
    counters::store_all(db, &with_milestones).await?;
    counters::store_days(db, &without).await?;
    Ok(Folded { closed: (with_milestones.len() + without.len()) as u64, unreadable })
}

/// Calls `take` with each row of a statement as it arrives, so that the rows are never all in memory.
async fn each<T>(db: &mut Transaction, statement: String, mut take: impl FnMut(T)) -> Result<()>
where
    T: for<'r> FromRow<'r, MySqlRow>,
{
    let mut rows = sqlx::raw_sql(db::safe(statement)).fetch(&mut **db);
    while let Some(row) = rows.try_next().await? {
        take(T::from_row(&row)?);
    }
    Ok(())
}

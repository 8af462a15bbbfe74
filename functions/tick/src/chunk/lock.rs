//! Locks the foods of a chunk.

use std::collections::HashSet;

use chrono::NaiveDate;
use common::{
    Result,
    db::{self, Transaction},
};
use sqlx::FromRow;
use uuid::Uuid;

use super::{FoodKey, Gap};
use crate::{due::Due, people::People};

/// Foods that this transaction has locked, and that have all days of `gap` to close.
pub struct LockedFoods {
    pub gap: Gap,
    pub people: People,
    /// How many foods.
    pub foods: u64,
    /// Foods that arithmetic is not enough for: they reach a milestone in the gap, or start or end within it.
    pub needs_fold: HashSet<FoodKey>,
}

impl LockedFoods {
    /// Changes the rows in `locks` that every write changes: at another node of a Galera cluster, where the locks of this
    /// one do not hold, a write of the same people is refused, or this transaction is.
    pub async fn change_locks(&self, db: &mut Transaction) -> Result<()> {
        let change = format!(
            "INSERT INTO locks (user_id) SELECT user_id FROM users WHERE {} ON DUPLICATE KEY UPDATE writes = writes + 1",
            self.people
        );
        sqlx::raw_sql(db::safe(change)).execute(&mut **db).await?;
        Ok(())
    }
}

/// Locked foods of one person, or of all.
#[derive(FromRow)]
struct Row {
    user_id: Uuid,
    since: NaiveDate,
    foods: u32,
    /// 64 hexadecimal digits a food: the person's id, then the food's.
    needs_fold: Option<String>,
}

/// Locks the due foods of `people` in the order of their keys. A person is skipped if a food is locked elsewhere, or has
/// changed since [`crate::due::find`] read it; `None` if all of them are skipped.
pub async fn lock(db: &mut Transaction, gap: Gap, people: &[Due], scanned: &[Uuid]) -> Result<Option<LockedFoods>> {
    let mut who = People::among(people.iter().map(|person| person.user_id).collect(), scanned);
    // Nearly always nothing is locked elsewhere and nothing has changed: then one row for all of them says so.
    let mut rows = select_for_update(db, gap, &who, "").await?;
    let foods: u32 = people.iter().map(|person| person.foods).sum();
    if !rows.first().is_some_and(|all| all.since == gap.since && all.foods == foods) {
        rows = select_for_update(db, gap, &who, "GROUP BY user_id").await?;
        rows.retain(|row| {
            let person = people.binary_search_by_key(&row.user_id, |person| person.user_id);
            person.is_ok_and(|at| row.since == gap.since && row.foods == people[at].foods)
        });
        if rows.is_empty() {
            return Ok(None);
        }
        who = People::listed(rows.iter().map(|row| row.user_id).collect());
    }
    Ok(Some(LockedFoods {
        gap,
        people: who,
        foods: rows.iter().map(|row| u64::from(row.foods)).sum(),
        needs_fold: rows.iter().filter_map(|row| row.needs_fold.as_deref()).flat_map(parse_keys).collect(),
    }))
}

async fn select_for_update(db: &mut Transaction, gap: Gap, people: &People, group_by: &str) -> Result<Vec<Row>> {
    let (Gap { since, until }, days) = (gap, gap.days());
    let select = format!(
        "SELECT MIN(user_id) AS user_id, MIN(closed_through) AS since, CAST(COUNT(*) AS UNSIGNED INTEGER) AS foods,
                GROUP_CONCAT(IF(closed_through <> DATE'{since}' OR closes_through < DATE'{until}'
                                OR (assumes AND current_run + {days} >= next_milestone),
                                CONCAT(HEX(user_id), HEX(food_id)), NULL)) AS needs_fold
         FROM counters
         WHERE {people} AND closed_through < LEAST(DATE'{until}', closes_through)
         {group_by}
         HAVING foods > 0
         FOR UPDATE SKIP LOCKED"
    );
    let rows = sqlx::raw_sql(db::safe(select)).fetch_all(&mut **db).await?;
    Ok(rows.iter().map(Row::from_row).collect::<sqlx::Result<_>>()?)
}

/// Reads the keys of [`Row::needs_fold`].
fn parse_keys(keys: &str) -> impl Iterator<Item = FoodKey> {
    keys.split(',').filter_map(|key| {
        let (user_id, food_id) = key.split_at_checked(32)?;
        Some((user_id.parse().ok()?, food_id.parse().ok()?))
    })
}

//! One chunk of the tick: the foods of some people, in one transaction.
//!
//! A food with nothing recorded in the gap, and no milestone to reach in it, is advanced by plain
//! arithmetic in SQL: its days are all kept, or all missing. All others are folded by
//! `common::streak` and written back together, so that the delicate rules exist once.
//!
//! People are named in the text of a statement, not joined to: an UPDATE of one table alone writes
//! each row where it finds it, and a range of dates with constant ends reads no more of an index
//! than it has to, however long the history.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use common::{
    Result,
    db::{self, Transaction},
    diary::{
        counters::{self, CountedFood},
        streak::{History, Outcome},
    },
};
use futures_util::TryStreamExt;
use sqlx::{FromRow, MySql, Row, mysql::MySqlRow, pool::PoolConnection};
use uuid::Uuid;

use crate::due::Due;

/// Closes the finished days of `people`, some of those `looked_at`; returns how many foods were
/// closed, and the connection. Those that a write or another tick holds, or has changed, are passed over.
pub async fn close(
    db: PoolConnection<MySql>,
    people: &[Due],
    looked_at: &[Uuid],
) -> Result<(u64, PoolConnection<MySql>)> {
    let mut db = db::begin(db).await?;
    let mut gaps: BTreeMap<(NaiveDate, NaiveDate), Vec<Due>> = BTreeMap::new();
    for person in people {
        gaps.entry((person.since, person.ended)).or_default().push(person.clone());
    }
    let mut closed = 0;
    for ((since, until), people) in gaps {
        let mut gap = Gap::new(since, until);
        let Some((people, foods)) = gap.lock(&mut db, &people, looked_at).await? else { continue };
        gap.read(&mut db, &people).await?;
        // The fold first: what it has closed is then none of the arithmetic's.
        let folded = gap.fold(&mut db).await?;
        let advanced = gap.advance_by_arithmetic(&mut db, &people).await?;
        let unread = gap.unread.len() as u64;
        if folded + advanced + unread != foods {
            // Somebody new among them, say, whose days were not looked at.
            return Err(anyhow::anyhow!("of {foods} foods {folded} + {advanced} were closed").into());
        }
        closed += folded + advanced;
    }
    Ok((closed, db.commit().await?))
}

/// A person's id and a food's.
type Key = (Uuid, Uuid);

/// The foods of some people that are to be closed from one date to another.
struct Gap {
    /// The date before it.
    since: NaiveDate,
    until: NaiveDate,
    /// Foods that arithmetic is not for: they reach a milestone, or begin or end within the gap.
    apart: HashSet<Key>,
    /// What is recorded in the gap.
    histories: HashMap<Key, History>,
    /// Foods whose counters can't be read: nothing is done about them.
    unread: HashSet<Key>,
}

/// What is locked of one person, or of all.
#[derive(FromRow)]
struct Held {
    user_id: Uuid,
    since: NaiveDate,
    foods: u32,
    /// Those that arithmetic is not for: 64 digits each, of the person's id and the food's.
    apart: Option<String>,
}

impl Gap {
    fn new(since: NaiveDate, until: NaiveDate) -> Self {
        Self { since, until, apart: HashSet::new(), histories: HashMap::new(), unread: HashSet::new() }
    }

    /// Locks what is due of `people`, in the order of the keys, passing over what is held elsewhere.
    /// Returns those of whom all is locked, and as it was found before, as a condition of SQL, and
    /// how many foods that is; `None` where there is nobody.
    async fn lock(
        &mut self,
        db: &mut Transaction,
        people: &[Due],
        looked_at: &[Uuid],
    ) -> Result<Option<(String, u64)>> {
        let mut who = among(people, looked_at);
        // Nearly always nobody holds or has changed anything, and one row says so.
        let mut held = self.hold(db, &who, "").await?;
        let foods: u32 = people.iter().map(|person| person.foods).sum();
        if !held.first().is_some_and(|all| all.since == self.since && all.foods == foods) {
            held = self.hold(db, &who, "GROUP BY user_id").await?;
            held.retain(|held| {
                let person = people.binary_search_by_key(&held.user_id, |person| person.user_id);
                person.is_ok_and(|at| held.since == self.since && held.foods == people[at].foods)
            });
            if held.is_empty() {
                return Ok(None);
            }
            who = one_of(&held.iter().map(|person| person.user_id).collect::<Vec<_>>());
        }
        for foods in held.iter().filter_map(|held| held.apart.as_deref()) {
            self.apart.extend(foods.split(',').filter_map(|key| {
                let (user_id, food_id) = key.split_at_checked(32)?;
                Some((user_id.parse().ok()?, food_id.parse().ok()?))
            }));
        }
        Ok(Some((who, held.iter().map(|held| u64::from(held.foods)).sum())))
    }

    async fn hold(&self, db: &mut Transaction, who: &str, group: &str) -> Result<Vec<Held>> {
        let Self { since, until, .. } = self;
        let days = (*until - *since).num_days();
        let statement = format!(
            "SELECT MIN(user_id) AS user_id, MIN(closed_through) AS since, CAST(COUNT(*) AS UNSIGNED INTEGER) AS foods,
                    GROUP_CONCAT(IF(closed_through <> DATE'{since}' OR closes_through < DATE'{until}'
                                    OR (assumes AND current_run + {days} >= next_milestone),
                                    CONCAT(HEX(user_id), HEX(food_id)), NULL)) AS apart
             FROM counters
             WHERE {who} AND closed_through < LEAST(DATE'{until}', closes_through)
             {group}
             HAVING foods > 0
             FOR UPDATE SKIP LOCKED"
        );
        let mut held = Vec::new();
        each(db, statement, |row| held.push(row)).await?;
        Ok(held)
    }

    /// Reads what is recorded in the gap.
    async fn read(&mut self, db: &mut Transaction, people: &str) -> Result<()> {
        let Self { since, until, histories, .. } = self;
        let outcomes = format!(
            "SELECT user_id, food_id, date, outcome FROM outcomes
             WHERE {people} AND date > DATE'{since}' AND date <= DATE'{until}' AND outcome IS NOT NULL"
        );
        each(db, outcomes, |(user_id, food_id, date, outcome): (_, _, _, Outcome)| {
            histories.entry((user_id, food_id)).or_default().set_outcome(date, outcome);
        })
        .await?;
        let slips = format!(
            "SELECT user_id, food_id, date, CAST(COUNT(*) AS UNSIGNED INTEGER) FROM slips
             WHERE {people} AND date > DATE'{since}' AND date <= DATE'{until}'
             GROUP BY user_id, food_id, date"
        );
        each(db, slips, |(user_id, food_id, date, count)| {
            histories.entry((user_id, food_id)).or_default().set_slips(date, count);
        })
        .await?;
        let skips = format!(
            "SELECT user_id, food_id, from_date, to_date FROM skips JOIN skip_foods USING (user_id)
             WHERE {people} AND skip_id = skips.id AND to_date > DATE'{since}' AND from_date <= DATE'{until}'"
        );
        each(db, skips, |(user_id, food_id, from, to)| {
            histories.entry((user_id, food_id)).or_default().skip(from, to);
        })
        .await
    }

    /// Folds the foods that arithmetic is not for, deleted ones too as they may come back, and
    /// writes them back at once. A row that can't be read stands in no other's way.
    async fn fold(&mut self, db: &mut Transaction) -> Result<u64> {
        let Self { until, histories, .. } = self;
        self.apart.extend(histories.keys());
        if self.apart.is_empty() {
            return Ok(0);
        }
        let apart = format!(
            "{} WHERE (foods.user_id, foods.id) IN ({}) AND closed_through < LEAST(DATE'{until}', closes_through)",
            counters::select_counted(""),
            key_list(&self.apart),
        );
        let nothing = History::default();
        let (mut reached, mut others) = (Vec::new(), Vec::new());
        for row in sqlx::raw_sql(db::safe(apart)).fetch_all(&mut **db).await? {
            match CountedFood::from_row(&row) {
                Ok(mut food) => {
                    let history = histories.get(&(food.user_id, food.id)).unwrap_or(&nothing);
                    let before = food.counter.milestones.len();
                    food.close(history, *until);
                    match food.counter.milestones.len() > before {
                        true => reached.push(food),
                        false => others.push(food),
                    }
                }
                Err(error) => {
                    let key: Key = (row.try_get("user_id")?, row.try_get("id")?);
                    tracing::error!(%error, user_id = %key.0, food_id = %key.1, "a counter can't be read");
                    self.unread.insert(key);
                }
            }
        }
        counters::store_all(db, &reached).await?;
        counters::store_days(db, &others).await?;
        Ok(u64::try_from(reached.len() + others.len()).unwrap_or_default())
    }

    /// Advances the foods of which nothing is recorded in the gap. MariaDB assigns from left to
    /// right, so that what a later expression needs of the old row is changed after it. The only check
    /// of this table is that milestones are JSON: they stay, and need not be parsed again.
    async fn advance_by_arithmetic(&self, db: &mut Transaction, people: &str) -> Result<u64> {
        let Self { since, until, .. } = self;
        let days = (*until - *since).num_days();
        let waiting = if days == 1 { "current_run + 1" } else { "1" };
        let unread = match self.unread.is_empty() {
            true => String::new(),
            false => format!("AND (user_id, food_id) NOT IN ({})", key_list(&self.unread)),
        };
        let update = format!(
            "SET STATEMENT check_constraint_checks = 0 FOR UPDATE counters
             SET kept_days = kept_days + {days} * assumes,
                 missing_days = missing_days + {days} * (1 - assumes),
                 waiting_run = IF(assumes, NULL, {waiting}),
                 current_run = (current_run + {days}) * assumes,
                 longest_run = GREATEST(longest_run, current_run),
                 closed_through = DATE'{until}'
             WHERE {people} AND closed_through = DATE'{since}' AND closes_through >= DATE'{until}'
                 {unread}"
        );
        Ok(sqlx::raw_sql(db::safe(update)).execute(&mut **db).await?.rows_affected())
    }
}

/// A condition of SQL: `user_id` is one of these people, who are some of those `looked_at`; both are in
/// the order of their ids. Where nobody else is between them, a range says it, which the server is
/// done with much sooner than with a list.
fn among(people: &[Due], looked_at: &[Uuid]) -> String {
    let ids: Vec<Uuid> = people.iter().map(|person| person.user_id).collect();
    let is_other = |id: &&Uuid| ids.first() < Some(id) && Some(*id) < ids.last() && ids.binary_search(id).is_err();
    let others: Vec<Uuid> = looked_at.iter().filter(is_other).copied().collect();
    match others.len() {
        0 => range(&ids),
        some if some < ids.len() => format!("{} AND user_id NOT IN ({})", range(&ids), list(&others)),
        _ => one_of(&ids),
    }
}

/// A condition of SQL: `user_id` is one of these, which are in their order. The range keeps a server that
/// knows little of its table from reading all of it.
fn one_of(ids: &[Uuid]) -> String {
    format!("{} AND user_id IN ({})", range(ids), list(ids))
}

fn range(ids: &[Uuid]) -> String {
    let end = |id: Option<&Uuid>| db::id(id.copied().unwrap_or_default());
    format!("user_id BETWEEN {} AND {}", end(ids.first()), end(ids.last()))
}

fn list(ids: &[Uuid]) -> String {
    ids.iter().copied().map(db::id).collect::<Vec<_>>().join(",")
}

/// Keys as a list of SQL.
fn key_list(keys: &HashSet<Key>) -> String {
    keys.iter()
        .map(|(user_id, food_id)| format!("({})", counters::key(*user_id, *food_id)))
        .collect::<Vec<_>>()
        .join(",")
}

/// Reads the rows of a statement one after the other.
async fn each<T>(db: &mut Transaction, statement: String, mut row_is_read: impl FnMut(T)) -> Result<()>
where
    T: for<'r> FromRow<'r, MySqlRow>,
{
    let mut rows = sqlx::raw_sql(db::safe(statement)).fetch(&mut **db);
    while let Some(row) = rows.try_next().await? {
        row_is_read(T::from_row(&row)?);
    }
    Ok(())
}

//! One chunk of the tick: finished days of some people's foods, closed in one transaction.
//!
//! Foods are closed together when they share a [`Gap`]. Each step hands its value to the next:
//! [`lock::lock`] gives [`LockedFoods`], [`fold::records`] what is recorded of them, [`fold::fold`] closes the foods
//! that `common::diary::streak` has to count, and [`arithmetic::advance`] all others.

mod arithmetic;
mod fold;
mod lock;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use common::{Result, db};
use sqlx::{MySql, pool::PoolConnection};
use uuid::Uuid;

use self::lock::LockedFoods;
use crate::due::Due;

/// A person's id and a food's.
type FoodKey = (Uuid, Uuid);

/// Consecutive dates that are to be closed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Gap {
    /// The last date that is closed already.
    since: NaiveDate,
    /// The last date to close.
    until: NaiveDate,
}

impl Gap {
    fn days(self) -> i64 {
        (self.until - self.since).num_days()
    }
}

/// Closes the finished days of `people`, who are among those `scanned`. Returns how many foods were closed, and the
/// connection. Foods that a write or another tick has locked or changed are skipped.
pub async fn close(
    db: PoolConnection<MySql>,
    people: &[Due],
    scanned: &[Uuid],
) -> Result<(u64, PoolConnection<MySql>)> {
    let mut db = db::begin(db).await?;
    let mut gaps: BTreeMap<Gap, Vec<Due>> = BTreeMap::new();
    for person in people {
        gaps.entry(Gap { since: person.since, until: person.ended }).or_default().push(person.clone());
    }
    let mut closed = 0;
    for (gap, people) in gaps {
        let Some(locked) = lock::lock(&mut db, gap, &people, scanned).await? else { continue };
        locked.change_locks(&mut db).await?;
        let records = fold::records(&mut db, &locked).await?;
        let folded = fold::fold(&mut db, &locked, records).await?;
        let advanced = arithmetic::advance(&mut db, &locked, &folded).await?;
        let (LockedFoods { foods, .. }, unreadable) = (locked, folded.unreadable.len() as u64);
        if folded.closed + advanced + unreadable != foods {
            // A food was added after the lock, say: the chunk is rolled back, and smaller ones are tried.
            return Err(anyhow::anyhow!("{} + {advanced} of {foods} locked foods were closed", folded.closed).into());
        }
        closed += folded.closed + advanced;
    }
    Ok((closed, db.commit().await?))
}

/// Keys as a list of SQL.
fn key_list<'a>(keys: impl IntoIterator<Item = &'a FoodKey>) -> String {
    let row = |(user_id, food_id): &FoodKey| format!("({})", common::diary::counters::key(*user_id, *food_id));
    keys.into_iter().map(row).collect::<Vec<_>>().join(",")
}

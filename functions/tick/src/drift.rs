//! The drift check: the stored counts of some people, compared with their records. They must agree. Each check goes
//! on where the last one ended.

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    App, Result, db,
    diary::{
        counted_food::{CountedFood, Foods},
        counters,
    },
};
use uuid::Uuid;

/// How many people one check covers.
const PEOPLE: u32 = 20;
/// The least time between two checks: ticks that come together check once.
const INTERVAL: TimeDelta = TimeDelta::minutes(10);

#[derive(Default)]
pub struct Checked {
    /// How many people were checked.
    pub people: u32,
    /// How many foods had a stored count that differs from their records. It was corrected.
    pub drifted: u32,
    /// The last person checked: the next check goes on after them.
    pub through: Uuid,
}

/// Checks the next people, unless the last check was a moment ago.
pub async fn check(app: &App, now: DateTime<Utc>) -> Result<Checked> {
    let last = sqlx::query!(
        r#"SELECT checked_through AS "through: Uuid", started_at AS "at: DateTime<Utc>"
           FROM ticks WHERE checked > 0 ORDER BY started_at DESC LIMIT 1"#
    );
    let last = last.fetch_optional(&app.db).await?;
    let (after, checked_at) = last.map(|last| (last.through, last.at)).unwrap_or_default();
    if now - checked_at < INTERVAL {
        return Ok(Checked::default());
    }
    let mut people = next(app, after).await?;
    if people.is_empty() {
        // Everybody was checked: begin again.
        people = next(app, Uuid::nil()).await?;
    }
    let count = u32::try_from(people.len()).unwrap_or_default();
    let mut checked = Checked { people: count, ..Checked::default() };
    for user_id in &people {
        match check_person(app, *user_id).await {
            Ok(drifted) => checked.drifted += drifted,
            // Locked by a write, or a row can't be read: the next round comes by again.
            Err(error) => tracing::warn!(%error, %user_id, "a person's counts could not be checked"),
        }
    }
    checked.through = people.last().copied().unwrap_or_default();
    Ok(checked)
}

/// The next people after `after`, in the order of their ids.
async fn next(app: &App, after: Uuid) -> Result<Vec<Uuid>> {
    let people = sqlx::query_scalar!(
        r#"SELECT user_id AS "user_id: Uuid" FROM users WHERE user_id > ? ORDER BY user_id LIMIT ?"#,
        after,
        PEOPLE
    );
    Ok(people.fetch_all(&app.db).await?)
}

/// Checks the counts of one person under the lock that writes and ticks take. Returns how many drifted.
async fn check_person(app: &App, user_id: Uuid) -> Result<u32> {
    let (mut db, foods) = db::write(app.db.acquire().await?, user_id, Foods { user_id }).await?;
    let mut drifted = Vec::new();
    for food in &foods {
        let counter = counters::folded_again(&mut db, food, food.counter.closed_through).await?;
        if counter != food.counter {
            tracing::error!(%user_id, food_id = %food.id, stored = ?food.counter, ?counter, "a stored count drifted");
            drifted.push(CountedFood { counter, ..food.clone() });
        }
    }
    counters::store_again(&mut db, &drifted).await?;
    db.commit().await?;
    Ok(u32::try_from(drifted.len()).unwrap_or_default())
}

//! The alarm that proves the model: some people's stored counts against their records, each tick
//! the next ones. They must agree.

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    App, Result,
    diary::counters::{self, CountedFood},
};
use uuid::Uuid;

/// How many people one tick checks.
const CHECKED: u32 = 20;
/// How long after a check there is another.
const EVERY: TimeDelta = TimeDelta::minutes(10);

#[derive(Default)]
pub struct Checked {
    /// People whose counts were looked at.
    pub people: u32,
    /// Foods whose stored count was not what the records give. It is now.
    pub drifted: u32,
    /// The last person looked at: the next check goes on after them.
    pub through: Uuid,
}

/// Checks the next people after those that were checked last. Where that was a moment ago, there is
/// nothing to check: this tick is a second of the same time.
pub async fn check(app: &App, now: DateTime<Utc>) -> Result<Checked> {
    let last: Option<(Uuid, DateTime<Utc>)> = sqlx::query_as(
        "SELECT checked_through, started_at FROM ticks WHERE checked > 0 ORDER BY started_at DESC LIMIT 1",
    )
    .fetch_optional(&app.db)
    .await?;
    let (after, checked_at) = last.unwrap_or_default();
    if now - checked_at < EVERY {
        return Ok(Checked::default());
    }
    let mut people = next(app, after).await?;
    if people.is_empty() {
        // Everybody was checked: it begins again.
        people = next(app, Uuid::nil()).await?;
    }
    let count = u32::try_from(people.len()).unwrap_or_default();
    let mut checked = Checked { people: count, ..Checked::default() };
    for (user_id,) in &people {
        match check_person(app, *user_id).await {
            Ok(drifted) => checked.drifted += drifted,
            // Held by a write, or a row that can't be read: the next round comes by again.
            Err(error) => tracing::warn!(%error, %user_id, "a person's counts could not be checked"),
        }
    }
    checked.through = people.last().map(|(user_id,)| *user_id).unwrap_or_default();
    Ok(checked)
}

/// The people after `after`, in the order of their ids.
async fn next(app: &App, after: Uuid) -> Result<Vec<(Uuid,)>> {
    let people = sqlx::query_as("SELECT user_id FROM users WHERE user_id > ? ORDER BY user_id LIMIT ?");
    Ok(people.bind(after).bind(CHECKED).fetch_all(&app.db).await?)
}

/// Checks the counts of one person, under the lock that writes and the tick take. Returns how many drifted.
async fn check_person(app: &App, user_id: Uuid) -> Result<u32> {
    let (mut db, foods) = counters::write(app.db.acquire().await?, user_id).await?;
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

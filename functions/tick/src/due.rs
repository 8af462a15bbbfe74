//! Who has finished days that are not closed yet.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use common::{App, Result, db, diary::day};
use sqlx::{Executor, FromRow, MySql, pool::PoolConnection, types::Json};
use uuid::Uuid;

/// How many people one look for what is due is at.
const LOOKED_AT: u32 = 2_000;

/// What a clock that people live by has closed: zone, start of the day, the last date that is over.
pub type Clock = (String, NaiveTime, NaiveDate);

/// A person with finished days that are not closed.
#[derive(Clone, FromRow, PartialEq, Eq)]
pub struct Due {
    pub user_id: Uuid,
    /// Of the foods that are due, the earliest `closed_through`.
    pub since: NaiveDate,
    /// The last date that is over where the person lives.
    pub ended: NaiveDate,
    /// How many foods are due.
    pub foods: u32,
}

impl Due {
    /// How many days there may be to look at.
    pub fn days(&self) -> u32 {
        u32::try_from((self.ended - self.since).num_days()).unwrap_or_default().saturating_mul(self.foods)
    }
}

/// The clocks that people live by, each with its last date that is over. Whose day it is follows
/// from the zone, which only Rust knows.
pub async fn clocks(app: &App, now: DateTime<Utc>) -> Result<Vec<Clock>> {
    let clocks: Vec<(String, NaiveTime)> =
        sqlx::query_as("SELECT DISTINCT time_zone, day_start FROM users").fetch_all(&app.db).await?;
    let over = |(time_zone, day_start): (String, NaiveTime)| {
        let today = day::today(now, time_zone.parse().unwrap_or(Tz::UTC), day_start);
        (time_zone, day_start, today - Days::new(1))
    };
    Ok(clocks.into_iter().map(over).collect())
}

/// People that were looked at, and those among them who have something to close, both in the order of
/// their ids.
pub struct Found {
    pub looked_at: Vec<Uuid>,
    pub due: Vec<Due>,
}

/// Looks at the next people after `after`; `None` when there are no more. Nothing is locked.
pub async fn find(
    db: PoolConnection<MySql>,
    clocks: &[Clock],
    after: Uuid,
) -> Result<(Option<Found>, PoolConnection<MySql>)> {
    let mut db = with_clocks(db, clocks).await?;
    let next = sqlx::query_scalar("SELECT user_id FROM users WHERE user_id > ? ORDER BY user_id LIMIT ?");
    let looked_at: Vec<Uuid> = next.bind(after).bind(LOOKED_AT).fetch_all(&mut *db).await?;
    let Some(last) = looked_at.last() else { return Ok((None, db.commit().await?)) };
    let due = sqlx::query_as(
        "SELECT STRAIGHT_JOIN users.user_id, MIN(closed_through) AS since, ended,
                CAST(COUNT(*) AS UNSIGNED INTEGER) AS foods
         FROM users
         JOIN tick_clocks ON tick_clocks.time_zone = users.time_zone AND tick_clocks.day_start = users.day_start
         JOIN counters ON counters.user_id = users.user_id
         WHERE users.user_id > ? AND users.user_id <= ? AND closed_through < LEAST(ended, closes_through)
         GROUP BY users.user_id ORDER BY users.user_id",
    );
    let due = due.bind(after).bind(last).fetch_all(&mut *db).await?;
    Ok((Some(Found { looked_at, due }), db.commit().await?))
}

/// How many foods are due, and how many days the oldest of them has waited.
pub async fn left(db: PoolConnection<MySql>, clocks: &[Clock]) -> Result<(u64, u32)> {
    let mut db = with_clocks(db, clocks).await?;
    let left = sqlx::query_as(
        "SELECT STRAIGHT_JOIN CAST(COUNT(*) AS UNSIGNED INTEGER),
                CAST(COALESCE(MAX(DATEDIFF(LEAST(ended, closes_through), closed_through)), 0) AS UNSIGNED INTEGER)
         FROM users
         JOIN tick_clocks ON tick_clocks.time_zone = users.time_zone AND tick_clocks.day_start = users.day_start
         JOIN counters ON counters.user_id = users.user_id
         WHERE closed_through < LEAST(ended, closes_through)",
    );
    Ok(left.fetch_one(&mut *db).await?)
}

/// A transaction that sees the clocks as the table `tick_clocks`.
async fn with_clocks(db: PoolConnection<MySql>, clocks: &[Clock]) -> Result<db::Transaction> {
    let mut db = db::begin(db).await?;
    db.execute(
        "CREATE OR REPLACE TEMPORARY TABLE tick_clocks (
             time_zone VARCHAR(64) COLLATE utf8mb4_bin, day_start TIME, ended DATE, PRIMARY KEY (time_zone, day_start)
         ) ENGINE = MEMORY",
    )
    .await?;
    sqlx::query(
        "INSERT INTO tick_clocks SELECT * FROM JSON_TABLE(?, '$[*]' COLUMNS (
             time_zone VARCHAR(64) PATH '$[0]', day_start TIME PATH '$[1]', ended DATE PATH '$[2]')) AS clocks",
    )
    .bind(Json(clocks))
    .execute(&mut *db)
    .await?;
    Ok(db)
}

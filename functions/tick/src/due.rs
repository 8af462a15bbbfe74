//! Finds who has finished days that are not closed yet.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use common::{
    App, Result, db,
    diary::{day, zone::Zone},
};
use serde::Serialize;
use sqlx::{Executor, FromRow, MySql, pool::PoolConnection, types::Json};
use uuid::Uuid;

/// How many people one call of [`find`] scans.
const SCANNED: u32 = 2_000;

/// The last date that is over for everybody who lives in a zone and begins the day at the same time.
#[derive(Serialize)]
pub struct DayEnd {
    time_zone: String,
    day_start: NaiveTime,
    ended: NaiveDate,
}

/// A person with finished days that are not closed.
#[derive(Clone, FromRow, PartialEq, Eq)]
pub struct Due {
    pub user_id: Uuid,
    /// The earliest `closed_through` of the foods that are due.
    pub since: NaiveDate,
    /// The last date that is over where the person lives.
    pub ended: NaiveDate,
    /// How many foods are due.
    pub foods: u32,
}

impl Due {
    /// The days to close, at most: those since the earliest, of each food.
    pub fn days(&self) -> u32 {
        u32::try_from((self.ended - self.since).num_days()).unwrap_or_default().saturating_mul(self.foods)
    }
}

/// One [`DayEnd`] for each pair of zone and start of the day that people have. They are computed here because the
/// database has no time zones.
pub async fn day_ends(app: &App, now: DateTime<Utc>) -> Result<Vec<DayEnd>> {
    let pairs = sqlx::query!(r#"SELECT DISTINCT time_zone, day_start AS "day_start: NaiveTime" FROM users"#);
    let pairs = pairs.fetch_all(&app.db).await?.into_iter();
    Ok(pairs
        .map(|pair| {
            let today = day::today(now, &Zone::stored(&pair.time_zone), pair.day_start);
            DayEnd { time_zone: pair.time_zone, day_start: pair.day_start, ended: today - Days::new(1) }
        })
        .collect())
}

/// The people of one scan and those of them who have something to close, both in the order of their ids.
pub struct Found {
    pub scanned: Vec<Uuid>,
    pub due: Vec<Due>,
}

/// Scans the next people after `after`; `None` when there are no more. Nothing is locked.
pub async fn find(
    db: PoolConnection<MySql>,
    day_ends: &[DayEnd],
    after: Uuid,
) -> Result<(Option<Found>, PoolConnection<MySql>)> {
    let mut db = with_day_ends(db, day_ends).await?;
    let next = sqlx::query_scalar!(
        r#"SELECT user_id AS "user_id: Uuid" FROM users WHERE user_id > ? ORDER BY user_id LIMIT ?"#,
        after,
        SCANNED
    );
    let scanned = next.fetch_all(&mut *db).await?;
    let Some(last) = scanned.last() else { return Ok((None, db.commit().await?)) };
    let due = sqlx::query_as(
        "SELECT STRAIGHT_JOIN users.user_id, MIN(closed_through) AS since, ended,
                CAST(COUNT(*) AS UNSIGNED INTEGER) AS foods
         FROM users
         JOIN day_ends ON day_ends.time_zone = users.time_zone AND day_ends.day_start = users.day_start
         JOIN counters ON counters.user_id = users.user_id
         WHERE users.user_id > ? AND users.user_id <= ? AND closed_through < LEAST(ended, closes_through)
         GROUP BY users.user_id ORDER BY users.user_id",
    );
    let due = due.bind(after).bind(last).fetch_all(&mut *db).await?;
    Ok((Some(Found { scanned, due }), db.commit().await?))
}

/// How many foods are due, and for how many days the oldest of them has been.
pub async fn left(db: PoolConnection<MySql>, day_ends: &[DayEnd]) -> Result<(u64, u32)> {
    let mut db = with_day_ends(db, day_ends).await?;
    let left = sqlx::query_as(
        "SELECT STRAIGHT_JOIN CAST(COUNT(*) AS UNSIGNED INTEGER),
                CAST(COALESCE(MAX(DATEDIFF(LEAST(ended, closes_through), closed_through)), 0) AS UNSIGNED INTEGER)
         FROM users
         JOIN day_ends ON day_ends.time_zone = users.time_zone AND day_ends.day_start = users.day_start
         JOIN counters ON counters.user_id = users.user_id
         WHERE closed_through < LEAST(ended, closes_through)",
    );
    Ok(left.fetch_one(&mut *db).await?)
}

/// Begins a transaction that sees `day_ends` as a table. It is a temporary one, so that statements that name it can't
/// be checked when they are compiled.
async fn with_day_ends(db: PoolConnection<MySql>, day_ends: &[DayEnd]) -> Result<db::Transaction> {
    let mut db = db::begin(db).await?;
    db.execute(
        "CREATE OR REPLACE TEMPORARY TABLE day_ends (
             time_zone VARCHAR(64) COLLATE utf8mb4_bin, day_start TIME, ended DATE, PRIMARY KEY (time_zone, day_start)
         ) ENGINE = MEMORY",
    )
    .await?;
    sqlx::query(
        "INSERT INTO day_ends SELECT * FROM JSON_TABLE(?, '$[*]' COLUMNS (
             time_zone VARCHAR(64) PATH '$.time_zone', day_start TIME PATH '$.day_start',
             ended DATE PATH '$.ended')) AS day_ends",
    )
    .bind(Json(day_ends))
    .execute(&mut *db)
    .await?;
    Ok(db)
}

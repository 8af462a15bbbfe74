//! Erases many rows in portions. One statement for all of a large account would hold its locks for minutes, and take
//! minutes more to be rolled back if it were interrupted.

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    Result,
    db::{self, Pool},
};

/// How many rows one statement deletes.
const PORTION: u64 = 2_000;

/// Erases the rows of an account, until `deadline`; true if nothing is left. It is marked as deleted before, so that
/// nobody adds to it.
pub async fn account(db: &Pool, user_id: Uuid, deadline: Instant) -> Result<bool> {
    macro_rules! portions {
        ($statement:literal) => {
            while sqlx::query!($statement, user_id, PORTION).execute(db).await?.rows_affected() == PORTION {
                if Instant::now() >= deadline {
                    return Ok(false);
                }
            }
        };
    }
    portions!("DELETE FROM slips WHERE user_id = ? ORDER BY id LIMIT ?");
    portions!("DELETE FROM outcomes WHERE user_id = ? ORDER BY food_id, date LIMIT ?");
    portions!("DELETE FROM reviews WHERE user_id = ? ORDER BY date LIMIT ?");
    portions!("DELETE FROM skip_foods WHERE user_id = ? ORDER BY skip_id, food_id LIMIT ?");
    portions!("DELETE FROM slip_keys WHERE user_id = ? ORDER BY slip_id LIMIT ?");
    portions!("DELETE FROM sends WHERE user_id = ? ORDER BY id LIMIT ?");
    // What is left is bounded by the limits of the API. By its foreign keys it goes with this row.
    sqlx::query!("DELETE FROM users WHERE user_id = ?", user_id).execute(db).await?;
    Ok(true)
}

/// Erases a food that was deleted at `erasable` or before, until `deadline`; true if nothing is left. Each portion
/// takes the person's lock and looks again, since an import may bring the food back.
pub async fn food(db: &Pool, user_id: Uuid, food_id: Uuid, erasable: DateTime<Utc>, deadline: Instant) -> Result<bool> {
    loop {
        let mut db = db::lock(db.acquire().await?, user_id).await?;
        let is_there = sqlx::query!(
            "SELECT id FROM foods WHERE user_id = ? AND id = ? AND deleted_at <= ?",
            user_id,
            food_id,
            erasable
        );
        if is_there.fetch_optional(&mut *db).await?.is_none() {
            return Ok(true);
        }
        let slips = sqlx::query!(
            "DELETE FROM slips WHERE user_id = ? AND food_id = ? ORDER BY date, id LIMIT ?",
            user_id,
            food_id,
            PORTION
        );
        let slips = slips.execute(&mut *db).await?.rows_affected();
        let outcomes = sqlx::query!(
            "DELETE FROM outcomes WHERE user_id = ? AND food_id = ? ORDER BY date LIMIT ?",
            user_id,
            food_id,
            PORTION
        );
        let outcomes = outcomes.execute(&mut *db).await?.rows_affected();
        let is_all = slips < PORTION && outcomes < PORTION;
        if is_all {
            sqlx::query!("DELETE FROM foods WHERE user_id = ? AND id = ?", user_id, food_id).execute(&mut *db).await?;
        }
        db.commit().await?;
        if is_all || Instant::now() >= deadline {
            return Ok(is_all);
        }
    }
}

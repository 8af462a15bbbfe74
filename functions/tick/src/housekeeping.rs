//! Deletes what has expired.

use chrono::{DateTime, TimeDelta, Utc};
use common::{App, Result, db, diary::food, session};
use uuid::Uuid;

use crate::clock::MOST_APART;

/// How long the rows of `ticks` are retained.
const TICKS_RETAINED: TimeDelta = TimeDelta::days(30);

/// Deletes ended sessions, sign-ins that were not completed, old rows of `ticks`, and foods that can't be restored
/// any more.
///
/// Nothing where an earlier tick has run at a later time than this one: one of the two clocks was wrong. Its row is
/// moved to now, so that the next tick goes on.
pub async fn clear(app: &App, now: DateTime<Utc>) -> Result<()> {
    let later = sqlx::query!("UPDATE ticks SET started_at = ? WHERE started_at > ?", now, now + MOST_APART);
    if later.execute(&app.db).await?.rows_affected() > 0 {
        tracing::error!("an earlier tick ran at a later time by its clock: nothing is deleted until the next tick");
        return Ok(());
    }
    let (idle, oldest) = (now - session::IDLE, now - session::ABSOLUTE);
    sqlx::query!("DELETE FROM sessions WHERE last_used_at <= ? OR created_at <= ?", idle, oldest)
        .execute(&app.db)
        .await?;
    sqlx::query!("DELETE FROM sign_in_attempts WHERE expires_at <= ?", now).execute(&app.db).await?;
    sqlx::query!("DELETE FROM ticks WHERE started_at <= ?", now - TICKS_RETAINED).execute(&app.db).await?;
    let erasable = now - food::RESTORABLE;
    let people =
        sqlx::query_scalar!(r#"SELECT DISTINCT user_id AS "user_id: Uuid" FROM foods WHERE deleted_at <= ?"#, erasable);
    for user_id in people.fetch_all(&app.db).await? {
        if let Err(error) = erase_foods(app, user_id, erasable).await {
            tracing::warn!(%error, %user_id, "deleted foods are left for the next tick");
        }
    }
    Ok(())
}

/// Erases the foods of a person that were deleted at `erasable` or before.
async fn erase_foods(app: &App, user_id: Uuid, erasable: DateTime<Utc>) -> Result<()> {
    let mut db = db::lock(app.db.acquire().await?, user_id).await?;
    sqlx::query!("DELETE FROM foods WHERE user_id = ? AND deleted_at <= ?", user_id, erasable)
        .execute(&mut *db)
        .await?;
    db.commit().await?;
    Ok(())
}

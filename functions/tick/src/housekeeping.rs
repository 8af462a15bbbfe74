//! Deletes what has expired.

use chrono::{DateTime, TimeDelta, Utc};
use common::{App, Result, db, diary::food, session};
use uuid::Uuid;

/// How long the rows of `ticks` are retained.
const TICKS_RETAINED: TimeDelta = TimeDelta::days(30);

/// Deletes ended sessions, sign-ins that were not completed, old rows of `ticks`, and foods that can't be restored
/// any more.
pub async fn clear(app: &App, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("DELETE FROM sessions WHERE last_used_at <= ? OR created_at <= ?")
        .bind(now - session::IDLE)
        .bind(now - session::ABSOLUTE)
        .execute(&app.db)
        .await?;
    sqlx::query("DELETE FROM sign_in_attempts WHERE expires_at <= ?").bind(now).execute(&app.db).await?;
    sqlx::query("DELETE FROM ticks WHERE started_at <= ?").bind(now - TICKS_RETAINED).execute(&app.db).await?;
    let erasable = now - food::RESTORABLE;
    let people: Vec<Uuid> = sqlx::query_scalar("SELECT DISTINCT user_id FROM foods WHERE deleted_at <= ?")
        .bind(erasable)
        .fetch_all(&app.db)
        .await?;
    for user_id in people {
        if let Err(error) = erase_foods(app, user_id, erasable).await {
            tracing::warn!(%error, %user_id, "deleted foods are left for the next tick");
        }
    }
    Ok(())
}

/// Erases the foods of a person that were deleted at `erasable` or before.
async fn erase_foods(app: &App, user_id: Uuid, erasable: DateTime<Utc>) -> Result<()> {
    let mut db = db::lock(app.db.acquire().await?, user_id).await?;
    sqlx::query("DELETE FROM foods WHERE user_id = ? AND deleted_at <= ?")
        .bind(user_id)
        .bind(erasable)
        .execute(&mut *db)
        .await?;
    db.commit().await?;
    Ok(())
}

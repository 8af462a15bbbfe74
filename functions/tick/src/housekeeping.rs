//! Deletes what has expired.

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    App, Result,
    clock::MOST_APART,
    diary::{erase, food},
    session,
};
use sqlx::mysql::MySqlQueryResult;
use tokio::time::{Duration, Instant};
use uuid::Uuid;

/// How long the rows of `ticks` are retained.
const TICKS_RETAINED: TimeDelta = TimeDelta::days(30);
/// How long a slip that was taken back stays so, whoever sends its request again.
const KEYS_RETAINED: TimeDelta = TimeDelta::days(7);

/// How many rows one statement deletes. After weeks without a tick there can be millions, which would take longer than a
/// statement may.
const PORTION: u64 = 10_000;

/// For how long one tick erases. What is left is for the next one.
const ERASE_TIME: Duration = Duration::from_secs(10);

/// Deletes ended sessions, sign-ins that were not completed, old rows of `ticks` and `slip_keys`, deleted accounts, and
/// foods that can't be restored any more.
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
    let deadline = Instant::now() + ERASE_TIME;
    let goes_on = |deleted: MySqlQueryResult| deleted.rows_affected() == PORTION && Instant::now() < deadline;
    while goes_on(
        sqlx::query!("DELETE FROM sessions WHERE last_used_at <= ? OR created_at <= ? LIMIT ?", idle, oldest, PORTION)
            .execute(&app.db)
            .await?,
    ) {}
    while goes_on(
        sqlx::query!("DELETE FROM sign_in_attempts WHERE expires_at <= ? LIMIT ?", now, PORTION)
            .execute(&app.db)
            .await?,
    ) {}
    while goes_on(
        sqlx::query!("DELETE FROM slip_keys WHERE made_at <= ? LIMIT ?", now - KEYS_RETAINED, PORTION)
            .execute(&app.db)
            .await?,
    ) {}
    while goes_on(
        sqlx::query!("DELETE FROM ticks WHERE started_at <= ? LIMIT ?", now - TICKS_RETAINED, PORTION)
            .execute(&app.db)
            .await?,
    ) {}
    erase_accounts(app, deadline).await?;
    erase_foods(app, now - food::RESTORABLE, deadline).await
}

/// Goes on with the deletion of accounts that were too large for the request that asked for it.
async fn erase_accounts(app: &App, deadline: Instant) -> Result<()> {
    let people = sqlx::query_scalar!(r#"SELECT user_id AS "user_id: Uuid" FROM users WHERE deleted_at IS NOT NULL"#);
    for user_id in people.fetch_all(&app.db).await? {
        match erase::account(&app.db, user_id, deadline).await {
            Ok(true) => tracing::info!(%user_id, "an account was deleted"),
            Ok(false) => return Ok(()),
            Err(error) => tracing::warn!(%error, %user_id, "a deleted account is left for the next tick"),
        }
    }
    Ok(())
}

/// Erases foods that were deleted at `erasable` or before.
async fn erase_foods(app: &App, erasable: DateTime<Utc>, deadline: Instant) -> Result<()> {
    let foods = sqlx::query!(
        r#"SELECT user_id AS "user_id: Uuid", id AS "id: Uuid" FROM foods WHERE deleted_at <= ?"#,
        erasable
    );
    for food in foods.fetch_all(&app.db).await? {
        let user_id = food.user_id;
        match erase::food(&app.db, user_id, food.id, erasable, deadline).await {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => tracing::warn!(%error, %user_id, "a deleted food is left for the next tick"),
        }
    }
    Ok(())
}

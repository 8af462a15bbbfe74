//! Marks: how notifications went is stored, and what it means for their channels.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use common::{App, Result};
use serde_json::json;
use sqlx::MySqlConnection;
use tokio::time::sleep;

use crate::{
    channels::Kind,
    hex,
    notification::Job,
    send::{SendResult, next_try},
    sql_instant,
};

/// The pauses before marking again.
const MARK_AGAIN: [Duration; 4] =
    [Duration::from_millis(20), Duration::from_millis(100), Duration::from_millis(400), Duration::from_millis(1600)];
/// After so long without an arrival, a channel is switched off.
const GIVE_UP: TimeDelta = TimeDelta::days(5);

/// A notification that was tried, and how it went.
pub struct Done {
    pub job: Job,
    pub result: SendResult,
    /// When it was tried.
    pub at: DateTime<Utc>,
}

impl Done {
    /// When it is tried again.
    fn again_at(&self) -> Option<DateTime<Utc>> {
        let (SendResult::Retry(_, asked), Some(target), false) = (self.result, &self.job.target, self.job.is_test)
        else {
            return None;
        };
        let at = self.at + next_try(target.kind, self.job.attempts, asked)?;
        (target.kind == Kind::Webhook || !self.job.is_late(at)).then_some(at)
    }
}

/// Stores how notifications went, and tries that again after an error: what is not stored would be sent again.
/// Returns how many they are.
pub async fn mark(app: App, done: Vec<Done>) -> Result<u64> {
    for pause in MARK_AGAIN {
        match store(&app, &done).await {
            Ok(()) => return Ok(done.len() as u64),
            Err(error) => tracing::warn!(%error, "how notifications went could not be stored, once more"),
        }
        sleep(pause).await;
    }
    store(&app, &done).await?;
    Ok(done.len() as u64)
}

async fn store(app: &App, done: &[Done]) -> Result<()> {
    let marks = done.iter().map(|done| {
        let (outcome, status) = match done.result {
            SendResult::Accepted(status) => ("sent", Some(status)),
            SendResult::Gone(status) => ("gone", Some(status)),
            SendResult::Retry(status, _) if done.again_at().is_some() => ("pending", status),
            SendResult::Retry(status, _) | SendResult::Failed(status) => ("failed", status),
            SendResult::Refused => ("refused", None),
        };
        json!({
            "user": hex(done.job.user_id), "id": hex(done.job.id), "attempts": done.job.attempts, "outcome": outcome,
            "status": status, "due": done.again_at().map(sql_instant), "at": sql_instant(done.at),
        })
    });
    let marks = serde_json::Value::from(marks.collect::<Vec<_>>()).to_string();
    let mut db = app.db.acquire().await?;
    // Where another process has claimed it since, `attempts` differs, and the row is left to that one.
    sqlx::query!(
        "UPDATE sends JOIN JSON_TABLE(?, '$[*]' COLUMNS (
             user CHAR(32) PATH '$.user', id CHAR(32) PATH '$.id', attempts TINYINT UNSIGNED PATH '$.attempts',
             outcome VARCHAR(7) PATH '$.outcome', status SMALLINT UNSIGNED PATH '$.status', due DATETIME(6) PATH '$.due',
             at DATETIME(6) PATH '$.at')) AS marks
             ON sends.user_id = UNHEX(marks.user) AND sends.id = UNHEX(marks.id) AND sends.attempts = marks.attempts
         SET sends.outcome = marks.outcome, sends.status = marks.status, sends.due_at = marks.due, sends.at = marks.at,
             payload = IF(marks.due IS NULL, NULL, payload)",
        marks
    )
    .execute(&mut *db)
    .await?;
    for done in done {
        note(&mut db, done).await?;
    }
    Ok(())
}

/// What the answer says of the channel: that it is gone, that it works again, or since when it does not.
async fn note(db: &mut MySqlConnection, Done { job, result, at }: &Done) -> Result<()> {
    let Some(target) = &job.target else { return Ok(()) };
    match result {
        SendResult::Gone(_) => {
            sqlx::query!("DELETE FROM channels WHERE user_id = ? AND id = ?", job.user_id, job.channel_id)
                .execute(db)
                .await?;
        }
        SendResult::Accepted(_) if job.failing_since.is_some() => {
            sqlx::query!(
                "UPDATE channels SET failing_since = NULL WHERE user_id = ? AND id = ?",
                job.user_id,
                job.channel_id
            )
            .execute(db)
            .await?;
        }
        SendResult::Retry(..) | SendResult::Failed(Some(_)) | SendResult::Refused => {
            // Push services say that a browser is gone. Of a webhook or a topic nobody says so.
            let gives_up = target.kind != Kind::Push && job.failing_since.is_some_and(|since| *at - since >= GIVE_UP);
            sqlx::query!(
                "UPDATE channels SET failing_since = COALESCE(failing_since, ?), off_since = IF(?, ?, off_since)
                     WHERE user_id = ? AND id = ?",
                at,
                gives_up,
                at,
                job.user_id,
                job.channel_id
            )
            .execute(db)
            .await?;
        }
        SendResult::Accepted(_) | SendResult::Failed(None) => {}
    }
    Ok(())
}

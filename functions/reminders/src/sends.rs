//! What was sent lately, and a notification that a person sends themselves.

use std::{sync::Arc, time::Duration};

use axum::{Extension, extract::State, http::StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use common::{App, Code, Connected, Json, Language, NewId, Path, Result, db};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{deliver, message, notification::LEASE, send::Sender};

/// How many tests a person can send themselves in [`TESTS_IN`]: each is a request to an address of their making.
const MOST_TESTS: i64 = 30;
const TESTS_IN: TimeDelta = TimeDelta::minutes(10);
/// How long the answer to a test waits for it.
const TEST_TIME: Duration = Duration::from_secs(5);

/// One notification to one channel.
#[derive(Serialize, ToSchema)]
pub struct Send {
    /// When it was last tried, or is waiting since.
    at: DateTime<Utc>,
    /// Null for a milestone and a test.
    reminder_id: Option<Uuid>,
    channel_id: Uuid,
    /// `pending` is still to be sent or tried again; `gone`: the channel was removed, since there is nobody any more;
    /// `refused`: its address is none that may be reached.
    #[schema(pattern = "^(pending|sent|failed|gone|refused)$")]
    outcome: String,
    /// The status of the last answer; null where there was none.
    status: Option<u16>,
}

#[derive(Serialize, ToSchema)]
pub struct Sends {
    /// Latest first, at most 50.
    sends: Vec<Send>,
}

/// The last 50 notifications.
#[utoipa::path(get, path = "/sends", tag = "Sends", responses((status = 200, description = "The latest first.", body = Sends)))]
pub async fn list(Connected { user, mut db }: Connected) -> Result<Json<Sends>> {
    let sends = sqlx::query_as!(
        Send,
        r#"SELECT at AS "at: DateTime<Utc>", IF(kind = 'reminder', subject_id, NULL) AS "reminder_id: Uuid",
                  channel_id AS "channel_id: Uuid", outcome AS "outcome: String", status
           FROM sends WHERE user_id = ? ORDER BY at DESC, id DESC LIMIT 50"#,
        user.id
    );
    Ok(Json(Sends { sends: sends.fetch_all(&mut *db).await? }))
}

/// Sends one notification to a channel now. How it went is among the sends.
#[utoipa::path(
    post, path = "/channels/{id}/test", tag = "Channels", params(("id" = Uuid, Path, description = "The channel's id.")),
    responses((status = 202, description = "It was sent, or tried.")),
    extensions(("x-problems" = json!([Code::TooManyTests]))),
)]
pub async fn test(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Extension(sender): Extension<Arc<Sender>>,
    Extension(NewId(id)): Extension<NewId>,
    Path(channel_id): Path<Uuid>,
) -> Result<StatusCode> {
    let (now, today) = (app.clock.now(), user.today(app.clock.now()));
    // Under the lock, so that those that come at once are counted too.
    let mut db = db::lock(db, user.id).await?;
    let channel = sqlx::query!("SELECT id FROM channels WHERE user_id = ? AND id = ?", user.id, channel_id);
    channel.fetch_optional(&mut *db).await?.ok_or(Code::NotFound)?;
    let tests = sqlx::query_scalar!(
        "SELECT COUNT(*) FROM sends WHERE user_id = ? AND kind = 'test' AND first_at > ?",
        user.id,
        now - TESTS_IN
    );
    if tests.fetch_one(&mut *db).await? >= MOST_TESTS {
        return Err(Code::TooManyTests.into());
    }
    let message = message::test(Language::of_person(&user.locale), user.id, id, today);
    let payload = serde_json::to_string(&message).map_err(anyhow::Error::from)?;
    // Claimed at once: if this process dies, the next event sends it.
    sqlx::query!(
        "INSERT INTO sends (user_id, id, channel_id, kind, subject_id, date, days, payload, first_at, due_at, attempts, at)
         VALUES (?, ?, ?, 'test', ?, ?, 0, ?, ?, ?, 1, ?)",
        user.id,
        id,
        channel_id,
        id,
        today,
        payload,
        now,
        now + LEASE,
        now
    )
    .execute(&mut *db)
    .await?;
    // Who is asked may take its time: the connection is free for others meanwhile.
    drop(db.commit().await?);
    let testing = app.clone();
    let tested = app.tasks.spawn(async move {
        if let Err(error) = deliver::one(&testing, &sender, user.id, id).await {
            tracing::warn!(%error, "how a test went could not be stored");
        }
    });
    // Most are through by then, and the page shows how it went. A slow one goes on.
    timeout(TEST_TIME, tested).await.ok();
    Ok(StatusCode::ACCEPTED)
}

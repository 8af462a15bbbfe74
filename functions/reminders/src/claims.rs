//! Claims: a process takes notifications that are due, and nobody else takes them for a while.

use chrono::{DateTime, Utc};
use common::{App, Result, db};
use serde_json::{Value, json};
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::{
    hex,
    notification::{Job, LEASE},
    send::Target,
    sql_instant,
};

/// How many are claimed at once.
const CLAIM: u32 = 200;

/// Claims some of what is due. What another call has locked is passed over.
pub async fn claim(app: &App) -> Result<Vec<(Uuid, Uuid)>> {
    let now = app.clock.now();
    let mut db = db::begin(app.db.acquire().await?).await?;
    let due = sqlx::query!(
        r#"SELECT user_id AS "user_id: Uuid", id AS "id: Uuid" FROM sends
           WHERE due_at <= ? ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED"#,
        now,
        CLAIM
    );
    let due: Vec<_> = due.fetch_all(&mut *db).await?.into_iter().map(|row| (row.user_id, row.id)).collect();
    if due.is_empty() {
        db.commit().await?;
        return Ok(Vec::new());
    }
    sqlx::query!(
        "UPDATE sends JOIN JSON_TABLE(?, '$[*]' COLUMNS (user CHAR(32) PATH '$.user', id CHAR(32) PATH '$.id')) AS claimed
             ON sends.user_id = UNHEX(claimed.user) AND sends.id = UNHEX(claimed.id)
         SET due_at = ?, attempts = LEAST(attempts + 1, 250), at = ?",
        keys(&due),
        now + LEASE,
        now
    )
    .execute(&mut *db)
    .await?;
    db.commit().await?;
    Ok(due)
}

/// Reads notifications that were claimed, with where they go.
pub async fn read(app: &App, ids: &[(Uuid, Uuid)]) -> Result<Vec<Job>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"SELECT sends.user_id AS "user_id: Uuid", sends.id AS "id: Uuid", channel_id AS "channel_id: Uuid",
                  sends.kind AS "kind: String", first_at AS "first_at: DateTime<Utc>", attempts, payload,
                  channels.kind AS "channel?: String", url AS "url?", p256dh AS "p256dh?", auth AS "auth?",
                  secret AS "secret?", failing_since AS "failing_since?: DateTime<Utc>"
           FROM JSON_TABLE(?, '$[*]' COLUMNS (user CHAR(32) PATH '$.user', id CHAR(32) PATH '$.id')) AS claimed
           JOIN sends ON sends.user_id = UNHEX(claimed.user) AND sends.id = UNHEX(claimed.id)
           LEFT JOIN channels ON channels.user_id = sends.user_id AND channels.id = channel_id AND off_since IS NULL"#,
        keys(ids)
    );
    let jobs = rows.fetch_all(&app.db).await?.into_iter().map(|row| {
        let target = row.channel.and_then(|kind| Target::stored(&kind, row.url?, [row.p256dh, row.auth, row.secret]));
        Job {
            user_id: row.user_id,
            id: row.id,
            channel_id: row.channel_id,
            is_test: row.kind == "test",
            is_reminder: row.kind == "reminder",
            first_at: row.first_at,
            attempts: row.attempts,
            message: row.payload.and_then(|payload| serde_json::from_str(&payload).ok()),
            target,
            failing_since: row.failing_since,
        }
    });
    Ok(jobs.collect())
}

/// Gives back claims that were not begun, each with when it is due again.
pub async fn give_back(
    db: &mut MySqlConnection,
    claims: impl Iterator<Item = (Uuid, Uuid, DateTime<Utc>)>,
) -> Result<()> {
    let claims =
        claims.map(|(user_id, id, due)| json!({ "user": hex(user_id), "id": hex(id), "due": sql_instant(due) }));
    let claims: Vec<_> = claims.collect();
    if claims.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE sends JOIN JSON_TABLE(?, '$[*]' COLUMNS (
             user CHAR(32) PATH '$.user', id CHAR(32) PATH '$.id', due DATETIME(6) PATH '$.due')) AS back
             ON sends.user_id = UNHEX(back.user) AND sends.id = UNHEX(back.id)
         SET due_at = back.due, attempts = attempts - 1",
        Value::from(claims).to_string()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notifications as `JSON_TABLE` takes them.
fn keys(ids: &[(Uuid, Uuid)]) -> String {
    let keys = ids.iter().map(|(user_id, id)| json!({ "user": hex(*user_id), "id": hex(*id) }));
    Value::from(keys.collect::<Vec<_>>()).to_string()
}

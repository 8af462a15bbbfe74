//! Whether the clock of this process is right, asked before anything is closed, announced or deleted by it.

use chrono::{DateTime, TimeDelta, Utc};
use common::{App, Code, Result};

/// How far the clocks of a tick and of the database may be apart.
pub const MOST_APART: TimeDelta = TimeDelta::seconds(120);

/// Now, by a clock that the database's confirms. Where they are apart, nobody can tell which is right: the tick does
/// nothing, `clocks-apart`, since days that are closed too early are announced and sessions are deleted for ever. Reads
/// count without a tick.
pub async fn checked(app: &App) -> Result<DateTime<Utc>> {
    let database =
        sqlx::query_scalar!(r#"SELECT UTC_TIMESTAMP(6) AS "now!: DateTime<Utc>""#).fetch_one(&app.db).await?;
    let ahead = app.clock.ahead_of(database);
    if ahead.abs() > MOST_APART {
        tracing::error!(
            ahead_seconds = ahead.num_seconds(),
            "the clock of this machine and that of the database are apart: nothing is closed or deleted until they agree"
        );
        return Err(Code::ClocksApart.into());
    }
    Ok(app.clock.now())
}

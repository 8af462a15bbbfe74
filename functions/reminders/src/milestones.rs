//! Milestones that the tick tells of become notifications, in the morning if they come at night.

use chrono::{DateTime, NaiveTime, TimeDelta, Timelike, Utc};
use cloudevents::{Data, Event};
use common::{
    App, Code, Language, Result, clock, db,
    diary::{reminder::ALL_DAYS, zone::Zone},
};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    fire::is_news,
    message,
    notification::{self, Notification},
    plan::{Life, Plan},
};

pub const TYPE: &str = "hanip.milestone.reached";

/// Nobody is woken for a milestone: from this hour on it waits for the morning.
const NIGHT: u32 = 22;
const MORNING: u32 = 8;

/// Which milestone it is. All else is read from the database, so that an event tells nothing that is not so.
#[derive(Deserialize)]
struct Told {
    user_id: Uuid,
    food_id: Uuid,
    days: u32,
}

/// Stores a notification for each channel that wants milestones. A second event of the same milestone adds none.
pub async fn note(app: &App, event: &Event) -> Result<()> {
    let now = clock::confirmed(app).await?;
    let told = match event.data() {
        Some(Data::Json(value)) => serde_json::from_value(value.clone()),
        Some(Data::Binary(bytes)) => serde_json::from_slice(bytes),
        Some(Data::String(text)) => serde_json::from_str(text),
        None => return Err(Code::EventInvalid.into()),
    };
    let Told { user_id, food_id, days } = told.map_err(|_| Code::EventInvalid)?;
    let mut db = db::begin(app.db.acquire().await?).await?;
    let found = sqlx::query!(
        r#"SELECT reached_on, name, locale AS "locale: String", time_zone, users.day_start AS "day_start: NaiveTime"
           FROM milestones
           JOIN foods ON foods.user_id = milestones.user_id AND foods.id = food_id AND foods.deleted_at IS NULL
           JOIN users ON users.user_id = milestones.user_id AND users.deleted_at IS NULL
           WHERE milestones.user_id = ? AND food_id = ? AND days = ?"#,
        user_id,
        food_id,
        days
    );
    let Some(found) = found.fetch_optional(&mut *db).await? else { return Ok(()) };
    if !is_news(found.reached_on, now) {
        return Ok(());
    }
    let channels = sqlx::query_scalar!(
        r#"SELECT id AS "id: Uuid" FROM channels WHERE user_id = ? AND milestones AND off_since IS NULL"#,
        user_id
    );
    let channels = channels.fetch_all(&mut *db).await?;
    let reminders = sqlx::query!(
        r#"SELECT COALESCE(MAX(discreet), FALSE) AS "discreet!: bool",
                  MIN(IF(next_at > ?, next_at, NULL)) AS "next_at: DateTime<Utc>"
           FROM reminders WHERE user_id = ?"#,
        now,
        user_id
    );
    let reminders = reminders.fetch_one(&mut *db).await?;
    // Who wants one reminder to name no food wants it of milestones too.
    let name = (!reminders.discreet).then_some(found.name.as_str());
    let language = Language::of_person(&found.locale);
    let message = message::milestone(language, (user_id, food_id, found.reached_on), name, days);
    let due_at = by_day(now, &Zone::stored(&found.time_zone), reminders.next_at);
    let notifications: Vec<_> = channels
        .into_iter()
        .map(|channel_id| Notification {
            user_id,
            id: Uuid::now_v7(),
            channel_id,
            kind: "milestone",
            subject_id: food_id,
            days,
            message: message.clone(),
            first_at: now,
            due_at,
            attempts: 0,
        })
        .collect();
    notification::store(&mut db, &notifications.iter().collect::<Vec<_>>(), now).await?;
    db.commit().await?;
    Ok(())
}

/// Now, or at night the first of morning and `reminder`, the next one.
fn by_day(now: DateTime<Utc>, zone: &Zone, reminder: Option<DateTime<Utc>>) -> DateTime<Utc> {
    if (MORNING..NIGHT).contains(&zone.wall_clock(now).hour()) {
        return now;
    }
    let morning = Plan { time: NaiveTime::MIN + TimeDelta::hours(MORNING.into()), days: ALL_DAYS };
    let life = Life { zone: zone.clone(), day_start: NaiveTime::MIN };
    let morning = morning.first_from(now, &life).at;
    reminder.map_or(morning, |reminder| reminder.min(morning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_woken_for_a_milestone() {
        let seoul = Zone::named("Asia/Seoul").expect("a zone");
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
        for (now, reminder, told) in [
            ("2026-03-11T12:59:59Z", None, "2026-03-11T12:59:59Z"), // 21:59
            ("2026-03-11T13:00:00Z", None, "2026-03-11T23:00:00Z"), // 22:00, at 08:00
            ("2026-03-11T22:59:00Z", None, "2026-03-11T23:00:00Z"), // 07:59
            ("2026-03-11T23:00:00Z", None, "2026-03-11T23:00:00Z"), // 08:00
            ("2026-03-11T15:15:00Z", Some("2026-03-11T21:30:00Z"), "2026-03-11T21:30:00Z"), // a reminder at 06:30
            ("2026-03-11T15:15:00Z", Some("2026-03-12T12:00:00Z"), "2026-03-11T23:00:00Z"),
        ] {
            assert_eq!(by_day(at(now), &seoul, reminder.map(at)), at(told), "{now}");
        }
    }
}

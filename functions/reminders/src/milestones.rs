//! Milestones that the tick tells of become notifications, in the morning if they come at night.

use std::collections::HashMap;

use chrono::{DateTime, NaiveTime, TimeDelta, Timelike, Utc};
use cloudevents::{Data, Event};
use common::{
    App, Code, Language, Result, clock, db,
    diary::{reminder::ALL_DAYS, zone::Zone},
};
use serde::Deserialize;
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::{
    claims,
    fire::{LATE, is_news},
    ids, message,
    notification::{self, Job, Notification},
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
        r#"SELECT reached_on, name, locale AS "locale: String"
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
    let discreet = sqlx::query_scalar!(
        r#"SELECT COALESCE(MAX(discreet), FALSE) AS "discreet!: bool" FROM reminders WHERE user_id = ?"#,
        user_id
    );
    // Who wants one reminder to name no food wants it of milestones too.
    let name = (!discreet.fetch_one(&mut *db).await?).then_some(found.name.as_str());
    let language = Language::of_person(&found.locale);
    let message = message::milestone(language, (user_id, food_id, found.reached_on), name, days);
    let due_at = told_from(&mut db, &[user_id], now, now).await?.get(&user_id).copied().unwrap_or(now);
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

/// Gives back the milestones among what was claimed that came due at night, as one does that is tried again. With a
/// reminder of the last hour they are told.
pub async fn wait_for_day(app: &App, jobs: Vec<Job>) -> Result<Vec<Job>> {
    let people: Vec<_> = jobs.iter().filter(|job| job.is_milestone()).map(|job| job.user_id).collect();
    if people.is_empty() {
        return Ok(jobs);
    }
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let told_from = told_from(&mut db, &people, now - LATE, now).await?;
    let wait = |job: &Job| told_from.get(&job.user_id).copied().filter(|from| job.is_milestone() && *from > now);
    claims::give_back(&mut db, jobs.iter().filter_map(|job| Some((job.user_id, job.id, wait(job)?)))).await?;
    Ok(jobs.into_iter().filter(|job| wait(job).is_none()).collect())
}

/// From when on each of these people may be told a milestone: now, or at night the first of morning and a reminder at
/// `since` or after it.
async fn told_from(
    db: &mut MySqlConnection,
    people: &[Uuid],
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<HashMap<Uuid, DateTime<Utc>>> {
    let rows = sqlx::query!(
        r#"SELECT users.user_id AS "user_id: Uuid", users.time_zone, users.day_start AS "day_start: NaiveTime",
                  time AS "time?: NaiveTime", days AS "days?"
           FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(32) PATH '$')) AS ids
           JOIN users ON users.user_id = UNHEX(ids.id)
           LEFT JOIN reminders ON reminders.user_id = users.user_id"#,
        ids(people.iter().copied())
    );
    let mut told = HashMap::new();
    for row in rows.fetch_all(db).await? {
        let life = Life { zone: Zone::stored(&row.time_zone), day_start: row.day_start };
        let plan = row.time.zip(row.days).map(|(time, days)| Plan { time, days });
        let at = by_day(now, &life.zone, plan.map(|plan| plan.first_from(since, &life).at));
        told.entry(row.user_id).and_modify(|first: &mut DateTime<Utc>| *first = at.min(*first)).or_insert(at);
    }
    Ok(told)
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

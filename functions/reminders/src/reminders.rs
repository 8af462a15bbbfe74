//! The reminders a person wants: list, put, delete.

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::NaiveTime;
use common::{
    App, Code, Connected, Faults, Json, Path, Result, User, db,
    diary::{
        day::HourMinute,
        reminder::{self, ALL_DAYS, About, MOST_REMINDERS, days_of},
        zone::{self, Zone},
    },
};
use serde::{Deserialize, Serialize};
use sqlx::MySqlConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    channels::{self, Channel},
    plan::{Life, Plan},
    send::Sender,
};

#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reminder {
    id: Uuid,
    time: HourMinute,
    /// Monday is 1.
    days: Vec<u8>,
    about: About,
    /// Whether it names no food.
    discreet: bool,
}

/// A reminder to store.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReminder {
    /// By five minutes, on the wall clock of where the person is then.
    #[schema(examples("21:00"))]
    time: HourMinute,
    /// Monday is 1; every day where absent.
    #[schema(min_items = 1, max_items = 7)]
    days: Option<Vec<u8>>,
    #[serde(default)]
    #[schema(default = "waiting")]
    about: About,
    #[serde(default)]
    discreet: bool,
}

#[derive(Serialize, ToSchema)]
pub struct Listed {
    reminders: Vec<Reminder>,
    channels: Vec<Channel>,
    /// The key of this server for push services (RFC 8292), in base64url; null where push is not set up.
    push_key: Option<String>,
}

/// The reminders, where they go to, and what a browser needs to be one of these.
#[utoipa::path(get, path = "", tag = "Reminders", responses((status = 200, description = "All of it.", body = Listed)))]
pub async fn list(
    Connected { user, mut db }: Connected,
    Extension(sender): Extension<Arc<Sender>>,
) -> Result<Json<Listed>> {
    let reminders = find_all(&mut db, user.id).await?;
    let channels = channels::find_all(&mut db, user.id).await?;
    Ok(Json(Listed { reminders, channels, push_key: sender.push_key() }))
}

/// Stores a reminder.
#[utoipa::path(
    put, path = "/{id}", tag = "Reminders",
    params(("id" = Uuid, Path, description = "The reminder's id, made by the client.", example = "01958d5c-a6d0-7b24-8e66-2a4c6e8f0b21")),
    request_body(content = NewReminder, example = json!({ "time": "21:00", "days": [1, 2, 3, 4, 5, 6, 7], "about": "waiting", "discreet": false })),
    responses(
        (status = 200, description = "The reminder as it is now.", body = Reminder),
        (status = 201, description = "The reminder, stored now.", body = Reminder),
    ),
    extensions(("x-problems" = json!([Code::TimeInvalid, Code::NumberOutOfRange, Code::TooManyReminders]))),
)]
pub async fn put(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(new): Json<NewReminder>,
) -> Result<Response> {
    let (reminder, plan) = new.check(id)?;
    let now = app.clock.now();
    let mut db = db::lock(db, user.id).await?;
    let stored = find_all(&mut db, user.id).await?;
    let before = stored.iter().find(|stored| stored.id == id);
    let status = if before.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    if before.is_none() && stored.len() >= MOST_REMINDERS {
        return Err(Code::TooManyReminders.into());
    }
    if before != Some(&reminder) {
        let life = life_of(&user);
        let next = plan.first_from(now, &life);
        sqlx::query!(
            "INSERT INTO reminders (user_id, id, time, days, about, discreet, next_on, next_at, time_zone, day_start, zones)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON DUPLICATE KEY UPDATE
                 time = VALUE(time), days = VALUE(days), about = VALUE(about), discreet = VALUE(discreet),
                 next_on = VALUE(next_on), next_at = VALUE(next_at), time_zone = VALUE(time_zone),
                 day_start = VALUE(day_start), zones = VALUE(zones)",
            user.id,
            id,
            plan.time,
            plan.days,
            reminder.about,
            reminder.discreet,
            next.date,
            next.at,
            life.zone.name(),
            life.day_start,
            zone::DATABASE
        )
        .execute(&mut *db)
        .await?;
    }
    db.commit().await?;
    Ok((status, Json(reminder)).into_response())
}

/// Deletes a reminder.
#[utoipa::path(
    delete, path = "/{id}", tag = "Reminders", params(("id" = Uuid, Path, description = "The reminder's id.")),
    responses((status = 204, description = "It is deleted.")),
)]
pub async fn delete(Connected { user, mut db }: Connected, Path(id): Path<Uuid>) -> Result<StatusCode> {
    let deleted = sqlx::query!("DELETE FROM reminders WHERE user_id = ? AND id = ?", user.id, id);
    match deleted.execute(&mut *db).await?.rows_affected() {
        0 => Err(Code::NotFound.into()),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

fn life_of(user: &User) -> Life {
    let zone: Zone = user.time_zone();
    Life { zone, day_start: user.day_start }
}

impl NewReminder {
    fn check(self, id: Uuid) -> Result<(Reminder, Plan)> {
        let mut faults = Faults::default();
        let time = faults.take("/time", reminder::time(self.time));
        let days = self.days.map_or(ALL_DAYS, |days| reminder::days(&days, "/days", &mut faults));
        faults.check()?;
        let plan = Plan { time, days };
        Ok((Reminder { id, time: self.time, days: days_of(days), about: self.about, discreet: self.discreet }, plan))
    }
}

async fn find_all(db: &mut MySqlConnection, user_id: Uuid) -> Result<Vec<Reminder>> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: Uuid", time AS "time: NaiveTime", days, about AS "about: About", discreet AS "discreet: bool"
           FROM reminders WHERE user_id = ? ORDER BY time, id"#,
        user_id
    );
    let rows = rows.fetch_all(db).await?.into_iter().map(|row| Reminder {
        id: row.id,
        time: HourMinute(row.time),
        days: days_of(row.days),
        about: row.about,
        discreet: row.discreet,
    });
    Ok(rows.collect())
}

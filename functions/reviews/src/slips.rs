//! A slip: one time that a food was eaten.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, NaiveDate, Utc};
use common::{
    App, Code, Connected, Fault, Faults, Json, Path, Result,
    db::{self, Locked},
    diary::{
        counted_food::{CountedFood, Foods},
        counters,
        day::{Date, HourMinute},
        limit::refuse_too_many_records,
        numbers::Streak,
        slip::{self, CRAVING, MOST_SLIPS, Slip},
    },
};
use serde::{Deserialize, Serialize};
use sqlx::MySqlConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{RECORDABLE, recordable, recordable_date};

/// A slip to record. Only the food is required.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSlip {
    pub food_id: Uuid,
    /// Wall time within the day of the path, which may run past midnight.
    pub time: Option<HourMinute>,
    #[schema(maximum = 10)]
    pub craving: Option<u8>,
    /// Free text, or a key the app translates: stress, tired, bored, hungry, with_people, habit, saw_it, celebration.
    #[schema(max_length = 50)]
    pub trigger: Option<String>,
    #[schema(max_length = 50)]
    pub amount: Option<String>,
    #[schema(max_length = 500)]
    pub note: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct SlipAnswer {
    pub slip: Slip,
    pub streaks: Vec<Streak>,
}

/// Records a slip, or changes it: under another date or food it moves.
#[utoipa::path(
    put, path = "/{date}/slips/{slip_id}", tag = "Slips",
    params(
        ("date" = Date, Path, description = "The date, from 2000-01-01; not after today.", example = "2026-03-06"),
        ("slip_id" = Uuid, Path, description = "The slip's id, made by the client.", example = "01958d5c-a2e8-7d10-9c55-1f3e5a7b9d02"),
    ),
    request_body(content = NewSlip, example = json!({
        "food_id": "01958d5c-9f00-7c3e-8a41-5b2d6f7e8c90", "time": "22:30", "craving": 7, "trigger": "stress",
        "amount": "half a bowl", "note": null,
    })),
    responses(
        (status = 200, description = "The slip as it is now, and the numbers of its food.", body = SlipAnswer),
        (status = 201, description = "The slip, recorded now, and the numbers of its food.", body = SlipAnswer),
    ),
    extensions(("x-problems" = json!([RECORDABLE, Code::TooManySlips, Code::TooManyRecords]))),
)]
pub async fn put(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Path((date, id)): Path<(String, Uuid)>,
    Json(new): Json<NewSlip>,
) -> Result<Response> {
    let now = app.clock.now();
    let today = user.today(now);
    let date = recordable_date(&date, today)?;
    let slip = new.check(id, date)?;
    let (mut db, foods) = db::write(db, user.id, Foods { user_id: user.id }).await?;
    recordable(&foods, slip.food_id, "/food_id", date, today)?;
    let before = find(&mut db, user.id, id).await?;
    // A slip of a deleted food waits there for it to be restored.
    if before.as_ref().is_some_and(|slip| foods.iter().all(|food| food.id != slip.food_id)) {
        return Err(Code::NotFound.into());
    }
    if before.is_none() {
        db = refuse_too_many_records(db).await?;
    }
    store(&mut db, &foods, before.as_ref(), &slip, today, now).await?;
    let named: Vec<Uuid> = before.iter().chain([&slip]).map(|slip| slip.food_id).collect();
    let streaks = counters::after_write(&mut db, &named, today).await?;
    db.commit().await?;
    let status = if before.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(SlipAnswer { slip, streaks })).into_response())
}

impl NewSlip {
    pub fn check(self, id: Uuid, date: NaiveDate) -> Result<Slip> {
        let mut faults = Faults::default();
        if self.craving.is_some_and(|craving| !CRAVING.contains(&craving.into())) {
            faults.add(Fault::pointer("/craving", Code::NumberOutOfRange).between(CRAVING));
        }
        let trigger = faults.take("/trigger", slip::trigger(self.trigger.as_deref().unwrap_or_default()));
        let amount = faults.take("/amount", slip::amount(self.amount.as_deref().unwrap_or_default()));
        let note = faults.take("/note", slip::note(self.note.as_deref().unwrap_or_default()));
        faults.check()?;
        Ok(Slip { id, date, food_id: self.food_id, time: self.time, craving: self.craving, trigger, amount, note })
    }
}

pub async fn find(db: &mut MySqlConnection, user_id: Uuid, id: Uuid) -> Result<Option<Slip>> {
    let slip = sqlx::query_as!(
        Slip,
        r#"SELECT id AS "id: Uuid", date, food_id AS "food_id: Uuid", time AS "time: HourMinute", craving,
                  cause AS `trigger`, amount, note
           FROM slips WHERE user_id = ? AND id = ?"#,
        user_id,
        id
    );
    Ok(slip.fetch_optional(db).await?)
}

/// Stores `slip` in the place of `before`, and counts the dates of both again.
pub async fn store(
    db: &mut Locked,
    foods: &[CountedFood],
    before: Option<&Slip>,
    slip: &Slip,
    today: NaiveDate,
    now: DateTime<Utc>,
) -> Result<()> {
    let user_id = db.user_id();
    refuse_too_many(db, user_id, slip).await?;
    if before == Some(slip) {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO slips (user_id, id, food_id, date, time, craving, cause, amount, note, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE
             food_id = VALUE(food_id), date = VALUE(date), time = VALUE(time), craving = VALUE(craving),
             cause = VALUE(cause), amount = VALUE(amount), note = VALUE(note), updated_at = VALUE(updated_at)",
        user_id,
        slip.id,
        slip.food_id,
        slip.date,
        slip.time,
        slip.craving,
        slip.trigger,
        slip.amount,
        slip.note,
        now
    )
    .execute(&mut **db)
    .await?;
    for Slip { food_id, date, .. } in before.into_iter().chain([slip]) {
        counters::recompute_closed(db, foods, &[*food_id], *date, today).await?;
    }
    Ok(())
}

async fn refuse_too_many(db: &mut MySqlConnection, user_id: Uuid, slip: &Slip) -> Result<()> {
    let others = sqlx::query_scalar!(
        "SELECT COUNT(*) FROM slips WHERE user_id = ? AND food_id = ? AND date = ? AND id <> ?",
        user_id,
        slip.food_id,
        slip.date,
        slip.id
    );
    let others = others.fetch_one(db).await?;
    if others < MOST_SLIPS { Ok(()) } else { Err(Fault::pointer("/food_id", Code::TooManySlips).into()) }
}

/// Deletes a slip.
#[utoipa::path(
    delete, path = "/{date}/slips/{slip_id}", tag = "Slips",
    params(
        ("date" = Date, Path, description = "The slip's date."),
        ("slip_id" = Uuid, Path, description = "The slip's id."),
    ),
    responses((status = 204, description = "It is deleted.")),
)]
pub async fn delete(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Path((date, id)): Path<(String, Uuid)>,
) -> Result<StatusCode> {
    let date = Date::parameter("date", &date)?;
    let today = user.today(app.clock.now());
    let (mut db, foods) = db::write(db, user.id, Foods { user_id: user.id }).await?;
    let slip = find(&mut db, user.id, id).await?;
    // A deleted food shows nothing, its slips neither.
    let slip = slip.filter(|slip| slip.date == date && foods.iter().any(|food| food.id == slip.food_id));
    let slip = slip.ok_or(Code::NotFound)?;
    sqlx::query!("DELETE FROM slips WHERE user_id = ? AND id = ?", user.id, id).execute(&mut *db).await?;
    counters::recompute_closed(&mut db, &foods, &[slip.food_id], date, today).await?;
    db.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

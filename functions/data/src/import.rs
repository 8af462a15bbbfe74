//! Import: adds what an export holds to what is stored, all or nothing.

use std::collections::BTreeSet;

use axum::{
    Extension,
    extract::{FromRequest, Request, State},
};
use chrono::{DateTime, Utc};
use common::{
    App, Code, Json, Object, Result, User, clock, db,
    diary::{counters, food::RESTORABLE},
};
use serde::Serialize;
use tokio::task::spawn_blocking;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    Limits, PATIENCE,
    archive::Archive,
    stored::{New, Stored},
};

/// How many of each.
#[derive(Serialize, ToSchema)]
pub struct Counts {
    foods: u64,
    reviews: u64,
    outcomes: u64,
    slips: u64,
    skips: u64,
    reminders: u64,
}

#[derive(Serialize, ToSchema)]
pub struct Imported {
    added: Counts,
    /// Were there already, and stay as they are.
    kept: Counts,
}

/// Adds what an export holds. What is there already stays as it is: the food, the slip, the days
/// off and the reminder with the same id, the review of the same date, the outcome of the same food and date. So the same
/// file a second time changes nothing. All or nothing.
#[utoipa::path(
    post, path = "/import",
    request_body(content = Archive, example = json!({
        "format": "hanip", "version": 2,
        "foods": [{
            "id": "01958d5c-9f00-7c3e-8a41-5b2d6f7e8c90", "name": "라면", "start_date": "2026-03-01", "counting": "assume",
            "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T09:00:00Z",
        }],
        "outcomes": [{ "food_id": "01958d5c-9f00-7c3e-8a41-5b2d6f7e8c90", "date": "2026-03-05", "outcome": "kept" }],
        "reminders": [{ "id": "01958d5c-a6d0-7b24-8e66-2a4c6e8f0b21", "time": "21:00", "days": [1, 2, 3, 4, 5], "about": "waiting", "discreet": false }],
    })),
    responses((status = 200, description = "How much was added.", body = Imported)),
    extensions(("x-problems" = json!([
        Code::VersionUnknown, Code::StartDateFuture, Code::PriceWithoutCurrency, Code::ReviewDateFuture,
        Code::ReviewBeforeStart, Code::RangeInvalid, Code::SkipTooLong, Code::SkipTooFar, Code::FoodNotFound,
        Code::TooManyFoods, Code::TooManyDeleted, Code::TooManySkips, Code::TooManySlips,
        Code::TooManyRecords, Code::TooManyReminders, Code::TimeNotByFive,
        Code::ClocksApart,
    ]))),
)]
pub async fn import(
    user: User,
    State(app): State<App>,
    Extension(limits): Extension<Limits>,
    request: Request,
) -> Result<Json<Imported>> {
    let _turn = limits.imports_each.take(user.id, PATIENCE).await?;
    let Json(archive) = Json::<Archive>::from_request(request, &app).await?;
    let now = clock::confirmed(&app).await?;
    let today = user.today(now);
    let archive = spawn_blocking(move || checked(archive, now)).await.map_err(anyhow::Error::from)??;

    let mut db = db::lock(app.db.acquire().await?, user.id).await?;
    // Foods that can't be restored any more go first: the tick would erase them with the records that are added to them.
    sqlx::query!("DELETE FROM foods WHERE user_id = ? AND deleted_at <= ?", user.id, now - RESTORABLE)
        .execute(&mut *db)
        .await?;
    let stored = Stored::read(&mut db, &archive).await?;
    let new = stored.new_of(&archive);
    // All that can be refused is, before anything is stored.
    let mut starts = stored.starts.clone();
    starts.extend(new.foods.iter().map(|food| (food.id, food.start_date.0)));
    archive.check_foods(&starts, today)?;
    stored.refuse_too_many(&new, &archive)?;
    new.insert(&mut db, now).await?;
    counters::recompute(&mut db, &named(&archive), today).await?;
    db.commit().await?;

    let imported = Imported::new(&archive, &new);
    tracing::info!(foods = new.foods.len(), slips = new.slips.len(), outcomes = new.outcomes.len(), "imported");
    Ok(Json(imported))
}

impl Imported {
    fn new(archive: &Archive, new: &New) -> Self {
        let added = Counts {
            foods: new.foods.len() as u64,
            reviews: new.reviews.len() as u64,
            outcomes: new.outcomes.len() as u64,
            slips: new.slips.len() as u64,
            skips: new.skips.len() as u64,
            reminders: new.reminders.len() as u64,
        };
        let kept = Counts {
            foods: archive.foods.len() as u64 - added.foods,
            reviews: archive.reviews.len() as u64 - added.reviews,
            outcomes: archive.outcomes.len() as u64 - added.outcomes,
            slips: archive.slips.len() as u64 - added.slips,
            skips: archive.skips.len() as u64 - added.skips,
            reminders: archive.reminders.len() as u64 - added.reminders,
        };
        Self { added, kept }
    }
}

fn checked(mut archive: Archive, now: DateTime<Utc>) -> Result<Archive> {
    archive.check(now)?;
    Ok(archive)
}

/// The foods that the file has or names in a record.
fn named(archive: &Archive) -> Vec<Uuid> {
    let mut named: BTreeSet<Uuid> = archive.foods.iter().map(|Object(food)| food.id).collect();
    named.extend(archive.outcomes.iter().map(|Object(said)| said.food_id));
    named.extend(archive.slips.iter().map(|Object(slip)| slip.food_id));
    named.extend(archive.skips.iter().flat_map(|Object(skip)| &skip.food_ids));
    named.into_iter().collect()
}

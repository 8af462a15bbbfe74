//! Import: adds what an export holds to what is stored, all or nothing.

use std::collections::{BTreeSet, HashMap};

use axum::{
    Extension,
    extract::{FromRequestParts, State},
    http::request::Parts,
};
use chrono::{DateTime, NaiveDate, Utc};
use common::{
    App, Code, Error, Fault, Json, Object, Result, User, db,
    diary::{
        counters,
        food::{MOST_FOODS, MOST_STORED, RESTORABLE},
        review::MOST_SKIPS,
        slip::MOST_SLIPS,
    },
};
use serde::Serialize;
use sqlx::MySqlConnection;
use tokio::{sync::OwnedSemaphorePermit, task::spawn_blocking};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Turns, archive::Archive, insert, turn};

/// A turn to import, taken before the body is read.
pub struct Turn(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

impl FromRequestParts<App> for Turn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let turns = Extension::<Turns>::from_request_parts(parts, app).await;
        let Extension(turns) = turns.map_err(|missing| anyhow::anyhow!(missing))?;
        Ok(Self(turn(&turns.imports).await?))
    }
}

/// How many of each.
#[derive(Default, Serialize, ToSchema)]
pub struct Counts {
    pub foods: u64,
    pub reviews: u64,
    pub outcomes: u64,
    pub slips: u64,
    pub skips: u64,
}

#[derive(Serialize, ToSchema)]
pub struct Imported {
    added: Counts,
    /// Were there already, and stay as they are.
    kept: Counts,
}

/// Adds what an export holds. What is there already stays as it is: the food, the slip and the days
/// off with the same id, the review of the same date, the outcome of the same food and date. So the same file
/// a second time changes nothing. All or nothing.
#[utoipa::path(
    post, path = "/import",
    request_body(content = Archive, example = json!({
        "format": "hanip", "version": 1,
        "foods": [{
            "id": "01958d5c-9f00-7c3e-8a41-5b2d6f7e8c90", "name": "라면", "start_date": "2026-03-01", "counting": "assume",
            "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T09:00:00Z",
        }],
        "outcomes": [{ "food_id": "01958d5c-9f00-7c3e-8a41-5b2d6f7e8c90", "date": "2026-03-05", "outcome": "kept" }],
    })),
    responses((status = 200, description = "How much was added.", body = Imported)),
    extensions(("x-problems" = json!([
        Code::VersionUnknown, Code::StartDateFuture, Code::PriceWithoutCurrency, Code::ReviewDateFuture,
        Code::ReviewBeforeStart, Code::RangeInvalid, Code::SkipTooLong, Code::SkipTooFar, Code::FoodNotFound,
        Code::TooManyFoods, Code::TooManyDeleted, Code::TooManySkips, Code::TooManySlips,
    ]))),
)]
pub async fn import(
    user: User,
    State(app): State<App>,
    _turn: Turn,
    Json(archive): Json<Archive>,
) -> Result<Json<Imported>> {
    let now = app.clock.now();
    let today = user.today(now);
    let archive = spawn_blocking(move || checked(archive, now)).await.map_err(anyhow::Error::from)??;

    let mut db = db::lock(app.db.acquire().await?, user.id).await?;
    // Foods that can't be restored any more, lest records are added to them that go when the tick erases them.
    sqlx::query("DELETE FROM foods WHERE user_id = ? AND deleted_at <= ?")
        .bind(user.id)
        .bind(now - RESTORABLE)
        .execute(&mut *db)
        .await?;
    let starts: Vec<(Uuid, NaiveDate)> =
        sqlx::query_as("SELECT id, start_date FROM foods WHERE user_id = ?").bind(user.id).fetch_all(&mut *db).await?;
    let mut starts: HashMap<Uuid, NaiveDate> = starts.into_iter().collect();
    let new: Vec<_> =
        archive.foods.iter().map(|Object(food)| food).filter(|food| !starts.contains_key(&food.id)).collect();
    starts.extend(new.iter().map(|food| (food.id, food.start_date.0)));
    archive.check_foods(&starts, today)?;
    let added = Counts {
        foods: insert::foods(&mut db, user.id, &new).await?,
        reviews: insert::reviews(&mut db, user.id, &archive.reviews).await?,
        outcomes: insert::outcomes(&mut db, user.id, &archive.outcomes).await?,
        slips: insert::slips(&mut db, user.id, &archive.slips).await?,
        skips: insert::skips(&mut db, user.id, &archive.skips).await?,
    };
    refuse_too_many(&mut db, user.id, &archive, &added).await?;
    counters::recompute(&mut db, &named(&archive), today).await?;
    db.commit().await?;

    let kept = Counts {
        foods: archive.foods.len() as u64 - added.foods,
        reviews: archive.reviews.len() as u64 - added.reviews,
        outcomes: archive.outcomes.len() as u64 - added.outcomes,
        slips: archive.slips.len() as u64 - added.slips,
        skips: archive.skips.len() as u64 - added.skips,
    };
    tracing::info!(foods = added.foods, slips = added.slips, outcomes = added.outcomes, "imported");
    Ok(Json(Imported { added, kept }))
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

/// Refuses the import if with it the person has more than the API allows.
async fn refuse_too_many(db: &mut MySqlConnection, user_id: Uuid, archive: &Archive, added: &Counts) -> Result<()> {
    let (foods, kept, skips): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM foods WHERE user_id = ? AND deleted_at IS NULL),
                (SELECT COUNT(*) FROM foods WHERE user_id = ?), (SELECT COUNT(*) FROM skips WHERE user_id = ?)",
    )
    .bind(user_id)
    .bind(user_id)
    .bind(user_id)
    .fetch_one(&mut *db)
    .await?;
    if added.foods > 0 && foods > MOST_FOODS {
        return Err(Code::TooManyFoods.into());
    }
    if added.foods > 0 && kept > MOST_STORED {
        return Err(Code::TooManyDeleted.into());
    }
    if added.skips > 0 && skips > MOST_SKIPS as i64 {
        return Err(Code::TooManySkips.into());
    }
    let crowded: Option<(Uuid, NaiveDate)> = sqlx::query_as(
        "SELECT food_id, date FROM slips WHERE user_id = ? GROUP BY food_id, date HAVING COUNT(*) > ? LIMIT 1",
    )
    .bind(user_id)
    .bind(MOST_SLIPS)
    .fetch_optional(db)
    .await?;
    let Some((food_id, date)) = crowded.filter(|_| added.slips > 0) else { return Ok(()) };
    let index = archive.slips.iter().position(|Object(slip)| (slip.food_id, slip.date.0) == (food_id, date));
    Err(Fault::pointer(format!("/slips/{}", index.unwrap_or_default()), Code::TooManySlips).into())
}

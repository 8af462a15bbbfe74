//! Ranges of days off: neutral days, for some foods or for all.

use std::collections::BTreeMap;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{Days, NaiveDate};
use common::{
    App, Code, Connected, Fault, Faults, Json, Path, Result, db,
    diary::{
        counted_food::{CountedFood, Foods},
        counters,
        day::Date,
        numbers::Streak,
        review::{self, LONGEST_SKIP, MOST_SKIPS, SKIP_AHEAD},
    },
};
use serde::{Deserialize, Serialize};
use sqlx::MySqlConnection;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Skip {
    pub id: Uuid,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub food_ids: Vec<Uuid>,
    pub note: Option<String>,
}

/// A range to store. Without foods it is for those that are active now.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSkip {
    from: Date,
    to: Date,
    food_ids: Option<Vec<Uuid>>,
    #[schema(max_length = 500)]
    note: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Skips {
    /// Latest first.
    skips: Vec<Skip>,
}

#[derive(Serialize, ToSchema)]
pub struct SkipAnswer {
    skip: Skip,
    streaks: Vec<Streak>,
}

/// The ranges of days off.
#[utoipa::path(
    get, path = "/skips", tag = "Days off",
    responses((status = 200, description = "The ranges.", body = Skips)),
)]
pub async fn list(Connected { user, mut db }: Connected) -> Result<Json<Skips>> {
    let mut skips: Vec<Skip> = find_all(&mut db, user.id).await?.into_values().collect();
    skips.sort_by_key(|skip| std::cmp::Reverse((skip.from, skip.id)));
    Ok(Json(Skips { skips }))
}

/// Stores a range of days off. What is recorded on a day is stronger.
#[utoipa::path(
    put, path = "/skips/{skip_id}", tag = "Days off",
    params(("skip_id" = Uuid, Path, description = "The range's id, made by the client.", example = "01958d5c-a6d0-7b24-8e66-2a4c6e8f0b13")),
    request_body(content = NewSkip, example = json!({
        "from": "2026-03-07", "to": "2026-03-08", "food_ids": ["01958d5c-9f00-7c3e-8a41-5b2d6f7e8c90"], "note": "A wedding",
    })),
    responses(
        (status = 200, description = "The range as it is now, and the numbers of its foods.", body = SkipAnswer),
        (status = 201, description = "The range, stored now, and the numbers of its foods.", body = SkipAnswer),
    ),
    extensions(("x-problems" = json!([
        Code::RangeInvalid, Code::SkipTooLong, Code::SkipTooFar, Code::TooManySkips, Code::FoodNotFound,
        Code::FoodArchived,
    ]))),
)]
pub async fn put(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(new): Json<NewSkip>,
) -> Result<Response> {
    let today = user.today(app.clock.now());
    let (mut db, foods) = db::write(db, user.id, Foods { user_id: user.id }).await?;
    let mut skips = find_all(&mut db, user.id).await?;
    let before = skips.remove(&id);
    let skip = new.check(id, before.as_ref(), &foods, today)?;
    if skips.len() >= MOST_SKIPS {
        return Err(Code::TooManySkips.into());
    }
    if before.as_ref() != Some(&skip) {
        store(&mut db, user.id, &skip).await?;
        for Skip { from, food_ids, .. } in before.iter().chain([&skip]) {
            counters::recompute_closed(&mut db, &foods, food_ids, *from, today).await?;
        }
    }
    let named: Vec<Uuid> = before.iter().chain([&skip]).flat_map(|skip| skip.food_ids.clone()).collect();
    let streaks = counters::after_write(&mut db, &named, today).await?;
    db.commit().await?;
    let status = if before.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(SkipAnswer { skip, streaks })).into_response())
}

impl NewSkip {
    /// What is to be stored; what it names already, archived since, may stay.
    fn check(self, id: Uuid, before: Option<&Skip>, foods: &[CountedFood], today: NaiveDate) -> Result<Skip> {
        let mut faults = Faults::default();
        let (from, to) = (self.from.0, self.to.0);
        if to < from {
            faults.add(Fault::pointer("/to", Code::RangeInvalid));
        } else if (to - from).num_days() >= LONGEST_SKIP {
            faults.add(Fault::pointer("/to", Code::SkipTooLong));
        } else if to > today + Days::new(SKIP_AHEAD) {
            faults.add(Fault::pointer("/to", Code::SkipTooFar));
        }
        let active = || foods.iter().filter(|food| food.archived_on.is_none()).map(|food| food.id).collect();
        let mut food_ids: Vec<Uuid> = self.food_ids.clone().unwrap_or_else(active);
        for (index, id) in food_ids.iter().enumerate() {
            let pointer = format!("/food_ids/{index}");
            match foods.iter().find(|food| food.id == *id) {
                None => faults.add(Fault::pointer(pointer, Code::FoodNotFound)),
                Some(_) if food_ids[..index].contains(id) => faults.add(Fault::pointer(pointer, Code::FieldTwice)),
                Some(_) if before.is_some_and(|before| before.food_ids.contains(id)) => {}
                Some(food) if food.archived_on.is_some_and(|archived_on| from > archived_on) => {
                    faults.add(Fault::pointer(pointer, Code::FoodArchived));
                }
                Some(_) => {}
            }
        }
        let note = faults.take("/note", review::note(self.note.as_deref().unwrap_or_default()));
        faults.check()?;
        food_ids.sort();
        Ok(Skip { id, from, to, food_ids, note })
    }
}

/// The ranges of a person by id. Of deleted foods nothing shows.
async fn find_all(db: &mut MySqlConnection, user_id: Uuid) -> Result<BTreeMap<Uuid, Skip>> {
    let rows = sqlx::query!(
        r#"SELECT skips.id AS "id: Uuid", from_date, to_date, note, foods.id AS "food_id: Uuid"
           FROM skips
           LEFT JOIN skip_foods ON skip_foods.user_id = skips.user_id AND skip_id = skips.id
           LEFT JOIN foods ON foods.user_id = skips.user_id AND foods.id = skip_foods.food_id AND deleted_at IS NULL
           WHERE skips.user_id = ?
           ORDER BY skips.id, foods.id"#,
        user_id
    )
    .fetch_all(db)
    .await?;
    let mut skips = BTreeMap::new();
    for row in rows {
        let skip = Skip { id: row.id, from: row.from_date, to: row.to_date, food_ids: Vec::new(), note: row.note };
        skips.entry(row.id).or_insert(skip).food_ids.extend(row.food_id);
    }
    Ok(skips)
}

async fn store(db: &mut MySqlConnection, user_id: Uuid, skip: &Skip) -> Result<()> {
    sqlx::query!(
        "INSERT INTO skips (user_id, id, from_date, to_date, note) VALUES (?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE from_date = VALUE(from_date), to_date = VALUE(to_date), note = VALUE(note)",
        user_id,
        skip.id,
        skip.from,
        skip.to,
        skip.note
    )
    .execute(&mut *db)
    .await?;
    // A deleted food keeps its range until it is restored.
    sqlx::query!(
        "DELETE skip_foods FROM skip_foods
         JOIN foods ON foods.user_id = skip_foods.user_id AND foods.id = food_id AND deleted_at IS NULL
         WHERE skip_foods.user_id = ? AND skip_id = ?",
        user_id,
        skip.id
    )
    .execute(&mut *db)
    .await?;
    for food_id in &skip.food_ids {
        sqlx::query!("INSERT INTO skip_foods (user_id, skip_id, food_id) VALUES (?, ?, ?)", user_id, skip.id, food_id)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

/// Deletes a range: its days are again what they were.
#[utoipa::path(
    delete, path = "/skips/{skip_id}", tag = "Days off",
    params(("skip_id" = Uuid, Path, description = "The range's id.")),
    responses((status = 204, description = "It is deleted.")),
)]
pub async fn delete(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<StatusCode> {
    let today = user.today(app.clock.now());
    let (mut db, foods) = db::write(db, user.id, Foods { user_id: user.id }).await?;
    let skip = find_all(&mut db, user.id).await?.remove(&id).ok_or(Code::NotFound)?;
    sqlx::query!("DELETE FROM skips WHERE user_id = ? AND id = ?", user.id, id).execute(&mut *db).await?;
    counters::recompute_closed(&mut db, &foods, &skip.food_ids, skip.from, today).await?;
    db.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

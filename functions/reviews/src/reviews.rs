//! Reviews: one a date.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Days, NaiveDate, Utc};
use common::{
    App, Code, Connected, Error, Fault, Faults, Json, Object, Path, Result,
    db::{self, Locked},
    diary::{
        counted_food::{CountedFood, Foods},
        counters,
        day::Date,
        limit::refuse_too_many_records,
        numbers::Streak,
        records::{Records, RecordsOnAndAfter},
        review::{self, Content, DateRecord, Day, FoodOutcome, RATING, Review},
        streak::Outcome,
    },
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use sqlx::{MySql, Row, pool::PoolConnection};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{RECORDABLE, recordable, recordable_date};

/// The review of a date. Its ETag covers difficulty, mood, notes and outcomes, not slips.
#[utoipa::path(
    get, path = "/{date}", tag = "Reviews",
    params(("date" = Date, Path, description = "The date, from 2000-01-01.")),
    responses((status = 200, description = "The review.", body = Review,
        headers(("ETag" = String, description = "For `If-Match`.")))),
)]
pub async fn show(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Path(date): Path<String>,
) -> Result<Response> {
    let date = Date::parameter("date", &date)?;
    let now = app.clock.now();
    let (_, (foods, rows)) = db::snapshot(db, on(user.id, date)).await?;
    let mut records = rows.of(&foods, &[date]);
    let record = records.on(date);
    if record.is_empty() {
        return Err(Code::NotFound.into());
    }
    let etag = record.content.etag()?;
    Ok(([(header::ETAG, etag.as_str())], Json(record.review(date, &foods, user.today(now), now))).into_response())
}

/// SELECT: the foods of a person, and what is recorded on `date` alone.
fn on(user_id: Uuid, date: NaiveDate) -> (Foods, RecordsOnAndAfter) {
    (Foods { user_id }, RecordsOnAndAfter { user_id, date, after: Date::LAST })
}

/// A review to store. Difficulty, mood and note are replaced, absent being null. Of each food named
/// the outcome and note are; foods not named keep theirs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReview {
    #[schema(minimum = 1, maximum = 5)]
    difficulty: Option<u8>,
    #[schema(minimum = 1, maximum = 5)]
    mood: Option<u8>,
    #[schema(max_length = 2000)]
    note: Option<String>,
    #[serde(default)]
    #[schema(value_type = Vec<NewOutcome>)]
    foods: Vec<Object<NewOutcome>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOutcome {
    food_id: Uuid,
    /// Null clears the outcome.
    #[serde(deserialize_with = "nullable")]
    #[schema(required)]
    outcome: Option<Outcome>,
    #[schema(max_length = 500)]
    note: Option<String>,
}

/// Null, but not absent: a name left out must not clear an outcome.
fn nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Outcome>, D::Error> {
    Option::deserialize(deserializer)
}

impl NewReview {
    /// What the date holds once this has replaced its part of `before`.
    fn onto(self, before: &Content) -> Result<Content> {
        let mut faults = Faults::default();
        for (pointer, value) in [("/difficulty", self.difficulty), ("/mood", self.mood)] {
            if value.is_some_and(|value| !RATING.contains(&value.into())) {
                faults.add(Fault::pointer(pointer, Code::NumberOutOfRange).between(RATING));
            }
        }
        let note = faults.take("/note", review::day_note(self.note.as_deref().unwrap_or_default()));
        let mut content = before.clone();
        content.day = Day { difficulty: self.difficulty, mood: self.mood, note };
        let mut named = Vec::with_capacity(self.foods.len());
        for (index, Object(food)) in self.foods.into_iter().enumerate() {
            let note = review::note(food.note.as_deref().unwrap_or_default());
            let note = faults.take(&format!("/foods/{index}/note"), note);
            if named.contains(&food.food_id) {
                faults.add(Fault::pointer(format!("/foods/{index}/food_id"), Code::FieldTwice));
            }
            named.push(food.food_id);
            match (food.outcome, note) {
                (None, None) => content.foods.remove(&food.food_id),
                (outcome, note) => content.foods.insert(food.food_id, FoodOutcome { outcome, note }),
            };
        }
        faults.check()?;
        Ok(content)
    }
}

#[derive(Serialize, ToSchema)]
pub struct ReviewAnswer {
    review: Review,
    /// The numbers as they are now.
    streaks: Vec<Streak>,
}

/// Stores the review of a date, all or nothing. What equals what is stored is 200 and changes nothing.
#[utoipa::path(
    put, path = "/{date}", tag = "Reviews",
    params(
        ("date" = Date, Path, description = "The date, from 2000-01-01; not after today.", example = "2026-03-05"),
        ("If-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of what may be replaced."),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "`*`: nothing may be replaced."),
    ),
    request_body(content = NewReview, example = json!({
        "difficulty": 2, "mood": 4, "note": "An easy day",
        "foods": [{ "food_id": "01958d5c-9f00-7c3e-8a41-5b2d6f7e8c90", "outcome": "kept", "note": null }],
    })),
    responses(
        (status = 200, description = "The review as it is now, and the numbers of the foods.", body = ReviewAnswer,
            headers(("ETag" = String, description = "For the next `If-Match`."))),
        (status = 201, description = "The same, where nothing was reviewed before.", body = ReviewAnswer,
            headers(("ETag" = String, description = "For the next `If-Match`."))),
        (status = 412, description = "", body = Changed),
    ),
    extensions(("x-problems" = json!([RECORDABLE, Code::ReviewChanged, Code::TooManyRecords]))),
)]
pub async fn put(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Path(date): Path<String>,
    headers: HeaderMap,
    Json(new): Json<NewReview>,
) -> Result<Response> {
    let now = app.clock.now();
    let today = user.today(now);
    let date = recordable_date(&date, today)?;
    let named: Vec<Uuid> = new.foods.iter().map(|Object(food)| food.food_id).collect();

    let (mut db, mut foods, mut records) = lock(db, user.id, date, today, &named).await?;

    let record = records.on(date);
    let after = new.onto(&record.content)?;
    refuse_unrecordable(&foods, &named, date, today)?;
    let changes = after != record.content;
    if changes && !record.content.satisfies(&headers)? {
        let current = (!record.is_empty()).then(|| record.review(date, &foods, today, now));
        return Err(changed(current));
    }
    let status = if record.content.is_empty() && !after.is_empty() { StatusCode::CREATED } else { StatusCode::OK };

    if after.foods.len() > record.content.foods.len() || record.content.is_empty() {
        db = refuse_too_many_records(db).await?;
    }
    let mut recomputed = false;
    if changes {
        store(&mut db, date, &record.content, &after, now).await?;
        record.rewrite(after, now);
        recomputed = counters::recompute_closed(&mut db, &foods, &named, date, today).await?;
    }

    let etag = record.content.etag()?;
    let review = record.review(date, &foods, today, now);
    let streaks = if recomputed {
        counters::after_write(&mut db, &named, today).await?
    } else {
        foods.retain(|food| is_shown(food, &named));
        counters::streaks(&mut db, user.id, foods, records.histories(), today).await?
    };
    db.commit().await?;
    Ok((status, [(header::ETAG, etag.as_str())], Json(ReviewAnswer { review, streaks })).into_response())
}

/// Whether the answer shows the numbers of a food: it is active, or named in the request.
fn is_shown(food: &CountedFood, named: &[Uuid]) -> bool {
    food.archived_on.is_none() || named.contains(&food.id)
}

/// Locks the person, and reads their foods, what is recorded on `date`, and what the numbers of the answer need:
/// everything since the foods that it shows were closed.
async fn lock(
    db: PoolConnection<MySql>,
    user_id: Uuid,
    date: NaiveDate,
    today: NaiveDate,
    named: &[Uuid],
) -> Result<(Locked, Vec<CountedFood>, Records)> {
    let yesterday = today - Days::new(1);
    let since = |after| RecordsOnAndAfter { user_id, date, after };
    let (mut db, (foods, rows)) = db::write(db, user_id, (Foods { user_id }, since(yesterday))).await?;
    let closed = counters::closed_through(foods.iter().filter(|food| is_shown(food, named)));
    let rows = counters::since_closed(&mut db, closed, yesterday, rows, since).await?;
    let records = rows.of(&foods, &[date]);
    Ok((db, foods, records))
}

/// Refuses foods of which nothing can be recorded on `date`.
fn refuse_unrecordable(foods: &[CountedFood], named: &[Uuid], date: NaiveDate, today: NaiveDate) -> Result<()> {
    let mut faults = Faults::default();
    for (index, &food_id) in named.iter().enumerate() {
        if let Err(fault) = recordable(foods, food_id, &format!("/foods/{index}/food_id"), date, today) {
            faults.add(fault);
        }
    }
    faults.check()
}

/// What is told with `review-changed`.
#[derive(Serialize, ToSchema)]
pub struct Changed {
    /// The review as it is, null where nothing is recorded.
    current: Option<Review>,
}

/// `412` with the review as it is.
fn changed(current: Option<Review>) -> Error {
    match serde_json::to_value(Changed { current }) {
        Ok(Value::Object(members)) => Error::Extended(Code::ReviewChanged, members),
        _ => Code::ReviewChanged.into(),
    }
}

/// Writes what `after` has and `before` has not, and the other way round.
async fn store(db: &mut Locked, date: NaiveDate, before: &Content, after: &Content, now: DateTime<Utc>) -> Result<()> {
    let user_id = db.user_id();
    for food_id in before.foods.keys().filter(|food_id| !after.foods.contains_key(food_id)) {
        sqlx::query!("DELETE FROM outcomes WHERE user_id = ? AND food_id = ? AND date = ?", user_id, food_id, date)
            .execute(&mut **db)
            .await?;
    }
    let changed: Vec<_> = after.foods.iter().filter(|&(id, food)| before.foods.get(id) != Some(food)).collect();
    if !changed.is_empty() {
        sqlx::query!(
            "INSERT INTO outcomes (user_id, food_id, date, outcome, note)
             SELECT ?, UNHEX(REPLACE(food_id, '-', '')), ?, new.outcome, new.note
             FROM JSON_TABLE(?, '$[*]' COLUMNS (
                 food_id CHAR(36) PATH '$[0]', outcome VARCHAR(7) PATH '$[1].outcome',
                 note VARCHAR(500) CHARACTER SET utf8mb4 PATH '$[1].note'
             )) AS new
             ON DUPLICATE KEY UPDATE outcome = VALUE(outcome), note = VALUE(note)",
            user_id,
            date,
            sqlx::types::Json(changed) as _
        )
        .execute(&mut **db)
        .await?;
    }
    if after.is_empty() {
        sqlx::query!("DELETE FROM reviews WHERE user_id = ? AND date = ?", user_id, date).execute(&mut **db).await?;
        return Ok(());
    }
    let Day { difficulty, mood, note } = &after.day;
    // Mostly the last statement before COMMIT: it says itself what would have to be asked.
    let insert = sqlx::query!(
        "INSERT INTO reviews (user_id, date, difficulty, mood, note, updated_at) VALUES (?, ?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE difficulty = VALUE(difficulty), mood = VALUE(mood), note = VALUE(note),
                                 updated_at = VALUE(updated_at)
         RETURNING @@in_transaction",
        user_id,
        date,
        difficulty,
        mood,
        note,
        now
    );
    let is_open = insert.fetch_one(&mut **db).await?.try_get(0)?;
    db.answered(is_open)
}

/// Deletes the review of a date: outcomes and notes go, slips stay.
#[utoipa::path(
    delete, path = "/{date}", tag = "Reviews",
    params(
        ("date" = Date, Path, description = "The date, from 2000-01-01."),
        ("If-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of what may be deleted."),
    ),
    responses((status = 204, description = "It is deleted."), (status = 412, description = "", body = Changed)),
    extensions(("x-problems" = json!([Code::ReviewChanged]))),
)]
pub async fn delete(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Path(date): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode> {
    let date = Date::parameter("date", &date)?;
    let now = app.clock.now();
    let today = user.today(now);
    let (mut db, (foods, rows)) = db::write(db, user.id, on(user.id, date)).await?;
    let mut records = rows.of(&foods, &[date]);
    let record: &DateRecord = records.on(date);
    if record.content.is_empty() {
        return Err(Code::NotFound.into());
    }
    if !record.content.satisfies(&headers)? {
        return Err(changed(Some(record.review(date, &foods, today, now))));
    }
    store(&mut db, date, &record.content, &Content::default(), now).await?;
    let named: Vec<Uuid> = record.content.foods.keys().copied().collect();
    counters::recompute_closed(&mut db, &foods, &named, date, today).await?;
    db.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

//! The reviews of many dates, and finding one.

use axum::extract::State;
use chrono::{Days, NaiveDate};
use common::{
    App, Code, Connected, Fault, Json, Query, Result, db,
    diary::{counted_food::Foods, day::Date, records::RecordsOn, review::Review},
    text,
};
use serde::{Deserialize, Serialize};
use sqlx::MySqlConnection;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// The first date that is listed.
    from: Option<Date>,
    /// The last date that is listed.
    to: Option<Date>,
    /// Dates on which something is recorded for this food.
    food_id: Option<Uuid>,
    /// A part of any note of the date, or of what set a slip off, in upper or lower case; the keys of triggers are
    /// found by their names in Korean and English too.
    #[param(max_length = 100)]
    q: Option<String>,
    /// How many are listed at most; 30 where absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u8>,
    /// `next_cursor` of the page before.
    cursor: Option<Date>,
}

/// The triggers that are stored as keys, as the app calls them in Korean and English.
const TRIGGERS: [(&str, &str, &str); 8] = [
    ("stress", "스트레스", "stress"),
    ("tired", "피곤해서", "tired"),
    ("bored", "심심해서", "bored"),
    ("hungry", "배고파서", "hungry"),
    ("with_people", "사람들과 있다가", "with people"),
    ("habit", "습관처럼", "habit"),
    ("saw_it", "눈에 보여서", "saw it"),
    ("celebration", "축하할 일", "celebration"),
];

#[derive(Serialize, ToSchema)]
pub struct Page {
    reviews: Vec<Review>,
    /// For the next page; null on the last.
    next_cursor: Option<NaiveDate>,
}

/// The reviews, newest first.
#[utoipa::path(
    get, path = "", tag = "Reviews", params(Filter),
    responses((status = 200, description = "A page of reviews.", body = Page)),
)]
pub async fn list(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> Result<Json<Page>> {
    let limit = filter.limit.unwrap_or(30);
    if !(1..=100).contains(&limit) {
        return Err(Fault::parameter("limit", Code::NumberOutOfRange).between(1..=100).into());
    }
    let q = filter.q.as_deref().map(|q| text::lines(q, 100)).transpose();
    let q = q.map_err(|code| Fault::parameter("q", code))?.flatten();
    let from = filter.from.map_or(NaiveDate::default(), |from| from.0);
    let to = filter.to.map_or(NaiveDate::MAX, |to| to.0);
    let to = filter.cursor.map_or(to, |cursor| to.min(cursor.0 - Days::new(1))).min(Date::LAST);

    let now = app.clock.now();
    let (mut db, foods) = db::snapshot(db, Foods { user_id: user.id }).await?;
    let mut dates = match &q {
        None => newest(&mut db, user.id, from, to, filter.food_id, limit + 1).await?,
        Some(q) => search(&mut db, user.id, from, to, filter.food_id, q, limit + 1).await?,
    };
    let more = dates.len() > usize::from(limit);
    dates.truncate(limit.into());
    let next_cursor = dates.last().copied().filter(|_| more);
    let mut reviews = Vec::with_capacity(dates.len());
    if !dates.is_empty() {
        let read = db::select(&mut db, RecordsOn { user_id: user.id, dates: &dates }).await?;
        let records = read.of(&foods, &dates).dates.into_iter().rev();
        reviews.extend(records.map(|(date, record)| record.review(date, &foods, user.today(now), now)));
    }
    Ok(Json(Page { reviews, next_cursor }))
}

/// The last dates from `from` to `to` on which anything is recorded. However long the history is, only so many are read.
async fn newest(
    db: &mut MySqlConnection,
    user_id: Uuid,
    from: NaiveDate,
    to: NaiveDate,
    food_id: Option<Uuid>,
    limit: u8,
) -> Result<Vec<NaiveDate>> {
    let dates = sqlx::query_scalar!(
        r#"(SELECT date FROM reviews
            WHERE user_id = ? AND date BETWEEN ? AND ? AND ? IS NULL
                AND (difficulty IS NOT NULL OR mood IS NOT NULL OR note IS NOT NULL)
            ORDER BY date DESC LIMIT ?)
           UNION
           (SELECT DISTINCT date FROM outcomes FORCE INDEX (by_date)
            WHERE user_id = ? AND date BETWEEN ? AND ? AND COALESCE(food_id = ?, TRUE) AND food_id NOT IN
                (SELECT id FROM foods FORCE INDEX (PRIMARY) WHERE user_id = ? AND deleted_at IS NOT NULL)
            ORDER BY date DESC LIMIT ?)
           UNION
           (SELECT DISTINCT date FROM slips FORCE INDEX (by_date)
            WHERE user_id = ? AND date BETWEEN ? AND ? AND COALESCE(food_id = ?, TRUE) AND food_id NOT IN
                (SELECT id FROM foods FORCE INDEX (PRIMARY) WHERE user_id = ? AND deleted_at IS NOT NULL)
            ORDER BY date DESC LIMIT ?)
           ORDER BY date DESC LIMIT ?"#,
        user_id,
        from,
        to,
        food_id,
        limit,
        user_id,
        from,
        to,
        food_id,
        user_id,
        limit,
        user_id,
        from,
        to,
        food_id,
        user_id,
        limit,
        limit
    );
    Ok(dates.fetch_all(db).await?)
}

/// The last dates from `from` to `to` with a note or a trigger that holds `q`.
async fn search(
    db: &mut MySqlConnection,
    user_id: Uuid,
    from: NaiveDate,
    to: NaiveDate,
    food_id: Option<Uuid>,
    q: &str,
    limit: u8,
) -> Result<Vec<NaiveDate>> {
    let wanted = q.to_lowercase();
    let named = TRIGGERS.iter().filter(|(_, korean, english)| korean.contains(&wanted) || english.contains(&wanted));
    let keys = named.map(|(key, ..)| *key).collect::<Vec<_>>().join(",");
    // Triggers are searched as they are stored. A stored key is also found by its name in either language: where its
    // name matches, FIND_IN_SET adds `q` itself to the text that is searched.
    let dates = sqlx::query_scalar!(
        r#"SELECT date AS "date!" FROM (
               SELECT date, note AS text, NULL AS food_id FROM reviews WHERE user_id = ?
               UNION ALL
               SELECT date, note, food_id FROM outcomes JOIN foods
                   ON foods.user_id = outcomes.user_id AND foods.id = food_id AND deleted_at IS NULL
               WHERE outcomes.user_id = ?
               UNION ALL
               SELECT date, CONCAT_WS('\n', note, cause, IF(FIND_IN_SET(cause, ?), ?, NULL)), food_id FROM slips JOIN foods
                   ON foods.user_id = slips.user_id AND foods.id = food_id AND deleted_at IS NULL
               WHERE slips.user_id = ?
           ) AS recorded
           WHERE date BETWEEN ? AND ?
           GROUP BY date
           HAVING (? IS NULL OR SUM(food_id = ?) > 0) AND SUM(INSTR(LOWER(text), LOWER(?)) > 0) > 0
           ORDER BY date DESC
           LIMIT ?"#,
        user_id,
        user_id,
        keys,
        q,
        user_id,
        from,
        to,
        food_id,
        food_id,
        q,
        limit
    );
    Ok(dates.fetch_all(db).await?)
}

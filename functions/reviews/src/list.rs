//! The reviews of many dates, and finding one.

use axum::extract::State;
use chrono::{Days, NaiveDate};
use common::{
    App, Code, Fault, Json, Problems, Query, Result, User, counters,
    day::Date,
    db,
    review::{self, Review},
    text,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    from: Option<Date>,
    to: Option<Date>,
    /// Dates on which something is recorded for this food.
    food_id: Option<Uuid>,
    /// A part of any note of the date, in upper or lower case.
    #[param(max_length = 100)]
    q: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u8>,
    /// `next_cursor` of the page before.
    cursor: Option<Date>,
}

#[derive(Serialize, ToSchema)]
pub struct Page {
    reviews: Vec<Review>,
    /// For the next page; null on the last.
    next_cursor: Option<NaiveDate>,
}

/// The reviews, newest first.
#[utoipa::path(get, path = "", params(Filter), responses((status = 200, description = "As it is now.", body = Page), Problems))]
pub async fn list(user: User, State(app): State<App>, Query(filter): Query<Filter>) -> Result<Json<Page>> {
    let limit = filter.limit.unwrap_or(30);
    if !(1..=100).contains(&limit) {
        return Err(Fault::parameter("limit", Code::NumberOutOfRange).into());
    }
    let q = filter.q.as_deref().map(|q| text::lines(q, 100)).transpose();
    let q = q.map_err(|code| Fault::parameter("q", code))?.flatten();
    let from = filter.from.map_or(NaiveDate::default(), |from| from.0);
    let to = filter.to.map_or(NaiveDate::MAX, |to| to.0);
    let to = filter.cursor.map_or(to, |cursor| to.min(cursor.0 - Days::new(1)));

    let now = app.clock.now();
    let mut db = db::snapshot(&app.db).await?;
    let dates: Vec<(NaiveDate,)> = sqlx::query_as(
        "SELECT date FROM (
             SELECT date, note, NULL AS food_id FROM reviews
             WHERE user_id = ? AND (difficulty IS NOT NULL OR mood IS NOT NULL OR note IS NOT NULL)
             UNION ALL
             SELECT date, note, food_id FROM outcomes JOIN foods
                 ON foods.user_id = outcomes.user_id AND foods.id = food_id AND deleted_at IS NULL
             WHERE outcomes.user_id = ?
             UNION ALL
             SELECT date, note, food_id FROM slips JOIN foods
                 ON foods.user_id = slips.user_id AND foods.id = food_id AND deleted_at IS NULL
             WHERE slips.user_id = ?
         ) AS recorded
         WHERE date BETWEEN ? AND ?
         GROUP BY date
         HAVING (? IS NULL OR SUM(food_id = ?) > 0) AND (? IS NULL OR SUM(INSTR(LOWER(note), LOWER(?)) > 0) > 0)
         ORDER BY date DESC
         LIMIT ?",
    )
    .bind(user.id)
    .bind(user.id)
    .bind(user.id)
    .bind(from)
    .bind(to.min(Date::LAST))
    .bind(filter.food_id)
    .bind(filter.food_id)
    .bind(&q)
    .bind(&q)
    .bind(u16::from(limit) + 1)
    .fetch_all(&mut *db)
    .await?;
    let mut dates: Vec<NaiveDate> = dates.into_iter().map(|(date,)| date).collect();
    let more = dates.len() > usize::from(limit);
    dates.truncate(limit.into());
    let next_cursor = dates.last().copied().filter(|_| more);
    let foods = counters::tracked(&mut db, user.id).await?;
    let stored = review::load(&mut db, user.id, &dates).await?;
    let reviews = stored.into_iter().rev().map(|(date, stored)| stored.review(date, &foods, user.today(now), now));
    Ok(Json(Page { reviews: reviews.collect(), next_cursor }))
}

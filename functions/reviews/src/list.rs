//! The reviews of many dates, and finding one.

use std::time::{Duration, Instant};

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
    /// For the next page; null on the last. Where there are very many slips, or in a search of a very long history, a page
    /// may have fewer reviews than `limit`, or none, and the next one goes on.
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
    let (mut dates, searched_from) = match &q {
        None => (newest(&mut db, user.id, from, to, filter.food_id, limit + 1).await?, None),
        Some(q) => {
            let wanted = Search { user_id: user.id, food_id: filter.food_id, q };
            search(&mut db, wanted, from, to, limit + 1).await?
        }
    };
    let mut more = dates.len() > usize::from(limit);
    dates.truncate(limit.into());
    let mut reviews = Vec::with_capacity(dates.len());
    if !dates.is_empty() {
        let mut read = db::select(&mut db, RecordsOn { user_id: user.id, dates: &dates }).await?;
        more |= read.leave_out_unread(&mut dates);
        let records = read.of(&foods, &dates).dates.into_iter().rev();
        reviews.extend(records.map(|(date, record)| record.review(date, &foods, user.today(now), now)));
    }
    let next_cursor = if more { dates.last().copied() } else { searched_from };
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

/// What is searched for.
struct Search<'a> {
    user_id: Uuid,
    food_id: Option<Uuid>,
    q: &'a str,
}

/// How many days the first statement of a search covers. Each further one covers four times as many, so that a short
/// history takes few statements, while none of a long one takes long.
const FIRST_WINDOW: u64 = 92;
/// A search that has taken this long ends where it is; the next page goes on.
const SEARCH_TIME: Duration = Duration::from_secs(2);
/// From then on a window is as long as the one before: it takes long enough.
const LONG_WINDOW: Duration = Duration::from_millis(200);

/// Up to `limit` of the last dates from `from` to `to` with a note or a trigger that holds the text, and, where the
/// search has ended before `from`, the first date that was searched.
async fn search(
    db: &mut MySqlConnection,
    search: Search<'_>,
    from: NaiveDate,
    to: NaiveDate,
    limit: u8,
) -> Result<(Vec<NaiveDate>, Option<NaiveDate>)> {
    let started = Instant::now();
    let Some((first, last)) = recorded_between(db, search.user_id, from, to).await? else {
        return Ok((Vec::new(), None));
    };
    let (mut dates, mut end, mut days) = (Vec::new(), last, FIRST_WINDOW);
    loop {
        let begun = Instant::now();
        let start = end.checked_sub_days(Days::new(days - 1)).unwrap_or(first).max(first);
        dates.extend(search_window(db, &search, start, end, limit - dates.len() as u8).await?);
        if dates.len() == usize::from(limit) || start == first {
            return Ok((dates, None));
        }
        if started.elapsed() >= SEARCH_TIME {
            return Ok((dates, Some(start)));
        }
        if begun.elapsed() < LONG_WINDOW {
            days *= 4;
        }
        end = start - Days::new(1);
    }
}

/// The first and the last date from `from` to `to` on which anything is recorded.
async fn recorded_between(
    db: &mut MySqlConnection,
    user_id: Uuid,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Option<(NaiveDate, NaiveDate)>> {
    let recorded = sqlx::query!(
        r#"SELECT MIN(first) AS "first: NaiveDate", MAX(last) AS "last: NaiveDate" FROM (
               SELECT MIN(date) AS first, MAX(date) AS last FROM reviews WHERE user_id = ? AND date BETWEEN ? AND ?
               UNION ALL
               SELECT MIN(date), MAX(date) FROM outcomes FORCE INDEX (by_date) WHERE user_id = ? AND date BETWEEN ? AND ?
               UNION ALL
               SELECT MIN(date), MAX(date) FROM slips FORCE INDEX (by_date) WHERE user_id = ? AND date BETWEEN ? AND ?
           ) AS recorded"#,
        user_id,
        from,
        to,
        user_id,
        from,
        to,
        user_id,
        from,
        to
    );
    let recorded = recorded.fetch_one(db).await?;
    Ok(recorded.first.zip(recorded.last))
}

/// The last dates from `from` to `to` with a note or a trigger that holds the text.
async fn search_window(
    db: &mut MySqlConnection,
    Search { user_id, food_id, q }: &Search<'_>,
    from: NaiveDate,
    to: NaiveDate,
    limit: u8,
) -> Result<Vec<NaiveDate>> {
    let wanted = q.to_lowercase();
    let named = TRIGGERS.iter().filter(|(_, korean, english)| korean.contains(&wanted) || english.contains(&wanted));
    let keys = named.map(|(key, ..)| *key).collect::<Vec<_>>().join(",");
    // Triggers are searched as they are stored. A stored key is also found by its name in either language: where its
    // name matches, FIND_IN_SET adds `q` itself to the text that is searched.
    let dates = sqlx::query_scalar!(
        r#"SELECT date AS "date!" FROM (
               SELECT date, note AS text, NULL AS food_id FROM reviews WHERE user_id = ? AND date BETWEEN ? AND ?
               UNION ALL
               SELECT date, note, food_id FROM outcomes FORCE INDEX (by_date) JOIN foods
                   ON foods.user_id = outcomes.user_id AND foods.id = food_id AND deleted_at IS NULL
               WHERE outcomes.user_id = ? AND date BETWEEN ? AND ?
               UNION ALL
               SELECT date, CONCAT_WS('\n', note, cause, IF(FIND_IN_SET(cause, ?), ?, NULL)), food_id
               FROM slips FORCE INDEX (by_date) JOIN foods
                   ON foods.user_id = slips.user_id AND foods.id = food_id AND deleted_at IS NULL
               WHERE slips.user_id = ? AND date BETWEEN ? AND ?
           ) AS recorded
           GROUP BY date
           HAVING (? IS NULL OR SUM(food_id = ?) > 0) AND SUM(INSTR(LOWER(text), LOWER(?)) > 0) > 0
           ORDER BY date DESC
           LIMIT ?"#,
        user_id,
        from,
        to,
        user_id,
        from,
        to,
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

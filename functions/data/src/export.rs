//! Export: everything a person has, read in one snapshot and written as fast as the client takes it.

use std::time::Duration;

use anyhow::Context;
use axum::{
    Extension,
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, NaiveDate, Utc};
use common::{
    Account, App, Language, Me, Query, Result, User, db,
    diary::{
        day::{Date, HourMinute},
        food::RESTORABLE,
        history::{Histories, HistoriesAfter},
        reminder::{About, days_of},
        streak::{Counting, Outcome},
    },
};
use http_body_util::channel::Channel;
use serde::Deserialize;
use sqlx::MySqlConnection;
use tokio::{sync::oneshot, time::timeout};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    Limits, PATIENCE,
    archive::{Archive, Food, FoodOutcome, Reminder, Review, Skip, Slip},
    days, permits,
    writer::{Format, Writer},
};

/// How many rows are read at once.
const PAGE: u32 = 500;
/// How long the whole may take: its snapshot keeps the database from purging old row versions.
const WHOLE_TIME: Duration = Duration::from_secs(300);
/// How long to wait for the first chunk before the answer begins without it.
const FIRST_CHUNK_TIME: Duration = Duration::from_secs(5);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Options {
    /// JSON, which can be imported, where absent; or a table: `csv` with a row a record, `days` with a row a date.
    #[serde(default)]
    #[param(inline)]
    format: Format,
}

/// Everything the person has: foods, those that can still be restored too, reviews, slips, days off, reminders. Channels
/// are not in it, for what opens them is never told.
#[utoipa::path(
    get, path = "/export", params(Options),
    responses((
        status = 200, description = "A file to keep.",
        headers(("Content-Disposition" = String, description = "The file's name.")),
        content((Archive = "application/json"), (String = "text/csv"))
    )),
)]
pub async fn export(
    user: User,
    State(app): State<App>,
    Extension(limits): Extension<Limits>,
    Query(options): Query<Options>,
) -> Result<Response> {
    let turn = limits.exports_each.take(user.id, PATIENCE).await?;
    let connection = permits(&limits.exports, 1).await?;
    let now = app.clock.now();
    let today = user.today(now);
    let db = app.db.acquire().await?;
    let (mut db, read) = match options.format {
        Format::Days => {
            let histories = HistoriesAfter { user_id: user.id, after: NaiveDate::default() };
            let (db, histories) = db::snapshot(db, histories).await?;
            (db, Read::Histories(histories))
        }
        Format::Json | Format::Csv => {
            let (db, me) = db::snapshot(db, Account(user.clone())).await?;
            (db, Read::Account(me))
        }
    };
    let (sender, body) = Channel::new(1);
    let (started, has_started) = oneshot::channel();
    app.tasks.spawn(async move {
        let mut writer = Writer::new(options.format, sender, started);
        let whole = async {
            let histories = match read {
                Read::Account(me) => return write(&mut db, me, now, &mut writer).await,
                Read::Histories(histories) => histories,
            };
            let mut foods = foods(&mut db, user.id, now).await?;
            foods.retain(|food| food.deleted_at.is_none());
            let language = if user.locale == "ko" { Language::Korean } else { Language::English };
            days::write(&foods, &histories, today, language, &mut writer).await
        };
        let written = timeout(WHOLE_TIME, whole).await;
        // Before the client hears the end: it may ask again at once.
        drop((turn, connection, db));
        if let Err(error) = written.map_err(|late| anyhow::Error::from(late).into()).flatten() {
            writer.abort(error);
        }
    });
    // An error before the first chunk is answered as a problem, not as a broken file.
    if let Ok(started) = timeout(FIRST_CHUNK_TIME, has_started).await {
        started.context("an export ended before it started")??;
    }
    let (kind, extension) = match options.format {
        Format::Json => ("application/json", "json"),
        Format::Csv | Format::Days => ("text/csv; charset=utf-8", "csv"),
    };
    let name = if options.format == Format::Days { "hanip-days" } else { "hanip" };
    let name = format!("attachment; filename=\"{name}-{today}.{extension}\"");
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, &name)];
    Ok((headers, Body::new(body)).into_response())
}

/// What is read as the snapshot begins, in the same round trip.
enum Read {
    Account(Me),
    Histories(Histories),
}

async fn write(db: &mut MySqlConnection, me: Me, now: DateTime<Utc>, writer: &mut Writer) -> Result<()> {
    let user_id = me.id;
    let foods = foods(db, user_id, now).await?;
    writer.names = foods.iter().map(|food| (food.id, food.name.clone())).collect();
    let food_ids: Vec<Uuid> = foods.iter().map(|food| food.id).collect();
    writer.begin(me, now)?;
    writer.begin_list("foods");
    writer.add(foods).await?;
    writer.end_list();

    writer.begin_list("reviews");
    reviews(db, user_id, writer).await?;
    writer.end_list();

    writer.begin_list("outcomes");
    for food_id in food_ids {
        outcomes(db, user_id, food_id, writer).await?;
    }
    writer.end_list();

    writer.begin_list("slips");
    slips(db, user_id, writer).await?;
    writer.end_list();

    writer.begin_list("skips");
    let mut skips = skips(db, user_id).await?;
    skips.iter_mut().for_each(|skip| skip.food_ids.retain(|id| writer.names.contains_key(id)));
    writer.add(skips).await?;
    writer.end_list();

    writer.begin_list("reminders");
    writer.add(reminders(db, user_id).await?).await?;
    writer.end_list();
    Ok(writer.end().await?)
}

/// The foods in the person's order, those that can be restored too.
async fn foods(db: &mut MySqlConnection, user_id: Uuid, now: DateTime<Utc>) -> Result<Vec<Food>, sqlx::Error> {
    let foods = sqlx::query_as!(
        Food,
        r#"SELECT id AS "id: Uuid", name, icon, color AS "color: String", start_date AS "start_date: Date",
                  counting AS "counting: Counting", goal_days, motivation, price_per_day, currency AS "currency: String",
                  archived_on AS "archived_on: Date", deleted_at AS "deleted_at: _",
                  created_at AS "created_at: _", updated_at AS "updated_at: _"
           FROM foods WHERE user_id = ? AND (deleted_at IS NULL OR deleted_at > ?) ORDER BY position, id"#,
        user_id,
        now - RESTORABLE
    );
    foods.fetch_all(db).await
}

async fn reviews(db: &mut MySqlConnection, user_id: Uuid, writer: &mut Writer) -> Result<()> {
    let mut after = NaiveDate::default();
    loop {
        let page = sqlx::query_as!(
            Review,
            r#"SELECT date AS "date: Date", difficulty, mood, note, updated_at AS "updated_at: _" FROM reviews
               WHERE user_id = ? AND date > ? ORDER BY date LIMIT ?"#,
            user_id,
            after,
            PAGE
        );
        let page = page.fetch_all(&mut *db).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.date.0;
        writer.add(page).await?;
    }
}

async fn outcomes(db: &mut MySqlConnection, user_id: Uuid, food_id: Uuid, writer: &mut Writer) -> Result<()> {
    let mut after = NaiveDate::default();
    loop {
        let page = sqlx::query_as!(
            FoodOutcome,
            r#"SELECT food_id AS "food_id: Uuid", date AS "date: Date", outcome AS "outcome: Outcome", note FROM outcomes
               WHERE user_id = ? AND food_id = ? AND date > ? ORDER BY date LIMIT ?"#,
            user_id,
            food_id,
            after,
            PAGE
        );
        let page = page.fetch_all(&mut *db).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.date.0;
        writer.add(page).await?;
    }
}

async fn slips(db: &mut MySqlConnection, user_id: Uuid, writer: &mut Writer) -> Result<()> {
    // Not the nil UUID at first: a slip may have it.
    let mut after: Option<Uuid> = None;
    loop {
        let page = sqlx::query_as!(
            Slip,
            r#"SELECT id AS "id: Uuid", food_id AS "food_id: Uuid", date AS "date: Date", time AS "time: HourMinute", craving,
                      cause AS `trigger`, amount, note, updated_at AS "updated_at: _"
               FROM slips WHERE user_id = ? AND (? IS NULL OR id > ?) ORDER BY id LIMIT ?"#,
            user_id,
            after,
            after,
            PAGE
        );
        let mut page = page.fetch_all(&mut *db).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
        // A food that can't be restored any more is not in the file, and so are its slips.
        page.retain(|slip| writer.names.contains_key(&slip.food_id));
        writer.add(page).await?;
    }
}

async fn skips(db: &mut MySqlConnection, user_id: Uuid) -> Result<Vec<Skip>> {
    let rows = sqlx::query!(
        r#"SELECT skips.id AS "id: Uuid", from_date AS "from: Date", to_date AS "to: Date", note, food_id AS "food_id: Uuid"
           FROM skips LEFT JOIN skip_foods ON skip_foods.user_id = skips.user_id AND skip_id = skips.id
           WHERE skips.user_id = ? ORDER BY skips.id, food_id"#,
        user_id
    );
    let mut skips: Vec<Skip> = Vec::new();
    for row in rows.fetch_all(db).await? {
        match skips.last_mut().filter(|last| last.id == row.id) {
            Some(skip) => skip.food_ids.extend(row.food_id),
            None => skips.push(Skip {
                id: row.id,
                from: row.from,
                to: row.to,
                food_ids: row.food_id.into_iter().collect(),
                note: row.note,
            }),
        }
    }
    Ok(skips)
}

async fn reminders(db: &mut MySqlConnection, user_id: Uuid) -> Result<Vec<Reminder>> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: Uuid", time AS "time: HourMinute", days, about AS "about: About", discreet AS "discreet: bool"
           FROM reminders WHERE user_id = ? ORDER BY time, id"#,
        user_id
    );
    let rows = rows.fetch_all(db).await?.into_iter().map(|row| Reminder {
        id: row.id,
        time: row.time,
        days: days_of(row.days),
        about: row.about,
        discreet: row.discreet,
    });
    Ok(rows.collect())
}

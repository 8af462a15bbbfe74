//! Export: everything a person has, as it was at one moment, written as fast as it is read.

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
    App, Me, Problems, Query, Result, User, db,
    diary::{day::Date, food::RESTORABLE},
};
use http_body_util::channel::Channel;
use serde::Deserialize;
use sqlx::{FromRow, MySqlConnection};
use tokio::{sync::oneshot, time::timeout};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    Turns,
    archive::{Archive, Food, Review, Said, Skip, Slip},
    turn,
    writer::Out,
};

/// How many rows are read at once.
const PAGE: usize = 500;
/// How long the whole may take: a snapshot is held for it.
const WHOLE_TIME: Duration = Duration::from_secs(300);
/// How long its first piece may take before the answer begins without it.
const FIRST_PIECE_TIME: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    #[default]
    Json,
    Csv,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Options {
    /// JSON, which can be imported, where absent; or one table for spreadsheets.
    #[serde(default)]
    #[param(inline)]
    format: Format,
}

/// Everything the person has: foods, those that can still be restored too, reviews, slips, days off.
#[utoipa::path(get, path = "/export", params(Options),
    responses((status = 200, description = "A file to keep.", headers(("Content-Disposition" = String)),
               content((Archive = "application/json"), (String = "text/csv"))), Problems))]
pub async fn export(
    user: User,
    State(app): State<App>,
    Extension(turns): Extension<Turns>,
    Query(options): Query<Options>,
) -> Result<Response> {
    let turn = turn(&turns.exports).await?;
    let now = app.clock.now();
    let today = user.today(now);
    let (mut db, _) = db::snapshot(app.db.acquire().await?, &[]).await?;
    let (sender, body) = Channel::new(1);
    let (begun, has_begun) = oneshot::channel();
    app.tasks.spawn(async move {
        let mut out = Out::new(options.format, sender, begun);
        let written = timeout(WHOLE_TIME, write(&mut db, user.id, user.into(), now, &mut out)).await;
        // Whoever asks again at once has the turn.
        drop((turn, db));
        if let Err(error) = written.map_err(|late| anyhow::Error::from(late).into()).flatten() {
            out.fail(error);
        }
    });
    // The first piece is awaited, so that what goes wrong before it is an error and no broken file.
    if let Ok(begun) = timeout(FIRST_PIECE_TIME, has_begun).await {
        begun.context("an export ended before it began")??;
    }
    let (kind, extension) = match options.format {
        Format::Json => ("application/json", "json"),
        Format::Csv => ("text/csv; charset=utf-8", "csv"),
    };
    let name = format!("attachment; filename=\"hanip-{today}.{extension}\"");
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, &name)];
    Ok((headers, Body::new(body)).into_response())
}

async fn write(db: &mut MySqlConnection, user_id: Uuid, me: Me, now: DateTime<Utc>, out: &mut Out) -> Result<()> {
    let foods = foods(db, user_id, now).await?;
    out.names = foods.iter().map(|food| (food.id, food.name.clone())).collect();
    let food_ids: Vec<Uuid> = foods.iter().map(|food| food.id).collect();
    out.begin(me, now)?;
    out.open("foods");
    out.put(foods).await?;
    out.close();

    out.open("reviews");
    let mut after = NaiveDate::default();
    loop {
        let page: Vec<Review> = sqlx::query_as(
            "SELECT date, difficulty, mood, note, updated_at FROM reviews
             WHERE user_id = ? AND date > ? ORDER BY date LIMIT ?",
        )
        .bind(user_id)
        .bind(after)
        .bind(PAGE as u32)
        .fetch_all(&mut *db)
        .await?;
        let Some(last) = page.last() else { break };
        after = last.date.0;
        out.put(page).await?;
    }
    out.close();

    out.open("outcomes");
    for food_id in &food_ids {
        let mut after = NaiveDate::default();
        loop {
            let page: Vec<Said> = sqlx::query_as(
                "SELECT food_id, date, outcome, note FROM outcomes
                 WHERE user_id = ? AND food_id = ? AND date > ? ORDER BY date LIMIT ?",
            )
            .bind(user_id)
            .bind(food_id)
            .bind(after)
            .bind(PAGE as u32)
            .fetch_all(&mut *db)
            .await?;
            let Some(last) = page.last() else { break };
            after = last.date.0;
            out.put(page).await?;
        }
    }
    out.close();

    out.open("slips");
    // Not the nil UUID, which may be a slip's.
    let mut after: Option<Uuid> = None;
    loop {
        let mut page: Vec<Slip> = sqlx::query_as(
            "SELECT id, food_id, date, time, craving, cause, amount, note, updated_at FROM slips
             WHERE user_id = ? AND (? IS NULL OR id > ?) ORDER BY id LIMIT ?",
        )
        .bind(user_id)
        .bind(after)
        .bind(after)
        .bind(PAGE as u32)
        .fetch_all(&mut *db)
        .await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        // Of a food that is about to be erased nothing shows.
        page.retain(|slip| out.names.contains_key(&slip.food_id));
        out.put(page).await?;
    }
    out.close();

    out.open("skips");
    let mut skips = skips(db, user_id).await?;
    skips.iter_mut().for_each(|skip| skip.food_ids.retain(|id| out.names.contains_key(id)));
    out.put(skips).await?;
    out.close();
    Ok(out.end().await?)
}

/// The foods in the person's order, those that can be restored too.
async fn foods(db: &mut MySqlConnection, user_id: Uuid, now: DateTime<Utc>) -> Result<Vec<Food>, sqlx::Error> {
    let foods = sqlx::query_as(
        "SELECT id, name, icon, color, start_date, counting, goal_days, motivation, price_per_day, currency,
                archived_on, deleted_at, created_at, updated_at
         FROM foods WHERE user_id = ? AND (deleted_at IS NULL OR deleted_at > ?) ORDER BY position, id",
    );
    foods.bind(user_id).bind(now - RESTORABLE).fetch_all(db).await
}

async fn skips(db: &mut MySqlConnection, user_id: Uuid) -> Result<Vec<Skip>> {
    #[derive(FromRow)]
    struct Row {
        id: Uuid,
        from_date: Date,
        to_date: Date,
        note: Option<String>,
        food_id: Option<Uuid>,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT skips.id, from_date, to_date, note, food_id
         FROM skips LEFT JOIN skip_foods ON skip_foods.user_id = skips.user_id AND skip_id = skips.id
         WHERE skips.user_id = ? ORDER BY skips.id, food_id",
    )
    .bind(user_id)
    .fetch_all(db)
    .await?;
    let mut skips: Vec<Skip> = Vec::new();
    for Row { id, from_date: from, to_date: to, note, food_id } in rows {
        match skips.last_mut().filter(|last| last.id == id) {
            Some(skip) => skip.food_ids.extend(food_id),
            None => skips.push(Skip { id, from, to, food_ids: food_id.into_iter().collect(), note }),
        }
    }
    Ok(skips)
}

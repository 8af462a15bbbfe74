//! Tells whoever listens which milestones were reached: one CloudEvent each, to the address in
//! `K_SINK` (Knative's SinkBinding sets it).
//!
//! A milestone is one row for ever, and marked when its event was taken. Between the two the process
//! may die: the event then comes again with the same id, which is how its taker knows it (CloudEvents
//! 1.0, `source` and `id`).

use anyhow::Context;
use chrono::{DateTime, NaiveDate, Utc};
use cloudevents::{Event, EventBuilder, EventBuilderV10};
use common::{App, Env, Result, db, diary::counters::NEWS};
use reqwest::{Client, StatusCode, Url, header::CONTENT_TYPE};
use serde_json::json;
use sqlx::FromRow;
use tokio::time::{Duration, Instant};
use uuid::Uuid;

/// How long one tick announces.
const WORK_TIME: Duration = Duration::from_secs(10);

/// Where milestones are announced.
pub struct Sink {
    client: Client,
    url: Url,
}

impl Sink {
    /// From `K_SINK`; nobody listens where it is not set.
    pub fn from_env(env: &Env) -> anyhow::Result<Option<Self>> {
        let Some(url) = env.optional("K_SINK")? else { return Ok(None) };
        let url = url.parse().context("K_SINK: expected a URL")?;
        let client = Client::builder().timeout(Duration::from_secs(2)).build()?;
        Ok(Some(Self { client, url }))
    }

    /// Sends an event. One that the sink finds fault with would never be taken: it stands in no other's way.
    async fn send(&self, event: &Event) -> anyhow::Result<()> {
        let request = self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/cloudevents+json");
        let answer = request.body(serde_json::to_string(event)?).send().await?;
        match answer.status() {
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => _ = answer.error_for_status()?,
            status if status.is_client_error() => tracing::error!(%status, "K_SINK refused an event"),
            _ => _ = answer.error_for_status()?,
        }
        Ok(())
    }
}

#[derive(FromRow)]
struct Milestone {
    user_id: Uuid,
    food_id: Uuid,
    days: u32,
    reached_on: NaiveDate,
}

impl Milestone {
    fn event(&self, app: &App, now: DateTime<Utc>) -> anyhow::Result<Event> {
        let Self { user_id, food_id, days, reached_on } = self;
        let data = json!({ "user_id": user_id, "food_id": food_id, "days": days, "reached_on": reached_on });
        let event = EventBuilderV10::new()
            .id(format!("{user_id}/{food_id}/{days}"))
            .source(app.origin.text())
            .ty("hanip.milestone.reached")
            .time(now)
            .data("application/json", data);
        Ok(event.build()?)
    }
}

/// Announces what was reached and is still news, each in a transaction of its own: a write of the same
/// food waits for one event at most. What the sink does not take is left for the next tick.
pub async fn milestones(app: &App, sink: &Sink) -> Result<()> {
    let (now, started) = (app.clock.now(), Instant::now());
    while !app.tasks.is_closed() && started.elapsed() < WORK_TIME {
        let mut db = db::begin(app.db.acquire().await?).await?;
        let reached: Option<Milestone> = sqlx::query_as(
            "SELECT user_id, food_id, days, reached_on FROM milestones
             WHERE announced_at IS NULL AND reached_on > ? AND EXISTS (
                 SELECT 1 FROM foods WHERE foods.user_id = milestones.user_id AND id = food_id AND deleted_at IS NULL)
             LIMIT 1 FOR UPDATE SKIP LOCKED",
        )
        .bind(now.date_naive() - NEWS)
        .fetch_optional(&mut *db)
        .await?;
        let Some(milestone) = reached else { break };
        if let Err(error) = sink.send(&milestone.event(app, now)?).await {
            tracing::warn!(error = format!("{error:#}"), "K_SINK did not take an event");
            break;
        }
        sqlx::query("UPDATE milestones SET announced_at = ? WHERE user_id = ? AND food_id = ? AND days = ?")
            .bind(now)
            .bind(milestone.user_id)
            .bind(milestone.food_id)
            .bind(milestone.days)
            .execute(&mut *db)
            .await?;
        db.commit().await?;
    }
    Ok(())
}

//! Announces milestones: one CloudEvent each, on a cluster to the address in `K_SINK` (Knative's SinkBinding sets it).
//!
//! The row of a milestone stays for ever, and is marked once its event was accepted. If the process dies in between, the
//! event is sent again with the same id, by which the consumer knows a duplicate (CloudEvents 1.0, `source` and `id`).

use anyhow::Context;
use chrono::{DateTime, NaiveDate, Utc};
use cloudevents::{Event, EventBuilder, EventBuilderV10};
use common::{App, Env, Result, diary::counters::NEWS, telemetry};
use reqwest::{Certificate, Client, ClientBuilder, StatusCode, Url, header::CONTENT_TYPE};
use serde_json::json;
use sqlx::MySqlConnection;
use tokio::time::{Duration, Instant};
use uuid::Uuid;

/// For how long one tick begins to announce milestones.
const WORK_TIME: Duration = Duration::from_secs(10);
/// How long who listens may take for an event. A channel in memory answers when its subscriber has, and that one may
/// have to start first.
const SEND_TIME: Duration = Duration::from_secs(8);

/// The consumer of the events.
pub struct Sink {
    client: Client,
    url: Url,
}

impl Sink {
    /// From `K_SINK`; none where it is not set. `K_CA_CERTS` has the certificates of the authority of a sink that has one
    /// of its own (PEM); both are set by Knative's SinkBinding.
    pub fn from_env(env: &Env) -> anyhow::Result<Option<Self>> {
        let Some(url) = env.optional("K_SINK")? else { return Ok(None) };
        let url = url.parse().context("K_SINK: expected a URL")?;
        let expected = "K_CA_CERTS: expected certificates in PEM";
        let pem = env.optional("K_CA_CERTS")?;
        let own = pem.as_ref().map(|pem| Certificate::from_pem_bundle(pem.as_bytes()).context(expected)).transpose()?;
        anyhow::ensure!(own.as_ref().is_none_or(|own| !own.is_empty()), expected);
        let client = Client::builder().timeout(SEND_TIME);
        let client = own.into_iter().flatten().fold(client, ClientBuilder::add_root_certificate);
        Ok(Some(Self { client: client.build().context(expected)?, url }))
    }

    /// Sends an event. One that is refused with a 4xx counts as sent: it would be refused again, and never let the next
    /// one pass.
    pub async fn send(&self, event: &Event) -> anyhow::Result<()> {
        let request = self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/cloudevents+json");
        // Who listens logs the event under the trace of the tick.
        let traceparent = telemetry::traceparent().map(|value| ("traceparent", value));
        let request = traceparent.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let answer = request.body(serde_json::to_string(event)?).send().await?;
        match answer.status() {
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => _ = answer.error_for_status()?,
            status if status.is_client_error() => tracing::error!(%status, "K_SINK refused an event"),
            _ => _ = answer.error_for_status()?,
        }
        Ok(())
    }
}

/// A milestone that nobody was told of yet.
struct Unannounced {
    user_id: Uuid,
    food_id: Uuid,
    days: u32,
    reached_on: NaiveDate,
}

impl Unannounced {
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

/// Announces milestones that were reached lately, each by `send`. No row is locked and no transaction is open meanwhile:
/// who listens may have to wake first. Of ticks at once, one announces. Those that were not accepted are left for the
/// next tick.
pub async fn milestones<S: Future<Output = anyhow::Result<()>>>(app: &App, send: impl Fn(Event) -> S) -> Result<()> {
    let mut db = app.db.acquire().await?;
    // Within one server; where ticks reach two of them at once, both may send an event, with the same id.
    let locked = sqlx::query_scalar!(r#"SELECT GET_LOCK(CONCAT('hanip.announce.', DATABASE()), 0) AS "locked: bool""#);
    if locked.fetch_one(&mut *db).await? != Some(true) {
        return Ok(());
    }
    let announced = announce(&mut db, app, send).await;
    sqlx::query!("DO RELEASE_LOCK(CONCAT('hanip.announce.', DATABASE()))").execute(&mut *db).await?;
    announced
}

async fn announce<S: Future<Output = anyhow::Result<()>>>(
    db: &mut MySqlConnection,
    app: &App,
    send: impl Fn(Event) -> S,
) -> Result<()> {
    let (now, started) = (app.clock.now(), Instant::now());
    while !app.tasks.is_closed() && started.elapsed() < WORK_TIME {
        let reached = sqlx::query_as!(
            Unannounced,
            r#"SELECT user_id AS "user_id: Uuid", food_id AS "food_id: Uuid", days, reached_on FROM milestones
               WHERE announced_at IS NULL AND reached_on > ? AND EXISTS (
                   SELECT 1 FROM foods WHERE foods.user_id = milestones.user_id AND id = food_id AND deleted_at IS NULL)
               LIMIT 1"#,
            now.date_naive() - NEWS
        );
        let reached = reached.fetch_optional(&mut *db).await?;
        let Some(milestone) = reached else { break };
        if let Err(error) = send(milestone.event(app, now)?).await {
            tracing::warn!(error = format!("{error:#}"), "a milestone could not be announced");
            break;
        }
        sqlx::query!(
            "UPDATE milestones SET announced_at = ? WHERE user_id = ? AND food_id = ? AND days = ?",
            now,
            milestone.user_id,
            milestone.food_id,
            milestone.days
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

//! A slip of this moment in one request, for what has a single button: a phone's shortcut, a home automation.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use common::{
    App, Code, Connected, Fault, Json, NewId, Result,
    db::{self, Locked},
    diary::{counted_food::Foods, counters, day::HourMinute, limit::refuse_too_many_records},
};
use serde::{Deserialize, Deserializer, de::IntoDeserializer};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::{Builder, Uuid};

use crate::{
    recordable,
    slips::{self, NewSlip, SlipAnswer},
};

/// The key under which a request can be sent again.
const KEY: &str = "idempotency-key";
/// How many characters the key can have.
const LONGEST_KEY: usize = 64;

/// A slip of today. Only the food is required.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuickSlip {
    food_id: Uuid,
    /// Wall time within today, which may run past midnight, or `now`.
    #[schema(value_type = Option<String>, pattern = "^(now|([01][0-9]|2[0-3]):[0-5][0-9])$", examples("now"))]
    time: Option<TimeOrNow>,
    #[schema(maximum = 10)]
    craving: Option<u8>,
    /// As of any slip: free text, or a key the app translates.
    #[schema(max_length = 50)]
    trigger: Option<String>,
    #[schema(max_length = 50)]
    amount: Option<String>,
    #[schema(max_length = 500)]
    note: Option<String>,
}

enum TimeOrNow {
    Time(HourMinute),
    Now,
}

impl<'de> Deserialize<'de> for TimeOrNow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "now" { Ok(Self::Now) } else { HourMinute::deserialize(text.into_deserializer()).map(Self::Time) }
    }
}

/// Records a slip of today. The server makes its id; with an `Idempotency-Key`, sending the request again stores nothing.
#[utoipa::path(
    post, path = "/slips", tag = "Slips",
    params(
        ("Idempotency-Key" = Option<String>, Header, nullable = false, max_length = 64,
         description = "A text of the client's making, another for each slip. The same key again answers 200 with the slip that it made, for seven days also where that was taken back since: nothing is stored."),
    ),
    request_body(content = QuickSlip, example = json!({
        "food_id": "01958d5c-9f00-7c3e-8a41-5b2d6f7e8c90", "time": "now", "trigger": "stress",
    })),
    responses(
        (status = 200, description = "The slip that this key has made before, and the numbers of its food.", body = SlipAnswer),
        (status = 201, description = "The slip, recorded now, and the numbers of its food.", body = SlipAnswer),
    ),
    // The date is today, so that it is never in the future.
    extensions(("x-problems" = json!([
        Code::ReviewBeforeStart, Code::FoodNotFound, Code::FoodArchived, Code::TooManySlips, Code::TooManyRecords, Code::TimeInvalid,
    ]))),
)]
pub async fn post(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Extension(NewId(new_id)): Extension<NewId>,
    headers: HeaderMap,
    Json(new): Json<QuickSlip>,
) -> Result<Response> {
    let now = app.clock.now();
    let today = user.today(now);
    let key = key(&headers)?;
    let id = key.map_or(new_id, |key| id_of(user.id, key));
    let time = new.time.map(|time| match time {
        TimeOrNow::Time(time) => time,
        TimeOrNow::Now => HourMinute(user.time_zone().wall_clock(now).time()),
    });
    let QuickSlip { food_id, craving, trigger, amount, note, .. } = new;
    let slip = NewSlip { food_id, time, craving, trigger, amount, note }.check(id, today)?;
    let (mut db, foods) = db::write(db, user.id, Foods { user_id: user.id }).await?;
    let before = slips::find(&mut db, user.id, id).await?;
    // One that was made and taken back stays so.
    let is_new = before.is_none() && (key.is_none() || is_first(&mut db, user.id, id, now).await?);
    let slip = before.unwrap_or(slip);
    if is_new {
        recordable(&foods, food_id, "/food_id", today, today)?;
        db = refuse_too_many_records(db).await?;
        slips::store(&mut db, &foods, None, &slip, today, now).await?;
    }
    let streaks = match foods.iter().any(|food| food.id == slip.food_id) {
        true => counters::after_write(&mut db, &[slip.food_id], today).await?,
        // It was deleted since.
        false => Vec::new(),
    };
    db.commit().await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(SlipAnswer { slip, streaks })).into_response())
}

/// Whether no slip was made under this id before; from now on one was.
async fn is_first(db: &mut Locked, user_id: Uuid, id: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let new =
        sqlx::query!("INSERT IGNORE INTO slip_keys (user_id, slip_id, made_at) VALUES (?, ?, ?)", user_id, id, now);
    Ok(new.execute(&mut **db).await?.rows_affected() == 1)
}

/// The one `Idempotency-Key` of the request, if it has one.
fn key(headers: &HeaderMap) -> Result<Option<&str>> {
    let refused = |code| Err(Fault::parameter("Idempotency-Key", code).into());
    let mut values = headers.get_all(KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match value.to_str() {
        Ok(key) if key.len() > LONGEST_KEY => refused(Code::TextTooLong),
        Ok(key) if !key.is_empty() && values.next().is_none() => Ok(Some(key)),
        _ => refused(Code::ValueInvalid),
    }
}

/// The id of the slip that a person's key makes: the same key makes the same slip.
/// A UUID of version 8 (RFC 9562, section 5.8).
fn id_of(user_id: Uuid, key: &str) -> Uuid {
    let hash = Sha256::new().chain_update(user_id.as_bytes()).chain_update(key).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

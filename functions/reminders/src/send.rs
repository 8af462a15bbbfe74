//! One notification to one channel: the request, and what its answer means.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD},
};
use chrono::{DateTime, TimeDelta, Utc};
use common::Env;
use reqwest::{RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::json;
use url::Url;
use uuid::Uuid;

use crate::{
    address::{Answer, Outside, Reach},
    channels::Kind,
    message::Message,
    push::{self, Push, Sealed},
};

/// After how many minutes a push message or a topic's is tried again.
const MINUTES: [i64; 4] = [1, 5, 15, 30];
/// After how many seconds a webhook is.
const SECONDS: [i64; 5] = [5, 30, 2 * 60, 10 * 60, 60 * 60];
/// The longest that a push service is believed when it asks to wait.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(4);

/// How many notifications are begun a second at most. Those who get them open the app at once, and people who are there
/// already read meanwhile: both find a server with time for them.
const PER_SECOND: NonZeroU32 = NonZeroU32::new(1_000).unwrap();

/// What sends.
pub struct Sender {
    pub outside: Outside,
    /// The time from the beginning of one to that of the next.
    pub pace: Duration,
    push: Option<Push>,
    origin: String,
}

/// Where a notification goes, with what opens it.
#[derive(Clone, Debug)]
pub struct Target {
    pub kind: Kind,
    pub url: String,
    pub p256dh: Vec<u8>,
    pub auth: Vec<u8>,
    pub secret: Option<String>,
}

impl Target {
    /// From a row of `channels`: its kind and `url`, then `p256dh`, `auth` and `secret`.
    pub fn stored(kind: &str, url: Vec<u8>, [p256dh, auth, secret]: [Option<Vec<u8>>; 3]) -> Option<Self> {
        Some(Self {
            kind: kind.parse().ok()?,
            url: String::from_utf8(url).ok()?,
            p256dh: p256dh.unwrap_or_default(),
            auth: auth.unwrap_or_default(),
            secret: secret.and_then(|secret| String::from_utf8(secret).ok()),
        })
    }
}

/// How sending went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendResult {
    /// It was taken, with this status.
    Accepted(u16),
    /// There is nobody any more.
    Gone(u16),
    /// Again after so long, or, without a time of the other side's, by the rules of the kind.
    Retry(Option<u16>, Option<TimeDelta>),
    /// It would be refused again.
    Failed(Option<u16>),
    /// It was not sent: the address may not be reached.
    Refused,
}

impl Sender {
    /// From `VAPID_PRIVATE_KEY`, `VAPID_SUBJECT`, `ALLOW_PRIVATE_ADDRESSES`, `SENDS_PER_SECOND` and `PUBLIC_ORIGIN`.
    pub fn from_env(env: &Env) -> Result<Arc<Self>> {
        let outside = Outside::new(Reach::from_env(env)?)?;
        let origin = common::Origin::from_env(env)?.text();
        let per_second = env.parsed("SENDS_PER_SECOND", "a number from 1 on", PER_SECOND)?;
        let pace = Duration::from_secs(1) / per_second.get();
        Ok(Arc::new(Self { outside, pace, push: Push::from_env(env)?, origin }))
    }

    /// The key under which browsers subscribe; none where push is not set up.
    pub fn push_key(&self) -> Option<String> {
        self.push.as_ref().map(|push| push.public_key().to_owned())
    }

    /// Sends one notification. Its id, and when it was first due, are the same when it is tried again.
    pub async fn send(
        &self,
        target: &Target,
        (id, first_at): (Uuid, DateTime<Utc>),
        message: &Message,
        now: DateTime<Utc>,
    ) -> SendResult {
        let sealed = match self.seal(target, message, now) {
            Ok(sealed) => sealed,
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "a notification could not be made");
                return SendResult::Failed(None);
            }
        };
        let fill = |request| match (target.kind, sealed) {
            (_, Some(sealed)) => sealed.fill(request),
            (Kind::Webhook, _) => self.webhook(request, target, (id, first_at), message, now),
            _ => self.ntfy(request, target, message),
        };
        let answer = self.outside.post(&target.url, fill).await;
        let response = match answer {
            Answer::Refused => return SendResult::Refused,
            Answer::None => return SendResult::Retry(None, None),
            Answer::Status(response) => response,
        };
        let status = response.status();
        let number = status.as_u16();
        match (target.kind, status) {
            (_, status) if status.is_success() => SendResult::Accepted(number),
            (Kind::Push, StatusCode::NOT_FOUND | StatusCode::GONE) => SendResult::Gone(number),
            (_, StatusCode::TOO_MANY_REQUESTS) => SendResult::Retry(Some(number), retry_after(response.headers(), now)),
            (_, status) if status.is_server_error() => {
                SendResult::Retry(Some(number), retry_after(response.headers(), now))
            }
            (Kind::Webhook, _) => SendResult::Retry(Some(number), None),
            _ => SendResult::Failed(Some(number)),
        }
    }

    /// The message to a browser; none to others.
    fn seal(&self, target: &Target, message: &Message, now: DateTime<Utc>) -> Result<Option<Sealed>> {
        if target.kind != Kind::Push {
            return Ok(None);
        }
        let push = self.push.as_ref().context("push is not set up")?;
        let payload = serde_json::to_string(message)?;
        let message = push::Message { payload, topic: &message.tag, p256dh: &target.p256dh, auth: &target.auth };
        Ok(Some(push.seal(&Url::parse(&target.url)?, message, now)?))
    }

    /// A CloudEvent (structured mode) under the headers of Standard Webhooks. It is the same at every attempt: by its id who
    /// takes it knows it again, by its time the order in which things were due.
    fn webhook(
        &self,
        request: RequestBuilder,
        target: &Target,
        (id, first_at): (Uuid, DateTime<Utc>),
        message: &Message,
        now: DateTime<Utc>,
    ) -> RequestBuilder {
        let kind = match message.kind.as_str() {
            "milestone" => "hanip.milestone.reached",
            "test" => "hanip.test",
            _ => "hanip.reminder.due",
        };
        let event = json!({
            "specversion": "1.0",
            "id": id,
            "source": self.origin,
            "type": kind,
            "time": first_at,
            "datacontenttype": "application/json",
            "data": {
                "title": message.title, "body": message.body, "date": message.date, "food_ids": message.food_ids,
                "language": message.language,
            },
        });
        let (body, seconds) = (event.to_string(), now.timestamp());
        let request = request
            .header("content-type", "application/cloudevents+json")
            .header("webhook-id", id.to_string())
            .header("webhook-timestamp", seconds);
        let request = match target.secret.as_deref().and_then(webhook_key) {
            Some(key) => {
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key);
                let signature = ring::hmac::sign(&key, format!("{id}.{seconds}.{body}").as_bytes());
                request.header("webhook-signature", format!("v1,{}", BASE64_STANDARD.encode(signature)))
            }
            None => request,
        };
        request.body(body)
    }

    /// The headers of ntfy; a browser of the phone opens the app.
    fn ntfy(&self, request: RequestBuilder, target: &Target, message: &Message) -> RequestBuilder {
        let open = if message.language == "ko" { "열기" } else { "Open" };
        let request = request
            .header("title", header_text(&message.title))
            .header("click", format!("{}/", self.origin))
            .header("tags", "seedling")
            .header("actions", header_text(&format!("view, {open}, {}/", self.origin)))
            .header("content-type", "text/plain; charset=utf-8");
        let request = match &target.secret {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        // ntfy says "triggered" in the place of an empty message.
        let body = if message.body.is_empty() { &message.title } else { &message.body };
        request.body(body.clone())
    }
}

/// Text in a header: other letters than ASCII's as RFC 2047 writes them, which ntfy reads.
fn header_text(text: &str) -> String {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        text.to_owned()
    } else {
        format!("=?UTF-8?B?{}?=", BASE64_STANDARD.encode(text))
    }
}

/// The key in a secret of Standard Webhooks: 16 to 64 bytes in base64, mostly after `whsec_`.
pub fn webhook_key(secret: &str) -> Option<Vec<u8>> {
    let text = secret.strip_prefix("whsec_").unwrap_or(secret).trim_end_matches('=');
    let key = BASE64_STANDARD_NO_PAD.decode(text).ok()?;
    (16..=64).contains(&key.len()).then_some(key)
}

/// When it is tried again after `attempts` of them; none where it is given up.
pub fn next_try(kind: Kind, attempts: u8, asked: Option<TimeDelta>) -> Option<TimeDelta> {
    let index = usize::from(attempts).saturating_sub(1);
    let own = match kind {
        Kind::Webhook => SECONDS.get(index).map(|seconds| TimeDelta::seconds(*seconds)),
        Kind::Push | Kind::Ntfy => MINUTES.get(index).map(|minutes| TimeDelta::minutes(*minutes)),
    };
    // A webhook may ask to wait longer, never to hurry.
    own.map(|own| if kind == Kind::Webhook { asked.unwrap_or(own).max(own) } else { asked.unwrap_or(own) })
}

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<TimeDelta> {
    let text = headers.get("retry-after")?.to_str().ok()?.trim();
    let wait = match text.parse::<u32>() {
        Ok(seconds) => TimeDelta::seconds(seconds.into()),
        Err(_) => DateTime::parse_from_rfc2822(text).ok()?.to_utc() - now,
    };
    Some(wait.clamp(TimeDelta::seconds(1), LONGEST_WAIT))
}

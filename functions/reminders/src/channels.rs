//! Where notifications go: a browser, a webhook, a topic of ntfy. Secrets go in and never come out.

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use common::{App, Code, Connected, Fault, Faults, Json, Path, Result, db, text};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::MySqlConnection;
use strum::{EnumString, IntoStaticStr, VariantNames};
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    push,
    send::{Sender, webhook_key},
};

/// How many channels a person can have.
const MOST: usize = 20;
const LONGEST_LABEL: usize = 50;
/// How long a secret or token is.
const LONGEST_SECRET: usize = 256;

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoStaticStr, EnumString, VariantNames,
)]
#[serde(rename_all = "snake_case", try_from = "String")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// A browser, by its push service.
    Push,
    Webhook,
    Ntfy,
}

impl TryFrom<String> for Kind {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        // In serde's words, which say what would have been right.
        text.parse().map_err(|_| format!("unknown variant, expected one of `{}`", Self::VARIANTS.join("`, `")))
    }
}

/// A channel, without what opens it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Channel {
    pub id: Uuid,
    pub kind: Kind,
    /// Of a webhook or a topic; a browser's address is a secret, and null.
    pub url: Option<String>,
    pub label: Option<String>,
    /// Whether milestones are told here too.
    pub milestones: bool,
    /// Whether a webhook or a topic has a secret or token.
    pub has_secret: bool,
    pub created_at: DateTime<Utc>,
    /// Since when nothing has arrived; null while it does.
    pub failing_since: Option<DateTime<Utc>>,
    /// When a webhook or a topic was switched off, after five days on which nothing arrived. To store it again switches it on.
    pub off_since: Option<DateTime<Utc>>,
}

/// A channel to store: `endpoint` and `keys` of a browser, `url` of the others.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChannel {
    kind: Kind,
    /// The address at the push service (RFC 8030).
    #[schema(max_length = 2048)]
    endpoint: Option<String>,
    keys: Option<Keys>,
    #[schema(max_length = 2048)]
    url: Option<String>,
    /// Signs what a webhook gets (Standard Webhooks): 16 to 64 bytes in base64, after `whsec_` or not. Absent, the one
    /// that is stored stays while the host is the same.
    secret: Option<String>,
    /// An access token of ntfy's. Absent, the one that is stored stays while the host is the same.
    #[schema(max_length = 256)]
    token: Option<String>,
    #[schema(max_length = 50)]
    label: Option<String>,
    #[serde(default)]
    milestones: bool,
}

/// The keys of a browser's subscription, in base64url (RFC 8291, section 2).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    p256dh: String,
    auth: String,
}

/// What is stored of a channel that was checked.
struct Checked {
    url: Url,
    p256dh: Option<Vec<u8>>,
    auth: Option<Vec<u8>>,
    secret: Option<String>,
    label: Option<String>,
}

/// Stores a channel. A browser belongs to one account: under another one it moves to this.
#[utoipa::path(
    put, path = "/channels/{id}", tag = "Channels",
    params(("id" = Uuid, Path, description = "The channel's id, made by the client.", example = "01958d5c-a6d0-7b24-8e66-2a4c6e8f0b22")),
    request_body(content = NewChannel, example = json!({ "kind": "ntfy", "url": "https://ntfy.sh/my-evening", "milestones": true })),
    responses(
        (status = 200, description = "The channel as it is now.", body = Channel),
        (status = 201, description = "The channel, stored now.", body = Channel),
    ),
    extensions(("x-problems" = json!([
        Code::AddressInvalid, Code::AddressInsecure, Code::AddressPrivate, Code::PushOff, Code::TooManyChannels,
    ]))),
)]
pub async fn put(
    Connected { user, db }: Connected,
    State(app): State<App>,
    Extension(sender): Extension<Arc<Sender>>,
    Path(id): Path<Uuid>,
    Json(new): Json<NewChannel>,
) -> Result<Response> {
    let (kind, milestones) = (new.kind, new.milestones);
    let mut new = new.check(&sender)?;
    let url_hash = (kind == Kind::Push).then(|| Sha256::digest(new.url.as_str()).to_vec());
    let mut db = db::lock(db, user.id).await?;
    let stored = sqlx::query!(
        r#"SELECT id AS "id: Uuid", kind AS "kind: String", url, secret, url_hash FROM channels WHERE user_id = ?"#,
        user.id
    );
    let stored = stored.fetch_all(&mut *db).await?;
    let before = stored.iter().find(|channel| channel.id == id);
    let others =
        stored.iter().filter(|channel| channel.id != id && (url_hash.is_none() || channel.url_hash != url_hash));
    if before.is_none() && others.count() >= MOST {
        return Err(Code::TooManyChannels.into());
    }
    if let Some(before) = before
        && new.secret.is_none()
        && before.kind == <&str>::from(kind)
        && is_same_host(&before.url, &new.url)
    {
        // What a client reads has no secret: to store that again takes nothing away. Another host is told nothing.
        new.secret = before.secret.clone().and_then(|secret| String::from_utf8(secret).ok());
    }
    if url_hash.is_some() {
        sqlx::query!("DELETE FROM channels WHERE url_hash = ? AND NOT (user_id = ? AND id = ?)", url_hash, user.id, id)
            .execute(&mut *db)
            .await?;
    }
    let name: &str = kind.into();
    sqlx::query!(
        "INSERT INTO channels (user_id, id, kind, url, url_hash, p256dh, auth, secret, label, milestones, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE
             kind = VALUE(kind), url = VALUE(url), url_hash = VALUE(url_hash), p256dh = VALUE(p256dh), auth = VALUE(auth),
             secret = VALUE(secret), label = VALUE(label), milestones = VALUE(milestones), failing_since = NULL,
             off_since = NULL",
        user.id,
        id,
        name,
        new.url.as_str(),
        url_hash,
        new.p256dh,
        new.auth,
        new.secret,
        new.label,
        milestones,
        app.clock.now()
    )
    .execute(&mut *db)
    .await?;
    let status = if before.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    let channel = find_all(&mut db, user.id).await?.into_iter().find(|channel| channel.id == id);
    // If it is not there, the database has rolled the transaction back.
    let channel = channel.ok_or(common::Error::RolledBack)?;
    db.commit().await?;
    Ok((status, Json(channel)).into_response())
}

/// Deletes a channel: nothing goes there any more.
#[utoipa::path(
    delete, path = "/channels/{id}", tag = "Channels", params(("id" = Uuid, Path, description = "The channel's id.")),
    responses((status = 204, description = "It is deleted.")),
)]
pub async fn delete(Connected { user, mut db }: Connected, Path(id): Path<Uuid>) -> Result<StatusCode> {
    let deleted = sqlx::query!("DELETE FROM channels WHERE user_id = ? AND id = ?", user.id, id);
    match deleted.execute(&mut *db).await?.rows_affected() {
        0 => Err(Code::NotFound.into()),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

impl NewChannel {
    /// What is to be stored. A field of another kind is refused.
    fn check(self, sender: &Sender) -> Result<Checked> {
        let mut faults = Faults::default();
        let is = |kind| self.kind == kind;
        let places = [
            ("/endpoint", self.endpoint.is_some(), is(Kind::Push), true),
            ("/keys", self.keys.is_some(), is(Kind::Push), true),
            ("/url", self.url.is_some(), !is(Kind::Push), true),
            ("/secret", self.secret.is_some(), is(Kind::Webhook), false),
            ("/token", self.token.is_some(), is(Kind::Ntfy), false),
        ];
        for (pointer, is_there, belongs, is_needed) in places {
            match (is_there, belongs) {
                (true, false) => faults.add(Fault::pointer(pointer, Code::FieldUnknown)),
                (false, true) if is_needed => faults.add(Fault::pointer(pointer, Code::FieldMissing)),
                _ => {}
            }
        }
        let label = faults.take("/label", text::line(self.label.as_deref().unwrap_or_default(), LONGEST_LABEL));
        faults.check()?;
        if is(Kind::Push) && sender.push_key().is_none() {
            return Err(Code::PushOff.into());
        }
        let mut faults = Faults::default();
        let pointer = if is(Kind::Push) { "/endpoint" } else { "/url" };
        let address = self.endpoint.or(self.url).unwrap_or_default();
        let url = faults.take(pointer, sender.outside.reach().parse(&address).map(Some));
        let (mut p256dh, mut auth) = (None, None);
        if let Some(keys) = self.keys {
            p256dh = Some(faults.take("/keys/p256dh", bytes(&keys.p256dh, push::is_public_key)));
            auth = Some(faults.take("/keys/auth", bytes(&keys.auth, |auth| auth.len() == 16)));
        }
        if let Some(secret) = &self.secret
            && (secret.len() > LONGEST_SECRET || webhook_key(secret).is_none())
        {
            faults.add(Fault::pointer("/secret", Code::SecretInvalid));
        }
        if let Some(token) = &self.token
            && (token.is_empty() || token.len() > LONGEST_SECRET || !token.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            faults.add(Fault::pointer("/token", Code::ValueInvalid));
        }
        faults.check()?;
        let url = url.ok_or(Code::AddressInvalid)?;
        Ok(Checked { url, p256dh, auth, secret: self.secret.or(self.token), label })
    }
}

/// Bytes in base64url, with or without padding.
fn bytes(text: &str, is_right: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, Code> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| Code::ValueInvalid)?;
    if is_right(&bytes) { Ok(bytes) } else { Err(Code::ValueInvalid) }
}

fn is_same_host(before: &[u8], url: &Url) -> bool {
    let before = std::str::from_utf8(before).ok().and_then(|before| Url::parse(before).ok());
    before.is_some_and(|before| before.origin() == url.origin())
}

pub async fn find_all(db: &mut MySqlConnection, user_id: Uuid) -> Result<Vec<Channel>> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: Uuid", kind AS "kind: String", url, label, milestones AS "milestones: bool",
                  secret IS NOT NULL AS "has_secret: bool", created_at AS "created_at: DateTime<Utc>",
                  failing_since AS "failing_since: DateTime<Utc>", off_since AS "off_since: DateTime<Utc>"
           FROM channels WHERE user_id = ? ORDER BY created_at, id"#,
        user_id
    );
    let rows = rows.fetch_all(db).await?.into_iter().filter_map(|row| {
        let kind = row.kind.parse().ok()?;
        let url = (kind != Kind::Push).then(|| String::from_utf8_lossy(&row.url).into_owned());
        Some(Channel {
            id: row.id,
            kind,
            url,
            label: row.label,
            milestones: row.milestones,
            has_secret: row.has_secret,
            created_at: row.created_at,
            failing_since: row.failing_since,
            off_since: row.off_since,
        })
    });
    Ok(rows.collect())
}

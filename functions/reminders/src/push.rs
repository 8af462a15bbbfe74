//! Web Push: who this server is to push services (VAPID, RFC 8292), and messages that only the browser reads (RFC 8291).

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, Result, ensure};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use common::Env;
use p256::{
    PublicKey, SecretKey,
    ecdsa::{Signature, SigningKey, signature::Signer},
};
use reqwest::RequestBuilder;
use serde_json::json;
use url::Url;

use crate::cryptography;

/// How long a push service keeps a message for a browser that is away.
const TTL: u32 = 4 * 60 * 60;
/// How long a token is valid, and used: RFC 8292 allows 24 hours.
const VALID: TimeDelta = TimeDelta::hours(12);
const USED: TimeDelta = TimeDelta::hours(6);
/// Of how many push services tokens are kept.
const MOST_TOKENS: usize = 1_000;

/// The key of this server, and whom push services can write to.
pub struct Push {
    key: SigningKey,
    public: String,
    subject: String,
    /// By the origin of the push service: what goes into `Authorization`, and until when it is used.
    tokens: Mutex<HashMap<String, (String, DateTime<Utc>)>>,
}

impl Push {
    /// From `VAPID_PRIVATE_KEY` and `VAPID_SUBJECT`; none where the key is not set.
    pub fn from_env(env: &Env) -> Result<Option<Self>> {
        cryptography::install();
        let Some(key) = env.optional("VAPID_PRIVATE_KEY")? else { return Ok(None) };
        let expected = "VAPID_PRIVATE_KEY: expected a private key of P-256, 32 bytes in base64url";
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(key.trim_end_matches('=')).ok().context(expected)?;
        let key = SigningKey::from_slice(&bytes).ok().context(expected)?;
        let expected = "an address that push services can write to, such as mailto:ada@hanip.example";
        let subject = env.required("VAPID_SUBJECT", expected)?;
        let is_contact = subject.starts_with("mailto:") || subject.starts_with("https://");
        ensure!(is_contact && Url::parse(&subject).is_ok(), "VAPID_SUBJECT: expected {expected}");
        let public = BASE64_URL_SAFE_NO_PAD.encode(key.verifying_key().to_encoded_point(false));
        Ok(Some(Self { key, public, subject, tokens: Mutex::default() }))
    }

    /// The public key, uncompressed, in base64url.
    pub fn public_key(&self) -> &str {
        &self.public
    }

    /// Makes a message that only the browser at `endpoint` reads.
    pub fn seal(&self, endpoint: &Url, message: Message<'_>, now: DateTime<Utc>) -> Result<Sealed> {
        let body = ece::encrypt(message.p256dh, message.auth, message.payload.as_bytes())
            .context("a message could not be encrypted for a browser")?;
        Ok(Sealed { authorization: self.authorization(endpoint, now), topic: message.topic.to_owned(), body })
    }

    /// Who this is, in the words of RFC 8292, section 3: signed anew every few hours for each push service.
    fn authorization(&self, endpoint: &Url, now: DateTime<Utc>) -> String {
        let audience = endpoint.origin().ascii_serialization();
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((token, until)) = tokens.get(&audience)
            && (now..now + USED + TimeDelta::minutes(1)).contains(until)
        {
            return token.clone();
        }
        let part = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({ "aud": audience, "exp": (now + VALID).timestamp(), "sub": self.subject });
        let signed = format!("{}.{}", part(json!({ "typ": "JWT", "alg": "ES256" })), part(claims));
        let signature: Signature = self.key.sign(signed.as_bytes());
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature.to_bytes());
        let token = format!("vapid t={signed}.{signature}, k={}", self.public);
        if tokens.len() >= MOST_TOKENS {
            tokens.clear();
        }
        tokens.insert(audience, (token.clone(), now + USED));
        token
    }
}

/// What a browser is told, and the keys of its subscription.
pub struct Message<'a> {
    pub payload: String,
    pub topic: &'a str,
    pub p256dh: &'a [u8],
    pub auth: &'a [u8],
}

/// A message on its way to a push service.
pub struct Sealed {
    authorization: String,
    topic: String,
    body: Vec<u8>,
}

impl Sealed {
    /// Makes `request` this message (RFC 8030, section 5).
    pub fn fill(self, request: RequestBuilder) -> RequestBuilder {
        request
            .header("authorization", self.authorization)
            .header("content-encoding", "aes128gcm")
            .header("content-type", "application/octet-stream")
            .header("ttl", TTL)
            .header("topic", self.topic)
            .header("urgency", "normal")
            .body(self.body)
    }
}

/// Whether these bytes are a point of P-256, uncompressed.
pub fn is_public_key(bytes: &[u8]) -> bool {
    bytes.len() == 65 && PublicKey::from_sec1_bytes(bytes).is_ok()
}

/// A new private key, as `VAPID_PRIVATE_KEY` takes it.
pub fn new_key() -> String {
    loop {
        // All but one in 2^32 are a key.
        if let Ok(key) = SecretKey::from_slice(&rand::random::<[u8; 32]>()) {
            return BASE64_URL_SAFE_NO_PAD.encode(key.to_bytes());
        }
    }
}

//! Strong validators of what is answered (RFC 9110, section 8.8.3), and the conditions that name them.

use axum::http::{HeaderMap, HeaderName, header};
use sha2::{Digest, Sha256};

/// A strong entity tag: another content has another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Etag(String);

impl Etag {
    /// Of this content.
    pub fn of(content: &[u8]) -> Self {
        Self::of_hash(&Sha256::digest(content).into())
    }

    /// Of the content that has this SHA-256.
    pub fn of_hash(hash: &[u8; 32]) -> Self {
        Self(format!("\"{}\"", hex::encode(&hash[..16])))
    }

    /// As `ETag` has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the request's `If-None-Match` says that the client has the content already.
    pub fn is_known(&self, request: &HeaderMap) -> bool {
        self.is_in(request, &header::IF_NONE_MATCH, true).unwrap_or(false)
    }

    /// Whether `If-Match` and `If-None-Match` let a write pass (RFC 9110, section 13.1). `exists` says whether there
    /// is something for `*` to mean.
    pub fn permits(&self, request: &HeaderMap, exists: bool) -> bool {
        self.is_in(request, &header::IF_MATCH, exists).unwrap_or(true)
            && !self.is_in(request, &header::IF_NONE_MATCH, exists).unwrap_or(false)
    }

    /// Whether the condition names this tag; none where the request has no such condition. One that can't be read
    /// names nothing.
    fn is_in(&self, request: &HeaderMap, condition: &HeaderName, exists: bool) -> Option<bool> {
        // If-None-Match compares weakly, If-Match does not.
        let weak = if condition == header::IF_NONE_MATCH { "W/" } else { "" };
        let named = members(request, condition).any(|member| match member {
            "*" => exists,
            tag => tag.strip_prefix(weak).unwrap_or(tag) == self.0,
        });
        request.contains_key(condition).then_some(named)
    }
}

/// The members of a header that is a list, over all its lines.
pub fn members<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

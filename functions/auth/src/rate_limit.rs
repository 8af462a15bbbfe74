//! Rate limit: an address can begin only so many sign-ins at a time.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, request::Parts},
};
use chrono::{DateTime, Utc};
use common::{App, Code, Result};

/// How many unexpired attempts an address can have.
const MOST_ATTEMPTS: i64 = 100;
/// Where the edge says what the address of its peer was.
const HEADER: &str = "x-real-ip";

/// The IPv4 address of a client, or its IPv6 network: a client has a whole /64. `None` for a loopback peer: that is
/// a person at their own computer, or a proxy that stands for everybody.
pub struct Address(Option<Vec<u8>>);

fn told(headers: &HeaderMap) -> Option<IpAddr> {
    let mut values = headers.get_all(HEADER).iter();
    let address: IpAddr = values.next()?.to_str().ok()?.trim().parse().ok()?;
    values.next().is_none().then(|| address.to_canonical())
}

impl Address {
    /// Where a request comes from: the peer of its connection, or with `trust_edge` what the edge says.
    pub fn of(request: &Parts, trust_edge: bool) -> Self {
        let told = trust_edge.then(|| told(&request.headers)).flatten();
        let peer =
            request.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
        let address = told.or(peer.filter(|peer| !peer.is_loopback()));
        Self(address.map(|address| match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets()[..8].to_vec(),
        }))
    }

    pub fn bytes(&self) -> Option<&[u8]> {
        self.0.as_deref()
    }

    /// Refuses the attempt just stored under `state_hash` where its address has too many. Insert first, then count:
    /// concurrent inserts, in one process or several, cannot exceed the limit.
    pub async fn refuse_if_too_many(&self, app: &App, state_hash: &[u8], now: DateTime<Utc>) -> Result<()> {
        let Some(address) = self.bytes() else { return Ok(()) };
        let count = sqlx::query_scalar!(
            "SELECT COUNT(*) FROM sign_in_attempts WHERE address = ? AND expires_at > ?",
            address,
            now
        );
        let count = count.fetch_one(&app.db).await?;
        if count <= MOST_ATTEMPTS {
            return Ok(());
        }
        sqlx::query!("DELETE FROM sign_in_attempts WHERE state_hash = ?", state_hash).execute(&app.db).await?;
        tracing::warn!("too many sign-ins from one address");
        Err(Code::TooManyAttempts.into())
    }
}

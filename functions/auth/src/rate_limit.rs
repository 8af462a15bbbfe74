//! The address that a client may begin only so many sign-ins from.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts},
};
use chrono::{DateTime, Utc};
use common::{App, Code, Error, Result};

/// How many sign-ins an address can have on their way.
const MOST_ATTEMPTS: i64 = 100;
/// Where the edge says who its peer was.
const HEADER: &str = "x-real-ip";

/// An address of IPv4, or the network of one of IPv6: a client has all of a /64. `None` for a peer on
/// this machine, which is a person at their own computer, or a proxy that nothing can be told from.
pub struct Address(Option<Vec<u8>>);

impl FromRequestParts<App> for Address {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let told = app.trust_edge.then(|| told(&parts.headers)).flatten();
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
        let address = told.or(peer.filter(|peer| !peer.is_loopback()));
        Ok(Self(address.map(|address| match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets()[..8].to_vec(),
        })))
    }
}

fn told(headers: &HeaderMap) -> Option<IpAddr> {
    let mut values = headers.get_all(HEADER).iter();
    let address: IpAddr = values.next()?.to_str().ok()?.trim().parse().ok()?;
    values.next().is_none().then(|| address.to_canonical())
}

impl Address {
    pub fn bytes(&self) -> Option<&[u8]> {
        self.0.as_deref()
    }

    /// Refuses the attempt just stored under `state_hash` where there are too many from here. Each
    /// attempt that stands has counted itself and all that stood before: however many come at once, in
    /// however many processes, no more than the limit stand.
    pub async fn make_room(&self, app: &App, state_hash: &[u8], now: DateTime<Utc>) -> Result<()> {
        let Some(address) = self.bytes() else { return Ok(()) };
        let count: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM sign_in_attempts WHERE address = ? AND expires_at > ?")
                .bind(address)
                .bind(now)
                .fetch_one(&app.db)
                .await?;
        if count <= MOST_ATTEMPTS {
            return Ok(());
        }
        sqlx::query("DELETE FROM sign_in_attempts WHERE state_hash = ?").bind(state_hash).execute(&app.db).await?;
        tracing::warn!("too many sign-ins from one address");
        Err(Code::TooManyAttempts.into())
    }
}

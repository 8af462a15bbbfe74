//! The time, passed in: the system's, or one that a test sets.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{App, Code, Result};

/// How far the clocks of a process and of the database may be apart.
pub const MOST_APART: TimeDelta = TimeDelta::seconds(120);

/// Tells the time. Clones of a fixed clock show, and set, the same time.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// In microseconds since 1970.
    fixed: Option<Arc<AtomicI64>>,
    /// How far a fixed clock is wrong.
    ahead: TimeDelta,
}

impl Clock {
    /// The clock of this machine.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at `now` until it is set.
    pub fn fixed(now: DateTime<Utc>) -> Self {
        Self { fixed: Some(Arc::new(AtomicI64::new(now.timestamp_micros()))), ahead: TimeDelta::zero() }
    }

    /// The same clock, `ahead` of it.
    pub fn ahead(&self, ahead: TimeDelta) -> Self {
        Self { fixed: self.fixed.clone(), ahead }
    }

    /// Now, in whole microseconds: what the database keeps.
    pub fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
        let micros =
            self.fixed.as_ref().map_or_else(|| Utc::now().timestamp_micros(), |time| time.load(Ordering::SeqCst));
        DateTime::from_timestamp_micros(micros).unwrap_or_default() + self.ahead
    }

    /// How far this clock is ahead of another computer's, which shows `other` now. A fixed clock stands for those of
    /// all computers, apart from how far it is wrong.
    pub fn ahead_of(&self, other: DateTime<Utc>) -> TimeDelta {
        if self.fixed.is_some() { self.ahead } else { self.now() - other }
    }

    /// Sets a fixed clock; the system's stays as it is.
    pub fn set(&self, now: DateTime<Utc>) {
        if let Some(time) = &self.fixed {
            time.store(now.timestamp_micros(), Ordering::SeqCst);
        }
    }

    /// Moves a fixed clock by `delta`.
    pub fn advance(&self, delta: TimeDelta) {
        self.set(self.now() + delta);
    }
}

/// Now, by a clock that the database's confirms. Asked before anything is closed, told or deleted by it.
///
/// # Errors
/// `clocks-apart` where they are apart: nobody can tell which is right, and what is told or deleted too early is so for
/// ever. Reads count without.
pub async fn confirmed(app: &App) -> Result<DateTime<Utc>> {
    let database =
        sqlx::query_scalar!(r#"SELECT UTC_TIMESTAMP(6) AS "now!: DateTime<Utc>""#).fetch_one(&app.db).await?;
    let ahead = app.clock.ahead_of(database);
    if ahead.abs() > MOST_APART {
        tracing::error!(
            ahead_seconds = ahead.num_seconds(),
            "the clock of this machine and that of the database are apart: nothing is closed, told or deleted until they agree"
        );
        return Err(Code::ClocksApart.into());
    }
    Ok(app.clock.now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_the_clock_of_this_machine_is_wrong_is_seen_by_another() {
        let clock = Clock::system();
        let ahead = clock.ahead_of(clock.now() - TimeDelta::days(40));
        assert!(ahead >= TimeDelta::days(40) && ahead < TimeDelta::days(40) + TimeDelta::minutes(1), "{ahead}");
    }
}

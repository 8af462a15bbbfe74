//! The time, passed in: the system's, or one that a test sets.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};

/// Tells the time. Clones of a fixed clock show, and set, the same time.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The clock of this machine.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `now` until it is set.
    pub fn fixed(now: DateTime<Utc>) -> Self {
        Self(Some(Arc::new(AtomicI64::new(now.timestamp_micros()))))
    }

    /// Now, in whole microseconds: what the database keeps.
    pub fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
        let micros = self.0.as_ref().map_or_else(|| Utc::now().timestamp_micros(), |time| time.load(Ordering::SeqCst));
        DateTime::from_timestamp_micros(micros).unwrap_or_default()
    }

    /// Sets a fixed clock; the system's stays as it is.
    pub fn set(&self, now: DateTime<Utc>) {
        if let Some(time) = &self.0 {
            time.store(now.timestamp_micros(), Ordering::SeqCst);
        }
    }

    /// Moves a fixed clock by `delta`.
    pub fn advance(&self, delta: TimeDelta) {
        self.set(self.now() + delta);
    }
}

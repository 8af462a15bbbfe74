//! A notification to one channel: as it is stored, and as a process has it that claimed it.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use common::Result;
use sqlx::{MySql, MySqlConnection, QueryBuilder};
use uuid::Uuid;

use crate::{fire::LATE, message::Message, send::Target};

/// For how long a claim holds.
pub const LEASE: TimeDelta = TimeDelta::minutes(2);
/// How many one statement stores: each has some kB at most.
const STORED: usize = 50;

/// A notification that is to be stored.
pub struct Notification {
    pub user_id: Uuid,
    pub id: Uuid,
    pub channel_id: Uuid,
    /// `reminder` or `milestone`.
    pub kind: &'static str,
    /// The reminder, or the food of the milestone.
    pub subject_id: Uuid,
    /// The days of the milestone; 0 of a reminder.
    pub days: u32,
    pub message: Message,
    pub first_at: DateTime<Utc>,
    pub due_at: DateTime<Utc>,
    /// How often it was claimed.
    pub attempts: u8,
}

/// A notification that this process has claimed, with where it goes.
pub struct Job {
    pub user_id: Uuid,
    pub id: Uuid,
    pub channel_id: Uuid,
    pub is_test: bool,
    pub is_reminder: bool,
    pub first_at: DateTime<Utc>,
    pub attempts: u8,
    pub message: Option<Message>,
    /// None where the channel was removed or switched off.
    pub target: Option<Target>,
    pub failing_since: Option<DateTime<Utc>>,
}

impl Job {
    pub fn is_milestone(&self) -> bool {
        !self.is_test && !self.is_reminder
    }

    /// Whether it is too late to tell it.
    pub fn is_late(&self, now: DateTime<Utc>) -> bool {
        self.is_reminder && self.first_at + LATE < now
    }
}

impl Notification {
    /// What the process that has claimed it sends.
    pub fn job(self, target: Target, failing_since: Option<DateTime<Utc>>) -> Job {
        Job {
            user_id: self.user_id,
            id: self.id,
            channel_id: self.channel_id,
            is_test: false,
            is_reminder: self.kind == "reminder",
            first_at: self.first_at,
            attempts: self.attempts,
            message: Some(self.message),
            target: Some(target),
            failing_since,
        }
    }
}

/// Stores notifications, and returns the ids of those that are new. The others were stored before, under other ids.
pub async fn store(
    db: &mut MySqlConnection,
    notifications: &[&Notification],
    now: DateTime<Utc>,
) -> Result<HashSet<Uuid>> {
    let mut stored = HashSet::new();
    for notifications in notifications.chunks(STORED) {
        // Rows of values, since `JSON_TABLE` takes the database twice the time for so many columns.
        let mut insert = QueryBuilder::<MySql>::new(
            "INSERT IGNORE INTO sends
                 (user_id, id, channel_id, kind, subject_id, date, days, payload, first_at, due_at, at, attempts) ",
        );
        let payloads: Vec<String> = notifications
            .iter()
            .map(|notification| serde_json::to_string(&notification.message))
            .collect::<Result<_, _>>()
            .map_err(anyhow::Error::from)?;
        insert.push_values(notifications.iter().zip(payloads), |mut row, (notification, payload)| {
            row.push_bind(notification.user_id)
                .push_bind(notification.id)
                .push_bind(notification.channel_id)
                .push_bind(notification.kind)
                .push_bind(notification.subject_id)
                .push_bind(notification.message.date)
                .push_bind(notification.days)
                .push_bind(payload)
                .push_bind(notification.first_at)
                .push_bind(notification.due_at)
                .push_bind(now)
                .push_bind(notification.attempts);
        });
        insert.push(" RETURNING id");
        stored.extend(insert.build_query_scalar::<Uuid>().fetch_all(&mut *db).await?);
    }
    Ok(stored)
}

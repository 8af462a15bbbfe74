//! The figures that are one number each. A further one is one more line.

/// A figure, and what it is in SQL.
pub struct Figure {
    pub name: &'static str,
    pub help: &'static str,
    /// A label and its value.
    pub label: Option<(&'static str, &'static str)>,
    /// An expression; NULL leaves the figure out. `due` has what is due, and `{now}`, `{news}`, `{day}` … are instants:
    /// see [`super::question`].
    pub sql: &'static str,
}

const fn one(name: &'static str, help: &'static str, sql: &'static str) -> Figure {
    Figure { name, help, label: None, sql }
}

const PEOPLE: &str = "People with a session or token used within so many days.";

const fn people(days: &'static str, sql: &'static str) -> Figure {
    Figure { name: "hanip_people", help: PEOPLE, label: Some(("days", days)), sql }
}

pub const FIGURES: &[Figure] = &[
    one("hanip_due_foods", "Foods with a finished day that is not closed yet.", "due.foods"),
    one(
        "hanip_oldest_due_day_age_seconds",
        "Time since the oldest day that is due was over; 0 where none is.",
        "due.age",
    ),
    one(
        "hanip_milestones_unannounced",
        "Milestones reached within seven days that nobody was told of yet.",
        "SELECT COUNT(*) FROM milestones JOIN foods ON foods.user_id = milestones.user_id AND foods.id = food_id
         WHERE announced_at IS NULL AND reached_on > {news} AND foods.deleted_at IS NULL",
    ),
    one(
        "hanip_drifted_foods",
        "Foods whose stored count differed from their records in the checks of the last day. Each was corrected.",
        "SELECT COALESCE(SUM(drifted), 0) FROM ticks WHERE started_at > {day}",
    ),
    one(
        "hanip_tick_last_timestamp_seconds",
        "When the last tick began.",
        "SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', MAX(started_at)) FROM ticks",
    ),
    one(
        "hanip_tick_last_duration_seconds",
        "How long the last tick worked.",
        "SELECT took_ms / 1000 FROM ticks ORDER BY started_at DESC LIMIT 1",
    ),
    one(
        "hanip_tick_closed_foods",
        "Foods whose finished days the ticks of the last day closed.",
        "SELECT COALESCE(SUM(closed), 0) FROM ticks WHERE started_at > {day}",
    ),
    one(
        "hanip_reminders_late",
        "Reminders that were due more than ten minutes ago: they are looked for every five minutes.",
        "SELECT COUNT(*) FROM reminders WHERE next_at <= {late}",
    ),
    people(
        "1",
        "SELECT COUNT(*) FROM (SELECT user_id FROM sessions WHERE last_used_at > {day}
                         UNION SELECT user_id FROM api_tokens WHERE scope <> 'feed' AND last_used_at > {day}) AS seen",
    ),
    people(
        "7",
        "SELECT COUNT(*) FROM (SELECT user_id FROM sessions WHERE last_used_at > {week}
                         UNION SELECT user_id FROM api_tokens WHERE scope <> 'feed' AND last_used_at > {week}) AS seen",
    ),
    people(
        "30",
        "SELECT COUNT(*) FROM (SELECT user_id FROM sessions WHERE last_used_at > {month}
                         UNION SELECT user_id FROM api_tokens WHERE scope <> 'feed' AND last_used_at > {month}) AS seen",
    ),
    one(
        "hanip_database_connections",
        "Connections that the database has open.",
        "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'THREADS_CONNECTED'",
    ),
    one("hanip_database_connections_max", "Connections that the database takes.", "@@global.max_connections"),
];

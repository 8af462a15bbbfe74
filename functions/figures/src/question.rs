//! What is asked of the database, in one statement.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    db::{Pool, safe},
    diary::{counters::NEWS, zone::Zone},
};
use serde_json::json;
use sqlx::{Row, types::Json};

use crate::list::FIGURES;

/// What the database said.
pub struct Answer {
    /// The value of each of [`FIGURES`].
    pub figures: Vec<Option<f64>>,
    /// Ended sign-ins: provider, outcome, how many.
    pub sign_ins: Vec<(String, String, u64)>,
}

/// Asks for everything. The server ends a statement that takes longer than two seconds.
pub async fn ask(db: &Pool, now: DateTime<Utc>) -> sqlx::Result<Answer> {
    let row = sqlx::raw_sql(safe(statement(now))).fetch_one(db).await?;
    let figures = (0..FIGURES.len()).map(|at| row.try_get(at)).collect::<sqlx::Result<_>>()?;
    let sign_ins: Option<Json<_>> = row.try_get("sign_ins")?;
    Ok(Answer { figures, sign_ins: sign_ins.map(|Json(rows)| rows).unwrap_or_default() })
}

fn statement(now: DateTime<Utc>) -> String {
    let instant = |ago: TimeDelta| format!("'{}'", (now - ago).format("%F %T%.6f"));
    let instants = [
        ("{late}", instant(TimeDelta::minutes(10))),
        ("{day}", instant(TimeDelta::days(1))),
        ("{week}", instant(TimeDelta::days(7))),
        ("{month}", instant(TimeDelta::days(30))),
        ("{news}", format!("'{}'", now.date_naive() - NEWS)),
    ];
    let mut sql = String::from("SET STATEMENT max_statement_time = 2 FOR SELECT ");
    for figure in FIGURES {
        sql += &format!("CAST(({}) AS DOUBLE), ", figure.sql);
    }
    sql += "(SELECT JSON_ARRAYAGG(JSON_ARRAY(provider, outcome, count)) FROM sign_ins) AS sign_ins FROM ";
    sql += &due(now);
    instants.iter().fold(sql, |sql, (name, instant)| sql.replace(name, instant))
}

/// The table `due`: of foods with a finished day that is not closed how many there are, and how long the oldest of their
/// days has been over. A tick finds the same. What each clock shows is computed here because the database has no time
/// zones; one that it has stored and we do not know is UTC.
///
/// The counters come first, so that only people with an open day are looked up. A derived table gets an index, which
/// the rows of JSON_TABLE do not have.
fn due(now: DateTime<Utc>) -> String {
    // Zones with the same clock are written once.
    let mut clocks: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for name in Zone::names() {
        clocks.entry(Zone::stored(name).wall_clock(now)).or_default().push(name);
    }
    let furthest = clocks.keys().next_back().copied().unwrap_or_else(|| now.naive_utc());
    let clocks: Vec<_> = clocks.iter().map(|(wall, zones)| json!({ "w": wall.to_string(), "z": zones })).collect();
    let (utc, today) = (now.naive_utc(), furthest.date());
    format!(
        "(SELECT COUNT(*) AS foods, COALESCE(MAX(TIMESTAMPDIFF(SECOND, next, clock)), 0) AS age FROM (
             SELECT STRAIGHT_JOIN closed_through + INTERVAL 2 DAY AS next,
                    SUBTIME(COALESCE(wall, '{utc}'), day_start) AS clock
             FROM counters
             JOIN users ON users.user_id = counters.user_id
             LEFT JOIN (SELECT DISTINCT zone, wall FROM JSON_TABLE('{}', '$[*]' COLUMNS (
                     wall DATETIME PATH '$.w',
                     NESTED PATH '$.z[*]' COLUMNS (zone VARCHAR(64) COLLATE utf8mb4_bin PATH '$'))) AS clocks
                 ) AS clocks ON zone = time_zone
             WHERE closed_through < closes_through AND closed_through < '{today}' - INTERVAL 1 DAY
         ) AS open WHERE next <= clock) AS due",
        json!(clocks)
    )
}

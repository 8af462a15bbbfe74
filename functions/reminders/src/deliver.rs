//! Sends what is due: claims some, sends many at once, and marks how each went.
//!
//! A claim moves `due_at` ahead by the lease, and counts an attempt. If the process dies before the mark, the notification
//! is due again after the lease, under the same id and tag, by which who gets it knows a duplicate.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use common::{App, Result, db};
use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};
use uuid::Uuid;

use crate::{
    channels::Kind,
    fire::{self, Fired, LATE, Place},
    hex,
    notification::{Job, LEASE},
    send::{Came, Sender, Target, next_try},
    sql_instant,
};

/// How many are claimed at once.
const CLAIM: u32 = 200;
/// How many are under way at once: those who do not answer hold up only so many others.
const AT_ONCE: usize = 128;
/// How many of them are one person's: whose places do not answer, however many they are, takes no more from others.
const OF_ONE: usize = 8;
/// How much of a delay the next sends may make up for by beginning sooner than the pace says.
const BEHIND: Duration = Duration::from_millis(20);
/// How many wait at most, claimed and not begun, while those of others are looked for.
const BACKLOG: usize = 1_000;
/// After so many claims a notification is given up: a process seems to die of it each time.
const MOST_CLAIMS: u8 = 20;
/// The next ones are looked for when fewer than so many wait.
const AHEAD: usize = 100;
/// How many results one statement marks, and how long the first of them waits for others at most.
const MARKED: usize = 100;
const MARKED_WITHIN: Duration = Duration::from_millis(20);
/// How many are not marked at most, under way or done: after a kill so many may be sent again.
const UNMARKED: u64 = (AT_ONCE + MARKED) as u64;
/// The pauses before marking again.
const MARK_AGAIN: [Duration; 4] =
    [Duration::from_millis(20), Duration::from_millis(100), Duration::from_millis(400), Duration::from_millis(1600)];
/// After so long without an arrival, a channel is switched off.
const GIVE_UP: TimeDelta = TimeDelta::days(5);
/// How long what was sent is kept, and how much of the old one call deletes.
const KEPT: TimeDelta = TimeDelta::days(30);
const DELETED: u32 = 2_000;

/// Sends all that is due, while there is time; how many notifications were tried. While some are under way, the next ones
/// are looked for, and how others went is marked.
pub async fn all(app: &App, sender: &Arc<Sender>, has_time: impl Fn() -> bool) -> Result<u64> {
    let (mut backlog, mut under_way, mut done) = (VecDeque::new(), JoinSet::new(), Vec::new());
    // One each at most: a function has few connections.
    let (mut looking, mut marking) = (JoinSet::new(), JoinSet::new());
    let (mut of, mut tried, mut marked, mut search, mut failure) = (HashMap::new(), 0, 0, Some(Search::Stored), None);
    let (mut begin_at, mut mark_at) = (Instant::now(), Instant::now());
    loop {
        // Those that are claimed and not begun in time are due again after the lease.
        let now = Instant::now();
        while begin_at <= now
            && under_way.len() < AT_ONCE
            && tried - marked < UNMARKED
            && has_time()
            && let Some(job) = first_with_room(&backlog, &of).and_then(|index| backlog.remove(index))
        {
            begin_at = begin_at.max(now - BEHIND) + sender.pace;
            tried += 1;
            *of.entry(job.user_id).or_default() += 1;
            under_way.spawn(attempt(app.clone(), sender.clone(), job));
        }
        let has_room = begin_at <= now && under_way.len() < AT_ONCE;
        let are_few = backlog.len() < AHEAD || (has_room && backlog.len() < BACKLOG);
        if are_few
            && looking.is_empty()
            && has_time()
            && let Some(search) = search
        {
            looking.spawn(more(app.clone(), search));
        }
        let is_time_to_mark = done.len() >= MARKED || (!done.is_empty() && mark_at <= now);
        if is_time_to_mark && marking.is_empty() {
            let some: Vec<_> = done.drain(..done.len().min(MARKED)).collect();
            marking.spawn(mark_surely(app.clone(), some));
        }
        tokio::select! {
            Some(one) = under_way.join_next() => {
                let one: Done = one.map_err(anyhow::Error::from)?;
                if done.is_empty() {
                    mark_at = Instant::now() + MARKED_WITHIN;
                }
                of.entry(one.job.user_id).and_modify(|count| *count -= 1);
                of.retain(|_, count| *count > 0);
                done.push(one);
            }
            Some(found) = looking.join_next() => match found.map_err(anyhow::Error::from)? {
                Ok((jobs, next)) => {
                    search = next;
                    backlog.extend(jobs);
                }
                // What is under way is waited for, and marked, before that is told.
                Err(error) => (search, failure) = (None, Some(error)),
            },
            Some(count) = marking.join_next() => marked += count.map_err(anyhow::Error::from)??,
            () = sleep_until(mark_at), if marking.is_empty() && !done.is_empty() => {}
            () = sleep_until(begin_at), if begin_at > now && !backlog.is_empty() => {}
            else => break,
        }
    }
    if !backlog.is_empty() {
        give_back(app, &backlog).await?;
    }
    failure.map_or(Ok(tried), Err)
}

/// The first whose person has room, by how many of each are under way.
fn first_with_room(backlog: &VecDeque<Job>, of: &HashMap<Uuid, usize>) -> Option<usize> {
    backlog.iter().position(|job| of.get(&job.user_id).is_none_or(|count| *count < OF_ONE))
}

/// Where what is due is looked for.
#[derive(Clone, Copy)]
enum Search {
    /// Among notifications that are stored.
    Stored,
    /// Among reminders, from a place on.
    Reminders(Place),
}

/// Claims some of what is due; where nothing is, reminders become notifications. Also where to look next: None when
/// nothing is due any more.
async fn more(app: App, search: Search) -> Result<(Vec<Job>, Option<Search>)> {
    let from = match search {
        Search::Reminders(from) => from,
        Search::Stored => {
            let claimed = claim(&app).await?;
            if !claimed.is_empty() {
                return Ok((read(&app, &claimed).await?, Some(Search::Stored)));
            }
            Place::START
        }
    };
    let Fired { jobs, next } = fire::batch(&app, from).await?;
    let next = match next {
        Some(next) => Some(Search::Reminders(next)),
        // Something may have become due behind the place.
        None => (from != Place::START).then_some(Search::Stored),
    };
    Ok((jobs, next))
}

/// [`mark`], again where the database has rolled it back: without the mark it would be sent again.
/// Returns how many they are.
async fn mark_surely(app: App, done: Vec<Done>) -> Result<u64> {
    for pause in MARK_AGAIN {
        match mark(&app, &done).await {
            Ok(()) => return Ok(done.len() as u64),
            Err(error) => tracing::warn!(%error, "how notifications went could not be stored, once more"),
        }
        sleep(pause).await;
    }
    mark(&app, &done).await?;
    Ok(done.len() as u64)
}

/// Sends one notification that was stored with a claim.
pub async fn one(app: &App, sender: &Arc<Sender>, user_id: Uuid, id: Uuid) -> Result<()> {
    let jobs = read(app, &[(user_id, id)]).await?;
    for job in jobs {
        let done = attempt(app.clone(), sender.clone(), job).await;
        mark_surely(app.clone(), vec![done]).await?;
    }
    Ok(())
}

/// How much is due.
pub async fn left(app: &App) -> Result<u64> {
    let now = app.clock.now();
    let sends = sqlx::query_scalar!("SELECT COUNT(*) FROM sends WHERE due_at <= ?", now);
    let sends = u64::try_from(sends.fetch_one(&app.db).await?).unwrap_or_default();
    Ok(sends + fire::left(app, now).await?)
}

/// Deletes some of what was sent long ago.
pub async fn forget_old(app: &App) -> Result<()> {
    let before = app.clock.now() - KEPT;
    sqlx::query!("DELETE FROM sends WHERE first_at < ? ORDER BY first_at LIMIT ?", before, DELETED)
        .execute(&app.db)
        .await?;
    Ok(())
}

/// Claims some of what is due. What another call has locked is passed over.
async fn claim(app: &App) -> Result<Vec<(Uuid, Uuid)>> {
    let now = app.clock.now();
    let mut db = db::begin(app.db.acquire().await?).await?;
    let due = sqlx::query!(
        r#"SELECT user_id AS "user_id: Uuid", id AS "id: Uuid" FROM sends
           WHERE due_at <= ? ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED"#,
        now,
        CLAIM
    );
    let due: Vec<_> = due.fetch_all(&mut *db).await?.into_iter().map(|row| (row.user_id, row.id)).collect();
    if due.is_empty() {
        db.commit().await?;
        return Ok(Vec::new());
    }
    sqlx::query!(
        "UPDATE sends JOIN JSON_TABLE(?, '$[*]' COLUMNS (user CHAR(32) PATH '$.user', id CHAR(32) PATH '$.id')) AS claimed
             ON sends.user_id = UNHEX(claimed.user) AND sends.id = UNHEX(claimed.id)
         SET due_at = ?, attempts = LEAST(attempts + 1, 250), at = ?",
        keys(&due),
        now + LEASE,
        now
    )
    .execute(&mut *db)
    .await?;
    db.commit().await?;
    Ok(due)
}

fn keys(ids: &[(Uuid, Uuid)]) -> String {
    let keys = ids.iter().map(|(user_id, id)| json!({ "user": hex(*user_id), "id": hex(*id) }));
    serde_json::Value::from(keys.collect::<Vec<_>>()).to_string()
}

/// Reads notifications that were claimed, with where they go.
async fn read(app: &App, ids: &[(Uuid, Uuid)]) -> Result<Vec<Job>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"SELECT sends.user_id AS "user_id: Uuid", sends.id AS "id: Uuid", channel_id AS "channel_id: Uuid",
                  sends.kind AS "kind: String", first_at AS "first_at: DateTime<Utc>", attempts, payload,
                  channels.kind AS "channel?: String", url AS "url?", p256dh AS "p256dh?", auth AS "auth?",
                  secret AS "secret?", failing_since AS "failing_since?: DateTime<Utc>"
           FROM JSON_TABLE(?, '$[*]' COLUMNS (user CHAR(32) PATH '$.user', id CHAR(32) PATH '$.id')) AS claimed
           JOIN sends ON sends.user_id = UNHEX(claimed.user) AND sends.id = UNHEX(claimed.id)
           LEFT JOIN channels ON channels.user_id = sends.user_id AND channels.id = channel_id AND off_since IS NULL"#,
        keys(ids)
    );
    let jobs = rows.fetch_all(&app.db).await?.into_iter().map(|row| {
        let target = row.channel.and_then(|kind| Target::stored(&kind, row.url?, [row.p256dh, row.auth, row.secret]));
        Job {
            user_id: row.user_id,
            id: row.id,
            channel_id: row.channel_id,
            is_test: row.kind == "test",
            is_reminder: row.kind == "reminder",
            first_at: row.first_at,
            attempts: row.attempts,
            message: row.payload.and_then(|payload| serde_json::from_str(&payload).ok()),
            target,
            failing_since: row.failing_since,
        }
    });
    Ok(jobs.collect())
}

/// A notification that was tried, and how it went.
struct Done {
    job: Job,
    came: Came,
    now: DateTime<Utc>,
}

async fn attempt(app: App, sender: Arc<Sender>, job: Job) -> Done {
    let now = app.clock.now();
    let came = match (&job.target, &job.message) {
        _ if job.attempts > MOST_CLAIMS => Came::Never(None),
        // Too late, by a webhook's own retries or not: a webhook that was tried in time may go on.
        (Some(target), _) if job.is_late(now) && (target.kind != Kind::Webhook || job.attempts <= 1) => {
            Came::Never(None)
        }
        (Some(target), Some(message)) => sender.send(target, (job.id, job.first_at), message, now).await,
        // The channel was removed or switched off meanwhile.
        _ => Came::Never(None),
    };
    Done { job, came, now }
}

impl Job {
    fn is_late(&self, now: DateTime<Utc>) -> bool {
        self.is_reminder && self.first_at + LATE < now
    }
}

impl Done {
    /// When it is tried again.
    fn again_at(&self) -> Option<DateTime<Utc>> {
        let (Came::Again(_, asked), Some(target), false) = (self.came, &self.job.target, self.job.is_test) else {
            return None;
        };
        let at = self.now + next_try(target.kind, self.job.attempts, asked)?;
        (target.kind == Kind::Webhook || !self.job.is_late(at)).then_some(at)
    }
}

/// Stores how notifications went.
async fn mark(app: &App, done: &[Done]) -> Result<()> {
    let marks = done.iter().map(|done| {
        let (outcome, status) = match done.came {
            Came::Taken(status) => ("sent", Some(status)),
            Came::Gone(status) => ("gone", Some(status)),
            Came::Again(status, _) if done.again_at().is_some() => ("pending", status),
            Came::Again(status, _) | Came::Never(status) => ("failed", status),
            Came::Refused => ("refused", None),
        };
        json!({
            "user": hex(done.job.user_id), "id": hex(done.job.id), "attempts": done.job.attempts, "outcome": outcome,
            "status": status, "due": done.again_at().map(sql_instant), "at": sql_instant(done.now),
        })
    });
    let marks = serde_json::Value::from(marks.collect::<Vec<_>>()).to_string();
    let mut db = app.db.acquire().await?;
    // By a claim that was overtaken nothing is marked.
    sqlx::query!(
        "UPDATE sends JOIN JSON_TABLE(?, '$[*]' COLUMNS (
             user CHAR(32) PATH '$.user', id CHAR(32) PATH '$.id', attempts TINYINT UNSIGNED PATH '$.attempts',
             outcome VARCHAR(7) PATH '$.outcome', status SMALLINT UNSIGNED PATH '$.status', due DATETIME(6) PATH '$.due',
             at DATETIME(6) PATH '$.at')) AS marks
             ON sends.user_id = UNHEX(marks.user) AND sends.id = UNHEX(marks.id) AND sends.attempts = marks.attempts
         SET sends.outcome = marks.outcome, sends.status = marks.status, sends.due_at = marks.due, sends.at = marks.at,
             payload = IF(marks.due IS NULL, NULL, payload)",
        marks
    )
    .execute(&mut *db)
    .await?;
    for Done { job, came, now } in done {
        let Some(target) = &job.target else { continue };
        match came {
            Came::Gone(_) => {
                sqlx::query!("DELETE FROM channels WHERE user_id = ? AND id = ?", job.user_id, job.channel_id)
                    .execute(&mut *db)
                    .await?;
            }
            Came::Taken(_) if job.failing_since.is_some() => {
                sqlx::query!(
                    "UPDATE channels SET failing_since = NULL WHERE user_id = ? AND id = ?",
                    job.user_id,
                    job.channel_id
                )
                .execute(&mut *db)
                .await?;
            }
            Came::Again(..) | Came::Never(Some(_)) | Came::Refused => {
                // Push services say that a browser is gone. Of a webhook or a topic nobody says so.
                let gives_up =
                    target.kind != Kind::Push && job.failing_since.is_some_and(|since| *now - since >= GIVE_UP);
                sqlx::query!(
                    "UPDATE channels SET failing_since = COALESCE(failing_since, ?), off_since = IF(?, ?, off_since)
                     WHERE user_id = ? AND id = ?",
                    now,
                    gives_up,
                    now,
                    job.user_id,
                    job.channel_id
                )
                .execute(&mut *db)
                .await?;
            }
            Came::Taken(_) | Came::Never(None) => {}
        }
    }
    Ok(())
}

/// Gives back claims that were not begun: they are due at once.
async fn give_back(app: &App, jobs: &VecDeque<Job>) -> Result<()> {
    let ids: Vec<_> = jobs.iter().map(|job| (job.user_id, job.id)).collect();
    sqlx::query!(
        "UPDATE sends JOIN JSON_TABLE(?, '$[*]' COLUMNS (user CHAR(32) PATH '$.user', id CHAR(32) PATH '$.id')) AS back
             ON sends.user_id = UNHEX(back.user) AND sends.id = UNHEX(back.id)
         SET due_at = at, attempts = attempts - 1",
        keys(&ids)
    )
    .execute(&app.db)
    .await?;
    Ok(())
}

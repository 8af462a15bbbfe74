//! Sends what is due: claims some, sends many at once, and marks how each went.
//!
//! A claim moves `due_at` ahead by the lease, and counts an attempt. If the process dies before the mark, the notification
//! is due again after the lease, under the same id and tag, by which who gets it knows a duplicate.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use chrono::TimeDelta;
use common::{App, Error, Result};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};
use uuid::Uuid;

use crate::{
    channels::Kind,
    claims,
    fire::{self, Fired, Place},
    marks::{self, Done},
    milestones,
    notification::Job,
    send::{SendResult, Sender},
};

/// How many are under way at once: those who do not answer hold up only so many others.
const AT_ONCE: usize = 128;
/// How many of them are one person's: somebody whose channels do not answer delays others by no more than these.
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
/// How long what was sent is kept, and how much of the old one call deletes.
const KEPT: TimeDelta = TimeDelta::days(30);
const DELETED: u32 = 2_000;

/// Sends all that is due, while there is time; how many notifications were tried.
pub async fn all(app: &App, sender: &Arc<Sender>, has_time: impl Fn() -> bool) -> Result<u64> {
    let mut delivery = Delivery::new(app, sender);
    loop {
        let now = Instant::now();
        if has_time() {
            delivery.send(now);
            delivery.look(now);
        }
        delivery.mark(now);
        if !delivery.wait(now).await? {
            break;
        }
    }
    // Those that are not given back are due again after the lease.
    if !delivery.backlog.is_empty() {
        let now = app.clock.now();
        let claims = delivery.backlog.iter().map(|job| (job.user_id, job.id, now));
        claims::give_back(&mut *app.db.acquire().await?, claims).await?;
    }
    delivery.failure.map_or(Ok(delivery.tried), Err)
}

/// Notifications on their way. While some are being sent, the next ones are looked for, and how others went is marked.
struct Delivery<'a> {
    app: &'a App,
    sender: &'a Arc<Sender>,
    /// Claimed, and not begun.
    backlog: VecDeque<Job>,
    /// Where the next ones are looked for; None when nothing is due any more.
    search: Option<Search>,
    /// Why nothing more could be looked for. What is under way is waited for, and marked, before that is told.
    failure: Option<Error>,
    /// One at most: a function has few connections.
    looking: JoinSet<Result<(Vec<Job>, Option<Search>)>>,
    under_way: JoinSet<Done>,
    /// How many of them are each person's.
    of_person: HashMap<Uuid, usize>,
    /// How many were begun.
    tried: u64,
    /// When the next one may begin, by the pace.
    begin_at: Instant,
    /// Tried, and not marked.
    done: Vec<Done>,
    /// When they are to be marked, however few they are.
    mark_at: Instant,
    /// One at most, too.
    marking: JoinSet<Result<u64>>,
    /// How many were marked.
    marked: u64,
}

impl<'a> Delivery<'a> {
    fn new(app: &'a App, sender: &'a Arc<Sender>) -> Self {
        Self {
            app,
            sender,
            backlog: VecDeque::new(),
            search: Some(Search::Stored),
            failure: None,
            looking: JoinSet::new(),
            under_way: JoinSet::new(),
            of_person: HashMap::new(),
            tried: 0,
            begin_at: Instant::now(),
            done: Vec::new(),
            mark_at: Instant::now(),
            marking: JoinSet::new(),
            marked: 0,
        }
    }

    /// Begins to send as many as the pace and the limits allow.
    fn send(&mut self, now: Instant) {
        while self.begin_at <= now
            && self.under_way.len() < AT_ONCE
            && self.tried - self.marked < UNMARKED
            && let Some(job) = self.next()
        {
            self.begin_at = self.begin_at.max(now - BEHIND) + self.sender.pace;
            self.tried += 1;
            *self.of_person.entry(job.user_id).or_default() += 1;
            self.under_way.spawn(attempt(self.app.clone(), self.sender.clone(), job));
        }
    }

    /// The first of the backlog whose person has room.
    fn next(&mut self) -> Option<Job> {
        let has_room = |job: &Job| self.of_person.get(&job.user_id).is_none_or(|count| *count < OF_ONE);
        let index = self.backlog.iter().position(has_room)?;
        self.backlog.remove(index)
    }

    /// Looks for more, where few wait, or where all that wait are of people who have no room.
    fn look(&mut self, now: Instant) {
        let has_room = self.begin_at <= now && self.under_way.len() < AT_ONCE;
        let are_few = self.backlog.len() < AHEAD || (has_room && self.backlog.len() < BACKLOG);
        if are_few
            && self.looking.is_empty()
            && let Some(search) = self.search
        {
            self.looking.spawn(more(self.app.clone(), search));
        }
    }

    /// Marks how some went, where they are many or have waited long enough.
    fn mark(&mut self, now: Instant) {
        let is_time = self.done.len() >= MARKED || (!self.done.is_empty() && self.mark_at <= now);
        if is_time && self.marking.is_empty() {
            let some = self.done.drain(..self.done.len().min(MARKED)).collect();
            self.marking.spawn(marks::mark(self.app.clone(), some));
        }
    }

    /// Waits until there is something to do; false when all is done.
    async fn wait(&mut self, now: Instant) -> Result<bool> {
        tokio::select! {
            Some(done) = self.under_way.join_next() => {
                let done = done.map_err(anyhow::Error::from)?;
                if self.done.is_empty() {
                    self.mark_at = Instant::now() + MARKED_WITHIN;
                }
                self.of_person.entry(done.job.user_id).and_modify(|count| *count -= 1);
                self.of_person.retain(|_, count| *count > 0);
                self.done.push(done);
            }
            Some(found) = self.looking.join_next() => match found.map_err(anyhow::Error::from)? {
                Ok((jobs, next)) => {
                    self.backlog.extend(jobs);
                    self.search = next;
                }
                Err(error) => (self.search, self.failure) = (None, Some(error)),
            },
            Some(count) = self.marking.join_next() => self.marked += count.map_err(anyhow::Error::from)??,
            () = sleep_until(self.mark_at), if self.marking.is_empty() && !self.done.is_empty() => {}
            () = sleep_until(self.begin_at), if self.begin_at > now && !self.backlog.is_empty() => {}
            else => return Ok(false),
        }
        Ok(true)
    }
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
            let claimed = claims::claim(&app).await?;
            if !claimed.is_empty() {
                let jobs = milestones::wait_for_day(&app, claims::read(&app, &claimed).await?).await?;
                return Ok((jobs, Some(Search::Stored)));
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

/// Sends one notification that was stored with a claim.
pub async fn one(app: &App, sender: &Arc<Sender>, user_id: Uuid, id: Uuid) -> Result<()> {
    let jobs = claims::read(app, &[(user_id, id)]).await?;
    for job in jobs {
        let done = attempt(app.clone(), sender.clone(), job).await;
        marks::mark(app.clone(), vec![done]).await?;
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

/// Sends one, unless it is too late or its channel is gone.
async fn attempt(app: App, sender: Arc<Sender>, job: Job) -> Done {
    let now = app.clock.now();
    let result = match (&job.target, &job.message) {
        _ if job.attempts > MOST_CLAIMS => SendResult::Failed(None),
        // A reminder that is late is dropped. A webhook whose first attempt was in time may still be tried again.
        (Some(target), _) if job.is_late(now) && (target.kind != Kind::Webhook || job.attempts <= 1) => {
            SendResult::Failed(None)
        }
        (Some(target), Some(message)) => sender.send(target, (job.id, job.first_at), message, now).await,
        // The channel was removed or switched off meanwhile.
        _ => SendResult::Failed(None),
    };
    Done { job, result, at: now }
}

//! What is due: reminders become notifications, one for each channel, and are planned for their next time.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use common::{
    App, Language, Result, db,
    diary::{
        reminder::About,
        zone::{self, Zone},
    },
};
use serde_json::json;
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::{
    hex, ids,
    message::{self, Waiting},
    notification::{self, Job, LEASE, Notification},
    plan::{Life, Occurrence, Plan},
    send::Target,
    sql_instant,
};

/// Later than this a reminder is not sent.
pub const LATE: TimeDelta = TimeDelta::minutes(60);
/// How many reminders one transaction looks at.
const BATCH: u32 = 200;

/// A reminder whose time has come, or has to be planned again.
struct Due {
    user_id: Uuid,
    id: Uuid,
    plan: Plan,
    about: About,
    discreet: bool,
    next: Occurrence,
    /// What `next` was made with.
    life: Life,
    zones: Vec<u8>,
}

/// Whose it is.
struct Person {
    life: Life,
    locale: String,
    is_deleted: bool,
}

/// A time that is to be told.
struct Firing<'a> {
    due: &'a Due,
    person: &'a Person,
    occurrence: Occurrence,
}

/// Where a person is told.
struct Channel {
    id: Uuid,
    target: Target,
    failing_since: Option<DateTime<Utc>>,
}

/// A place in the order of reminders: by when they are due, then by whose they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    at: DateTime<Utc>,
    user_id: Uuid,
}

impl Place {
    pub const START: Self = Self { at: DateTime::UNIX_EPOCH, user_id: Uuid::nil() };
}

/// The result of a batch.
pub struct Fired {
    /// Notifications of its reminders, claimed already, to be sent at once.
    pub jobs: Vec<Job>,
    /// Where the next batch begins. None where there is nothing from this place on.
    pub next: Option<Place>,
}

/// Handles some of the reminders that are due, from a place on. Those before it were handled a moment ago: their entries
/// stay in the index until InnoDB purges them, and each batch would scan more of them.
pub async fn batch(app: &App, from: Place) -> Result<Fired> {
    let now = app.clock.now();
    let mut db = db::begin(app.db.acquire().await?).await?;
    let mut due = due_from(&mut db, from, now).await?;
    let mut next = due.last().map(|due| Place { at: due.next.at, user_id: due.user_id });
    if due.is_empty() && from == Place::START {
        due = of_older_zones(&mut db).await?;
        next = due.first().map(|_| Place::START);
    }
    if due.is_empty() {
        // Rows that were looked at stay locked until then, and another call passes over them.
        db.commit().await?;
        return Ok(Fired { jobs: Vec::new(), next });
    }
    let people = people(&mut db, &due).await?;
    let (mut firings, mut planned) = (Vec::new(), Vec::new());
    for due in &due {
        let Some(person) = people.get(&due.user_id) else { continue };
        let (times, next) = due.times(&person.life, now);
        if !person.is_deleted {
            firings.extend(times.into_iter().map(|occurrence| Firing { due, person, occurrence }));
        }
        planned.push(json!({
            "user": hex(due.user_id), "id": hex(due.id), "on": next.date, "at": sql_instant(next.at),
            "zone": person.life.zone.name(), "start": person.life.day_start,
        }));
    }
    let channels = channels(&mut db, &firings).await?;
    let made = notifications(&mut db, &firings, &channels, now).await?;
    let rows: Vec<_> = made.iter().map(|(notification, _)| notification).collect();
    let stored = notification::store(&mut db, &rows, now).await?;
    plan(&mut db, planned).await?;
    db.commit().await?;
    let jobs = made.into_iter().filter(|(notification, _)| stored.contains(&notification.id));
    let jobs = jobs.map(|(notification, channel)| notification.job(channel.target.clone(), channel.failing_since));
    Ok(Fired { jobs: jobs.collect(), next })
}

/// How many reminders are due.
pub async fn left(app: &App, now: DateTime<Utc>) -> Result<u64> {
    let left = sqlx::query_scalar!("SELECT COUNT(*) FROM reminders WHERE next_at <= ?", now);
    Ok(left.fetch_one(&app.db).await?.try_into().unwrap_or_default())
}

impl Due {
    /// The times that are to be told now, and the next one.
    fn times(&self, life: &Life, now: DateTime<Utc>) -> (Vec<Occurrence>, Occurrence) {
        let is_planned_so = self.life == *life && self.zones == zone::DATABASE.as_bytes();
        let mut times = Vec::new();
        let mut from = self.next.at;
        if !is_planned_so {
            // Where the zone has changed, `next` is what was planned with the one before, or the time of the change.
            if self.next.at <= now && self.plan.on(self.next.date, &self.life) == self.next {
                times.push(self.next);
                from += TimeDelta::microseconds(1);
            }
            from = from.min(now);
        }
        let mut next = self.plan.first_from(from.max(now - LATE - TimeDelta::days(1)), life);
        while next.at <= now {
            times.push(next);
            next = self.plan.first_from(next.at + TimeDelta::microseconds(1), life);
        }
        times.retain(|time| time.at + LATE >= now);
        (times, next)
    }
}

/// Locks some reminders. Those that another call has locked are passed over.
macro_rules! lock {
    ($db:expr, $which:literal, $($value:expr),*) => {
        sqlx::query!(
            r#"SELECT user_id AS "user_id: Uuid", id AS "id: Uuid", time AS "time: NaiveTime", days,
                      about AS "about: About", discreet AS "discreet: bool", next_on, next_at AS "next_at: DateTime<Utc>",
                      time_zone, day_start AS "day_start: NaiveTime", zones
               FROM reminders WHERE "# + $which + " LIMIT ? FOR UPDATE SKIP LOCKED",
            $($value,)*
            BATCH
        )
        .fetch_all($db)
        .await?
        .into_iter()
        .map(|row| Due {
            user_id: row.user_id,
            id: row.id,
            plan: Plan { time: row.time, days: row.days },
            about: row.about,
            discreet: row.discreet,
            next: Occurrence { date: row.next_on, at: row.next_at },
            // An import stores an empty zone. It is never the person's, so that the reminder is planned again here.
            life: Life { zone: Zone::stored(&row.time_zone), day_start: row.day_start },
            zones: row.zones,
        })
        .collect()
    };
}

/// Locks some of the reminders that are due, from a place on.
async fn due_from(db: &mut MySqlConnection, from: Place, now: DateTime<Utc>) -> Result<Vec<Due>> {
    Ok(lock!(
        db,
        "next_at = ? AND user_id >= ? OR next_at > ? AND next_at <= ? ORDER BY next_at, user_id",
        from.at,
        from.user_id,
        from.at,
        now
    ))
}

/// Locks some of the reminders that were planned with an older zone database.
async fn of_older_zones(db: &mut MySqlConnection) -> Result<Vec<Due>> {
    Ok(lock!(db, "zones < ? ORDER BY zones", zone::DATABASE.as_bytes()))
}

async fn people(db: &mut MySqlConnection, due: &[Due]) -> Result<HashMap<Uuid, Person>> {
    let rows = sqlx::query!(
        r#"SELECT user_id AS "user_id: Uuid", time_zone, day_start AS "day_start: NaiveTime", locale AS "locale: String",
                  deleted_at IS NOT NULL AS "is_deleted: bool"
           FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(32) PATH '$')) AS ids JOIN users ON user_id = UNHEX(ids.id)"#,
        ids(due.iter().map(|due| due.user_id))
    );
    let people = rows.fetch_all(db).await?.into_iter().map(|row| {
        let life = Life { zone: Zone::stored(&row.time_zone), day_start: row.day_start };
        (row.user_id, Person { life, locale: row.locale, is_deleted: row.is_deleted })
    });
    Ok(people.collect())
}

/// The notifications of `firings`, claimed, each with its channel. A reminder about what waits makes some where a food waits
/// for an answer, one about the review where the date has none.
async fn notifications<'a>(
    db: &mut MySqlConnection,
    firings: &[Firing<'_>],
    channels: &'a HashMap<Uuid, Vec<Channel>>,
    now: DateTime<Utc>,
) -> Result<Vec<(Notification, &'a Channel)>> {
    let firings = firings.iter().filter_map(|firing| Some((firing, channels.get(&firing.due.user_id)?)));
    let firings: Vec<_> = firings.collect();
    if firings.is_empty() {
        return Ok(Vec::new());
    }
    let asked = firings.iter().enumerate().map(
        |(index, (firing, _))| json!({ "index": index, "user": hex(firing.due.user_id), "date": firing.occurrence.date }),
    );
    let asked = serde_json::Value::from(asked.collect::<Vec<_>>()).to_string();
    let (mut open, reviewed) = (open_foods(db, &asked).await?, reviewed(db, &asked).await?);
    let mut notifications = Vec::new();
    for (index, (Firing { due, person, occurrence }, channels)) in firings.into_iter().enumerate() {
        let (open, confirm) = open.remove(&index).unwrap_or_default();
        let named: Vec<&Waiting> = match due.about {
            About::Waiting => open.iter().filter(|food| confirm.contains(&food.food_id)).collect(),
            About::Review => open.iter().collect(),
        };
        let is_told = match due.about {
            About::Waiting => !named.is_empty(),
            About::Review => !reviewed.contains(&index),
        };
        if !is_told {
            continue;
        }
        let language = Language::of_person(&person.locale);
        let whose = (due.user_id, due.id, occurrence.date);
        let message = message::reminder(language, whose, &named, (&open, confirm.len()), due.discreet);
        notifications.extend(channels.iter().map(|channel| {
            let notification = Notification {
                user_id: due.user_id,
                id: Uuid::now_v7(),
                channel_id: channel.id,
                kind: "reminder",
                subject_id: due.id,
                days: 0,
                message: message.clone(),
                first_at: occurrence.at,
                // Claimed for the first attempt.
                due_at: now + LEASE,
                attempts: 1,
            };
            (notification, channel)
        }));
    }
    Ok(notifications)
}

/// Where people are told, unless it is switched off.
async fn channels(db: &mut MySqlConnection, firings: &[Firing<'_>]) -> Result<HashMap<Uuid, Vec<Channel>>> {
    let mut channels: HashMap<Uuid, Vec<Channel>> = HashMap::new();
    if firings.is_empty() {
        return Ok(channels);
    }
    let rows = sqlx::query!(
        r#"SELECT user_id AS "user_id: Uuid", channels.id AS "id: Uuid", kind AS "kind: String", url, p256dh, auth, secret,
                  failing_since AS "failing_since: DateTime<Utc>"
           FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(32) PATH '$')) AS ids JOIN channels ON user_id = UNHEX(ids.id)
           WHERE off_since IS NULL"#,
        ids(firings.iter().map(|firing| firing.due.user_id))
    );
    for row in rows.fetch_all(db).await? {
        let Some(target) = Target::stored(&row.kind, row.url, [row.p256dh, row.auth, row.secret]) else { continue };
        let channel = Channel { id: row.id, target, failing_since: row.failing_since };
        channels.entry(row.user_id).or_default().push(channel);
    }
    Ok(channels)
}

/// By the index of who is asked: foods without outcome and slip on the date, in the person's order; and which of them count
/// reviewed days only.
async fn open_foods(db: &mut MySqlConnection, asked: &str) -> Result<HashMap<usize, (Vec<Waiting>, Vec<Uuid>)>> {
    let rows = sqlx::query!(
        r#"SELECT asked.n AS "index!: u32", foods.id AS "food_id: Uuid", name, counting = 'confirm' AS "is_confirm: bool"
           FROM JSON_TABLE(?, '$[*]' COLUMNS (
               n INT UNSIGNED PATH '$.index', user CHAR(32) PATH '$.user', date DATE PATH '$.date')) AS asked
           JOIN foods ON foods.user_id = UNHEX(asked.user)
           WHERE deleted_at IS NULL AND archived_on IS NULL AND start_date <= asked.date
             AND NOT EXISTS (SELECT 1 FROM outcomes WHERE outcomes.user_id = foods.user_id AND food_id = foods.id
                                 AND outcomes.date = asked.date AND outcome IS NOT NULL)
             AND NOT EXISTS (SELECT 1 FROM slips WHERE slips.user_id = foods.user_id AND food_id = foods.id
                                 AND slips.date = asked.date)
             AND NOT EXISTS (SELECT 1 FROM skips JOIN skip_foods ON skip_foods.user_id = skips.user_id AND skip_id = skips.id
                             WHERE skips.user_id = foods.user_id AND skip_foods.food_id = foods.id
                                 AND asked.date BETWEEN from_date AND to_date)
           ORDER BY asked.n, position, foods.id"#,
        asked
    );
    let mut open: HashMap<usize, (Vec<Waiting>, Vec<Uuid>)> = HashMap::new();
    for row in rows.fetch_all(db).await? {
        let (foods, confirm) = open.entry(row.index as usize).or_default();
        if row.is_confirm {
            confirm.push(row.food_id);
        }
        foods.push(Waiting { food_id: row.food_id, name: row.name });
    }
    Ok(open)
}

/// The indexes of those who have reviewed the date.
async fn reviewed(db: &mut MySqlConnection, asked: &str) -> Result<Vec<usize>> {
    let rows = sqlx::query_scalar!(
        r#"SELECT asked.n AS "index!: u32"
           FROM JSON_TABLE(?, '$[*]' COLUMNS (
               n INT UNSIGNED PATH '$.index', user CHAR(32) PATH '$.user', date DATE PATH '$.date')) AS asked
           WHERE EXISTS (SELECT 1 FROM reviews WHERE reviews.user_id = UNHEX(asked.user) AND reviews.date = asked.date)
              OR EXISTS (SELECT 1 FROM outcomes WHERE outcomes.user_id = UNHEX(asked.user) AND outcomes.date = asked.date
                             AND outcome IS NOT NULL)"#,
        asked
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|index| index as usize).collect())
}

/// Stores the next times of reminders.
async fn plan(db: &mut MySqlConnection, planned: Vec<serde_json::Value>) -> Result<()> {
    sqlx::query!(
        "UPDATE reminders JOIN JSON_TABLE(?, '$[*]' COLUMNS (
             user CHAR(32) PATH '$.user', id CHAR(32) PATH '$.id', next_on DATE PATH '$.on', next_at DATETIME(6) PATH '$.at',
             zone VARCHAR(64) PATH '$.zone', start TIME PATH '$.start')) AS planned
             ON reminders.user_id = UNHEX(planned.user) AND reminders.id = UNHEX(planned.id)
         SET reminders.next_on = planned.next_on, reminders.next_at = planned.next_at, reminders.time_zone = planned.zone,
             reminders.day_start = planned.start, reminders.zones = ?",
        serde_json::Value::from(planned).to_string(),
        zone::DATABASE
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Yesterday and before are no news: what a milestone is told about at most.
pub fn is_news(reached_on: NaiveDate, now: DateTime<Utc>) -> bool {
    reached_on + Days::new(7) >= now.date_naive()
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;
    use common::diary::reminder::ALL_DAYS;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    use super::*;
    use crate::plan::tests::jumps;

    fn some_life(random: &mut StdRng, zones: &[&str]) -> Life {
        let zone = Zone::named(zones[random.random_range(0..zones.len())]).expect("a zone");
        let day_start = NaiveTime::MIN + TimeDelta::hours(if random.random_ratio(1, 2) { 0 } else { 4 });
        Life { zone, day_start }
    }

    /// Four days of one reminder of somebody who flies now and then. Ticks come up to fifty minutes apart. Returns how many
    /// dates were told.
    fn some_days(random: &mut StdRng, zones: &[&str], zone: Zone, around: DateTime<Utc>) -> usize {
        let time = NaiveTime::MIN + TimeDelta::minutes(5 * random.random_range(0..288));
        let days = if random.random_ratio(1, 2) { ALL_DAYS } else { random.random_range(1..=ALL_DAYS) };
        let plan = Plan { time, days };
        // Half a minute past: no tick, and no change, is at the very instant of a reminder.
        let mut now = around - TimeDelta::days(2) + TimeDelta::seconds(30);
        let mut life = Life { zone, ..some_life(random, zones) };
        let mut due = Due {
            user_id: Uuid::nil(),
            id: Uuid::nil(),
            plan,
            about: About::Waiting,
            discreet: false,
            next: plan.first_from(now, &life),
            life: life.clone(),
            zones: zone::DATABASE.into(),
        };
        let (mut lives, mut told) = (vec![(now, life.clone())], HashMap::new());
        while now < around + TimeDelta::days(2) {
            let wait = random.random_range(1..=50);
            if random.random_ratio(1, 40) {
                // What a change of the zone does to the row: it is to be looked at.
                let changed_at = now + TimeDelta::minutes(random.random_range(0..wait)) + TimeDelta::seconds(7);
                life = some_life(random, zones);
                lives.push((changed_at, life.clone()));
                due.next.at = due.next.at.min(changed_at);
            }
            now += TimeDelta::minutes(wait);
            if due.next.at > now {
                continue;
            }
            let (times, next) = due.times(&life, now);
            for time in times {
                assert!(time.at <= now && now <= time.at + LATE, "{time:?} at {now}");
                assert!(lives.iter().any(|(_, life)| plan.on(time.date, life) == time), "{time:?} {plan:?} {lives:?}");
                told.entry(time.date).or_insert(now);
            }
            assert!(next.at > now, "{next:?} at {now}");
            (due.next, due.life) = (next, life.clone());
        }
        for (index, (from, life)) in lives.iter().enumerate() {
            let until = lives.get(index + 1).map_or(now, |(until, _)| *until);
            let first = life.zone.wall_clock(*from).date() - Days::new(2);
            for date in first.iter_days().take_while(|date| *date <= life.zone.wall_clock(until).date()) {
                let at = plan.on(date, life).at;
                let is_wanted = days & (1 << date.weekday().num_days_from_monday()) != 0;
                if is_wanted && *from < at && at <= until {
                    assert!(told.contains_key(&date), "{date} at {at} is lost: {plan:?} {lives:?} {told:?}");
                }
            }
        }
        told.len()
    }

    #[test]
    fn whenever_ticks_come_and_zones_change_what_a_person_lives_through_is_told_within_the_hour() {
        let zones: Vec<_> = Zone::names().collect();
        let mut told = 0;
        for (index, name) in zones.iter().enumerate() {
            let mut random = StdRng::seed_from_u64(index as u64);
            let zone = Zone::named(name).expect("a zone");
            let mut around = jumps(&zone, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
            // A date that Samoa jumped over.
            around.extend(jumps(&zone, "2011-12-25T00:00:00Z", "2012-01-05T00:00:00Z"));
            around.push("2026-06-01T12:00:00Z".parse().expect("an instant"));
            for around in around {
                told += some_days(&mut random, &zones, zone.clone(), around);
            }
        }
        println!("reminders of dates that were lived through, and lost or told late: 0 of {told}");
        assert!(told > 1_000, "{told}");
    }
}

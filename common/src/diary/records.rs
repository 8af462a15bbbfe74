//! What is stored on some dates: their reviews, slips and days off.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ops::RangeInclusive,
};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{FromRow, MySqlConnection};
use uuid::Uuid;

use crate::{
    Result,
    db::{self, Results},
    diary::{
        counters::CountedFood,
        day::Date,
        history,
        review::{Day, Said, Slip, Stored},
        streak::{History, Outcome},
    },
};

/// What is stored on some dates, with the days off that touch them.
#[derive(Default)]
pub struct Recorded {
    pub dates: BTreeMap<NaiveDate, Stored>,
    skips: Vec<(Uuid, NaiveDate, NaiveDate)>,
}

impl Recorded {
    /// What is stored of `foods`, all that a person has but deleted ones; of `dates` also nothing.
    pub fn read(read: &mut Results, foods: &[CountedFood], dates: &[NaiveDate]) -> Result<Self> {
        let stored = dates.iter().map(|&date| (date, Stored::default())).collect();
        let mut recorded = Self { dates: stored, skips: read.rows()? };
        for DayRow { date, day, updated_at } in read.rows()? {
            let stored = recorded.dates.entry(date).or_default();
            stored.content.day = day;
            stored.reviewed_at = Some(updated_at);
        }
        let shown: HashSet<Uuid> = foods.iter().map(|food| food.id).collect();
        for (date, food_id, outcome, note) in read.rows::<SaidRow>()?.into_iter().filter(|said| shown.contains(&said.1))
        {
            recorded.dates.entry(date).or_default().content.foods.insert(food_id, Said { outcome, note });
        }
        for SlipRow { slip, updated_at } in
            read.rows::<SlipRow>()?.into_iter().filter(|row| shown.contains(&row.slip.food_id))
        {
            let stored = recorded.dates.entry(slip.date).or_default();
            stored.slipped_at = stored.slipped_at.max(Some(updated_at));
            stored.slips.push(slip);
        }
        for &(food_id, from, to) in &recorded.skips {
            for (_, stored) in recorded.dates.range_mut(from..=to) {
                stored.skipped.push(food_id);
            }
        }
        Ok(recorded)
    }

    /// The same, by food.
    pub fn histories(&self) -> HashMap<Uuid, History> {
        let mut histories: HashMap<Uuid, History> = HashMap::new();
        for &(food_id, from, to) in &self.skips {
            histories.entry(food_id).or_default().skip(from, to);
        }
        for (&date, stored) in &self.dates {
            for (&food_id, said) in &stored.content.foods {
                if let Some(outcome) = said.outcome {
                    histories.entry(food_id).or_default().set_outcome(date, outcome);
                }
            }
            for slip in &stored.slips {
                let history = histories.entry(slip.food_id).or_default();
                history.set_slips(date, history.on(date).slips + 1);
            }
        }
        histories
    }
}

/// The SELECTs of [`Recorded::read`]: what is stored on `date`, and on every date after `after`.
pub fn select(user_id: Uuid, date: NaiveDate, after: NaiveDate) -> String {
    select_where(user_id, &format!("(date = DATE'{date}' OR date > DATE'{after}')"), date.min(after)..=Date::LAST)
}

/// What is stored on each of `dates`.
pub async fn load_dates(
    db: &mut MySqlConnection,
    user_id: Uuid,
    foods: &[CountedFood],
    dates: &[NaiveDate],
) -> Result<BTreeMap<NaiveDate, Stored>> {
    let (Some(&first), Some(&last)) = (dates.iter().min(), dates.iter().max()) else { return Ok(BTreeMap::new()) };
    let list: Vec<_> = dates.iter().map(|date| format!("DATE'{date}'")).collect();
    let which = format!("date IN ({})", list.join(","));
    let mut read = db::read(db, &[select_where(user_id, &which, first..=last)]).await?;
    Ok(Recorded::read(&mut read, foods, dates)?.dates)
}

/// The SELECTs of what is stored where a condition of SQL holds of the date. The index is given: where most
/// people have few records, the server thinks little of reading all of one person's.
fn select_where(user_id: Uuid, which: &str, all: RangeInclusive<NaiveDate>) -> String {
    let id = db::id(user_id);
    [
        history::select_skips(user_id, all),
        format!("SELECT date, difficulty, mood, note, updated_at FROM reviews WHERE user_id = {id} AND {which}"),
        format!(
            "SELECT date, food_id, outcome, note FROM outcomes FORCE INDEX (by_date)
             WHERE user_id = {id} AND {which}"
        ),
        format!(
            "SELECT id, date, food_id, time, craving, cause, amount, note, updated_at
             FROM slips FORCE INDEX (by_date) WHERE user_id = {id} AND {which}
             ORDER BY date, time IS NULL, time, id"
        ),
    ]
    .join(";")
}

#[derive(FromRow)]
struct DayRow {
    date: NaiveDate,
    #[sqlx(flatten)]
    day: Day,
    updated_at: DateTime<Utc>,
}

type SaidRow = (NaiveDate, Uuid, Option<Outcome>, Option<String>);

#[derive(FromRow)]
struct SlipRow {
    #[sqlx(flatten)]
    slip: Slip,
    updated_at: DateTime<Utc>,
}

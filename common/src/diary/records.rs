//! What is recorded on dates: reviews, slips and days off.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Result,
    db::{Results, Select, id},
    diary::{
        counted_food::CountedFood,
        day::Date,
        history::{FoodSkip, Histories, SkipsTouching},
        review::{DateRecord, Day, FoodOutcome},
        slip::Slip,
        streak::Outcome,
    },
};

/// What is recorded on some dates, with the days off that touch them.
#[derive(Default)]
pub struct Records {
    pub dates: BTreeMap<NaiveDate, DateRecord>,
    skips: Vec<FoodSkip>,
}

impl Records {
    /// The records of a date; empty where there are none.
    pub fn on(&mut self, date: NaiveDate) -> &mut DateRecord {
        self.dates.entry(date).or_default()
    }

    /// The same by food, as the fold takes it.
    pub fn histories(&self) -> Histories {
        let mut histories = Histories::new();
        for skip in &self.skips {
            histories.entry(skip.food_id).or_default().skip(skip.from_date, skip.to_date);
        }
        for (&date, record) in &self.dates {
            for (&food_id, outcome) in &record.content.foods {
                if let Some(outcome) = outcome.outcome {
                    histories.entry(food_id).or_default().set_outcome(date, outcome);
                }
            }
            for slip in &record.slips {
                let history = histories.entry(slip.food_id).or_default();
                history.set_slips(date, history.on(date).slips + 1);
            }
        }
        histories
    }
}

/// SELECT: what is recorded on `date`, and on every date after `after`.
#[derive(Clone, Copy)]
pub struct RecordsOnAndAfter {
    pub user_id: Uuid,
    pub date: NaiveDate,
    pub after: NaiveDate,
}

impl Select for RecordsOnAndAfter {
    type Rows = RecordRows;

    fn sql(&self) -> String {
        let Self { user_id, date, after } = *self;
        let skips = SkipsTouching { user_id, dates: date.min(after)..=Date::LAST };
        let all = "ORDER BY date, time IS NULL, time, id";
        records_where(&skips, &format!("(date = DATE'{date}' OR date > DATE'{after}')"), all)
    }

    fn rows(&self, results: &mut Results) -> Result<RecordRows> {
        RecordRows::read(results)
    }
}

/// How many slips [`RecordsOn`] reads: one more than a date can have, fifty of each of two hundred foods. A function has
/// no memory for those of a hundred such dates.
const MOST_SLIPS: usize = 10_001;

/// SELECT: what is recorded on each of `dates`, of which there is at least one. Of very many slips the latest are read:
/// see [`RecordRows::leave_out_unread`].
pub struct RecordsOn<'a> {
    pub user_id: Uuid,
    pub dates: &'a [NaiveDate],
}

impl Select for RecordsOn<'_> {
    type Rows = RecordRows;

    fn sql(&self) -> String {
        let first = self.dates.iter().min().copied().unwrap_or(Date::LAST);
        let last = self.dates.iter().max().copied().unwrap_or(Date::FIRST);
        let list: Vec<_> = self.dates.iter().map(|date| format!("DATE'{date}'")).collect();
        let skips = SkipsTouching { user_id: self.user_id, dates: first..=last };
        let latest = format!("ORDER BY date DESC, time IS NULL, time, id LIMIT {MOST_SLIPS}");
        records_where(&skips, &format!("date IN ({})", list.join(",")), &latest)
    }

    fn rows(&self, results: &mut Results) -> Result<RecordRows> {
        RecordRows::read(results)
    }
}

/// The statements whose results [`RecordRows::read`] takes, for the dates of which `condition` is true. The index is
/// forced: where most people have few records, the optimizer would read all records of this person.
fn records_where(skips: &SkipsTouching, condition: &str, order_of_slips: &str) -> String {
    let (skips, user_id) = (skips.sql(), id(skips.user_id));
    let slip_columns = Slip::COLUMNS;
    format!(
        "{skips};
         SELECT date, difficulty, mood, note, updated_at FROM reviews WHERE user_id = {user_id} AND {condition};
         SELECT date, food_id, outcome, note FROM outcomes FORCE INDEX (by_date)
         WHERE user_id = {user_id} AND {condition};
         SELECT {slip_columns}, updated_at FROM slips FORCE INDEX (by_date) WHERE user_id = {user_id} AND {condition}
         {order_of_slips}"
    )
}

/// What was read of some dates, deleted foods among it.
pub struct RecordRows {
    skips: Vec<FoodSkip>,
    days: Vec<DayRow>,
    outcomes: Vec<OutcomeRow>,
    slips: Vec<SlipRow>,
}

#[derive(FromRow)]
struct DayRow {
    date: NaiveDate,
    #[sqlx(flatten)]
    day: Day,
    updated_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct OutcomeRow {
    date: NaiveDate,
    food_id: Uuid,
    outcome: Option<Outcome>,
    note: Option<String>,
}

#[derive(FromRow)]
struct SlipRow {
    #[sqlx(flatten)]
    slip: Slip,
    updated_at: DateTime<Utc>,
}

impl RecordRows {
    fn read(results: &mut Results) -> Result<Self> {
        Ok(Self { skips: results.take()?, days: results.take()?, outcomes: results.take()?, slips: results.take()? })
    }

    /// Leaves out those of `dates`, newest first, whose slips are not all among those that were read. True if there are
    /// some.
    pub fn leave_out_unread(&mut self, dates: &mut Vec<NaiveDate>) -> bool {
        let Some(last) = self.slips.get(MOST_SLIPS - 1).map(|row| row.slip.date) else { return false };
        let whole = dates.iter().take_while(|date| **date > last).count();
        dates.truncate(whole.max(1));
        let Some(&first) = dates.last() else { return false };
        self.days.retain(|row| row.date >= first);
        self.outcomes.retain(|row| row.date >= first);
        self.slips.retain(|row| row.slip.date >= first);
        true
    }

    /// The records of `foods`, which are all that a person has but deleted ones. Each of `dates` is there, recorded
    /// or not, so that it knows its days off.
    pub fn of(self, foods: &[CountedFood], dates: &[NaiveDate]) -> Records {
        let shown: HashSet<Uuid> = foods.iter().map(|food| food.id).collect();
        let dates = dates.iter().map(|&date| (date, DateRecord::default())).collect();
        let mut records = Records { dates, skips: self.skips };
        for DayRow { date, day, updated_at } in self.days {
            let record = records.on(date);
            record.content.day = day;
            record.reviewed_at = Some(updated_at);
        }
        for row in self.outcomes.into_iter().filter(|row| shown.contains(&row.food_id)) {
            let outcome = FoodOutcome { outcome: row.outcome, note: row.note };
            records.on(row.date).content.foods.insert(row.food_id, outcome);
        }
        for SlipRow { slip, updated_at } in self.slips.into_iter().filter(|row| shown.contains(&row.slip.food_id)) {
            let record = records.on(slip.date);
            record.slipped_at = record.slipped_at.max(Some(updated_at));
            record.slips.push(slip);
        }
        for skip in &records.skips {
            for (_, record) in records.dates.range_mut(skip.from_date..=skip.to_date) {
                record.skipped.push(skip.food_id);
            }
        }
        records
    }
}

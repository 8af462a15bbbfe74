//! What is stored of a person already, as far as it decides what an import adds.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use common::{
    Code, Fault, Object, Result,
    db::Locked,
    diary::{
        day::Date,
        food::{MOST_FOODS, MOST_STORED},
        limit::{self, MOST_RECORDS},
        reminder::MOST_REMINDERS,
        review::MOST_SKIPS,
        slip::MOST_SLIPS,
    },
};
use sqlx::types::Json;
use uuid::Uuid;

use crate::archive::{Archive, Food, FoodOutcome, Reminder, Review, Skip, Slip};

/// How many ids one statement asks for.
const BATCH: usize = 5_000;

/// What is stored of the records of an archive, and around them.
pub struct Stored {
    /// The start of each food.
    pub starts: HashMap<Uuid, NaiveDate>,
    /// How many foods are not deleted.
    foods: usize,
    reviews: HashSet<NaiveDate>,
    outcomes: HashSet<(Uuid, NaiveDate)>,
    /// Those of the archive.
    slips: HashSet<Uuid>,
    /// How many slips each food has on the dates of the archive's.
    slips_on: HashMap<(Uuid, NaiveDate), usize>,
    skips: HashSet<Uuid>,
    reminders: HashSet<Uuid>,
    /// How many records there are in all.
    records: u64,
}

/// The records of an archive that are not stored.
pub struct New<'a> {
    pub foods: Vec<&'a Food>,
    pub reviews: Vec<&'a Review>,
    pub outcomes: Vec<&'a FoodOutcome>,
    pub slips: Vec<&'a Slip>,
    pub skips: Vec<&'a Skip>,
    pub reminders: Vec<&'a Reminder>,
}

impl Stored {
    /// Reads what is stored, under the lock of the person: it does not change before the import is.
    pub async fn read(db: &mut Locked, archive: &Archive) -> Result<Self> {
        let user_id = db.user_id();
        let foods = sqlx::query!(
            r#"SELECT id AS "id: Uuid", start_date, deleted_at IS NULL AS "is_active!: bool" FROM foods WHERE user_id = ?"#,
            user_id
        );
        let foods = foods.fetch_all(&mut **db).await?;
        let (from, to) = dates(archive.reviews.iter().map(|Object(review)| review.date.0));
        let reviews = sqlx::query_scalar!(
            "SELECT date FROM reviews WHERE user_id = ? AND date BETWEEN ? AND ?",
            user_id,
            from,
            to
        );
        let reviews = reviews.fetch_all(&mut **db).await?;
        let (from, to) = dates(archive.outcomes.iter().map(|Object(said)| said.date.0));
        let outcomes = sqlx::query!(
            r#"SELECT food_id AS "food_id: Uuid", date FROM outcomes FORCE INDEX (by_date)
               WHERE user_id = ? AND date BETWEEN ? AND ?"#,
            user_id,
            from,
            to
        );
        let outcomes = outcomes.fetch_all(&mut **db).await?;
        let (from, to) = dates(archive.slips.iter().map(|Object(slip)| slip.date.0));
        let slips_on = sqlx::query!(
            r#"SELECT food_id AS "food_id: Uuid", date, COUNT(*) AS count FROM slips FORCE INDEX (by_date)
               WHERE user_id = ? AND date BETWEEN ? AND ? GROUP BY food_id, date"#,
            user_id,
            from,
            to
        );
        let slips_on = slips_on.fetch_all(&mut **db).await?;
        let mut slips = HashSet::new();
        for batch in archive.slips.chunks(BATCH) {
            let ids: Vec<Uuid> = batch.iter().map(|Object(slip)| slip.id).collect();
            let stored = sqlx::query_scalar!(
                r#"SELECT slips.id AS "id: Uuid" FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(36) PATH '$')) AS ids
                   STRAIGHT_JOIN slips ON slips.user_id = ? AND slips.id = UNHEX(REPLACE(ids.id, '-', ''))"#,
                Json(ids),
                user_id
            );
            slips.extend(stored.fetch_all(&mut **db).await?);
        }
        let skips = sqlx::query_scalar!(r#"SELECT id AS "id: Uuid" FROM skips WHERE user_id = ?"#, user_id);
        let skips = skips.fetch_all(&mut **db).await?;
        let reminders = sqlx::query_scalar!(r#"SELECT id AS "id: Uuid" FROM reminders WHERE user_id = ?"#, user_id);
        let reminders = reminders.fetch_all(&mut **db).await?;
        let records = limit::records_of(db).await?;
        Ok(Self {
            foods: foods.iter().filter(|food| food.is_active).count(),
            starts: foods.into_iter().map(|food| (food.id, food.start_date)).collect(),
            reviews: reviews.into_iter().collect(),
            outcomes: outcomes.into_iter().map(|row| (row.food_id, row.date)).collect(),
            slips,
            slips_on: slips_on.into_iter().map(|row| ((row.food_id, row.date), row.count as usize)).collect(),
            skips: skips.into_iter().collect(),
            reminders: reminders.into_iter().collect(),
            records,
        })
    }

    /// The records of `archive` that are not stored.
    pub fn new_of<'a>(&self, archive: &'a Archive) -> New<'a> {
        fn new<T>(records: &[Object<T>], is_stored: impl Fn(&T) -> bool) -> Vec<&T> {
            records.iter().map(|Object(record)| record).filter(|record| !is_stored(record)).collect()
        }
        New {
            foods: new(&archive.foods, |food| self.starts.contains_key(&food.id)),
            reviews: new(&archive.reviews, |review| self.reviews.contains(&review.date.0)),
            outcomes: new(&archive.outcomes, |said| self.outcomes.contains(&(said.food_id, said.date.0))),
            slips: new(&archive.slips, |slip| self.slips.contains(&slip.id)),
            skips: new(&archive.skips, |skip| self.skips.contains(&skip.id)),
            reminders: new(&archive.reminders, |reminder| self.reminders.contains(&reminder.id)),
        }
    }

    /// Refuses what is `new` in an archive if with it the person has more than the API allows.
    pub fn refuse_too_many(&self, new: &New, archive: &Archive) -> Result<()> {
        let active = new.foods.iter().filter(|food| food.deleted_at.is_none()).count();
        if !new.foods.is_empty() && self.foods + active > MOST_FOODS as usize {
            return Err(Code::TooManyFoods.into());
        }
        if !new.foods.is_empty() && self.starts.len() + new.foods.len() > MOST_STORED as usize {
            return Err(Code::TooManyDeleted.into());
        }
        if !new.skips.is_empty() && self.skips.len() + new.skips.len() > MOST_SKIPS {
            return Err(Code::TooManySkips.into());
        }
        if !new.reminders.is_empty() && self.reminders.len() + new.reminders.len() > MOST_REMINDERS {
            return Err(Code::TooManyReminders.into());
        }
        let records = new.reviews.len() + new.outcomes.len() + new.slips.len();
        if records > 0 && self.records + records as u64 > MOST_RECORDS {
            return Err(Code::TooManyRecords.into());
        }
        let mut slips_on = self.slips_on.clone();
        for slip in &new.slips {
            let count = slips_on.entry((slip.food_id, slip.date.0)).or_default();
            *count += 1;
            if *count > MOST_SLIPS as usize {
                let same = |Object(other): &Object<Slip>| (other.food_id, other.date) == (slip.food_id, slip.date);
                let index = archive.slips.iter().position(same).unwrap_or_default();
                return Err(Fault::pointer(format!("/slips/{index}"), Code::TooManySlips).into());
            }
        }
        Ok(())
    }
}

/// The first and the last of some dates; of none, a range that holds none.
fn dates(dates: impl Iterator<Item = NaiveDate> + Clone) -> (NaiveDate, NaiveDate) {
    (dates.clone().min().unwrap_or(Date::LAST), dates.max().unwrap_or(Date::FIRST))
}

//! How many records a person can have.

use crate::{Code, Result, db::Locked};

/// Reviews, outcomes and slips together. An import of 64 MiB holds some 200,000.
pub const MOST_RECORDS: u64 = 1_000_000;
/// They are counted every so many writes, since a count costs as much as many writes do: a person may have some more.
const WRITES: u64 = 1_000;
/// The same for who has too many: they may have deleted some.
const WRITES_WHEN_FULL: u64 = 10;

/// Refuses a write that adds a record where the person has too many: `too-many-records`.
pub async fn refuse_too_many_records(mut db: Locked) -> Result<Locked> {
    let (user_id, count) = (db.user_id(), db.count());
    let mut records = count.records;
    if count.writes >= if records < MOST_RECORDS { WRITES } else { WRITES_WHEN_FULL } {
        records = records_of(&mut db).await?;
        sqlx::query!("UPDATE locks SET records = ?, counted = writes WHERE user_id = ?", records, user_id)
            .execute(&mut *db)
            .await?;
    }
    if records < MOST_RECORDS {
        return Ok(db);
    }
    // This counts as a write, so that the next count comes.
    db.commit().await?;
    Err(Code::TooManyRecords.into())
}

/// Counts the records of a person.
pub async fn records_of(db: &mut Locked) -> Result<u64> {
    let user_id = db.user_id();
    let records = sqlx::query_scalar!(
        r#"SELECT CAST((SELECT COUNT(*) FROM reviews WHERE user_id = ?) + (SELECT COUNT(*) FROM outcomes WHERE user_id = ?)
                       + (SELECT COUNT(*) FROM slips WHERE user_id = ?) AS UNSIGNED INTEGER) AS "records!: u64""#,
        user_id,
        user_id,
        user_id
    );
    Ok(records.fetch_one(&mut **db).await?)
}

//! A SELECT and the reader of its rows, as one type.
//!
//! A tuple of them is read in one round trip: on a cluster the database is on another machine, and a round trip
//! costs more than most statements.

use anyhow::Context;
use futures_util::TryStreamExt;
use sqlx::{Either, FromRow, MySqlConnection, mysql::MySqlRow};

use crate::{Result, db::safe, telemetry::with_trace};

/// One or more SELECT statements, and what is read from their rows.
pub trait Select {
    /// What the rows are read into.
    type Rows;

    /// The statements, separated by `;`. Values are written out in them, so they never hold text that people typed.
    fn sql(&self) -> String;

    /// Takes the results of exactly the statements in [`Select::sql`].
    fn rows(&self, results: &mut Results) -> Result<Self::Rows>;
}

/// Reads `select` in one round trip.
pub async fn select<S: Select>(db: &mut MySqlConnection, select: S) -> Result<S::Rows> {
    select.rows(&mut run(db, select.sql()).await?)
}

/// Runs statements in one round trip, and returns the rows of each.
pub(super) async fn run(db: &mut MySqlConnection, statements: String) -> Result<Results> {
    let mut steps = sqlx::raw_sql(safe(with_trace(statements))).fetch_many(db);
    let (mut results, mut rows) = (Vec::new(), Vec::new());
    while let Some(step) = steps.try_next().await? {
        match step {
            Either::Right(row) => rows.push(row),
            Either::Left(_) => results.push(std::mem::take(&mut rows)),
        }
    }
    Ok(Results(results.into_iter()))
}

/// The rows of statements that ran in one round trip.
pub struct Results(std::vec::IntoIter<Vec<MySqlRow>>);

impl Results {
    /// The rows of the next statement.
    pub fn take<T: for<'r> FromRow<'r, MySqlRow>>(&mut self) -> Result<Vec<T>> {
        let rows = self.0.next().context("fewer results than statements")?;
        Ok(rows.iter().map(T::from_row).collect::<sqlx::Result<_>>()?)
    }

    /// Drops the results of statements whose rows nobody needs.
    pub(super) fn skip(&mut self, statements: usize) {
        self.0.by_ref().take(statements).for_each(drop);
    }
}

impl Select for () {
    type Rows = ();

    fn sql(&self) -> String {
        String::new()
    }

    fn rows(&self, _: &mut Results) -> Result<()> {
        Ok(())
    }
}

impl<A: Select, B: Select> Select for (A, B) {
    type Rows = (A::Rows, B::Rows);

    fn sql(&self) -> String {
        format!("{};{}", self.0.sql(), self.1.sql())
    }

    fn rows(&self, results: &mut Results) -> Result<Self::Rows> {
        Ok((self.0.rows(results)?, self.1.rows(results)?))
    }
}

impl<A: Select, B: Select, C: Select> Select for (A, B, C) {
    type Rows = (A::Rows, B::Rows, C::Rows);

    fn sql(&self) -> String {
        format!("{};{};{}", self.0.sql(), self.1.sql(), self.2.sql())
    }

    fn rows(&self, results: &mut Results) -> Result<Self::Rows> {
        Ok((self.0.rows(results)?, self.1.rows(results)?, self.2.rows(results)?))
    }
}

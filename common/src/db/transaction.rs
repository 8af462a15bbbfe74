//! Transactions: of writes under the lock of a person, of reads of one snapshot, and of what belongs to no person.

use std::ops::{Deref, DerefMut};

use anyhow::Context;
use sqlx::{Executor, FromRow, MySql, MySqlConnection, Row, pool::PoolConnection};
use uuid::Uuid;

use super::{
    errors::is_lost,
    id,
    select::{Select, run},
};
use crate::{Code, Error, Result};

/// READ COMMITTED takes no gap locks, so that two people never wait for each other. No invariant rests on the level.
const BEGIN: &str = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION";

/// Asks whether the transaction is still open.
const IS_OPEN: &str = "SELECT @@in_transaction";

/// A transaction. Dropped without [`Transaction::commit`], it leaves nothing behind: the pool rolls
/// it back. Where the server rolls it back (a deadlock, say), the whole request runs again.
///
/// A node of a Galera cluster may roll it back without an error: where a commit at another node aborts it while a
/// statement is being prepared, everything after that is answered with OK, COMMIT too. So the server is asked whether
/// the transaction is still open, after the last write and before COMMIT. Not in one packet with COMMIT: that question
/// misses some.
pub struct Transaction {
    db: PoolConnection<MySql>,
    /// Whether the server has said so since the last write.
    is_open: bool,
}

/// A transaction that holds the lock of a person's writes. Only [`lock`] and [`write()`] make one, so that a function
/// that takes it can't be called without the lock.
pub struct Locked {
    transaction: Transaction,
    user_id: Uuid,
    count: Count,
}

/// How many records a person had when they were counted last.
#[derive(Clone, Copy, FromRow)]
pub struct Count {
    pub records: u64,
    /// How many writes there were since.
    pub writes: u64,
}

/// Begins a transaction that locks all counters of a person, in the order of `food_id`, and the person's row: two
/// writes of one person never overlap, even of a person without a food, and a tick passes the person over.
/// `session-required` where the person is deleted.
///
/// A lock holds at its own node of a Galera cluster alone, so that the row in `locks` is changed too, as a tick does:
/// of two transactions that change one row at two nodes, one is refused.
pub async fn lock(db: PoolConnection<MySql>, user_id: Uuid) -> Result<Locked> {
    Ok(write(db, user_id, ()).await?.0)
}

/// [`lock`], and what `select` reads under the lock, in one round trip. Nothing is read before the lock, since a
/// plain SELECT would fix an older snapshot.
pub async fn write<S: Select>(mut db: PoolConnection<MySql>, user_id: Uuid, select: S) -> Result<(Locked, S::Rows)> {
    let id = id(user_id);
    let lock = format!(
        "{BEGIN};
         SELECT COUNT(*) FROM counters FORCE INDEX (PRIMARY) WHERE user_id = {id} FOR UPDATE;
         SELECT user_id FROM users WHERE user_id = {id} AND deleted_at IS NULL FOR UPDATE;
         INSERT INTO locks (user_id) SELECT user_id FROM users WHERE user_id = {id} AND deleted_at IS NULL
         ON DUPLICATE KEY UPDATE writes = writes + 1 RETURNING records, writes - counted AS writes"
    );
    let mut results = run(&mut db, format!("{lock};{}", select.sql())).await?;
    results.skip(3); // two statements that begin, and the counters
    let person: Vec<(Uuid,)> = results.take()?;
    if person.is_empty() {
        return Err(Code::SessionRequired.into());
    }
    let count = results.take()?.pop().context("the row of the lock")?;
    let rows = select.rows(&mut results)?;
    Ok((Locked { transaction: Transaction::new(db), user_id, count }, rows))
}

/// Begins a transaction without a lock, for what belongs to no person yet.
pub async fn begin(mut db: PoolConnection<MySql>) -> Result<Transaction> {
    db.execute(BEGIN).await?;
    Ok(Transaction::new(db))
}

/// Begins a read-only transaction that sees one snapshot, whatever is written meanwhile, and reads `select` in the
/// same round trip.
pub async fn snapshot<S: Select>(mut db: PoolConnection<MySql>, select: S) -> Result<(Transaction, S::Rows)> {
    let mut results = run(&mut db, format!("START TRANSACTION READ ONLY;{}", select.sql())).await?;
    results.skip(1);
    let rows = select.rows(&mut results)?;
    Ok((Transaction::new(db), rows))
}

impl Transaction {
    fn new(db: PoolConnection<MySql>) -> Self {
        Self { db, is_open: false }
    }

    /// Takes the server's word on whether the transaction is still open; if not, the request has to run again.
    fn answered(&mut self, is_open: bool) -> Result<()> {
        self.is_open = is_open;
        if is_open { Ok(()) } else { Err(Error::RolledBack) }
    }

    /// Commits, and returns the connection, for a caller that has more to do. Where COMMIT gets no answer it may or
    /// may not have happened: `unavailable` asks the client, which knows the key of what it sent, to send it again.
    pub async fn commit(mut self) -> Result<PoolConnection<MySql>> {
        if !self.is_open {
            let is_open = sqlx::raw_sql(IS_OPEN).fetch_one(&mut *self.db).await?.try_get(0)?;
            self.answered(is_open)?;
        }
        match self.db.execute("COMMIT").await {
            Err(error) if is_lost(&error) => {
                tracing::warn!(%error, "no answer to COMMIT");
                Err(Code::Unavailable.into())
            }
            committed => Ok(committed.map(|_| self.db)?),
        }
    }
}

impl Locked {
    /// The person whose writes are locked.
    pub fn user_id(&self) -> Uuid {
        self.user_id
    }

    /// The last count of the person's records.
    pub fn count(&self) -> Count {
        self.count
    }

    /// Reads `select` after the last write, and in the same round trip whether the transaction is still open.
    pub async fn select_last<S: Select>(&mut self, select: S) -> Result<S::Rows> {
        let mut results = run(&mut self.transaction.db, format!("{};{IS_OPEN}", select.sql())).await?;
        let rows = select.rows(&mut results)?;
        let is_open: Vec<(bool,)> = results.take()?;
        self.answered(is_open.contains(&(true,)))?;
        Ok(rows)
    }

    /// Takes what the last write has said of `@@in_transaction`.
    pub fn answered(&mut self, is_open: bool) -> Result<()> {
        self.transaction.answered(is_open)
    }

    /// [`Transaction::commit`].
    pub async fn commit(self) -> Result<PoolConnection<MySql>> {
        self.transaction.commit().await
    }
}

impl Deref for Transaction {
    type Target = MySqlConnection;

    fn deref(&self) -> &MySqlConnection {
        &self.db
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut MySqlConnection {
        self.is_open = false;
        &mut self.db
    }
}

impl Deref for Locked {
    type Target = MySqlConnection;

    fn deref(&self) -> &MySqlConnection {
        &self.transaction
    }
}

impl DerefMut for Locked {
    fn deref_mut(&mut self) -> &mut MySqlConnection {
        &mut self.transaction
    }
}

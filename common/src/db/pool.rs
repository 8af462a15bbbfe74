//! The pool of connections.

use std::time::Duration;

use anyhow::Result;
use futures_util::{
    FutureExt, StreamExt, TryFutureExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Connection, Describe, Either, Execute, Executor, MySql, MySqlConnection, MySqlPool, Row, SqlStr,
    mysql::{MySqlPoolOptions, MySqlQueryResult, MySqlRow, MySqlStatement, MySqlTypeInfo},
    pool::PoolConnection,
};
use tokio::time::timeout;

#[cfg(feature = "aws")]
use super::aws::Login;
use super::errors;
use crate::Env;

/// Connections to the database. Clones share them. A statement that runs on `&Pool` has a connection of its own.
#[derive(Clone, Debug)]
pub struct Pool {
    pool: MySqlPool,
    #[cfg(feature = "aws")]
    login: Option<std::sync::Arc<Login>>,
}

impl Pool {
    /// A connection that is free, or a new one. Where AWS says who asks, it says so anew when that is about to end, and
    /// where the database refuses it.
    pub async fn acquire(&self) -> sqlx::Result<PoolConnection<MySql>> {
        #[cfg(feature = "aws")]
        if let Some(login) = &self.login {
            return login.acquire(&self.pool).await;
        }
        self.pool.acquire().await
    }

    /// Asks AWS who is to ask the database, where it says that.
    pub(super) async fn log_in(&self) -> sqlx::Result<()> {
        #[cfg(feature = "aws")]
        if let Some(login) = &self.login {
            return login.renew_if_over(&self.pool).await;
        }
        Ok(())
    }

    /// True if it takes the database long to let somebody in, since it asks AWS itself.
    pub(super) fn is_slow(&self) -> bool {
        #[cfg(feature = "aws")]
        return self.login.is_some();
        #[cfg(not(feature = "aws"))]
        false
    }

    /// Whether every connection was given back.
    #[cfg(feature = "lambda")]
    pub(crate) fn is_at_rest(&self) -> bool {
        self.pool.num_idle() >= self.pool.size() as usize
    }

    /// Closes all connections, once they are free. No new ones are made.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// How long a connection that was idle may take to answer, before another one is made.
const PING_TIME: Duration = Duration::from_millis(400);

/// A pool that connects at the first query, reconnects without a restart, and never hands out a
/// connection with a transaction left open on it.
pub fn pool(env: &Env) -> Result<Pool> {
    #[cfg(feature = "aws")]
    let login = Login::from_env(env)?.map(std::sync::Arc::new);
    #[cfg(feature = "aws")]
    let address = login.as_ref().map_or_else(|| super::address(env), |login| Ok(login.address()));
    #[cfg(not(feature = "aws"))]
    let address = super::address(env);
    let is_lambda = env.is_lambda();
    let pool = MySqlPoolOptions::new()
        .max_connections(if is_lambda { 1 } else { 5 })
        .acquire_timeout(Duration::from_secs(1))
        // sqlx's idle reaper resets the idle timer of the connections it inspects, so that some would never be
        // closed. `max_lifetime` alone closes them: within a minute where no request comes.
        .idle_timeout(None)
        .max_lifetime(Duration::from_secs(30))
        // A ping before each request would double the round trips: only a connection that was idle is pinged. The time of a
        // freeze may have passed unnoticed, so that any may have been idle there.
        .test_before_acquire(false)
        .before_acquire(move |connection, meta| {
            let is_idle = is_lambda || meta.idle_for >= Duration::from_secs(5);
            Box::pin(async move {
                Ok(!is_idle || timeout(PING_TIME, connection.ping()).await.is_ok_and(|answer| answer.is_ok()))
            })
        })
        .after_connect(|connection, _| Box::pin(prepare(connection)))
        // A future dropped while BEGIN is on the wire leaves a transaction open that sqlx does not know of. ROLLBACK
        // ends it, since the next write on the connection would be lost with it. A connection is closed if a fail-over has
        // made its server read-only, or if its server, a node of a cluster without quorum, refuses every statement that
        // names a table: so this one names a table.
        .after_release(|connection, _| {
            Box::pin(async move {
                let release = "ROLLBACK; SELECT @@global.read_only = 0 AND COUNT(*) = 0 FROM users WHERE FALSE";
                let row = sqlx::raw_sql(release).fetch_one(connection).await?;
                row.try_get(0)
            })
        })
        .connect_lazy_with(address?);
    Ok(Pool {
        pool,
        #[cfg(feature = "aws")]
        login,
    })
}

/// Sets up a new connection, in one round trip.
async fn prepare(connection: &mut MySqlConnection) -> sqlx::Result<()> {
    // group_concat_max_len: all outcomes of a food come as one row, 15 bytes a day for 700 years.
    // REPEATABLE READ: the statements of a read-only transaction see one snapshot.
    // wsrep_sync_wait: a read at a node of a Galera cluster sees what was committed at the others before.
    let set = connection.execute(
        "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'),
             SESSION innodb_lock_wait_timeout = 1, SESSION max_statement_time = 10,
             SESSION group_concat_max_len = 4 * 1024 * 1024;
         SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ;
         SET SESSION wsrep_sync_wait = 1",
    );
    match set.await {
        // The last of them: a server that was built without Galera has no such variable.
        Err(error) if errors::is_unknown_variable(&error) => Ok(()),
        set => set.map(drop),
    }
}

/// As sqlx's own pool does it, but that rows are handed on when all have come.
impl<'p> Executor<'p> for &Pool {
    type Database = MySql;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<MySqlQueryResult, MySqlRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, MySql>,
    {
        let pool = self.clone();
        let all = async move { pool.acquire().await?.fetch_many(query).try_collect::<Vec<_>>().await };
        all.map_ok(|all| stream::iter(all).map(Ok)).try_flatten_stream().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<MySqlRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, MySql>,
    {
        let pool = self.clone();
        async move { pool.acquire().await?.fetch_optional(query).await }.boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [MySqlTypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<MySqlStatement>>
    where
        'p: 'e,
    {
        let pool = self.clone();
        async move { pool.acquire().await?.prepare_with(sql, parameters).await }.boxed()
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<MySql>>>
    where
        'p: 'e,
    {
        let pool = self.clone();
        async move { pool.acquire().await?.describe(sql).await }.boxed()
    }
}

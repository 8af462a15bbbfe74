//! The driver alone: what a function was recorded to send, sent again by sqlx over the pool that
//! functions have. Nothing is read of the rows.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use chrono::{DateTime, NaiveDate, Utc};
use common::{Env, db};
use futures_util::TryStreamExt;
use serde_json::Value;
use sqlx::{
    Encode, Execute, Executor, MySql, MySqlConnection, Type, encode::IsNull, error::BoxDynError, mysql::MySqlTypeInfo,
    query::Query,
};
use tokio::time::sleep_until;

use bench::{
    floor::{Plan, Use},
    mysql::Command,
    watch::{WARM_UP, Watch},
};

/// Runs a plan of the floor against `DATABASE_URL`.
#[tokio::main(flavor = "current_thread")]
pub async fn run(plan: Plan) -> Result<Value> {
    let pool = db::pool(&Env::process())?;
    let begin = Instant::now() + WARM_UP;
    let end = begin + Duration::from_secs_f64(plan.seconds);
    let clients = plan.clients.into_iter().map(|requests| tokio::spawn(client(pool.clone(), requests, begin, end)));
    let clients: Vec<_> = clients.collect();
    sleep_until(begin.into()).await;
    let watch = Watch::new(&plan.watch)?;
    let mut times = Vec::new();
    for client in clients {
        times.append(&mut client.await??);
    }
    watch.stop(times)
}

async fn client(pool: db::Pool, requests: Vec<Vec<Use>>, begin: Instant, end: Instant) -> Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(1 << 16);
    let mut started = Instant::now();
    for uses in requests.iter().cycle() {
        if started >= end {
            break;
        }
        for Use { statements, .. } in uses {
            let mut connection = pool.acquire().await?;
            for statement in statements {
                send(&mut connection, statement).await?;
            }
        }
        let now = Instant::now();
        if started >= begin {
            times.push(now - started);
        }
        started = now;
    }
    Ok(times)
}

async fn send(connection: &mut MySqlConnection, Command { sql, payload }: &Command) -> Result<()> {
    match sql {
        None => pass_over(connection, sqlx::raw_sql(db::safe(String::from_utf8(payload[1..].to_vec())?))).await,
        Some(sql) => pass_over(connection, bind(sql, payload)?).await,
    }
}

async fn pass_over<'q>(connection: &mut MySqlConnection, statements: impl Execute<'q, MySql> + 'q) -> Result<()> {
    let mut steps = connection.fetch_many(statements);
    while steps.try_next().await?.is_some() {}
    Ok(())
}

/// A value as it was sent.
struct Sent<'p> {
    of: u8,
    bytes: Option<&'p [u8]>,
}

impl Type<MySql> for Sent<'_> {
    fn type_info() -> MySqlTypeInfo {
        <[u8]>::type_info()
    }
}

impl Encode<'_, MySql> for Sent<'_> {
    fn encode_by_ref(&self, buffer: &mut Vec<u8>) -> Result<IsNull, BoxDynError> {
        buffer.extend(self.bytes.unwrap_or_default());
        Ok(if self.bytes.is_none() { IsNull::Yes } else { IsNull::No })
    }

    fn produces(&self) -> Option<MySqlTypeInfo> {
        Some(match self.of {
            0x07 => <DateTime<Utc>>::type_info(),
            0x0a => NaiveDate::type_info(),
            0x01 => i8::type_info(),
            _ => <[u8]>::type_info(),
        })
    }
}

/// The values of a COM_STMT_EXECUTE, bound again.
fn bind<'q>(sql: &str, payload: &'q [u8]) -> Result<Query<'q, MySql, sqlx::mysql::MySqlArguments>> {
    let count = sql.matches('?').count();
    let mut query = sqlx::query(db::safe(sql.to_owned()));
    let (nulls, rest) = payload[10..].split_at_checked(count.div_ceil(8)).context("which are null")?;
    let (types, mut rest) = rest.get(1..).and_then(|rest| rest.split_at_checked(2 * count)).context("types")?;
    for (index, of) in types.chunks(2).map(|of| of[0]).enumerate() {
        let bytes = if nulls[index / 8] >> (index % 8) & 1 == 1 {
            None
        } else {
            let (value, after) = rest.split_at_checked(size(of, rest)?).context("a value")?;
            rest = after;
            Some(value)
        };
        query = query.bind(Sent { of, bytes });
    }
    Ok(query)
}

/// How long the value of this type is with which `bytes` begins.
fn size(of: u8, bytes: &[u8]) -> Result<usize> {
    let first = usize::from(*bytes.first().context("a length")?);
    Ok(match of {
        0x01 => 1,
        0x07 | 0x0a => 1 + first,
        // Text is as long as its first byte says, or as the two, three or eight bytes after it.
        0xfc..=0xfe => match first {
            0xfc => 3 + number(&bytes[1..], 2)?,
            0xfd => 4 + number(&bytes[1..], 3)?,
            0xfe => 9 + number(&bytes[1..], 8)?,
            _ => 1 + first,
        },
        _ => bail!("a value of type {of}"),
    })
}

fn number(bytes: &[u8], size: usize) -> Result<usize> {
    let bytes = bytes.get(..size).context("a length")?;
    Ok(bytes.iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte)))
}

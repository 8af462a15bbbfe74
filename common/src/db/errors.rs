//! What the errors of MariaDB and of the connection mean for a request.

use sqlx::mysql::MySqlDatabaseError;

use crate::Code;

/// True if the server has rolled the transaction back, so that running the request again is safe.
pub(crate) fn undone(error: &sqlx::Error) -> bool {
    let is_undone = match number(error) {
        // A deadlock, a lock wait timeout, a row changed since it was read.
        Some(1213 | 1205 | 1020) => true,
        // A node of a Galera cluster that has no quorum, or is not ready: another connection may reach one that is.
        Some(1047) => true,
        // A row's parent is missing. All rows are written after their parents, so that the server has rolled those back
        // without an error: see `Transaction::commit`.
        Some(1452) => true,
        // No right to a table, to a column: `migrate` may be changing just these.
        _ if is_refused(error) => true,
        _ => false,
    };
    is_undone || is_read_only(error) || is_lost(error)
}

/// The number of MariaDB's error.
fn number(error: &sqlx::Error) -> Option<u16> {
    error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
}

/// True if a fail-over has made this server read-only: a new connection is needed.
fn is_read_only(error: &sqlx::Error) -> bool {
    matches!(number(error), Some(1290 | 1792 | 1836))
}

/// True if the connection is lost, or its stream is out of step.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed)
        || matches!(number(error), Some(1053 | 1927 | 2006 | 2013))
}

/// True if the server does not know a system variable.
pub(super) fn is_unknown_variable(error: &sqlx::Error) -> bool {
    number(error) == Some(1193)
}

/// True if the server does not let this user in with this password, or this token.
#[cfg(feature = "aws")]
pub(super) fn is_login_refused(error: &sqlx::Error) -> bool {
    matches!(number(error), Some(1045 | 1698))
}

/// True if the database's user has no right to a table or to one of its columns.
fn is_refused(error: &sqlx::Error) -> bool {
    matches!(number(error), Some(1142 | 1143))
}

/// True if the server has no room: the disk is full, or the table is. Nothing was stored; it passes when somebody makes
/// room.
fn is_full(error: &sqlx::Error) -> bool {
    match number(error) {
        Some(1021 | 1026 | 1114) => true,
        // A file could not be written (3), the disk is full (20), and a temporary table that could not be written whole
        // is taken for a damaged one (126).
        Some(3 | 20 | 126) => true,
        // "Got error 28 "No space left on device" from storage engine InnoDB".
        Some(1030) => error.to_string().contains("error 28 "),
        _ => false,
    }
}

/// The text of `error` without what the server quotes in it, which may be what a person typed.
pub(crate) fn without_values(error: &sqlx::Error) -> String {
    let text = error.to_string();
    match (text.find('\''), text.rfind('\'')) {
        (Some(first), Some(last)) if first < last => format!("{}…{}", &text[..=first], &text[last..]),
        _ => text,
    }
}

/// The code of the answer to `error`.
pub(crate) fn code(error: &sqlx::Error) -> Code {
    let again = undone(error)
        || matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Configuration(_))
        // An error during COMMIT: whether anything is stored is not known, so that the client has to ask again.
        || number(error) == Some(1180)
        // Too many connections (of the server, of the user), the statement took too long.
        || matches!(number(error), Some(1040 | 1203 | 1226 | 1969))
        // No right to come in yet, or for now: the account is locked, its password has expired.
        || matches!(number(error), Some(1044 | 1045 | 1049 | 1820 | 1862 | 4151));
    match number(error) {
        // No such table, no such column: the schema is older than this program.
        Some(1146 | 1054) => Code::NotMigrated,
        _ if is_full(error) || again && !is_refused(error) => Code::Unavailable,
        _ => Code::Internal,
    }
}

/// Logs why a request is answered with the [`code()`] of `error`.
pub(crate) fn log(error: &sqlx::Error) {
    match code(error) {
        Code::NotMigrated => tracing::error!(%error, "the schema is older than this program"),
        Code::Unavailable if is_full(error) => {
            tracing::error!(error = without_values(error), "the database has no room");
        }
        Code::Unavailable => tracing::warn!(error = without_values(error), "database unavailable"),
        _ => tracing::error!(error = without_values(error), "database error"),
    }
}

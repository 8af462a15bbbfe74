//! A database user for each function, with the rights in `grants.txt` and no others.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::{Context, Result, ensure};
use common::{Env, db::safe};
use sqlx::{Executor, FromRow, MySqlConnection};

use crate::apply::Schema;

const GRANTS: &str = include_str!("../grants.txt");

/// One right of one user, as a statement of SQL says it.
#[derive(Clone, Debug, FromRow, PartialEq, Eq, PartialOrd, Ord)]
struct Grant {
    /// `*`, or a table's name.
    on: String,
    /// `SELECT`, say, or `UPDATE (last_used_at)`.
    right: String,
    user: String,
}

impl Grant {
    /// Whether this is the right `table` on a column of its table.
    fn is_column_of(&self, table: &Self) -> bool {
        let column = self.right.strip_prefix(&table.right).is_some_and(|rest| rest.starts_with(" ("));
        column && (&self.on, &self.user) == (&table.on, &table.user)
    }
}

/// The functions that come to the database, in the order of the file.
pub fn functions() -> Vec<&'static str> {
    let mut functions: Vec<_> = lines().map(|(function, ..)| function).collect();
    functions.dedup();
    functions
}

/// Function, table, rights.
type Line = (&'static str, &'static str, &'static str);

/// What functions may do.
fn lines() -> impl Iterator<Item = Line> {
    parse(GRANTS.lines().filter(|line| !line.starts_with(['#', '-']) && !line.is_empty()))
}

/// What functions of the version before may still do.
fn lines_of_before() -> impl Iterator<Item = Line> {
    parse(GRANTS.lines().filter_map(|line| line.strip_prefix("- ")))
}

fn parse(lines: impl Iterator<Item = &'static str>) -> impl Iterator<Item = Line> {
    lines.map(|line| {
        let words = line.split_once(char::is_whitespace).map(|(function, rest)| (function, rest.trim_start()));
        let (function, rest) = words.expect("function, table and rights");
        let (table, rights) = rest.split_once(char::is_whitespace).expect("table and rights");
        (function, table, rights.trim())
    })
}

fn user(function: &str) -> String {
    format!("hanip_{function}")
}

fn grants(lines: impl Iterator<Item = Line>) -> BTreeSet<Grant> {
    let grants = lines.flat_map(|(function, table, rights)| {
        rights.split(", ").map(move |right| Grant { on: table.into(), right: right.into(), user: user(function) })
    });
    grants.collect()
}

/// Gives the functions their users, with the passwords that are in the settings: all of them or none; or, with
/// `FUNCTIONS_IAM`, users who come in with a token of RDS. A right that is not in `grants.txt` is revoked, after those that
/// are missing were granted, so that running functions notice nothing. With a newer schema nothing is revoked: functions of
/// the newer version may still run.
pub async fn apply(env: &Env, db: &mut MySqlConnection, schema: Schema) -> Result<()> {
    let env = with_passwords_dir(env)?;
    let with_iam = env.parsed("FUNCTIONS_IAM", "true or false", false)?;
    let passwords = functions().into_iter().map(|function| {
        let name = format!("{}_PASSWORD", function.to_uppercase());
        Ok((function, env.optional(&name)?, name))
    });
    let passwords = passwords.collect::<Result<Vec<_>>>()?;
    let have_none = passwords.iter().all(|(_, password, _)| password.is_none());
    ensure!(have_none || !with_iam, "FUNCTIONS_IAM: set it or the passwords of functions, not both");
    if have_none && !with_iam {
        tracing::info!("no passwords of functions are set: their users are left as they are");
        return Ok(());
    }
    let mut users = Vec::new();
    for (function, password, name) in passwords {
        if with_iam {
            users.push(format!("{} IDENTIFIED VIA AWSAuthenticationPlugin USING 'RDS'", user(function)));
            continue;
        }
        let password = password.with_context(|| format!("{name}: not set; expected one for each function"))?;
        let mut identified = format!("VIA mysql_native_password USING '{}'", hash(db, &password).await?);
        if let Some(before) = env.optional(&format!("{name}_BEFORE"))? {
            identified += &format!(" OR mysql_native_password USING '{}'", hash(db, &before).await?);
        }
        users.push(format!("{} IDENTIFIED {identified}", user(function)));
    }
    // A token in the clear is anybody's for a quarter of an hour.
    let users = users.join(", ") + if with_iam { " REQUIRE SSL" } else { "" };
    let expected = if with_iam { ": FUNCTIONS_IAM expects RDS, with its AWSAuthenticationPlugin" } else { "" };
    for statement in ["CREATE USER IF NOT EXISTS", "ALTER USER"] {
        let set = db.execute(safe(format!("{statement} {users}"))).await;
        set.with_context(|| format!("{statement}{expected}"))?;
    }
    let (wanted, had) = (grants(lines()), had(db).await?);
    change(db, "GRANT", "TO", wanted.difference(&had)).await?;
    if schema == Schema::Newer {
        return Ok(());
    }
    let needed = &wanted | &grants(lines_of_before());
    let (of_tables, others): (Vec<&Grant>, Vec<&Grant>) =
        had.difference(&needed).partition(|grant| wanted.iter().any(|other| other.is_column_of(grant)));
    change(db, "REVOKE", "FROM", others.into_iter()).await?;
    for grant in of_tables {
        revoke_but_columns(db, grant, &wanted).await?;
    }
    Ok(())
}

/// What goes into a statement in the place of a password: it needs no quoting, and no log of the server's holds the password.
async fn hash(db: &mut MySqlConnection, password: &str) -> Result<String> {
    let (hash,): (String,) = sqlx::query_as("SELECT PASSWORD(?)").bind(password).fetch_one(db).await?;
    ensure!(hash.starts_with('*'), "old_passwords: expected 0 on the server");
    Ok(hash)
}

/// Revokes a right on a table and keeps those on its columns, which the server revokes with it: in one packet, since
/// a request in between is refused, and runs again.
async fn revoke_but_columns(db: &mut MySqlConnection, grant: &Grant, wanted: &BTreeSet<Grant>) -> Result<()> {
    let Grant { on, right, user } = grant;
    let columns: Vec<&str> =
        wanted.iter().filter(|other| other.is_column_of(grant)).map(|other| other.right.as_str()).collect();
    let columns = columns.join(", ");
    tracing::info!(%right, %on, %user, %columns, "REVOKE, but for columns");
    let statements = format!("REVOKE {right} ON `{on}` FROM {user}; GRANT {columns} ON `{on}` TO {user}");
    db.execute(safe(statements)).await.with_context(|| format!("REVOKE {right} ON {on}"))?;
    Ok(())
}

/// `env` with each password that `PASSWORDS_DIR` holds, as the file `<function>-password`, and `<function>-password-before`
/// where there is one.
fn with_passwords_dir(env: &Env) -> Result<Env> {
    let mut env = env.clone();
    let Some(dir) = env.optional("PASSWORDS_DIR")? else { return Ok(env) };
    for function in functions() {
        let file = Path::new(&dir).join(format!("{function}-password"));
        let expected = "PASSWORDS_DIR: expected a file for each function";
        ensure!(
            file.exists(),
            "{expected}, but there is no {function}-password; `scripts/secrets {function}` makes it"
        );
        let name = format!("{}_PASSWORD", function.to_uppercase());
        env.set(&format!("{name}_FILE"), file.to_string_lossy());
        let before = Path::new(&dir).join(format!("{function}-password-before"));
        if before.exists() {
            env.set(&format!("{name}_BEFORE_FILE"), before.to_string_lossy());
        }
    }
    Ok(env)
}

/// What the functions' users may do in this database.
async fn had(db: &mut MySqlConnection) -> Result<BTreeSet<Grant>> {
    let grants: Vec<Grant> = sqlx::query_as(
        "SELECT `on`, `right`, SUBSTRING_INDEX(SUBSTRING(grantee, 2), '''@', 1) AS user FROM (
             SELECT grantee, table_name AS `on`, privilege_type AS `right` FROM information_schema.table_privileges
             WHERE table_schema = DATABASE()
             UNION ALL
             SELECT grantee, table_name, CONCAT(privilege_type, ' (', column_name, ')')
             FROM information_schema.column_privileges WHERE table_schema = DATABASE()
             UNION ALL
             SELECT grantee, '*', privilege_type FROM information_schema.schema_privileges
             WHERE table_schema = DATABASE()) AS grants
         WHERE `right` <> 'USAGE'",
    )
    .fetch_all(db)
    .await?;
    let users: BTreeSet<String> = functions().into_iter().map(user).collect();
    Ok(grants.into_iter().filter(|grant| users.contains(&grant.user)).collect())
}

/// One statement for all that are changed alike.
async fn change(
    db: &mut MySqlConnection,
    verb: &str,
    preposition: &str,
    grants: impl Iterator<Item = &Grant>,
) -> Result<()> {
    let mut rights: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for grant in grants {
        rights.entry((&grant.on, &grant.user)).or_default().push(&grant.right);
    }
    let mut users: BTreeMap<(&str, Vec<&str>), Vec<&str>> = BTreeMap::new();
    for ((on, user), rights) in rights {
        users.entry((on, rights)).or_default().push(user);
    }
    for ((on, rights), users) in users {
        let (rights, users) = (rights.join(", "), users.join(", "));
        let on = if on == "*" { on.to_owned() } else { format!("`{on}`") };
        tracing::info!(%rights, %on, %users, "{verb}");
        let statement = format!("{verb} {rights} ON {on} {preposition} {users}");
        db.execute(safe(statement)).await.with_context(|| format!("{verb} {rights} ON {on}"))?;
    }
    Ok(())
}

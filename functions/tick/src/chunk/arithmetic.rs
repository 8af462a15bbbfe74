//! Closes the foods of a chunk that have no record in the gap: their days are all kept, or all missing.

use common::{
    Result,
    db::{self, Transaction},
};

use super::{Gap, fold::Folded, key_list, lock::LockedFoods};

/// Advances all `locked` foods that were not folded, in one UPDATE. Returns how many.
///
/// What was `folded` is closed already, so that the condition on `closed_through` leaves it alone. MariaDB assigns
/// columns from left to right: one that a later expression reads is assigned after it. Checks of constraints are
/// off, because the only one of this table parses `milestones`, which stays as it is.
pub async fn advance(db: &mut Transaction, locked: &LockedFoods, folded: &Folded) -> Result<u64> {
    let LockedFoods { gap, people, .. } = locked;
    let (Gap { since, until }, days) = (gap, gap.days());
    let waiting = if days == 1 { "current_run + 1" } else { "1" };
    let but_unreadable = match folded.unreadable.is_empty() {
        true => String::new(),
        false => format!("AND (user_id, food_id) NOT IN ({})", key_list(&folded.unreadable)),
    };
    let update = format!(
        "SET STATEMENT check_constraint_checks = 0 FOR UPDATE counters
         SET kept_days = kept_days + {days} * assumes,
             missing_days = missing_days + {days} * (1 - assumes),
             waiting_run = IF(assumes, NULL, {waiting}),
             current_run = (current_run + {days}) * assumes,
             longest_run = GREATEST(longest_run, current_run),
             closed_through = DATE'{until}'
         WHERE {people} AND closed_through = DATE'{since}' AND closes_through >= DATE'{until}' {but_unreadable}"
    );
    Ok(sqlx::raw_sql(db::safe(update)).execute(&mut **db).await?.rows_affected())
}

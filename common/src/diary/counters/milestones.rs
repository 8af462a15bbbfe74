//! Milestones to announce: rows of `milestones`, one for each that was reached lately.

use chrono::Days;
use sqlx::MySqlConnection;

use super::key;
use crate::{
    Result, db,
    diary::{counted_food::CountedFood, streak::Milestone},
};

/// How long after it was reached a milestone is announced. It is more than a day, since a tick may be late; and not
/// for ever, since nobody wants to hear of a past that they enter or edit today.
pub const NEWS: Days = Days::new(7);

/// Inserts those that `foods` reached lately. A row that is there stays, so that each is announced once for ever.
pub(super) async fn insert_reached(db: &mut MySqlConnection, foods: &[CountedFood]) -> Result<()> {
    let reached: Vec<_> = foods.iter().flat_map(reached_lately).collect();
    if !reached.is_empty() {
        let insert = "INSERT IGNORE INTO milestones (user_id, food_id, days, reached_on) VALUES ";
        sqlx::raw_sql(db::safe(insert.to_owned() + &reached.join(","))).execute(db).await?;
    }
    Ok(())
}

/// Deletes those of `foods` that nobody was told of: an edit may have taken them back. By the primary key, since the
/// other index would lock other people's rows.
pub(super) async fn delete_unannounced(db: &mut MySqlConnection, foods: &[CountedFood]) -> Result<()> {
    let keys: Vec<_> = foods.iter().map(|food| format!("({})", key(food.user_id, food.id))).collect();
    let delete = format!(
        "DELETE milestones FROM milestones FORCE INDEX (PRIMARY)
         WHERE announced_at IS NULL AND (user_id, food_id) IN ({})",
        keys.join(",")
    );
    sqlx::raw_sql(db::safe(delete)).execute(db).await?;
    Ok(())
}

/// The rows of one food.
fn reached_lately(food: &CountedFood) -> impl Iterator<Item = String> {
    let is_news = |milestone: &&Milestone| milestone.reached_on + NEWS > food.counter.closed_through;
    let key = key(food.user_id, food.id);
    let row = move |Milestone { days, reached_on }: &Milestone| format!("({key},{days},'{reached_on}')");
    food.counter.milestones.iter().rev().take_while(is_news).map(row)
}

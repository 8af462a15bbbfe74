//! The stored counter of each food, and the numbers it gives.
//!
//! `counters` is a cache: foods, outcomes, slips and days off are the truth. A read advances the counter in
//! memory to today, so the numbers are right even if no tick ever comes. A write on a date that is already closed
//! folds the food again, in the same transaction.

mod milestones;
mod read;
mod write;

use uuid::Uuid;

pub use self::{
    milestones::NEWS,
    read::{
        after_write, closed_through, current, current_streaks, folded_again, recompute, recompute_closed, since_closed,
        streaks,
    },
    write::{store_again, store_all, store_days},
};
use crate::db;

/// The key of a food, as the first values of a row of SQL.
pub fn key(user_id: Uuid, food_id: Uuid) -> String {
    format!("{},{}", db::id(user_id), db::id(food_id))
}

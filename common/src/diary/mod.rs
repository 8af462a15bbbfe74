//! The diary of a person: what is recorded on days, and what is counted from it.

pub mod compact;
pub mod counted_food;
pub mod counters;
pub mod day;
pub mod erase;
pub mod food;
pub mod history;
pub mod limit;
pub mod numbers;
pub mod pattern;
pub mod records;
pub mod reminder;
pub mod review;
pub mod slip;
pub mod streak;
pub mod zone;

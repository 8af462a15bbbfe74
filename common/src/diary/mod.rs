//! The diary of a person: what is recorded on days, and what is counted from it.

pub mod counted_food;
pub mod counters;
pub mod day;
pub mod food;
pub mod history;
pub mod records;
pub mod review;
pub mod streak;

//! The rules of Hanip, in words, through HTTP, on a real MariaDB: one database a test.

mod at_aws;
mod auth;
mod data;
mod foods;
mod operations;
mod reminders;
mod reviews;
mod streaks;
mod support;
mod tick;
mod web;

//! The rules of Hanip, in words, through HTTP, on a real MariaDB: one database a test.

mod account;
mod bad_input;
mod browser;
mod days;
mod docs;
mod foods;
mod oidc;
mod processes;
mod program;
mod reviews;
mod server;
mod sign_in;
mod skips;
mod slips;
mod stats;
mod streak_laws;
mod streaks;
mod tick;
mod today;
mod world;
mod zones;

//! The rules of Hanip, in words, through HTTP, on a real MariaDB: one database a test.

mod account;
mod at_once;
mod bad_input;
mod browser;
mod days;
mod docs;
mod eaters;
mod faults;
mod foods;
mod oidc;
mod processes;
mod program;
mod proxy;
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

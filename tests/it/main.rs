//! The rules of Hanip, in words, through HTTP, on a real MariaDB: one database a test.

mod account;
mod bad_input;
mod days;
mod foods;
mod oidc;
mod reviews;
mod server;
mod sign_in;
mod slips;
mod streaks;
mod tick;
mod today;
mod world;

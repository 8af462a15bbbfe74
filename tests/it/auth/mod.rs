//! Signing in, sessions, tokens and accounts.

mod account;
mod account_deletion;
mod attempts;
pub mod authorization;
pub mod forgeries;
mod linking;
mod odd_providers;
mod provider_faults;
pub mod providers;
mod sessions;
mod sign_in;
mod sign_in_refused;
pub mod tokens;

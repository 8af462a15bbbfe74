//! Signing in, sessions, tokens and accounts.

mod account;
pub mod account_deletion;
mod admin_check;
mod attempts;
pub mod authorization;
pub mod forgeries;
mod linking;
mod odd_providers;
mod private_networks;
mod provider_faults;
pub mod providers;
mod sessions;
mod sign_in;
mod sign_in_refused;
mod sign_in_words;
mod signing_out;
pub mod tokens;
mod works_with;

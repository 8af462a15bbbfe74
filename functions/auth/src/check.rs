//! `auth --check`: asks each provider that is set up, and says in one line what is right or wrong, and how to mend it.

use anyhow::{Result, ensure};
use common::{Env, Origin};

use crate::Auth;

/// Prints a line for each provider of `env`. An error says how many are wrong.
pub async fn check(env: &Env) -> Result<()> {
    let (origin, providers) = (Origin::from_env(env)?, Auth::from_env(env)?.providers);
    if providers.is_empty() {
        println!("No provider is set up. functions/auth/README.md says how.");
    }
    let mut wrong = 0;
    for provider in &providers {
        let findings = provider.check(&origin).await;
        wrong += usize::from(findings.is_wrong());
        println!("{}: {findings}", provider.id);
    }
    ensure!(wrong == 0, "{wrong} of {} providers can't be signed in with", providers.len());
    Ok(())
}

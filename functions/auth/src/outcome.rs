//! Counts how sign-ins end, for those who watch the service.

use common::{App, Code, Error};

use crate::oauth::Provider;

/// How a sign-in, or the linking of an identity, ended.
#[derive(Clone, Copy)]
pub enum Outcome {
    Completed,
    /// Somebody's decision: the person's, the provider's, or that of another account that has the identity.
    Refused,
    /// Something is wrong at the provider, in our settings, or in between.
    Failed,
}

impl Outcome {
    /// How one ended that ended with this error.
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Refused(Code::SignInFailed) => Self::Failed,
            Error::Refused(_) => Self::Refused,
            _ => Self::Failed,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// Counts one that could not even begin, if the provider is why.
pub async fn count_failure(app: &App, provider: &Provider, error: &Error) {
    if matches!(error, Error::Refused(Code::SignInFailed)) {
        count(app, provider, Outcome::Failed).await;
    }
}

/// Counts one that ended. Nobody is kept out because this fails.
pub async fn count(app: &App, provider: &Provider, outcome: Outcome) {
    let count = sqlx::query!(
        "INSERT INTO sign_ins (provider, outcome, count) VALUES (?, ?, 1) ON DUPLICATE KEY UPDATE count = count + 1",
        provider.id,
        outcome.text()
    );
    if let Err(error) = count.execute(&app.db).await {
        tracing::warn!(provider = provider.id, %error, "the end of a sign-in could not be counted");
    }
}

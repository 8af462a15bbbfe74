//! Settings come from the environment, or, for secrets, from a file named by `NAME_FILE`.

use std::{collections::HashMap, fmt, fs, str::FromStr};

use anyhow::{Context, Result, anyhow, bail};

/// The settings of one process. Tests make their own; programs take [`Env::process`].
#[derive(Clone, Default)]
pub struct Env(HashMap<String, String>);

impl Env {
    /// The environment of this process.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn process() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        )
    }

    /// The value of `name`, or the text of the file that `{name}_FILE` names, without its last
    /// line break. An empty value counts as not set.
    pub fn optional(&self, name: &str) -> Result<Option<String>> {
        let value = match (self.0.get(name), self.0.get(&format!("{name}_FILE"))) {
            (Some(_), Some(_)) => bail!("{name}: set it or {name}_FILE, not both"),
            (Some(value), None) => value.clone(),
            (None, Some(path)) => {
                fs::read_to_string(path).with_context(|| format!("{name}_FILE: expected a readable text file"))?
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(value.trim_end_matches(['\r', '\n']).to_owned()).filter(|value| !value.is_empty()))
    }

    /// Like [`Env::optional`], but a missing value is an error that says what was `expected`.
    pub fn required(&self, name: &str, expected: &str) -> Result<String> {
        self.optional(name)?.ok_or_else(|| anyhow!("{name}: not set; expected {expected}"))
    }

    /// The parsed value of `name`, or `default` where it is not set. The error names the setting
    /// and what was `expected`, not the value, which may be a secret.
    pub fn parsed<T: FromStr>(&self, name: &str, expected: &str, default: T) -> Result<T> {
        match self.optional(name)? {
            Some(value) => value.parse().map_err(|_| anyhow!("{name}: expected {expected}")),
            None => Ok(default),
        }
    }

    /// The names of all settings, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether this process is a function of AWS Lambda, which is frozen from each answer to the next request: it answers
    /// one request at a time, what runs in the background stops, and connections are lost unnoticed.
    pub fn is_lambda(&self) -> bool {
        cfg!(feature = "lambda") && self.0.contains_key("AWS_LAMBDA_RUNTIME_API")
    }

    /// Sets `name`, as standalone does for the settings it provides itself.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Env {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }
}

/// Values may be secrets: only names are shown.
impl fmt::Debug for Env {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_may_come_from_a_file_and_loses_its_line_break() {
        let path = std::env::temp_dir().join(format!("hanip-env-{}", std::process::id()));
        fs::write(&path, "s3cret\n").expect("a temporary file");
        let env = Env::from([("TOKEN_FILE", path.to_str().expect("text"))]);
        assert_eq!(env.optional("TOKEN").expect("readable"), Some("s3cret".to_owned()));
        fs::remove_file(path).expect("removable");
    }

    #[test]
    fn a_missing_setting_is_named_with_what_was_expected() {
        let error = Env::default().required("DATABASE_URL", "mysql://…").expect_err("not set");
        assert_eq!(error.to_string(), "DATABASE_URL: not set; expected mysql://…");
    }

    #[test]
    fn a_wrong_setting_is_named_without_its_value() {
        let error =
            Env::from([("PORT", "hunter2")]).parsed("PORT", "a port number", 8080_u16).expect_err("not a number");
        assert_eq!(error.to_string(), "PORT: expected a port number");
    }
}

//! Who asks a database at AWS: a user with a token of RDS, or the user and the password of a secret.

use std::{
    iter::once,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Error, Result, bail, ensure};
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_secretsmanager::{
    Client,
    config::{Credentials, ProvideCredentials},
    error::DisplayErrorContext,
};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4::SigningParams,
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use sqlx::{MySql, MySqlPool, mysql::MySqlConnectOptions, pool::PoolConnection};
use tokio::{
    sync::{Mutex, OnceCell},
    time::timeout,
};
use url::Url;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

use super::{CERTIFICATES, errors, is_verified, parse, verified};
use crate::{Clock, Env};

/// How long RDS takes a token, from when it was made.
const TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);
/// A token older than this is made anew, long before RDS refuses it.
const TOKEN_AGE: TimeDelta = TimeDelta::minutes(10);
/// A token is made anew this long before its credentials end: RDS refuses it once they have ended.
const MARGIN: TimeDelta = TimeDelta::seconds(1);
/// How long AWS is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// AWS is not asked again so soon, where its answer does not help or none comes.
const PAUSE: Duration = Duration::from_secs(1);

/// Where the database is, and how AWS says who asks it.
#[derive(Debug)]
pub(super) struct Login {
    address: MySqlConnectOptions,
    source: Source,
    clock: Clock,
    config: OnceCell<SdkConfig>,
    said: Mutex<Said>,
}

#[derive(Debug, PartialEq)]
enum Source {
    /// `DATABASE_IAM`: a token of RDS, for the user in `DATABASE_URL`.
    Token,
    /// `DATABASE_SECRET_ARN`: a secret, which also says where the database is if `DATABASE_URL` does not.
    Secret { arn: String, has_address: bool },
}

/// What AWS has said last.
#[derive(Debug, Default)]
struct Said {
    /// From when until when it is of use.
    valid: Option<(DateTime<Utc>, DateTime<Utc>)>,
    secret: Option<Secret>,
    /// When it did not answer, and why. Those who waited meanwhile do not ask once more.
    failure: Option<(Instant, String)>,
    /// When the database refused what it had said a moment before.
    refused: Option<Instant>,
}

/// A secret as RDS and its rotation write it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
struct Secret {
    username: String,
    password: String,
    host: Option<String>,
    /// A number, or its text.
    port: Option<serde_json::Value>,
    dbname: Option<String>,
}

impl Login {
    /// From `DATABASE_IAM` or `DATABASE_SECRET_ARN`; none where neither is set. Asks AWS nothing yet. A database that
    /// does not have to show who it is is refused: a token, or a password, would be told to anybody.
    pub(super) fn from_env(env: &Env) -> Result<Option<Self>> {
        let with_token = env.parsed("DATABASE_IAM", "true or false", false)?;
        let (name, address, source) = match (with_token, env.optional("DATABASE_SECRET_ARN")?) {
            (false, None) => return Ok(None),
            (true, Some(_)) => bail!("DATABASE_IAM: set it or DATABASE_SECRET_ARN, not both"),
            (true, None) => ("DATABASE_IAM", address_for_token(env)?, Source::Token),
            (false, Some(arn)) => {
                let address = address_for_secret(env)?;
                let source = Source::Secret { arn, has_address: address.is_none() };
                ("DATABASE_SECRET_ARN", address.unwrap_or_default(), source)
            }
        };
        let address = verified(env, address)?;
        ensure!(is_verified(&address), "{name}: expected DATABASE_CA too, {CERTIFICATES}");
        Ok(Some(Self {
            address: address.enable_cleartext_plugin(source == Source::Token),
            source,
            clock: Clock::system(),
            config: OnceCell::new(),
            said: Mutex::default(),
        }))
    }

    /// Where the database is, as far as the settings say.
    pub(super) fn address(&self) -> MySqlConnectOptions {
        self.address.clone()
    }

    /// Where the database is, and who asks it now.
    pub(super) async fn options(&self) -> Result<MySqlConnectOptions> {
        self.ask(&mut *self.said.lock().await).await
    }

    /// A connection of `pool`, whose new ones are made with what AWS says. Where the database refuses that, AWS is asked
    /// once more, since the password may have changed meanwhile.
    pub(super) async fn acquire(&self, pool: &MySqlPool) -> sqlx::Result<PoolConnection<MySql>> {
        self.renew_if_over(pool).await?;
        let before = pool.connect_options();
        match pool.acquire().await {
            Err(error) if errors::is_login_refused(&error) => {
                self.renew(pool, |said| {
                    // Another request may have asked meanwhile.
                    Arc::ptr_eq(&before, &pool.connect_options())
                        && said.refused.is_none_or(|refused| refused.elapsed() >= PAUSE)
                })
                .await?;
                let acquired = pool.acquire().await;
                if acquired.as_ref().is_err_and(errors::is_login_refused) {
                    self.said.lock().await.refused = Some(Instant::now());
                }
                acquired
            }
            acquired => acquired,
        }
    }

    /// Asks AWS at first, and when what it has said is about to end.
    pub(super) async fn renew_if_over(&self, pool: &MySqlPool) -> sqlx::Result<()> {
        self.renew(pool, |said| !said.is_valid(self.clock.now())).await
    }

    async fn renew(&self, pool: &MySqlPool, is_due: impl FnOnce(&Said) -> bool) -> sqlx::Result<()> {
        let mut said = self.said.lock().await;
        if !is_due(&said) {
            return Ok(());
        }
        if said.failure.as_ref().is_none_or(|(at, _)| at.elapsed() >= PAUSE) {
            match self.ask(&mut said).await {
                Ok(options) => {
                    pool.set_connect_options(options);
                    said.failure = None;
                }
                Err(error) => said.failure = Some((Instant::now(), format!("{error:#}"))),
            }
        }
        said.failure.as_ref().map_or(Ok(()), |(_, why)| Err(sqlx::Error::Configuration(why.as_str().into())))
    }

    async fn ask(&self, said: &mut Said) -> Result<MySqlConnectOptions> {
        let (name, answer) = match &self.source {
            Source::Token => ("DATABASE_IAM", timeout(PATIENCE, self.ask_for_token(said)).await),
            Source::Secret { arn, has_address } => {
                ("DATABASE_SECRET_ARN", timeout(PATIENCE, self.ask_for_secret(said, arn, *has_address)).await)
            }
        };
        answer.context("AWS does not answer").flatten().context(name)
    }

    async fn ask_for_token(&self, said: &mut Said) -> Result<MySqlConnectOptions> {
        let config = self.config().await;
        let region = config.region().context("AWS_REGION: not set; expected the region of the database")?;
        let credentials = config.credentials_provider().context("no credentials of AWS are set up")?;
        let credentials = credentials.provide_credentials().await;
        let credentials = credentials.map_err(|error| Error::msg(DisplayErrorContext(error).to_string()))?;
        let now = self.clock.now();
        let token = token(&self.address, region.as_ref(), &credentials, now.into())?;
        let until = credentials.expiry().map_or(now + TOKEN_AGE, |expiry| DateTime::from(expiry) - MARGIN);
        said.valid = Some((now, until.min(now + TOKEN_AGE)));
        Ok(self.address().password(&token))
    }

    /// The current secret. Where the database has refused that, the one that a rotation is about to make the current one:
    /// it changes the password in the database first.
    async fn ask_for_secret(&self, said: &mut Said, arn: &str, has_address: bool) -> Result<MySqlConnectOptions> {
        let client = Client::new(self.config().await);
        let mut secret = read(&client, arn, "AWSCURRENT").await?;
        if said.secret.as_ref() == Some(&secret) {
            match read(&client, arn, "AWSPENDING").await {
                Ok(pending) => secret = pending,
                Err(error) => tracing::debug!(error = format!("{error:#}"), "no rotation is under way"),
            }
        }
        let mut options = self.address().username(&secret.username).password(&secret.password);
        if has_address {
            let expected = "the secret has no host or no dbname; expected both, or DATABASE_URL";
            options = options.host(secret.host.as_deref().context(expected)?);
            options = options.database(secret.dbname.as_deref().context(expected)?);
            if let Some(port) = &secret.port {
                let port = port.as_str().unwrap_or(&port.to_string()).parse();
                options = options.port(port.context("the port of the secret: expected a number")?);
            }
        }
        said.valid = Some((DateTime::UNIX_EPOCH, DateTime::<Utc>::MAX_UTC));
        said.secret = Some(secret);
        Ok(options)
    }

    async fn config(&self) -> &SdkConfig {
        let load = async || aws_config::defaults(BehaviorVersion::latest()).http_client(https()).load().await;
        self.config.get_or_init(load).await
    }
}

impl Said {
    /// False where the clock was set back since: RDS takes no token of the future.
    fn is_valid(&self, now: DateTime<Utc>) -> bool {
        self.valid.is_some_and(|(from, until)| from <= now && now < until)
    }
}

fn address_for_token(env: &Env) -> Result<MySqlConnectOptions> {
    let expected = "mysql://user@host/database";
    let url = env.required("DATABASE_URL", expected)?;
    let options = parse(&url, expected)?;
    let url = Url::parse(&url).unwrap_or_else(|_| unreachable!("sqlx has parsed it"));
    ensure!(url.password().is_none(), "DATABASE_URL: expected no password beside DATABASE_IAM, but {expected}");
    ensure!(!url.username().is_empty(), "DATABASE_URL: expected a user, as in {expected}");
    Ok(options)
}

fn address_for_secret(env: &Env) -> Result<Option<MySqlConnectOptions>> {
    let Some(url) = env.optional("DATABASE_URL")? else { return Ok(None) };
    let expected = "mysql://host/database";
    let options = parse(&url, expected)?;
    let url = Url::parse(&url).unwrap_or_else(|_| unreachable!("sqlx has parsed it"));
    let names_user = !url.username().is_empty() || url.password().is_some();
    ensure!(!names_user, "DATABASE_URL: expected no user beside DATABASE_SECRET_ARN, but {expected}");
    Ok(Some(options))
}

/// What RDS takes in the place of a password: a request to connect, presigned with Signature Version 4.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html>
fn token(to: &MySqlConnectOptions, region: &str, credentials: &Credentials, now: SystemTime) -> Result<String> {
    let mut url = Url::parse(&format!("https://{}:{}/", to.get_host(), to.get_port()))?;
    url.query_pairs_mut().append_pair("Action", "connect").append_pair("DBUser", to.get_username());
    let mut settings = SigningSettings::default();
    settings.expires_in = Some(TOKEN_LIFE);
    settings.signature_location = SignatureLocation::QueryParams;
    let identity = credentials.clone().into();
    let params = SigningParams::builder().identity(&identity).region(region).name("rds-db").time(now);
    let params = params.settings(settings).build()?.into();
    let request = SignableRequest::new("GET", url.as_str(), std::iter::empty(), SignableBody::empty())?;
    let (signed, _) = sign(request, &params)?.into_parts();
    url.query_pairs_mut().extend_pairs(signed.params());
    Ok(url.as_str().trim_start_matches("https://").to_owned())
}

async fn read(client: &Client, arn: &str, stage: &str) -> Result<Secret> {
    let answer = client.get_secret_value().secret_id(arn).version_stage(stage).send().await;
    let answer = answer.map_err(|error| Error::msg(DisplayErrorContext(error).to_string()))?;
    let text = answer.secret_string().context("the secret is no text")?;
    // The cause may quote the password: it is not shown.
    serde_json::from_str(text).ok().context("the secret: expected JSON with username and password")
}

/// How AWS is asked. Who its services are is checked by the authorities that browsers trust, as for providers: an image
/// has no files of its own.
fn https() -> aws_sdk_secretsmanager::config::SharedHttpClient {
    let pem = TLS_SERVER_ROOT_CERTS.iter().flat_map(|certificate| {
        let text = BASE64_STANDARD.encode(certificate);
        once(format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"))
    });
    let trusted = TrustStore::empty().with_pem_certificate(pem.collect::<String>());
    let context = TlsContext::builder().with_trust_store(trusted).build();
    let context = context.unwrap_or_else(|_| unreachable!("the certificates are compiled in"));
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build_https()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aws_config::Region;
    use aws_sdk_secretsmanager::config::SharedCredentialsProvider;

    use super::*;

    /// Credentials of this life, and a pool that connects to nothing.
    fn login(life: Option<Duration>, clock: &Clock) -> (Login, MySqlPool) {
        let address = MySqlConnectOptions::new().host("db.example").username("ada");
        let pool = MySqlPool::connect_lazy_with(address.clone());
        let expiry = life.map(|life| SystemTime::from(clock.now()) + life);
        let credentials = SharedCredentialsProvider::new(Credentials::new("id", "key", None, expiry, "test"));
        let config = SdkConfig::builder().region(Region::new("eu-west-1")).credentials_provider(credentials).build();
        let config = OnceCell::new_with(Some(config));
        (Login { address, source: Source::Token, clock: clock.clone(), config, said: Mutex::default() }, pool)
    }

    /// Whether a connection that is made now has another token than one before had.
    async fn is_new(login: &Login, pool: &MySqlPool) -> bool {
        let before = pool.connect_options();
        login.renew_if_over(pool).await.expect("credentials");
        !Arc::ptr_eq(&before, &pool.connect_options())
    }

    #[tokio::test]
    async fn a_token_is_made_anew_before_fifteen_minutes_are_over() {
        let clock = Clock::fixed("2026-03-11T12:00:00Z".parse().expect("an instant"));
        let (login, pool) = login(None, &clock);
        assert!(is_new(&login, &pool).await, "the first");
        clock.advance(TOKEN_AGE - TimeDelta::seconds(1));
        assert!(!is_new(&login, &pool).await, "it is still of use");
        clock.advance(TimeDelta::seconds(1));
        assert!(TOKEN_AGE < TimeDelta::minutes(15) && is_new(&login, &pool).await);
        clock.advance(TimeDelta::hours(-1));
        assert!(is_new(&login, &pool).await, "one of the future is of no use");
    }

    #[tokio::test]
    async fn a_token_is_made_anew_before_its_credentials_end() {
        let clock = Clock::fixed("2026-03-11T12:00:00Z".parse().expect("an instant"));
        let (login, pool) = login(Some(Duration::from_secs(60)), &clock);
        assert!(is_new(&login, &pool).await);
        clock.advance(TimeDelta::seconds(58));
        assert!(!is_new(&login, &pool).await);
        clock.advance(TimeDelta::seconds(1));
        assert!(is_new(&login, &pool).await);
    }

    #[test]
    fn a_token_is_what_other_programs_of_aws_make_of_the_same() {
        let to =
            MySqlConnectOptions::new().host("prod.host.eu-west-1.rds.amazonaws.com").port(3306).username("pea:nut@");
        let credentials = Credentials::new("akid", "secret", Some("token/+=".into()), None, "test");
        let at = DateTime::from_timestamp(1_724_709_600, 0).expect("an instant").into();
        let token = token(&to, "eu-west-1", &credentials, at).expect("a token");
        // Of botocore's `generate_db_auth_token`, at that time.
        let expected = "prod.host.eu-west-1.rds.amazonaws.com:3306/?Action=connect&DBUser=pea%3Anut%40&X-Amz-Algorithm=AWS4-HMAC-SHA256\
            &X-Amz-Credential=akid%2F20240826%2Feu-west-1%2Frds-db%2Faws4_request&X-Amz-Date=20240826T220000Z&X-Amz-Expires=900\
            &X-Amz-SignedHeaders=host&X-Amz-Security-Token=token%2F%2B%3D&X-Amz-Signature=9e153e0c59f42e6c1b39c93101911e32b67cccaa3313937a704d6c1f9d6c80ad";
        let sorted = |token: &str| {
            let mut parts: Vec<String> = token.split(['?', '&']).map(str::to_owned).collect();
            parts.sort();
            parts
        };
        assert_eq!(sorted(&token), sorted(expected));
    }
}

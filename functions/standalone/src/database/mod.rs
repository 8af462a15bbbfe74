//! The private MariaDB: one server to a data folder, reached over a unix socket by its owner only.

mod folder;

use std::{
    env,
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use sqlx::{Connection, MySqlConnection, mysql::MySqlConnectOptions};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};
use url::Url;

use self::folder::Folder;
pub use self::folder::default_data_dir;

/// Starting may include repairing the data after a crash.
const START_WITHIN: Duration = Duration::from_secs(60);
const STOP_WITHIN: Duration = Duration::from_secs(30);
/// The time for one attempt to reach the server.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);
/// How often a server that should run is looked at.
const WATCH: Duration = Duration::from_millis(500);

/// A MariaDB server of our own in a data folder, reached over a unix socket.
#[derive(Debug)]
pub struct Database {
    folder: Folder,
    url: String,
    /// None where the server was running already.
    server: Option<Child>,
}

impl Database {
    /// Takes the folder's lock, then adopts the server that still runs on it (ours may have been
    /// killed without it) or starts one, initialising the folder the first time.
    ///
    /// Dropping the value, or this future, leaves the server running: the next start adopts it.
    pub async fn start(data_dir: &Path) -> Result<Self> {
        let folder = Folder::open(data_dir)?;
        let mut server: Option<Child> = None;
        let mut give_up = Instant::now() + START_WITHIN;
        while let Err(error) = reach(&folder).await {
            if let Some(server) = &mut server {
                if let Some(status) = server.try_wait()? {
                    bail!("MariaDB ended at once ({status}){}", folder.log_tail());
                }
            } else if let Some(log) = folder.idle_log()? {
                server = Some(launch(&folder, &log).await?);
                give_up = Instant::now() + START_WITHIN;
            }
            if Instant::now() > give_up {
                return Err(error.context(format!(
                    "MariaDB does not answer after {} s. It is left running: if it is repairing its data after a \
                     crash, start Hanip again in a while{}",
                    START_WITHIN.as_secs(),
                    folder.log_tail()
                )));
            }
            sleep(POLL).await;
        }
        let url = Url::parse_with_params("mysql://root@localhost/hanip", [("socket", &folder.socket)])?.into();
        Ok(Self { folder, url, server })
    }

    /// The address of the database `hanip`, for sqlx.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Starts the server again whenever it has ended without being asked to; never completes.
    pub async fn keep_running(&mut self) {
        loop {
            sleep(WATCH).await;
            let Ok(Some(log)) = self.folder.idle_log() else { continue };
            tracing::warn!("MariaDB has ended: starting it again");
            match launch(&self.folder, &log).await {
                Ok(server) => self.server = Some(server),
                Err(error) => tracing::error!(error = format!("{error:#}"), "MariaDB can't be started again"),
            }
        }
    }

    /// Stops the server and waits until it has exited, whoever started it.
    pub async fn stop(mut self) -> Result<()> {
        let asked = shut_down(&self.folder).await;
        let gone = async {
            while self.folder.idle_log()?.is_none() {
                sleep(POLL).await;
            }
            if let Some(server) = &mut self.server {
                server.wait().await?;
            }
            Ok(())
        };
        if let Ok(gone) = timeout(STOP_WITHIN, gone).await {
            return gone;
        }
        asked.context("MariaDB could not be asked to stop")?;
        bail!("MariaDB has not stopped after {} s{}", STOP_WITHIN.as_secs(), self.folder.log_tail())
    }
}

/// Creates the database unless it is there: what the caller needs is what is probed.
async fn reach(folder: &Folder) -> Result<()> {
    let mut connection = connect(folder).await?;
    sqlx::query("CREATE DATABASE IF NOT EXISTS hanip CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
        .execute(&mut connection)
        .await?;
    Ok(connection.close().await?)
}

async fn shut_down(folder: &Folder) -> Result<()> {
    sqlx::query("SHUTDOWN").execute(&mut connect(folder).await?).await?;
    Ok(())
}

async fn connect(folder: &Folder) -> Result<MySqlConnection> {
    let options = MySqlConnectOptions::new().username("root").socket(&folder.socket);
    let connection = timeout(ANSWER_WITHIN, MySqlConnection::connect_with(&options)).await;
    Ok(connection.context("no answer")??)
}

/// Starts the server, which does not answer yet when this returns.
async fn launch(folder: &Folder, log: &File) -> Result<Child> {
    let data = folder.path.join("mariadb");
    let mut server = command(folder, "mariadbd", &data, log)?;
    server.arg(option("--socket=", &folder.socket)).arg(option("--pid-file=", folder.path.join("mariadb.pid")));
    server.args([
        "--skip-networking",
        "--skip-ssl",
        "--skip-name-resolve",
        "--skip-log-bin",
        "--performance-schema=0",
        "--innodb-buffer-pool-size=64M",
        "--character-set-server=utf8mb4",
        "--collation-server=utf8mb4_bin",
    ]);
    if !data.exists() {
        initialise(folder, &data, log).await?;
    }
    server.spawn().context("MariaDB cannot be started")
}

/// Makes the data in a folder beside its place, so that an interruption leaves nothing half made.
async fn initialise(folder: &Folder, data: &Path, log: &File) -> Result<()> {
    tracing::info!("preparing the data folder {}", folder.path.display());
    program("my_print_defaults")?; // the next program needs it, and it comes in another package
    let new = data.with_extension("new");
    match fs::remove_dir_all(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("{} cannot be removed", new.display()));
        }
        _ => {}
    }
    let mut install = command(folder, "mariadb-install-db", &new, log)?;
    // Forced, lest it look this computer's name up first and fail where there is no network.
    install.args(["--auth-root-authentication-method=normal", "--skip-test-db", "--force"]);
    let status = install.kill_on_drop(true).status().await.context("MariaDB's data cannot be made")?;
    ensure!(status.success(), "MariaDB's data cannot be made ({status}){}", folder.log_tail());
    fs::rename(&new, data).context("MariaDB's data cannot be put in its place")
}

/// One of MariaDB's programs, writing to the log and out of reach of the terminal's Ctrl-C.
fn command(folder: &Folder, name: &str, data: &Path, log: &File) -> Result<Command> {
    let mut command = Command::new(program(name)?);
    command.arg("--no-defaults").arg(option("--datadir=", data));
    if folder.uid == 0 {
        // The server refuses to be root unless told so. Not `--user`: mariadb-install-db would take
        // it for itself, and change the owner of system files and of a path cut at its spaces.
        command.arg("-uroot");
    }
    // A server that starts clears what others left where it keeps temporary tables: not where theirs are.
    command.env("TMPDIR", &folder.path);
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log.try_clone()?).process_group(0);
    Ok(command)
}

/// Finds a program of MariaDB; a person's PATH often lacks the folders of servers.
fn program(name: &str) -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    folders.map(|folder| folder.join(name)).find(|file| file.is_file()).with_context(|| {
        format!(
            "{name} is missing: install the packages mariadb-server-core and mariadb-client-core, or name a running \
             MariaDB in DATABASE_URL"
        )
    })
}

fn option(name: &str, value: impl AsRef<OsStr>) -> OsString {
    let mut option = OsString::from(name);
    option.push(value);
    option
}

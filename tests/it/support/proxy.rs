//! What goes wrong around the database: a proxy that delays and cuts, and a server that can be killed.

use std::{
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use common::Env;
use sqlx::{Connection, MySqlConnection};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    sync::watch,
    time::sleep,
};
use uuid::Uuid;

/// Chance that can be repeated: `HANIP_SEED` is what an earlier run printed.
pub struct Random {
    seed: u64,
    state: AtomicU64,
}

impl Random {
    pub fn new() -> Self {
        let seed = Env::process().parsed("HANIP_SEED", "a number", Uuid::new_v4().as_u64_pair().0);
        let seed = seed.expect("HANIP_SEED is right");
        println!("HANIP_SEED={seed}");
        Self { seed, state: seed.into() }
    }

    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Chance of its own, for somebody who acts at the same time as others.
    pub fn fork(&self) -> Self {
        let seed = self.below(u64::MAX);
        Self { seed, state: seed.into() }
    }

    /// A number below `end`, by SplitMix64.
    pub fn below(&self, end: u64) -> u64 {
        let state = self.state.fetch_add(0x9e37_79b9_7f4a_7c15, Relaxed).wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// A folder that goes with the value, or with what the script of the tests leaves. Its name is
/// short: the path of a socket has at most 107 bytes.
pub(super) fn folder() -> TempDir {
    let scratch = Env::process().parsed("TEST_SCRATCH", "a folder", "/tmp".to_owned()).expect("TEST_SCRATCH is right");
    tempfile::tempdir_in(scratch).expect("a folder")
}

/// A socket before the socket of a MariaDB.
pub struct Proxy {
    pub url: String,
    line: Arc<Line>,
    _folder: TempDir,
}

struct Line {
    server: String,
    /// Milliseconds that a chunk waits at most, at least one; 0 is no delay.
    delay: AtomicU64,
    /// How many chunks pass before everything is cut.
    left: AtomicI64,
    cuts: watch::Sender<()>,
    /// How many connections there were, and how many of them are forgotten.
    opened: AtomicU64,
    forgotten: AtomicU64,
    random: Arc<Random>,
}

impl Proxy {
    /// A proxy for the database at `url`, to be reached at its own `url`.
    pub fn new(url: &str, random: &Arc<Random>) -> Self {
        let (rest, server) = url.split_once("socket=").expect("a socket");
        let folder = folder();
        let socket = folder.path().join("s");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let line = Line {
            server: server.to_owned(),
            delay: 0.into(),
            left: i64::MAX.into(),
            cuts: watch::Sender::new(()),
            opened: 0.into(),
            forgotten: 0.into(),
            random: random.clone(),
        };
        let line = Arc::new(line);
        let (url, accepting) = (format!("{rest}socket={}", socket.display()), line.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(accepting.clone().forward(client));
            }
        });
        Self { url, line, _folder: folder }
    }

    /// Every chunk waits 1 ms to this long, each way.
    pub fn delay(&self, milliseconds: u64) {
        self.line.delay.store(milliseconds, Relaxed);
    }

    /// Cuts all connections.
    pub fn cut(&self) {
        self.line.cuts.send_replace(());
    }

    /// Lets nothing through the connections that there are, and tells neither end.
    pub fn forget(&self) {
        self.line.forgotten.store(self.line.opened.load(Relaxed), Relaxed);
    }

    /// Cuts all connections once, instead of passing on the chunk after these.
    pub fn cut_after(&self, chunks: i64) {
        self.line.left.store(chunks, Relaxed);
    }

    /// Whether [`Proxy::cut_after`] came to cut.
    pub fn has_cut(&self) -> bool {
        self.line.left.load(Relaxed) < 0
    }
}

impl Line {
    async fn forward(self: Arc<Self>, client: UnixStream) {
        let mut cuts = self.cuts.subscribe();
        let number = self.opened.fetch_add(1, Relaxed);
        // A server that is down refuses: the client's connection ends at once.
        let Ok(server) = UnixStream::connect(&self.server).await else { return };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::select! {
            _ = self.pump(number, from_client, to_server) => {}
            _ = self.pump(number, from_server, to_client) => {}
            _ = cuts.changed() => {}
        }
    }

    async fn pump(
        &self,
        number: u64,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) -> io::Result<()> {
        let mut chunk = vec![0; 16 * 1024];
        loop {
            let size = from.read(&mut chunk).await?;
            if size == 0 {
                return Ok(());
            }
            if number < self.forgotten.load(Relaxed) {
                std::future::pending::<()>().await;
            }
            let delay = self.delay.load(Relaxed);
            if delay > 0 {
                sleep(Duration::from_millis(1 + self.random.below(delay))).await;
            }
            if self.left.fetch_sub(1, Relaxed) == 0 {
                self.cuts.send_replace(());
                return Ok(());
            }
            to.write_all(&chunk[..size]).await?;
        }
    }
}

/// A MariaDB of its own, as durable as people's, with a database `hanip` and its user `app`.
pub struct Server {
    folder: TempDir,
    options: Vec<String>,
    process: Child,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(&["--skip-ssl"]).await
    }

    /// One with these options of mariadbd too.
    pub async fn start_with(options: &[&str]) -> Self {
        let folder = folder();
        let options: Vec<_> = options.iter().map(|&option| option.to_owned()).collect();
        let mut install = command("mariadb-install-db", folder.path());
        install.args(["--force", "--skip-test-db", "--auth-root-authentication-method=normal"]);
        let installed = tokio::process::Command::from(install).output().await.expect("MariaDB is installed");
        assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stdout));
        let server = Self { process: run(folder.path(), &options), options, folder };
        let set_up = "CREATE DATABASE hanip CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
             CREATE USER app@localhost; GRANT ALL ON hanip.* TO app@localhost";
        sqlx::raw_sql(set_up).execute(&mut server.root_of("").await).await.expect("a database");
        server
    }

    /// Somebody who may do everything, once the server answers.
    pub async fn root(&self) -> MySqlConnection {
        self.root_of("hanip").await
    }

    async fn root_of(&self, database: &str) -> MySqlConnection {
        let url = self.url_of("root", database);
        for _ in 0..2000 {
            if let Ok(db) = MySqlConnection::connect(&url).await {
                return db;
            }
            sleep(Duration::from_millis(5)).await;
        }
        panic!("the server does not answer");
    }

    /// Where the app finds its database.
    pub fn url(&self) -> String {
        self.url_of("app", "hanip")
    }

    /// Where `user`, which may be `name:password`, finds a database.
    pub fn url_of(&self, user: &str, database: &str) -> String {
        format!("mysql://{user}@localhost/{database}?socket={}", socket(self.folder.path()).display())
    }

    /// The path of its socket.
    pub fn socket(&self) -> PathBuf {
        socket(self.folder.path())
    }

    pub fn signal(&self, signal: &str) {
        let signalled = Command::new("kill").args([signal, &self.process.id().to_string()]).status();
        assert!(signalled.expect("kill runs").success(), "kill {signal}");
    }

    pub fn kill(&mut self) {
        self.process.kill().expect("it ran");
        self.process.wait().expect("it ends");
    }

    pub fn start_again(&mut self) {
        self.process = run(self.folder.path(), &self.options);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("s")
}

fn run(folder: &Path, options: &[String]) -> Child {
    let mut server = command("mariadbd", folder);
    server.arg(format!("--socket={}", socket(folder).display())).args(options).args([
        "--skip-networking",
        "--skip-name-resolve",
        "--skip-log-bin",
        "--performance-schema=0",
        "--innodb-buffer-pool-size=32M",
        "--character-set-server=utf8mb4",
    ]);
    server.spawn().expect("MariaDB is installed")
}

fn command(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("--no-defaults").arg(format!("--datadir={}", folder.join("data").display()));
    // Not where other servers keep temporary tables: one that starts clears them.
    command.env("TMPDIR", folder);
    command.arg("--innodb-log-file-size=16M").stdin(Stdio::null()).stderr(Stdio::null());
    if std::fs::metadata(folder).is_ok_and(|folder| folder.uid() == 0) {
        command.arg("-uroot"); // it refuses to be root unless told so
    }
    command
}

//! The data folder of one person, and the locks that keep it to one Hanip and one MariaDB.
//!
//! | entry | what it is |
//! |---|---|
//! | `hanip.lock` | locked while Hanip runs on the folder, and the sign that the folder is ours |
//! | `mariadb/` | the data (`mariadb.new/` until it is complete) |
//! | `mariadb.log` | the server's output, locked while a server lives |
//! | `mariadb.sock`, `mariadb.pid` | where it listens, who it is |

use std::{
    env,
    fs::{self, DirBuilder, File, Permissions, TryLockError},
    io::ErrorKind,
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

/// `sun_path` has 108 bytes, the last of which is 0.
const SOCKET_PATH_MAX: usize = 107;
const LOG_MAX: u64 = 1 << 20;
const LOG_LINES_SHOWN: usize = 15;

/// A data folder that is ours alone, for as long as this value lives.
#[derive(Debug)]
pub struct Folder {
    pub path: PathBuf,
    /// Where the server listens.
    pub socket: String,
    /// The user who runs this program, and so the server.
    pub uid: u32,
    _lock: File,
}

/// Where the data is kept unless `DATA_DIR` says otherwise: `$XDG_DATA_HOME/hanip`, else
/// `~/.local/share/hanip`.
pub fn default_data_dir() -> Result<PathBuf> {
    // A relative path in XDG_DATA_HOME is to be ignored, says its specification.
    let data_home = env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || env::home_dir().filter(|path| path.is_absolute()).map(|home| home.join(".local/share"));
    let data_home = data_home.or_else(home).context("there is no home folder to keep the data in: set DATA_DIR")?;
    Ok(data_home.join("hanip"))
}

impl Folder {
    /// Creates the folder unless it is there, and takes its lock. A folder that holds anything else
    /// is left as it is.
    pub fn open(path: &Path) -> Result<Self> {
        let uid = fs::metadata("/proc/self").context("cannot tell who runs this program")?.uid();
        let cannot = |what: &str| format!("the data folder {} cannot be {what}", path.display());
        DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(|| cannot("created"))?;
        let path = path.canonicalize().with_context(|| cannot("found"))?;

        let metadata = fs::metadata(&path)?;
        ensure!(metadata.uid() == uid, "the data folder {} belongs to another user", path.display());
        let lock = path.join("hanip.lock");
        let empty = fs::read_dir(&path).with_context(|| cannot("read"))?.next().is_none();
        ensure!(
            empty || lock.exists() || path.join("mariadb/mysql").exists(),
            "the folder {} holds other things: the data needs a folder of its own",
            path.display()
        );
        if metadata.mode() & 0o077 != 0 {
            fs::set_permissions(&path, Permissions::from_mode(0o700)).with_context(|| cannot("made private"))?;
        }

        let lock = File::options().create(true).append(true).open(lock).with_context(|| cannot("written to"))?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => bail!(
                "Hanip is already running on the data folder {}: stop it first, or choose another with DATA_DIR",
                path.display()
            ),
            taken => taken.with_context(|| cannot("locked"))?,
        }
        Ok(Self { socket: socket_path(&path, uid)?, path, uid, _lock: lock })
    }

    /// The server's log, locked; or None while a server lives, even one that does not answer yet,
    /// or no longer. The lock belongs to the open file that a server inherits for its output, so
    /// the kernel frees it when the last process of the server ends, however it ends.
    pub fn idle_log(&self) -> Result<Option<File>> {
        let path = self.log_path();
        let cannot = || format!("the log {} cannot be written", path.display());
        let log = File::options().create(true).append(true).open(&path).with_context(cannot)?;
        match log.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(None),
            taken => taken.with_context(cannot)?,
        }
        if log.metadata()?.len() > LOG_MAX {
            log.set_len(0)?;
        }
        Ok(Some(log))
    }

    /// The last lines of the log, to end an error message with.
    pub fn log_tail(&self) -> String {
        let path = self.log_path();
        let log = fs::read(&path).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        let shown = lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n  ");
        format!(". The end of {}:\n  {shown}", path.display())
    }

    fn log_path(&self) -> PathBuf {
        self.path.join("mariadb.log")
    }
}

/// The socket is in the folder, or, where its path would be too long for a socket, in a private
/// folder under `/tmp` named after it. Not under `$TMPDIR` or `$XDG_RUNTIME_DIR`: they differ
/// between a person's sessions and may go with one, while the server must be found by the next.
fn socket_path(folder: &Path, uid: u32) -> Result<String> {
    let mut path = folder.join("mariadb.sock");
    if path.as_os_str().len() > SOCKET_PATH_MAX {
        let hash = format!("{:x}", Sha256::digest(folder.as_os_str().as_bytes()));
        let private = Path::new("/tmp").join(format!("hanip-{}", &hash[..16]));
        match DirBuilder::new().mode(0o700).create(&private) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(error).with_context(|| format!("{} cannot be created", private.display()));
            }
            _ => {}
        }
        let metadata = fs::symlink_metadata(&private)?;
        ensure!(
            metadata.is_dir() && metadata.uid() == uid && metadata.mode() & 0o077 == 0,
            "{} is not a private folder of yours: choose a data folder with a shorter path",
            private.display()
        );
        path = private.join("mariadb.sock");
    }
    path.into_os_string().into_string().ok().context("the path of the data folder must be valid UTF-8")
}

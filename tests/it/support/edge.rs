//! The edge: a real nginx with the configuration that scripts/edge prints, without root.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command},
    sync::OnceLock,
    time::Duration,
};

use common::Env;
use tempfile::TempDir;

use crate::{operations::program::free_port, support::processes::origin};

/// The user of the image.
const USER: u32 = 65532;

/// An nginx, until this value ends.
pub struct Edge {
    process: Child,
    folder: TempDir,
    pub origin: String,
    pub health: String,
}

impl Edge {
    /// One before the gateway at `authority`, on a port of its own.
    pub async fn before(authority: &str) -> Self {
        Self::with(free_port(), &[("GATEWAY", authority)]).await
    }

    pub async fn with(port: u16, settings: &[(&str, &str)]) -> Self {
        let health_port = free_port();
        let (health, own) = (origin(health_port), origin(port));
        let mut env = Env::from([("PUBLIC_ORIGIN", own.as_str()), ("PORT", &port.to_string())]);
        env.set("HEALTH_PORT", health_port.to_string());
        env.set("APP_DIR", app().to_str().expect("a text"));
        settings.iter().for_each(|(name, value)| env.set(name, *value));
        let configuration = web::edge::configuration(&env).expect("the settings are right");

        let folder = tempfile::tempdir().expect("a folder");
        let [conf, log] = ["nginx.conf", "log"].map(|name| folder.path().join(name));
        fs::write(&conf, configuration).expect("it is written");
        let output = File::create(&log).expect("a file");
        let mut command = Command::new("nginx");
        if is_root() {
            for path in [folder.path(), &log] {
                chown(path, Some(USER), None).expect("root may");
            }
            fs::set_permissions(&conf, Permissions::from_mode(0o444)).expect("it is ours");
            let user = USER.to_string();
            command = Command::new("setpriv");
            command.args(["--reuid", &user, "--regid", &user, "--clear-groups", "--no-new-privs", "nginx"]);
        }
        command.args(["-e", "stderr", "-p"]).arg(folder.path()).arg("-c").arg(&conf);
        let process = command.stdout(output).spawn().expect("nginx is installed; scripts/test does it");
        let edge = Self { process, folder, origin: own, health };
        for _ in 0..2000 {
            if reqwest::get(format!("{}/healthz", edge.health)).await.is_ok() {
                return edge;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("nginx is not ready");
    }

    /// The id of its process, whose children do the work.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).expect("a text")
    }

    /// The file that it logs into.
    pub fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        // Its workers end with it only if it may tell them.
        Command::new("kill").arg(self.process.id().to_string()).status().ok();
        self.process.wait().ok();
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").expect("it is there").uid() == 0
}

/// The app as the image has it, laid out once.
fn app() -> &'static Path {
    static APP: OnceLock<PathBuf> = OnceLock::new();
    APP.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        let scratch = Env::process().optional("TEST_SCRATCH").expect("it is right");
        if let Some(scratch) = &scratch
            && is_root()
        {
            // Only root may enter it so far, and the edge's user must get through.
            fs::set_permissions(scratch, Permissions::from_mode(0o711)).expect("root may");
        }
        let app = Path::new(scratch.as_deref().unwrap_or("/tmp")).join("app");
        let laid_out = Command::new(root.join("scripts/web")).arg(&app).status();
        assert!(laid_out.expect("bash runs").success());
        app
    })
}

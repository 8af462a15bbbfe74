//! The MariaDB of a cluster: its users, its backups, and how they are put back.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::json;
use sqlx::{Connection, MySqlConnection, Row};

use crate::support::{
    proxy::Server,
    world::{Person, World},
};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../knative/components/backup");
const USERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../knative/components/mariadb/users.sh");

/// A server that was set up as the image does it, the Secrets, and the volume of backups.
struct Cluster {
    server: Server,
    folder: tempfile::TempDir,
}

impl Cluster {
    async fn start() -> Self {
        let server = Server::start().await;
        drop(server.root().await);
        let folder = tempfile::tempdir().expect("a folder");
        for user in ["migrate", "backup"] {
            fs::write(folder.path().join(format!("{user}-password")), format!("secret-{user}\n")).expect("written");
            let socket = server.socket();
            let client = format!("[client]\nuser={user}\npassword=secret-{user}\nsocket={}\n", socket.display());
            fs::write(folder.path().join(format!("{user}.cnf")), client).expect("written");
        }
        // As the image's entrypoint runs what it finds in its folder.
        let run = "docker_process_sql() { mariadb --no-defaults --user=root --socket=\"$SOCKET\"; }; . \"$1\"";
        let users = Command::new("bash")
            .args(["-euc", run, "bash", USERS])
            .env("SOCKET", server.socket())
            .env("FOLDER", folder.path())
            .output();
        succeeded(users.expect("bash runs"));
        Self { server, folder }
    }

    fn script(&self, name: &str, user: &str, settings: &[(&str, &str)]) -> Output {
        let mut script = Command::new(format!("{SCRIPTS}/{name}"));
        script.env("CLIENT", self.folder.path().join(format!("{user}.cnf"))).env("BACKUPS", self.backups());
        script.envs(settings.iter().copied()).output().expect("it runs")
    }

    fn backups(&self) -> PathBuf {
        let backups = self.folder.path().join("backups");
        fs::create_dir_all(&backups).expect("a folder");
        backups
    }

    /// Everything in the database, as numbers: a checksum for each table.
    async fn everything(&self) -> Vec<(String, i64)> {
        let mut db = MySqlConnection::connect(&self.server.url_of("root", "hanip")).await.expect("the server answers");
        let tables = "SELECT GROUP_CONCAT(table_name ORDER BY table_name) FROM information_schema.tables
                      WHERE table_schema = DATABASE()";
        let tables: String = sqlx::query_scalar(tables).fetch_one(&mut db).await.expect("tables");
        #[expect(clippy::disallowed_methods, reason = "a name can't be bound; these are our tables")]
        let checksums = sqlx::AssertSqlSafe(format!("CHECKSUM TABLE {tables} EXTENDED"));
        let rows = sqlx::raw_sql(checksums).fetch_all(&mut db).await.expect("checksums");
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }
}

#[track_caller]
fn succeeded(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn files(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).expect("a folder");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").file_name().into_string().expect("text")).collect();
    files.sort();
    files
}

async fn lives(person: &Person) -> String {
    let food =
        person.food(json!({ "name": "라면 🍜", "start_date": "2026-03-01", "motivation": "it's \\ \"me\"\n" })).await;
    person.review("2026-03-02", &food, "kept").await;
    person.slip("2026-03-03", &food).await;
    food
}

#[tokio::test]
async fn what_is_restored_is_what_was_backed_up_to_the_last_row() {
    let cluster = Cluster::start().await;
    let world = World::granted(cluster.server.url_of("migrate:secret-migrate", "hanip")).await;
    let ada = world.person("ada").await;
    let food = lives(&ada).await;
    world.afterthoughts().await;
    let (before, streak) = (cluster.everything().await, ada.streak(&food).await);
    succeeded(cluster.script("backup", "backup", &[]));
    let [file] = &files(&cluster.backups())[..] else { panic!("one backup") };
    assert!(file.starts_with("hanip-20") && file.ends_with("Z.sql.gz"), "{file}");

    // A day goes by, somebody comes, something is lost.
    ada.review("2026-03-04", &food, "slipped").await;
    ada.delete(&format!("/api/foods/{food}")).await.is(204);
    lives(&world.person("bob").await).await;
    assert_ne!(cluster.everything().await, before);

    succeeded(cluster.script("restore", "migrate", &[("FILE", file)]));
    assert_eq!(cluster.everything().await, before);
    // The functions find their rights where they were, and nobody has to start them again.
    assert_eq!(ada.streak(&food).await, streak);
    ada.review("2026-03-04", &food, "kept").await;

    // What was there before the restore is not lost either: it can be put back in turn.
    let kept = files(&cluster.backups());
    let [earlier, _] = &kept[..] else { panic!("two backups: {kept:?}") };
    assert!(earlier.starts_with("before-restore-hanip-20"), "{earlier}");
    succeeded(cluster.script("restore", "migrate", &[("FILE", earlier)]));
    ada.get(&format!("/api/foods/{food}")).await.problem(404, "not-found");
}

/// As where a network policy lets a new pod's packets through a moment after its start.
#[tokio::test]
async fn a_backup_waits_until_the_database_is_reached() {
    let cluster = Cluster::start().await;
    lives(&World::granted(cluster.server.url_of("migrate:secret-migrate", "hanip")).await.person("ada").await).await;
    let client = fs::read_to_string(cluster.folder.path().join("backup.cnf")).expect("it is there");
    let later = cluster.folder.path().join("later");
    let socket = cluster.server.socket().display().to_string();
    fs::write(cluster.folder.path().join("later.cnf"), client.replace(&socket, &later.display().to_string()))
        .expect("written");
    let appears = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(1500));
        std::os::unix::fs::symlink(socket, later)
    });
    succeeded(cluster.script("backup", "later", &[]));
    appears.join().expect("no panic").expect("a link");
    assert_eq!(files(&cluster.backups()).len(), 1);
}

#[tokio::test]
async fn who_migrates_is_not_root_and_still_takes_away_what_a_function_may_not_do() {
    let cluster = Cluster::start().await;
    let url = cluster.server.url_of("migrate:secret-migrate", "hanip");
    let world = World::granted(url.clone()).await;
    let too_much = "GRANT DELETE ON users TO hanip_foods; GRANT UPDATE (email) ON users TO hanip_foods;
                    GRANT DROP ON hanip.* TO hanip_foods";
    sqlx::raw_sql(too_much).execute(&mut cluster.server.root().await).await.expect("rights are given");
    World::granted(url).await;
    for refused in ["DELETE FROM users", "UPDATE users SET email = NULL", "DROP TABLE ticks"] {
        sqlx::raw_sql(refused).execute(&world.db_of("foods")).await.expect_err(refused);
    }
    lives(&world.person("ada").await).await;
}

#[tokio::test]
async fn a_backup_that_was_cut_short_is_not_kept_and_not_restored() {
    let cluster = Cluster::start().await;
    let world = World::granted(cluster.server.url_of("migrate:secret-migrate", "hanip")).await;
    lives(&world.person("ada").await).await;
    world.afterthoughts().await;
    succeeded(cluster.script("backup", "backup", &[]));
    let [file] = &files(&cluster.backups())[..] else { panic!("one backup") };
    let before = cluster.everything().await;

    let whole = fs::read(cluster.backups().join(file)).expect("a file");
    fs::write(cluster.backups().join(file), &whole[..whole.len() / 2]).expect("written");
    assert!(!cluster.script("restore", "migrate", &[]).status.success());
    assert_eq!(cluster.everything().await, before);

    // Who may see no table writes a dump of none, which looks whole at its end.
    fs::remove_file(cluster.backups().join(file)).expect("removed");
    sqlx::raw_sql("REVOKE SELECT ON hanip.* FROM backup")
        .execute(&mut cluster.server.root().await)
        .await
        .expect("revoked");
    assert!(!cluster.script("backup", "backup", &[]).status.success());
    assert_eq!(files(&cluster.backups()), [""; 0]);
    assert!(!cluster.script("restore", "migrate", &[]).status.success(), "there is none");
    assert_eq!(cluster.everything().await, before);
}

#[tokio::test]
async fn backups_older_than_they_are_kept_for_are_removed() {
    let cluster = Cluster::start().await;
    World::granted(cluster.server.url_of("migrate:secret-migrate", "hanip")).await;
    let [old, recent] = ["hanip-20250101T000000Z.sql.gz", "hanip-20260101T000000Z.sql.gz"];
    for (file, days) in [(old, 40), (recent, 5)] {
        let path = cluster.backups().join(file);
        fs::write(&path, "").expect("written");
        let aged = Command::new("touch").args(["--date", &format!("{days} days ago")]).arg(path).status();
        assert!(aged.expect("touch runs").success());
    }
    succeeded(cluster.script("backup", "backup", &[("KEEP_DAYS", "30")]));
    let left = files(&cluster.backups());
    assert!(left.len() == 2 && left.contains(&recent.to_owned()) && !left.contains(&old.to_owned()), "{left:?}");
}

//! The main job, and signing in, in a real browser.

use std::{path::Path, process::Command};

use crate::{
    oidc::{CLIENT_ID, CLIENT_SECRET, OidcProvider},
    program::{Standalone, free_port, program},
    world::database,
};

#[test]
fn a_person_signs_in_registers_foods_and_reviews_the_day_in_a_browser() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = tests.join("output");
    std::fs::create_dir_all(&output).expect("a folder for screenshots");
    let folder = tempfile::tempdir_in("/tmp").expect("a folder");
    let standalone = Standalone::start(folder.path(), 0);
    let script = Command::new("node")
        .arg(tests.join("browser/main-job.mjs"))
        .arg(&standalone.origin)
        .arg(output.join("today.png"))
        .status();
    assert!(script.expect("node runs").success(), "what it could not do is told above");
    standalone.stop();
}

#[tokio::test]
async fn a_person_signs_in_through_a_certified_provider_in_a_browser() {
    let origin = format!("http://127.0.0.1:{}", free_port());
    let provider = OidcProvider::start(&[&format!("{origin}/api/auth/oidc/callback")]);
    let mut standalone = program("standalone")
        .env("DATABASE_URL", database().await)
        .env("PORT", origin.rsplit(':').next().expect("a port"))
        .envs([("OIDC_ISSUER", provider.issuer()), ("OIDC_CLIENT_ID", CLIENT_ID)])
        .envs([("OIDC_CLIENT_SECRET", CLIENT_SECRET), ("OIDC_NAME", "Test")])
        .spawn()
        .expect("cargo build --workspace has made it");
    for _ in 0..2000 {
        if reqwest::get(format!("{origin}/healthz")).await.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/oidc.mjs");
    let script = tokio::process::Command::new("node").arg(script).arg(&origin).status().await;
    standalone.kill().ok();
    standalone.wait().ok();
    assert!(script.expect("node runs").success(), "what it could not do is told above");
}

//! The main job in a real browser.

use std::{path::Path, process::Command};

use crate::program::Standalone;

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

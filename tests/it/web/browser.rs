//! The main job, and signing in, in a real browser.

use std::{path::Path, process::Command};

use crate::{
    operations::program::{Standalone, free_port, program},
    support::{
        oidc::{CLIENT_ID, CLIENT_SECRET, OidcProvider},
        world::database,
    },
};

/// Runs one of the scripts on a standalone of its own; its second argument is in the folder for pictures.
fn runs(script: &str, pictures: &str) {
    runs_with(script, pictures, &[]);
}

fn runs_with(script: &str, pictures: &str, more: &[&str]) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = tests.join("output");
    std::fs::create_dir_all(&output).expect("a folder for pictures");
    let folder = tempfile::tempdir_in("/tmp").expect("a folder");
    let standalone = Standalone::start(folder.path(), 0);
    let script = Command::new("node")
        .arg(tests.join("browser").join(script))
        .arg(&standalone.origin)
        .arg(output.join(pictures))
        .args(more)
        .status();
    assert!(script.expect("node runs").success(), "what it could not do is told above");
    standalone.stop();
}

#[test]
fn a_person_signs_in_registers_foods_and_reviews_the_day_in_a_browser() {
    runs("main-job.mjs", "today.png");
}

#[test]
fn every_page_of_the_diary_does_what_it_says_in_a_browser() {
    runs("diary.mjs", "diary.png");
}

#[test]
fn a_day_a_slip_and_a_start_of_long_ago_are_few_taps_away_in_a_browser() {
    runs("looking-back.mjs", "looking-back.png");
}

#[test]
fn every_page_of_the_settings_does_what_it_says_in_a_browser() {
    runs("settings.mjs", "settings.png");
}

#[test]
fn a_file_of_another_app_is_shown_then_imported_as_chosen_then_taken_back_in_a_browser() {
    runs("moving-in.mjs", "moving-in.png");
}

#[test]
fn a_reminder_is_set_in_taps_and_its_notification_records_the_day_in_a_browser() {
    runs("reminders.mjs", "reminders.png");
}

#[test]
fn nothing_is_lost_between_two_devices_or_two_people_on_one_in_a_browser() {
    runs("two-devices.mjs", "two-devices.png");
}

#[test]
fn nothing_typed_is_lost_or_laid_over_what_another_device_wrote_in_a_browser() {
    runs("drafts.mjs", "drafts.png");
}

#[test]
fn a_write_reaches_the_api_whatever_the_stores_of_a_browser_do() {
    runs("stores.mjs", "stores.png");
}

#[test]
fn the_day_on_the_screen_is_true_whatever_the_clock_of_a_browser_says() {
    runs("clock.mjs", "clock.png");
}

#[test]
fn the_main_job_the_stores_the_clock_and_every_screen_are_right_in_firefox_too_in_a_browser() {
    runs_with("others.mjs", "firefox.png", &["firefox"]);
}

#[test]
fn the_main_job_the_stores_and_the_clock_are_right_in_webkit_too_in_a_browser() {
    runs_with("others.mjs", "webkit.png", &["webkit"]);
}

#[test]
fn the_first_screen_asks_for_no_more_than_it_needs_and_celebrates_badges_in_a_browser() {
    runs("feel.mjs", "feel.png");
}

#[test]
fn nobody_waits_for_a_function_to_wake_up_in_a_browser() {
    runs("slow.mjs", "slow.png");
}

#[test]
fn the_app_is_used_by_keyboard_alone_in_a_browser() {
    runs("keyboard.mjs", "keyboard.png");
}

#[test]
fn every_screen_is_accessible_in_both_languages_and_themes_in_a_browser() {
    runs("screens.mjs", "screens");
}

#[tokio::test]
async fn nothing_is_lost_without_a_network_or_in_two_tabs_in_a_browser() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = tests.join("output");
    std::fs::create_dir_all(&output).expect("a folder for screenshots");
    let script = tokio::process::Command::new("node")
        .arg(tests.join("browser/offline.mjs"))
        .arg(program("standalone").get_program())
        .args([database().await, free_port().to_string()])
        .arg(output.join("offline.png"))
        .status()
        .await;
    assert!(script.expect("node runs").success(), "what it could not do is told above");
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

//! The account of who is signed in.

use serde_json::json;

use crate::support::world::World;

#[tokio::test]
async fn an_account_begins_with_the_browsers_zone_and_language() {
    let world = World::new().await;
    let mut ada = world.stranger();
    ada.sign_in("ada", "Asia/Seoul").await;
    let me = ada.get("/api/auth/me").await.ok();
    assert_eq!(
        (&me["display_name"], &me["time_zone"], &me["locale"], &me["day_start"]),
        (&json!("ada"), &json!("Asia/Seoul"), &json!("en"), &json!("00:00"))
    );
    ada.sign_in("ada", "America/New_York").await;
    assert_eq!(ada.get("/api/auth/me").await.ok(), me, "a later sign-in changes none of it");
}

#[tokio::test]
async fn zone_day_start_language_and_name_can_be_changed() {
    let ada = World::new().await.person("ada").await;
    let change = json!({ "time_zone": "Asia/Seoul", "day_start": "04:30", "locale": "ko", "display_name": "에이다" });
    ada.patch("/api/auth/me", change.clone()).await.ok();
    let me = ada.get("/api/auth/me").await.ok();
    for (name, value) in change.as_object().expect("an object") {
        assert_eq!(&me[name], value, "{name}");
    }
}

#[tokio::test]
async fn changes_of_different_things_at_once_are_all_kept() {
    let ada = World::new().await.person("ada").await;
    for (zone, start, name) in [("Asia/Seoul", "01:00", "a"), ("Europe/Paris", "02:00", "b"), ("UTC", "03:00", "c")] {
        let changes = [json!({ "time_zone": zone }), json!({ "day_start": start }), json!({ "display_name": name })];
        let [zoned, started, named] = changes.map(|change| ada.patch("/api/auth/me", change));
        let replies = tokio::join!(zoned, started, named);
        assert!([replies.0, replies.1, replies.2].iter().all(|reply| reply.status == 200));
        let me = ada.get("/api/auth/me").await.ok();
        assert_eq!(
            (&me["time_zone"], &me["day_start"], &me["display_name"]),
            (&json!(zone), &json!(start), &json!(name))
        );
    }
}

#[tokio::test]
async fn an_account_takes_no_wrong_value() {
    let ada = World::new().await.person("ada").await;
    let before = ada.get("/api/auth/me").await.ok();
    for (field, value, code) in [
        ("time_zone", json!("Mars/Olympus"), "zone-unknown"),
        ("time_zone", json!("../../etc/passwd"), "zone-unknown"),
        ("day_start", json!("12:01"), "day-start-out-of-range"),
        ("day_start", json!("4:00"), "time-invalid"),
        ("day_start", json!(" 4:00"), "time-invalid"),
        ("locale", json!("fr"), "value-invalid"),
        ("locale", json!({ "en": null }), "value-invalid"),
        ("locale", json!(null), "value-invalid"),
        ("display_name", json!(" "), "name-blank"),
        ("email", json!("a@b.test"), "field-unknown"),
    ] {
        ada.patch("/api/auth/me", json!({ field: value })).await.fault(&format!("/{field}"), code);
    }
    assert_eq!(ada.get("/api/auth/me").await.ok(), before);
}

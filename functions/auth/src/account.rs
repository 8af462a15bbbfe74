//! The account of the person who is signed in.

use axum::extract::State;
use chrono::NaiveTime;
use chrono_tz::Tz;
use common::{App, Code, Fault, Faults, Json, Me, Problems, Result, User, day::HourMinute, db, text};
use serde::Deserialize;
use utoipa::ToSchema;

/// The account.
#[utoipa::path(get, path = "/me", responses((status = 200, body = Me), Problems))]
pub async fn show(user: User) -> Json<Me> {
    Json(user.into())
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Locale {
    Ko,
    En,
}

/// A change of the account: what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    #[schema(min_length = 1, max_length = 50)]
    display_name: Option<String>,
    locale: Option<Locale>,
    time_zone: Option<String>,
    day_start: Option<HourMinute>,
}

/// Changes the account. Days already recorded keep their dates whatever the zone.
#[utoipa::path(patch, path = "/me", request_body = Change, responses((status = 200, body = Me), Problems))]
pub async fn change(mut user: User, State(app): State<App>, Json(change): Json<Change>) -> Result<Json<Me>> {
    let mut faults = Faults::default();
    if let Some(name) = &change.display_name {
        let name =
            text::line(name, 50).map_err(|code| if code == Code::TextTooLong { Code::NameTooLong } else { code });
        user.display_name = faults.take("/display_name", name.and_then(|name| name.ok_or(Code::NameBlank)));
    }
    if let Some(locale) = change.locale {
        user.locale = match locale {
            Locale::Ko => "ko".to_owned(),
            Locale::En => "en".to_owned(),
        };
    }
    let time_zone = change.time_zone.map_or(Ok(user.time_zone()), |name| name.parse().map_err(|_| Code::ZoneUnknown));
    let time_zone: Tz = time_zone.unwrap_or_else(|code| {
        faults.add(Fault::pointer("/time_zone", code));
        Tz::UTC
    });
    if let Some(HourMinute(day_start)) = change.day_start {
        user.day_start = day_start;
        if NaiveTime::from_hms_opt(12, 0, 0).is_some_and(|noon| day_start > noon) {
            faults.add(Fault::pointer("/day_start", Code::DayStartOutOfRange));
        }
    }
    faults.check()?;
    let mut db = db::write(&app.db, user.id).await?;
    sqlx::query("UPDATE users SET display_name = ?, locale = ?, time_zone = ?, day_start = ? WHERE user_id = ?")
        .bind(&user.display_name)
        .bind(&user.locale)
        .bind(time_zone.name())
        .bind(user.day_start)
        .bind(user.id)
        .execute(&mut *db)
        .await?;
    db.commit().await?;
    Ok(Json(Me { time_zone: time_zone.name().to_owned(), ..user.into() }))
}

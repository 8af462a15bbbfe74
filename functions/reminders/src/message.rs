//! What a notification says, in the language of the person: short, kind, and without a food where it is to be discreet.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::NaiveDate;
use common::Language;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How many foods are named.
const NAMED: usize = 3;
/// For how many foods a tap records a day: a push message has room for no more.
const MOST_FOODS: usize = 40;

/// A notification, as it is stored until it was sent, and as browsers and webhooks get it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    /// `reminder`, `milestone` or `test`.
    pub kind: String,
    pub title: String,
    pub body: String,
    /// The same for the same reminder and date: a second one replaces the first.
    pub tag: String,
    /// Whose it is: another account at this browser records nothing by it.
    pub account: Uuid,
    /// The date that it is about.
    pub date: NaiveDate,
    /// Foods without an outcome on the date, which the first action reviews as kept.
    pub food_ids: Vec<Uuid>,
    /// How many foods wait for an answer, which the icon of the app shows.
    #[serde(default)]
    pub waiting: usize,
    pub actions: Vec<Action>,
    pub language: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Action {
    /// `kept` or `open`.
    pub action: String,
    pub title: String,
}

/// A food that waits.
pub struct Waiting {
    pub food_id: Uuid,
    pub name: String,
}

/// What makes two notifications the same to a device: a Topic of RFC 8030, section 5.4.
pub fn tag(subject_id: Uuid, date: NaiveDate, days: u32) -> String {
    let hash = Sha256::digest(format!("{subject_id} {date} {days}"));
    BASE64_URL_SAFE_NO_PAD.encode(&hash[..24])
}

/// The reminder of an evening. `named` are the foods that it tells of, `open` those without an outcome, of which `waiting`
/// wait for an answer.
pub fn reminder(
    language: Language,
    (account, reminder_id, date): (Uuid, Uuid, NaiveDate),
    named: &[&Waiting],
    (open, waiting): (&[Waiting], usize),
    discreet: bool,
) -> Message {
    let title = match discreet {
        true => pick(language, "기록할 시간이에요", "Time for your notes"),
        false => pick(language, "오늘 하루 어땠나요?", "How was today?"),
    };
    let names = named.iter().take(NAMED).map(|food| food.name.as_str()).collect::<Vec<_>>().join(", ");
    let body = match (discreet, named.len().saturating_sub(NAMED), language) {
        (true, ..) => String::new(),
        (_, 0, _) => names,
        (_, more, Language::Korean) => format!("{names} 외 {more}개"),
        (_, more, Language::English) => format!("{names} and {more} more"),
    };
    let mut actions = vec![action("open", pick(language, "열기", "Open"))];
    let mut food_ids = Vec::new();
    if !open.is_empty() && open.len() <= MOST_FOODS {
        food_ids = open.iter().map(|food| food.food_id).collect();
        actions.insert(0, action("kept", pick(language, "모두 지켰어요", "Kept all")));
    }
    let tag = tag(reminder_id, date, 0);
    Message { food_ids, waiting, actions, tag, ..message(language, "reminder", title, body, (account, date)) }
}

/// A milestone that was reached, of a food that is named unless it is to be discreet.
pub fn milestone(
    language: Language,
    (account, food_id, reached_on): (Uuid, Uuid, NaiveDate),
    name: Option<&str>,
    days: u32,
) -> Message {
    let title = match (name, language, days) {
        (None, ..) => pick(language, "새 배지가 있어요", "You have a new badge").to_owned(),
        (Some(name), Language::Korean, _) => format!("{name}, {days}일이에요 🎉"),
        (Some(name), Language::English, 1) => format!("{name}: 1 day 🎉"),
        (Some(name), Language::English, _) => format!("{name}: {days} days 🎉"),
    };
    let tag = tag(food_id, reached_on, days);
    let actions = vec![action("open", pick(language, "열기", "Open"))];
    Message { actions, tag, ..message(language, "milestone", &title, String::new(), (account, reached_on)) }
}

/// What a person sends themselves.
pub fn test(language: Language, account: Uuid, id: Uuid, today: NaiveDate) -> Message {
    let body = pick(language, "알림이 잘 도착했어요.", "Notifications arrive here.");
    Message {
        tag: tag(id, today, 0),
        ..message(language, "test", pick(language, "한입", "Hanip"), body.to_owned(), (account, today))
    }
}

fn message(language: Language, kind: &str, title: &str, body: String, (account, date): (Uuid, NaiveDate)) -> Message {
    Message {
        kind: kind.to_owned(),
        title: title.to_owned(),
        body,
        tag: String::new(),
        account,
        date,
        food_ids: Vec::new(),
        waiting: 0,
        actions: Vec::new(),
        language: language.tag().to_owned(),
    }
}

fn action(action: &str, title: &str) -> Action {
    Action { action: action.to_owned(), title: title.to_owned() }
}

fn pick(language: Language, korean: &'static str, english: &'static str) -> &'static str {
    match language {
        Language::Korean => korean,
        Language::English => english,
    }
}

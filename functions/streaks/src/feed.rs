//! The milestones of a person as a calendar that other programs subscribe to (RFC 5545), and their slips where they want
//! those too.

use std::collections::BTreeMap;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use common::{
    App, Connected, Etag, FeedReader, Language, Query, Result,
    db::{self, Results, Select},
    diary::{
        counted_food::CountedFood,
        counters,
        day::Date,
        history::{Histories, HistoriesOn, HistoryOf},
        numbers::Streak,
        streak::{Status, milestone_after},
    },
};
use icalendar::{Calendar, Class, Component, Event, EventLike, Property};
use serde::Deserialize;
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::calendar;

/// How often a program is asked to look again.
const REFRESH: TimeDelta = TimeDelta::hours(6);
/// Of how many days slips are shown.
const SLIPS: Days = Days::new(400);
/// How many foods are named on a day with slips.
const NAMED: usize = 3;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wish {
    /// Whose calendar it is: [`FeedReader`] has read it.
    #[serde(rename = "key")]
    #[param(ignore)]
    _key: String,
    /// `1` shows the days with a slip too, each as a busy day: those of the last 400 days.
    #[param(inline)]
    slips: Option<Shown>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
enum Shown {
    #[serde(rename = "0")]
    No,
    #[serde(rename = "1")]
    Yes,
}

/// SELECT: the foods of a person that are not deleted, with their names, in their order.
struct NamedFoods {
    user_id: Uuid,
}

#[derive(FromRow)]
struct NamedFood {
    name: String,
    #[sqlx(flatten)]
    counted: CountedFood,
}

impl Select for NamedFoods {
    type Rows = Vec<NamedFood>;

    fn sql(&self) -> String {
        let (select, user_id) = (CountedFood::select(", name"), db::id(self.user_id));
        format!("{select} WHERE foods.user_id = {user_id} AND deleted_at IS NULL ORDER BY position, id")
    }

    fn rows(&self, results: &mut Results) -> Result<Vec<NamedFood>> {
        results.take()
    }
}

/// A calendar to subscribe to: every milestone that was reached, on its date; the next one of each active food, and its
/// goal, on the date it is reached if every day is kept. Its words are in the language of the person.
///
/// The key is a token of the scope `feed`, which opens this alone. A program that has the calendar already sends its
/// `ETag` as `If-None-Match`.
#[utoipa::path(
    get, path = "/feed.ics", security(("feed" = [])), params(Wish),
    responses(
        (status = 200, description = "The calendar.", content_type = "text/calendar", body = String,
         headers(("ETag" = String, description = "Changes with the calendar."))),
        (status = 304, description = "It is as it was."),
    ),
)]
pub async fn show(
    FeedReader(Connected { user, db }): FeedReader,
    State(app): State<App>,
    Query(wish): Query<Wish>,
    headers: HeaderMap,
) -> Result<Response> {
    let now = app.clock.now();
    let today = user.today(now);
    let yesterday = today - Days::new(1);
    let with_slips = wish.slips == Some(Shown::Yes);
    // A tick in time has closed yesterday, so that the foods follow from what came after it.
    let assumed = if with_slips { today - SLIPS } else { yesterday };
    let since = |after: NaiveDate| HistoriesOn { user_id: user.id, dates: after + Days::new(1)..=Date::LAST };
    let (mut db, (foods, recent)) = db::snapshot(db, (NamedFoods { user_id: user.id }, since(assumed))).await?;
    let (names, counted): (Vec<String>, Vec<CountedFood>) =
        foods.into_iter().map(|food| (food.name, food.counted)).unzip();
    let closed = counters::closed_through(counted.iter().filter(|food| food.archived_on.is_none()));
    let mut recent = counters::since_closed(&mut db, closed, assumed, recent, since).await?;
    let read_after = assumed.min(closed);
    for food in counted.iter().filter(|food| food.counter.closed_through < read_after && may_reach(food, today)) {
        let dates = food.counter.closed_through + Days::new(1)..=Date::LAST;
        let history = db::select(&mut db, HistoryOf { user_id: user.id, food_id: food.id, dates }).await?;
        recent.insert(food.id, history);
    }
    let mut calendar = new_calendar(Language::of_person(&user.locale));
    let words = Words { language: Language::of_person(&user.locale), origin: app.origin.text(), user_id: user.id };
    let stamp = stamp(now);
    if with_slips {
        for (date, eaten) in slips(&names, &counted, &recent, today) {
            calendar.push(words.slips(date, &eaten).timestamp(stamp).done());
        }
    }
    let streaks = counters::streaks(&mut db, user.id, counted.clone(), recent, today).await?;
    for ((name, food), streak) in names.iter().zip(&counted).zip(&streaks) {
        for mut event in words.milestones(name, food, streak) {
            calendar.push(event.timestamp(stamp).done());
        }
    }
    Ok(answer(&headers, calendar.to_string()))
}

/// Whether the days that are not closed yet can reach a milestone. Of an archived food that is the last one for ever, and
/// may be years ago: what is recorded since is read for those foods alone.
fn may_reach(food: &CountedFood, today: NaiveDate) -> bool {
    let counter = &food.counter;
    let open = u32::try_from((food.as_of(today) - counter.closed_through).num_days()).unwrap_or_default();
    milestone_after(counter.longest_run, food.goal_days) <= counter.current_run + open
}

fn new_calendar(language: Language) -> Calendar {
    let mut calendar = Calendar::empty();
    calendar.append_property(Property::new("VERSION", "2.0"));
    calendar.append_property(Property::new("PRODID", "-//Hanip//Hanip//EN"));
    calendar.append_property(Property::new("CALSCALE", "GREGORIAN"));
    calendar.name(match language {
        Language::Korean => "한입",
        Language::English => "Hanip",
    });
    calendar.ttl(&REFRESH);
    calendar
}

/// When events were written, as far as anybody has to know: the same calendar is the same text until the day in UTC ends.
fn stamp(now: DateTime<Utc>) -> DateTime<Utc> {
    now.date_naive().and_time(NaiveTime::MIN).and_utc()
}

/// The days with a slip, each with the names of its foods.
fn slips<'a>(
    names: &'a [String],
    foods: &[CountedFood],
    histories: &Histories,
    today: NaiveDate,
) -> BTreeMap<NaiveDate, Vec<&'a str>> {
    let mut slips = BTreeMap::<NaiveDate, Vec<&str>>::new();
    let from = today - SLIPS + Days::new(1);
    for (name, food) in names.iter().zip(foods) {
        let Some(history) = histories.get(&food.id) else { continue };
        let days = calendar::days(food, history, from, today, today);
        for (date, _) in days.filter(|(_, status)| *status == Status::Slipped) {
            slips.entry(date).or_default().push(name);
        }
    }
    slips
}

/// The events of a person, in their language.
struct Words {
    language: Language,
    origin: String,
    user_id: Uuid,
}

impl Words {
    /// The milestones of a food that were reached, and those ahead. One that is reached keeps the id it had before.
    fn milestones(&self, name: &str, food: &CountedFood, streak: &Streak) -> Vec<Event> {
        let id = |days: u32| format!("{}-{days}", food.id);
        let url = format!("{}/foods/{}", self.origin, food.id);
        let event = |id: String, date, summary: String| {
            let mut event = whole_day(&id, date, &summary);
            event.url(&url).add_property("TRANSP", "TRANSPARENT");
            event
        };
        let reached = streak.milestones.iter().map(|it| event(id(it.days), it.reached_on, self.reached(name, it.days)));
        let mut events: Vec<Event> = reached.collect();
        if food.archived_on.is_none() {
            let next = &streak.next_milestone;
            let goal = food.goal_days.filter(|goal| *goal > next.days);
            for days in [Some(next.days), goal].into_iter().flatten() {
                let date = next.on + Days::new((days - next.days).into());
                // A run after a slip comes to the same milestones again.
                let again = streak.milestones.iter().any(|it| it.days == days);
                let id = if again { format!("{}-again", id(days)) } else { id(days) };
                events.push(event(id, date, self.ahead(name, days)));
            }
        }
        events
    }

    fn reached(&self, name: &str, days: u32) -> String {
        match (self.language, days) {
            (Language::Korean, _) => format!("{name}, {days}일이에요 🎉"),
            (Language::English, 1) => format!("{name}: 1 day 🎉"),
            (Language::English, _) => format!("{name}: {days} days 🎉"),
        }
    }

    fn ahead(&self, name: &str, days: u32) -> String {
        match (self.language, days) {
            (Language::Korean, _) => format!("{name}, 이날까지 지키면 {days}일이에요"),
            (Language::English, 1) => format!("{name}: 1 day, if you keep it"),
            (Language::English, _) => format!("{name}: {days} days, if you keep going"),
        }
    }

    /// A day with slips.
    fn slips(&self, date: NaiveDate, eaten: &[&str]) -> Event {
        let names = eaten[..eaten.len().min(NAMED)].join(", ");
        let summary = match (self.language, eaten.len().saturating_sub(NAMED)) {
            (Language::Korean, 0) => format!("먹음: {names}"),
            (Language::Korean, more) => format!("먹음: {names} 외 {more}개"),
            (Language::English, 0) => format!("Slipped: {names}"),
            (Language::English, more) => format!("Slipped: {names} and {more} more"),
        };
        let mut event = whole_day(&format!("{}-{date}", self.user_id), date, &summary);
        event.url(&format!("{}/days/{date}", self.origin)).add_property("TRANSP", "OPAQUE");
        event
    }
}

/// An event of a whole day: it ends as the next one begins (RFC 5545, section 3.6.1).
fn whole_day(id: &str, date: NaiveDate, summary: &str) -> Event {
    let mut event = Event::new();
    event.uid(id).summary(summary).class(Class::Private).starts(date).ends(date + Days::new(1));
    event
}

/// The calendar, or 304 where the program has it already.
fn answer(request: &HeaderMap, calendar: String) -> Response {
    let etag = Etag::of(calendar.as_bytes());
    // Asked for again each time: a slip taken back is gone at once.
    let headers = [(header::ETAG, etag.as_str()), (header::CACHE_CONTROL, "private, no-cache")];
    if etag.is_known(request) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(header::CONTENT_TYPE, "text/calendar; charset=utf-8")], calendar).into_response()
}

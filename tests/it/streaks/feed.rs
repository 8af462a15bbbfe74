//! The calendar that other programs subscribe to, read as another program reads it.

use std::collections::BTreeMap;

use calcard::icalendar::{ICalendar, ICalendarComponent, ICalendarEntry, ICalendarProperty};
use chrono::{Days, NaiveDate, TimeDelta};
use common::diary::streak::Status;
use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::{
    auth::{
        authorization::{EXAMPLES, OPEN},
        tokens::{script, token},
    },
    support::{
        diarist::Diarist,
        proxy::Random,
        world::{Person, Reply, World, date, text},
        writers::times,
    },
};

const FEED: &str = "/api/streaks/feed.ics";

/// What a calendar shows of a day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    on: NaiveDate,
    summary: String,
    is_busy: bool,
}

fn event(on: &str, summary: &str) -> Event {
    Event { on: date(on), summary: summary.to_owned(), is_busy: false }
}

fn property(entries: &[ICalendarEntry], name: ICalendarProperty) -> &ICalendarEntry {
    let found: Vec<_> = entries.iter().filter(|entry| entry.name == name).collect();
    assert_eq!(found.len(), 1, "{name:?} in {entries:?}");
    found[0]
}

fn words(component: &ICalendarComponent, name: ICalendarProperty) -> String {
    property(&component.entries, name).values[0].as_text().expect("a text").to_owned()
}

fn day(component: &ICalendarComponent, name: ICalendarProperty) -> NaiveDate {
    let at = property(&component.entries, name).values[0].as_partial_date_time().expect("a date").clone();
    assert_eq!((at.hour, at.tz_hour), (None, None), "a whole day has no time");
    let part = |part: Option<u8>| part.expect("a part of it").into();
    NaiveDate::from_ymd_opt(at.year.expect("a year").into(), part(at.month), part(at.day)).expect("a date")
}

/// The events of a calendar by their ids, once it is what RFC 5545 asks for.
#[track_caller]
fn read(reply: &Reply) -> BTreeMap<String, Event> {
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.header("content-type"), "text/calendar; charset=utf-8");
    for line in reply.body.split_terminator("\r\n") {
        assert!(line.len() <= 75 && !line.contains(['\r', '\n']), "section 3.1: {line}");
    }
    assert!(reply.body.ends_with("END:VCALENDAR\r\n"), "{}", reply.body);
    let calendar = ICalendar::parse(&reply.body).expect("a calendar");
    let (whole, events) = calendar.components.split_first().expect("it is not empty");
    assert_eq!(words(whole, ICalendarProperty::Prodid), "-//Hanip//Hanip//EN");
    let mut read = BTreeMap::new();
    for component in events {
        assert!(component.has_property(&ICalendarProperty::Dtstamp), "section 3.6.1: {component:?}");
        let (on, end) = (day(component, ICalendarProperty::Dtstart), day(component, ICalendarProperty::Dtend));
        assert_eq!(end, on + Days::new(1), "the end is not a part of it");
        let is_busy = match words(component, ICalendarProperty::Transp).as_str() {
            "OPAQUE" => true,
            "TRANSPARENT" => false,
            other => panic!("{other}"),
        };
        let event = Event { on, summary: words(component, ICalendarProperty::Summary), is_busy };
        let id = component.uid().expect("an id").to_owned();
        assert!(read.insert(id, event).is_none(), "two with the same id: {component:?}");
    }
    read
}

/// A person's key, and what it shows.
struct Subscriber<'a> {
    person: &'a Person,
    id: String,
    key: String,
}

impl<'a> Subscriber<'a> {
    async fn new(person: &'a Person) -> Self {
        let (id, key) = token(person, "calendar", "feed").await;
        Self { person, id, key }
    }

    /// As a program asks that has nothing but the address.
    async fn ask(&self, more: &str) -> Reply {
        ask(&self.person.origin, &format!("?key={}{more}", self.key)).await
    }

    async fn events(&self, more: &str) -> Vec<Event> {
        let mut events: Vec<Event> = read(&self.ask(more).await).into_values().collect();
        events.sort();
        events
    }
}

async fn ask(origin: &str, query: &str) -> Reply {
    Reply::to(reqwest::Client::new().get(format!("{origin}{FEED}{query}"))).await
}

#[tokio::test]
async fn a_calendar_shows_the_milestones_that_were_reached_and_the_next_with_the_goal() {
    let ada = World::new().await.person("ada").await;
    ada.food(json!({ "name": "ramen", "start_date": "2026-03-01", "goal_days": 40 })).await;
    let tea = ada.food(json!({ "name": "tea", "start_date": "2026-03-09", "counting": "confirm" })).await;
    ada.review("2026-03-09", &tea, "kept").await;
    let expected = [
        event("2026-03-01", "ramen: 1 day 🎉"),
        event("2026-03-03", "ramen: 3 days 🎉"),
        event("2026-03-07", "ramen: 7 days 🎉"),
        event("2026-03-09", "tea: 1 day 🎉"),
        event("2026-03-11", "tea: 1 day, if you keep it"),
        event("2026-03-14", "ramen: 14 days, if you keep going"),
        event("2026-04-09", "ramen: 40 days, if you keep going"),
    ];
    assert_eq!(Subscriber::new(&ada).await.events("").await, expected);
}

#[tokio::test]
async fn days_with_slips_are_busy_days_where_they_are_asked_for() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let names = ["ramen", "tea", "soda", "beer"];
    let mut foods = Vec::new();
    for name in names {
        foods.push(ada.food(json!({ "name": name, "start_date": "2026-03-01" })).await);
    }
    ada.slip("2026-03-05", &foods[0]).await;
    ada.slip("2026-03-05", &foods[0]).await;
    for food in &foods {
        ada.review("2026-03-10", food, "slipped").await;
    }
    let subscriber = Subscriber::new(&ada).await;
    let busy = async |more: &str| {
        let events = subscriber.events(more).await;
        events
            .into_iter()
            .filter(|event| event.is_busy)
            .map(|event| (event.on.to_string(), event.summary))
            .collect::<Vec<_>>()
    };
    let none: Vec<(String, String)> = Vec::new();
    assert_eq!(busy("").await, none);
    assert_eq!(busy("&slips=0").await, none);
    let both = [("2026-03-05", "Slipped: ramen"), ("2026-03-10", "Slipped: ramen, tea, soda and 1 more")];
    let both: Vec<(String, String)> = both.map(|(on, summary)| (on.to_owned(), summary.to_owned())).into();
    assert_eq!(busy("&slips=1").await, both);
    ask(&ada.origin, &format!("?key={}&slips=2", subscriber.key)).await.fault("slips", "value-invalid");
    world.days_pass(395);
    assert_eq!(busy("&slips=1").await, both[1..], "those of the last 400 days");
}

#[tokio::test]
async fn an_archived_food_keeps_its_milestones_and_has_none_ahead_and_a_deleted_one_has_none() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let (archived, deleted) = (ada.food_since("2026-03-09").await, ada.food_since("2026-03-01").await);
    ada.review("2026-03-11", &archived, "kept").await;
    ada.patch(&format!("/api/foods/{archived}"), json!({ "archived": true })).await.ok();
    ada.delete(&format!("/api/foods/{deleted}")).await.is(204);
    let expected = [event("2026-03-09", "ramen: 1 day 🎉"), event("2026-03-11", "ramen: 3 days 🎉")];
    let subscriber = Subscriber::new(&ada).await;
    assert_eq!(subscriber.events("").await, expected, "one of the day on which it was archived too");
    for days in [9, 500] {
        world.days_pass(days);
        tick::run(&world.app, tick::CHUNK).await.expect("a tick");
        assert_eq!(subscriber.events("").await, expected);
        assert_eq!(subscriber.events("&slips=1").await, expected);
    }
}

#[tokio::test]
async fn an_event_keeps_its_id_when_what_was_ahead_is_reached() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-09").await;
    let subscriber = Subscriber::new(&ada).await;
    let ids = async || -> Vec<String> { read(&subscriber.ask("&slips=1").await).into_keys().collect() };
    let before = ids().await;
    assert_eq!(before, [format!("{food}-1"), format!("{food}-3")]);
    world.days_pass(1);
    assert_eq!(ids().await, [format!("{food}-1"), format!("{food}-3"), format!("{food}-7")]);
    ada.slip("2026-03-12", &food).await;
    let again = [format!("{food}-1"), format!("{food}-1-again"), format!("{food}-3")];
    let mut expected: Vec<String> = again.into_iter().chain([format!("{}-2026-03-12", ada.id)]).collect();
    expected.sort();
    assert_eq!(ids().await, expected, "the next run comes to the same milestones");
}

#[tokio::test]
async fn names_come_through_whole_whatever_is_in_them() {
    let ada = World::new().await.person("ada").await;
    let names = [
        "라면, 콜라; 그리고 \\n \"떡볶이\": 100%".to_owned(),
        "가".repeat(50),
        "👨‍👩‍👧‍👦🍜".repeat(6),
        "BEGIN:VEVENT".to_owned(),
        "a".repeat(49) + ",",
    ];
    for name in &names {
        ada.food(json!({ "name": name, "start_date": "2026-03-10" })).await;
    }
    ada.post("/api/foods", json!({ "name": "two\nlines" })).await.fault("/name", "text-invalid");
    let mut shown: Vec<String> =
        Subscriber::new(&ada).await.events("").await.into_iter().map(|event| event.summary).collect();
    let mut expected: Vec<String> = names
        .iter()
        .flat_map(|name| [format!("{name}: 1 day 🎉"), format!("{name}: 3 days, if you keep going")])
        .collect();
    shown.sort();
    expected.sort();
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn its_words_are_in_the_language_of_the_person_whatever_program_asks() {
    let ada = World::new().await.person("ada").await;
    let food = ada.food(json!({ "name": "라면", "start_date": "2026-03-10" })).await;
    ada.slip("2026-03-11", &food).await;
    let subscriber = Subscriber::new(&ada).await;
    assert!(subscriber.ask("").await.body.contains("\r\nX-WR-CALNAME:Hanip\r\n"));
    ada.patch("/api/auth/me", json!({ "locale": "ko" })).await.ok();
    assert!(subscriber.ask("").await.body.contains("\r\nX-WR-CALNAME:한입\r\n"));
    let busy = Event { is_busy: true, ..event("2026-03-11", "먹음: 라면") };
    let expected =
        [event("2026-03-10", "라면, 1일이에요 🎉"), busy, event("2026-03-12", "라면, 이날까지 지키면 1일이에요")];
    assert_eq!(subscriber.events("&slips=1").await, expected);
}

#[tokio::test]
async fn a_program_that_has_the_calendar_is_told_so_until_it_changes() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let subscriber = Subscriber::new(&ada).await;
    let client = reqwest::Client::new();
    let address = format!("{}{FEED}?key={}", ada.origin, subscriber.key);
    let first = subscriber.ask("").await;
    let tag = first.header("etag").to_owned();
    assert_eq!(first.header("cache-control"), "private, no-cache");
    assert!(first.body.contains("\r\nREFRESH-INTERVAL;VALUE=DURATION:PT21600S\r\nX-PUBLISHED-TTL:PT21600S\r\n"));
    let conditional = async |known: &str| {
        Reply::of(client.get(&address).header(header::IF_NONE_MATCH, known).send().await.expect("an answer")).await
    };
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let answer = conditional(&known).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str(), answer.header("etag")), (304, "", tag.as_str()));
    }
    assert_eq!(conditional("\"x\"").await.body, first.body);
    let head = Reply::of(client.head(&address).send().await.expect("an answer")).await;
    assert_eq!((head.status.as_u16(), head.body.as_str(), head.header("etag")), (200, "", tag.as_str()));
    assert_eq!(head.header("content-length"), first.body.len().to_string());
    world.app.clock.advance(TimeDelta::hours(1));
    assert_eq!(conditional(&tag).await.status, 304);
    ada.slip("2026-03-11", &food).await;
    assert_eq!(conditional(&tag).await.status, 200);
}

#[tokio::test]
async fn a_key_opens_the_calendar_until_it_is_revoked_and_a_wrong_one_is_told_so_and_counted() {
    let world = World::new().await;
    let (ada, eve) = (world.person("ada").await, world.person("eve").await);
    ada.food(json!({ "name": "secret", "start_date": "2026-03-01" })).await;
    let subscriber = Subscriber::new(&ada).await;
    assert!(subscriber.ask("").await.body.contains("secret"));
    world.afterthoughts().await;
    let used = ada.get("/api/auth/tokens").await.ok();
    assert_eq!(
        (&used["tokens"][0]["scope"], &used["tokens"][0]["last_used_at"]),
        (&json!("feed"), &json!("2026-03-11T12:00:00Z"))
    );

    let (_, script_token) = token(&ada, "script", "write").await;
    let count = format!("http_requests_total{{method=\"GET\",route=\"{FEED}\",status=\"401\"}} ");
    let refused = async || -> u64 {
        let metrics = eve.get("/metrics").await.body;
        let line = metrics.lines().find_map(|line| line.strip_prefix(count.as_str()).map(str::to_owned));
        line.map_or(0, |number| number.parse().expect("a number"))
    };
    let before = refused().await;
    let wrong = [
        String::new(),
        "?slips=1".to_owned(),
        "?key=".to_owned(),
        format!("?key={script_token}"),
        format!("?key={}x", subscriber.key),
        format!("?key={}", subscriber.key.to_uppercase()),
    ];
    for query in &wrong {
        let problem = ask(&ada.origin, query).await.problem(401, "session-required");
        assert_eq!(problem["detail"], "That calendar link is wrong or was revoked. Make a new one in the settings.");
    }
    // A session, or a token in the header, does not stand for a key.
    ada.get(FEED).await.problem(401, "session-required");
    script(&world, &script_token, Method::GET, FEED, None).await.problem(401, "session-required");
    // Other tests of this program count too.
    assert!(refused().await >= before + wrong.len() as u64 + 2);

    ada.delete(&format!("/api/auth/tokens/{}", subscriber.id)).await.is(204);
    subscriber.ask("").await.problem(401, "session-required");
    let another = Subscriber::new(&ada).await;
    read(&another.ask("").await);
    ada.delete("/api/auth/me").await.is(204);
    another.ask("").await.problem(401, "session-required");
}

#[tokio::test]
async fn a_key_of_a_calendar_opens_nothing_else() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let food = ada.food_since("2026-03-01").await;
    let key = Subscriber::new(&ada).await.key;
    let mut tried = 0;
    for (operation, path, body) in EXAMPLES {
        if OPEN.contains(&operation) {
            continue;
        }
        let (method, _) = operation.split_once(' ').expect("a method");
        let method: Method = method.parse().expect("a method");
        let (path, body) = (path.replace("$food", &food), body.replace("$food", &food));
        let body: Option<Value> = (!body.is_empty()).then(|| serde_json::from_str(&body).expect("JSON"));
        script(&world, &key, method.clone(), &path, body.clone()).await.problem(401, "session-required");
        if path.starts_with(FEED) {
            continue;
        }
        let mark = if path.contains('?') { '&' } else { '?' };
        let request = reqwest::Client::new().request(method, format!("{}{path}{mark}key={key}", world.origin));
        let request = request.header("sec-fetch-site", "same-origin");
        let request = body.iter().fold(request, |request, body| request.json(body));
        Reply::to(request).await.problem(401, "session-required");
        tried += 1;
    }
    assert_eq!(tried, EXAMPLES.len() - OPEN.len() - 1);
}

#[tokio::test]
async fn calendars_say_what_the_numbers_and_the_slow_count_say() {
    let (world, random) = (World::new().await, Random::new());
    let mut ada = Diarist::at(&world, "ada", 4, random.fork()).await;
    let (_, key) = token(&ada.person, "calendar", "feed").await;
    let (mut milestones, mut busy) = (0, 0);
    for _ in 0..times(20) {
        ada.lives_on(&world, &random).await;
        let slips = random.below(2);
        let query = format!("?key={key}&slips={slips}");
        let shown = read(&ask(&ada.person.origin, &query).await);
        let (shown, expected) = (shown.into_iter(), expected(&ada, slips == 1).await);
        let shown: BTreeMap<String, (NaiveDate, bool)> = shown.map(|(id, it)| (id, (it.on, it.is_busy))).collect();
        assert_eq!(shown, expected, "seed {}", random.seed());
        milestones += expected.values().filter(|(_, is_busy)| !is_busy).count();
        busy += expected.values().filter(|(_, is_busy)| *is_busy).count();
    }
    println!(
        "milestones and days with slips unlike the slow count: 0 of {milestones} and {busy}, seed {}",
        random.seed()
    );
    assert!(milestones > times(100), "{milestones} {busy}");
}

/// The events of a person by their ids: what `/api/streaks` says is ahead, and what the slow count says has been.
async fn expected(ada: &Diarist, slips: bool) -> BTreeMap<String, (NaiveDate, bool)> {
    let today = ada.today();
    let mut expected = BTreeMap::new();
    for food in ada.living() {
        let (past, as_of) = (ada.past(food), food.as_of(today));
        let reached = past.on(as_of).milestones;
        for (days, on) in &reached {
            expected.insert(format!("{}-{days}", food.id), (*on, false));
        }
        let streak = ada.person.streak(&food.id).await;
        let count = |value: &Value| u32::try_from(value.as_u64().expect("a count")).expect("not so many");
        let (next, on) = (count(&streak["next_milestone"]["days"]), date(&text(&streak["next_milestone"]["on"])));
        let goal = past.goal.filter(|goal| *goal > next);
        // A food that was archived, later or on this very day, goes on to nothing.
        let listed = ada.person.get(&format!("/api/foods/{}", food.id)).await.ok();
        for days in [Some(next), goal].into_iter().flatten().filter(|_| listed["archived_on"].is_null()) {
            let again = if reached.iter().any(|(reached, _)| *reached == days) { "-again" } else { "" };
            expected.insert(format!("{}-{days}{again}", food.id), (on + Days::new((days - next).into()), false));
        }
        let dates = past.start.iter_days().take_while(|on| *on <= as_of);
        for on in dates.filter(|on| slips && past.status(*on, as_of) == Status::Slipped) {
            expected.insert(format!("{}-{on}", ada.person.id), (on, true));
        }
    }
    expected
}

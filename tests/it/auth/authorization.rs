//! Who may see and change what: every route of every OpenAPI document, as every kind of stranger, with
//! every id of somebody else.

use std::collections::BTreeMap;

use reqwest::{Method, header};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    operations::docs::descriptions,
    support::world::{Person, Reply, World, text},
};

/// A request for each route that has parameters or a body: its path with a query, and its body. A `$name` is the id
/// of a thing of the person who sends it.
pub const EXAMPLES: [(&str, &str, &str); 49] = [
    ("GET /api/auth/providers", "/api/auth/providers", ""),
    ("GET /api/auth/{provider}/start", "/api/auth/local/start?return_to=/settings", ""),
    ("GET /api/auth/{provider}/callback", "/api/auth/local/callback?code=a&state=b", ""),
    ("POST /api/auth/{provider}/link", "/api/auth/local/link", ""),
    ("GET /api/auth/me", "/api/auth/me", ""),
    ("PATCH /api/auth/me", "/api/auth/me", r#"{"display_name":"other"}"#),
    ("DELETE /api/auth/me", "/api/auth/me", ""),
    ("POST /api/auth/logout", "/api/auth/logout", ""),
    ("GET /api/auth/sessions", "/api/auth/sessions", ""),
    ("DELETE /api/auth/sessions/{id}", "/api/auth/sessions/$session", ""),
    ("GET /api/auth/identities", "/api/auth/identities", ""),
    ("DELETE /api/auth/identities/{id}", "/api/auth/identities/$identity", ""),
    ("GET /api/auth/tokens", "/api/auth/tokens", ""),
    ("POST /api/auth/tokens", "/api/auth/tokens", r#"{"name":"script","scope":"write"}"#),
    ("DELETE /api/auth/tokens/{id}", "/api/auth/tokens/$token", ""),
    ("GET /api/foods", "/api/foods?state=active", ""),
    ("POST /api/foods", "/api/foods", r#"{"id":"$food","name":"tea"}"#),
    ("PUT /api/foods/order", "/api/foods/order", r#"{"ids":["$food"]}"#),
    ("GET /api/foods/{id}", "/api/foods/$food", ""),
    ("PATCH /api/foods/{id}", "/api/foods/$food", r#"{"name":"tea"}"#),
    ("DELETE /api/foods/{id}", "/api/foods/$food", ""),
    ("POST /api/foods/{id}/restore", "/api/foods/$deleted/restore", ""),
    ("GET /api/reviews", "/api/reviews?food_id=$food", ""),
    ("GET /api/reviews/stats", "/api/reviews/stats?from=2026-03-01&to=2026-03-11", ""),
    ("POST /api/reviews/slips", "/api/reviews/slips", r#"{"food_id":"$food"}"#),
    ("GET /api/reviews/{date}", "/api/reviews/2026-03-05", ""),
    ("PUT /api/reviews/{date}", "/api/reviews/2026-03-05", r#"{"foods":[{"food_id":"$food","outcome":"kept"}]}"#),
    ("DELETE /api/reviews/{date}", "/api/reviews/2026-03-05", ""),
    ("PUT /api/reviews/{date}/slips/{slip_id}", "/api/reviews/2026-03-06/slips/$slip", r#"{"food_id":"$food"}"#),
    ("DELETE /api/reviews/{date}/slips/{slip_id}", "/api/reviews/2026-03-06/slips/$slip", ""),
    ("GET /api/reviews/skips", "/api/reviews/skips", ""),
    (
        "PUT /api/reviews/skips/{skip_id}",
        "/api/reviews/skips/$skip",
        r#"{"from":"2026-03-08","to":"2026-03-09","food_ids":["$food"]}"#,
    ),
    ("DELETE /api/reviews/skips/{skip_id}", "/api/reviews/skips/$skip", ""),
    ("GET /api/streaks", "/api/streaks", ""),
    ("GET /api/streaks/today", "/api/streaks/today", ""),
    ("GET /api/streaks/calendar", "/api/streaks/calendar?from=2026-03-01&to=2026-03-11", ""),
    // Whose calendar it is, the key alone says: this one is nobody's.
    ("GET /api/streaks/feed.ics", "/api/streaks/feed.ics?key=hanip_x&slips=1", ""),
    ("GET /api/streaks/{food_id}", "/api/streaks/$food", ""),
    ("GET /api/streaks/{food_id}/calendar", "/api/streaks/$food/calendar?from=2026-03-01&to=2026-03-11", ""),
    ("GET /api/streaks/{food_id}/stats", "/api/streaks/$food/stats", ""),
    ("GET /api/reminders", "/api/reminders", ""),
    ("GET /api/reminders/sends", "/api/reminders/sends", ""),
    ("PUT /api/reminders/{id}", "/api/reminders/$reminder", r#"{"time":"21:00"}"#),
    ("DELETE /api/reminders/{id}", "/api/reminders/$reminder", ""),
    (
        "PUT /api/reminders/channels/{id}",
        "/api/reminders/channels/$channel",
        r#"{"kind":"ntfy","url":"https://example.com/topic"}"#,
    ),
    ("DELETE /api/reminders/channels/{id}", "/api/reminders/channels/$channel", ""),
    ("POST /api/reminders/channels/{id}/test", "/api/reminders/channels/$channel/test", ""),
    ("GET /api/data/export", "/api/data/export?format=csv", ""),
    (
        "POST /api/data/import",
        "/api/data/import",
        r#"{"format":"hanip","version":1,
            "foods":[{"id":"$deleted","name":"tea","start_date":"2026-03-01","counting":"assume",
                      "created_at":"2026-03-01T00:00:00Z","updated_at":"2026-03-01T00:00:00Z"}],
            "outcomes":[{"food_id":"$food","date":"2026-03-09","outcome":"kept"}],
            "slips":[{"id":"$slip","food_id":"$food","date":"2026-03-09","updated_at":"2026-03-09T00:00:00Z"}],
            "skips":[{"id":"$skip","from":"2026-03-08","to":"2026-03-09","food_ids":["$food"]}]}"#,
    ),
];

/// The routes that need nobody to be signed in.
pub const OPEN: [&str; 3] =
    ["GET /api/auth/providers", "GET /api/auth/{provider}/start", "GET /api/auth/{provider}/callback"];

/// A person with one of everything, all of whose texts hold `mark`.
struct Owner {
    person: Person,
    name: String,
    /// The ids by the names of [`EXAMPLES`].
    things: BTreeMap<&'static str, String>,
}

impl Owner {
    async fn new(world: &World, name: &str, mark: &str) -> Self {
        let person = world.person(name).await;
        let (slip, skip) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
        let food = json!({ "name": format!("food {mark}"), "motivation": mark, "start_date": "2026-03-01" });
        let (food, deleted) = (person.food(food.clone()).await, person.food(food).await);
        person.delete(&format!("/api/foods/{deleted}")).await.is(204);
        let review = json!({ "note": mark, "foods": [{ "food_id": food, "outcome": "slipped", "note": mark }] });
        person.put("/api/reviews/2026-03-05", review).await.created();
        let eaten = json!({ "food_id": food, "trigger": mark, "amount": mark, "note": mark });
        person.put(&format!("/api/reviews/2026-03-06/slips/{slip}"), eaten).await.created();
        let off = json!({ "from": "2026-03-02", "to": "2026-03-03", "note": mark });
        person.put(&format!("/api/reviews/skips/{skip}"), off).await.created();
        let (reminder, channel) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
        person.put(&format!("/api/reminders/{reminder}"), json!({ "time": "21:00" })).await.created();
        // Nothing is sent there: no address may be reached but those of the Internet.
        let to = json!({ "kind": "ntfy", "url": "https://hanip.invalid/", "label": mark });
        person.put(&format!("/api/reminders/channels/{channel}"), to).await.created();
        let id = async |list: &str| {
            let listed = person.get(&format!("/api/auth/{list}")).await;
            if listed.status == 404 { Uuid::new_v4().to_string() } else { text(&listed.ok()[list][0]["id"]) }
        };
        person.post("/api/auth/tokens", json!({ "name": mark, "scope": "read" })).await;
        let (session, identity, token) = (id("sessions").await, id("identities").await, id("tokens").await);
        let things = [
            ("food", food),
            ("deleted", deleted),
            ("slip", slip),
            ("skip", skip),
            ("reminder", reminder),
            ("channel", channel),
            ("session", session),
            ("identity", identity),
            ("token", token),
        ];
        Self { person, name: name.to_owned(), things: things.into() }
    }

    /// `template` with the ids of this person's things.
    fn fill(&self, template: &str) -> String {
        self.things.iter().fold(template.to_owned(), |text, (name, id)| text.replace(&format!("${name}"), id))
    }

    /// An answer without what makes this person another than their twin.
    fn plain(&self, reply: &Reply, sent: &str) -> String {
        let own = self.things.values().map(String::as_str).chain([sent, &self.person.id]);
        let body = own.fold(reply.body.clone(), |body, id| body.replace(id, "ID"));
        format!("{} {}", reply.status, body.replace(&self.name, "NAME"))
    }
}

/// `template` with its `index`-th id given, whatever it is of.
fn with_id(template: &str, index: usize, id: &str) -> String {
    let (at, _) = template.match_indices('$').nth(index).expect("there are as many");
    let end = template[at + 1..].find(|character: char| !character.is_ascii_lowercase());
    let end = end.map_or(template.len(), |end| at + 1 + end);
    format!("{}{id}{}", &template[..at], &template[end..])
}

/// The name of the thing at the `index`-th id.
fn thing(template: &str, index: usize) -> &str {
    let name = template.split('$').nth(index + 1).expect("there are as many");
    name.split(|character: char| !character.is_ascii_lowercase()).next().unwrap_or_default()
}

/// Sends a request whose path and body are joined by a line break.
async fn send(person: &Person, method: &Method, filled: &str, headers: &[(header::HeaderName, &str)]) -> Reply {
    let (path, body) = filled.split_once('\n').expect("a path and a body");
    let mut request = person.request(method.clone(), path);
    if !body.is_empty() {
        request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_owned());
    }
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    person.send(request).await
}

/// Every row that belongs to somebody, by table: to `user`, or to anybody.
async fn rows(world: &World, user: Option<&str>) -> BTreeMap<String, Vec<String>> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT TABLE_NAME, GROUP_CONCAT('COALESCE(HEX(`', COLUMN_NAME, '`), \"-\")' ORDER BY ORDINAL_POSITION)
         FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
         GROUP BY TABLE_NAME HAVING SUM(COLUMN_NAME = 'user_id') AND TABLE_NAME <> 'sign_in_attempts'",
    )
    .fetch_all(world.db())
    .await
    .expect("the tables");
    let user = user.map(|id| id.parse::<Uuid>().expect("an id"));
    let mut rows = BTreeMap::new();
    for (table, columns) in columns {
        #[expect(clippy::disallowed_methods, reason = "names of tables can't be bound; these come from the database")]
        let select = sqlx::AssertSqlSafe(format!(
            "SELECT CONCAT_WS(' ', {columns}) FROM {table} WHERE ? IS NULL OR user_id = ? ORDER BY 1"
        ));
        let select = sqlx::query_scalar(select).bind(user).bind(user);
        rows.insert(table, select.fetch_all(world.db()).await.expect("rows"));
    }
    rows
}

#[tokio::test]
async fn nobody_sees_or_changes_what_is_somebody_elses() {
    let world = World::new().await;
    let mark = format!("m4rk{}", Uuid::new_v4().simple());
    let ada = Owner::new(&world, &format!("ada {mark}"), &mark).await;
    let stranger = world.stranger();
    let descriptions = descriptions(&stranger).await;
    let mut operations = Vec::new();
    for (path, item) in descriptions.iter().flat_map(|(_, it)| it["paths"].as_object().expect("paths")) {
        operations
            .extend(item.as_object().expect("methods").keys().map(|method| (method.to_uppercase(), path.clone())));
    }
    let has = |method: &str, path: &str| operations.iter().any(|it| (it.0.as_str(), it.1.as_str()) == (method, path));

    // Sessions that ended, each in its way.
    let token_hash = |cookie: &str| common::session::hash(cookie.split_once('=').expect("a value").1).to_vec();
    let expired = world.person(&ada.name).await.cookie;
    sqlx::query("UPDATE sessions SET last_used_at = ? WHERE token_hash = ?")
        .bind(world.now() - common::session::IDLE)
        .bind(token_hash(&expired))
        .execute(world.db())
        .await
        .expect("it is set");
    let revoked = world.person(&ada.name).await;
    revoked.send(revoked.request(Method::POST, "/api/auth/logout")).await.is(204);
    let gone = Owner::new(&world, "gone", &mark).await;
    let erase = sqlx::query("DELETE FROM users WHERE user_id = ?").bind(gone.person.id.parse::<Uuid>().expect("an id"));
    erase.execute(world.db()).await.expect("it is erased");
    let ended = [("nobody", ""), ("expired", &expired), ("revoked", &revoked.cookie), ("deleted", &gone.person.cookie)];
    let reader = match has("POST", "/api/auth/tokens") {
        true => {
            let made = ada.person.post("/api/auth/tokens", json!({ "name": mark, "scope": "read" })).await.created();
            let reader = format!("Bearer {}", text(&made["token"]));
            // So that its first use is written.
            send(&stranger, &Method::GET, "/api/foods\n", &[(header::AUTHORIZATION, &reader)]).await.ok();
            world.afterthoughts().await;
            Some(reader)
        }
        false => None,
    };

    let (mut checked, mut wrong) = (BTreeMap::<&str, usize>::new(), Vec::new());
    for (method, path) in &operations {
        let operation = format!("{method} {path}");
        let example = EXAMPLES.iter().find(|(name, _, _)| *name == operation);
        let (example, body) = match example {
            Some((_, example, body)) => (*example, *body),
            None if method == "GET" && !path.contains('{') => (path.as_str(), ""),
            None => panic!("{operation} has no example"),
        };
        let method: Method = method.parse().expect("a method");
        let template = format!("{example}\n{body}");
        let ids = template.matches('$').count();
        let before = rows(&world, None).await;

        // Who is nobody, or nobody any more, is told so before anything else.
        let mut answers = Vec::new();
        for (principal, cookie) in ended {
            let reply = send(&stranger, &method, &ada.fill(&template), &[(header::COOKIE, cookie)]).await;
            let told = OPEN.contains(&operation.as_str()) || reply.status == 401;
            if !told || reply.body.contains(&mark) {
                wrong.push(format!("{operation} as {principal}: {} {}", reply.status, reply.body));
            }
            answers.push(format!("{} {}", reply.status, reply.body));
            *checked.entry(principal).or_default() += ids.max(1);
        }
        let same = answers.iter().all(|answer| *answer == answers[0]) || OPEN.contains(&operation.as_str());
        if let Some(reader) = &reader {
            let reply = send(&stranger, &method, &ada.fill(&template), &[(header::AUTHORIZATION, reader)]).await;
            if !method.is_safe() && !OPEN.contains(&operation.as_str()) && reply.status != 403 {
                wrong.push(format!("{operation} with a token for reading: {} {}", reply.status, reply.body));
            }
            *checked.entry("read-only token").or_default() += ids.max(1);
        }
        if !same || rows(&world, None).await != before {
            wrong.push(format!("{operation} without a session: {answers:?}, or something is changed"));
        }

        // Another person, with their own ids but one; a twin sends one that is nobody's.
        let adas = rows(&world, Some(&ada.person.id)).await;
        for index in 0..ids.max(1) {
            let name = format!("{} {index}", Uuid::new_v4().simple());
            let eve = Owner::new(&world, &format!("eve {name}"), "other").await;
            let twin = Owner::new(&world, &format!("twn {name}"), "other").await;
            let (foreign, missing) = match ids {
                0 => (String::new(), String::new()),
                _ => (ada.things[thing(&template, index)].clone(), Uuid::new_v4().to_string()),
            };
            let with = |owner: &Owner, id: &str| match ids {
                0 => template.clone(),
                _ => owner.fill(&with_id(&template, index, id)),
            };
            let reply = send(&eve.person, &method, &with(&eve, &foreign), &[]).await;
            let mut seen = ada.things.values().chain([&ada.person.id, &mark]);
            if let Some(seen) = seen.find(|secret| **secret != foreign && reply.body.contains(*secret)) {
                wrong.push(format!("{operation} as another shows {seen}: {}", reply.body));
            }
            if ids > 0 {
                let other = send(&twin.person, &method, &with(&twin, &missing), &[]).await;
                let (foreign, missing) = (eve.plain(&reply, &foreign), twin.plain(&other, &missing));
                if foreign != missing {
                    wrong.push(format!("{operation}, id {index}: {foreign} unlike {missing}"));
                }
            }
            if reply.status.is_server_error() || rows(&world, Some(&ada.person.id)).await != adas {
                wrong.push(format!("{operation} as another changes something: {} {}", reply.status, reply.body));
            }
            *checked.entry("other user").or_default() += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let (routes, total) = (operations.len(), checked.values().sum::<usize>());
    println!("{routes} routes x {} principals x ids: {total} checked, {} wrong", checked.len(), wrong.len());
    assert!(routes >= 25 && total > 150, "{checked:?}");
    // Ada herself still sees all of it.
    let seen = ada.person.get("/api/data/export").await.ok();
    assert_eq!(
        (&seen["foods"][0]["id"], seen["foods"].as_array().map(Vec::len)),
        (&Value::from(ada.things["food"].clone()), Some(2))
    );
}

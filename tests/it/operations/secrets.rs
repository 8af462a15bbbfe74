//! What people keep here and what opens it is in no log, no metric and no error.

use std::{collections::BTreeMap, fs::File, path::Path};

use common::Env;
use reqwest::{Client, header};
use serde_json::json;
use sqlx::{Connection, MySqlConnection};
use uuid::Uuid;

use crate::{
    auth::authorization::EXAMPLES,
    operations::program::{free_port, program},
    support::{
        oidc::{CLIENT_SECRET, OidcProvider, sign_in_through},
        processes::{Function, origin},
        world::{Person, Reply, database, text},
    },
};

/// Every function as a process that logs all it can into a file, each called by its prefix.
struct Cluster {
    functions: BTreeMap<&'static str, Function>,
    public_origin: String,
    client: Client,
}

impl Cluster {
    async fn start(auth_port: u16, settings: &[(&str, &str)], logs: &Path) -> Self {
        let mut functions = BTreeMap::new();
        for name in migrations::functions() {
            let port = if name == "auth" { auth_port } else { free_port() };
            let file = || File::create(logs.join(name)).expect("a file");
            let mut command = program(name);
            command.envs(settings.iter().copied()).env("LOG", "trace").stdout(file());
            command.stderr(File::create(logs.join(format!("{name}.err"))).expect("a file"));
            functions.insert(name, Function::spawn(command, port));
        }
        for function in functions.values() {
            function.is_ready().await;
        }
        let public_origin = origin(auth_port);
        Self { functions, client: Person::new(&public_origin).client, public_origin }
    }

    async fn send(&self, method: &str, path: &str, body: String) -> Reply {
        let function = &self.functions[path.split(['/', '?']).nth(2).expect("a function")];
        let request = self.client.request(method.parse().expect("a method"), format!("{}{path}", function.origin));
        let request = request.header(header::ORIGIN, &self.public_origin).header(header::IF_MATCH, "\"m4rk-tag\"");
        let request = if body.is_empty() { request } else { request.header(header::CONTENT_TYPE, "application/json") };
        let answer = request.body(body).send().await.expect("an answer");
        let (status, headers) = (answer.status(), answer.headers().clone());
        // An export breaks off where the database does.
        Reply { status, headers, body: answer.text().await.unwrap_or_default() }
    }

    /// Every route: as it should be, and wrong in the body, the path and the query.
    async fn every_route(&self, things: &BTreeMap<&str, String>, mark: &str) -> Vec<Reply> {
        let mut replies = Vec::new();
        for (operation, path, body) in EXAMPLES {
            // Those that would end the job.
            if ["POST /api/auth/logout", "DELETE /api/auth/me"].contains(&operation) {
                continue;
            }
            let method = operation.split(' ').next().expect("a method");
            let fill = |text: &str| {
                let known = |text: String, (name, id): (&&str, &String)| text.replace(&format!("${name}"), id);
                let text = things.iter().fold(text.to_owned(), known);
                let rest = ["$deleted", "$session", "$identity", "$token"];
                rest.iter().fold(text, |text, name| text.replace(name, &Uuid::new_v4().to_string()))
            };
            let (path, body) = (fill(path), fill(body).replace("\"tea\"", &format!("\"{mark}\"")));
            replies.push(self.send(method, &path, body.clone()).await);
            if !body.is_empty() {
                for wrong in [
                    body.replacen('{', &format!("{{\"{mark}\":1,"), 1),
                    format!("{{\"name\":\"{mark}"),
                    format!("{{\"name\":[\"{mark}\"],\"note\":{{\"{mark}\":1}},\"foods\":\"{mark}\"}}"),
                    format!("{{\"note\":\"{mark}{}\"}}", "a".repeat(17_000)),
                ] {
                    replies.push(self.send(method, &path, wrong).await);
                }
            }
            let (bare, query) = path.split_once('?').unwrap_or((&path, ""));
            replies.push(self.send(method, &format!("{bare}/{mark}?{query}&q={mark}"), body.clone()).await);
            replies.push(self.send(method, &format!("{bare}?{query}&{mark}={mark}&q={mark}"), body).await);
        }
        replies
    }
}

#[tokio::test]
async fn a_secret_is_in_no_log_no_metric_and_no_error_even_at_the_most_verbose_level() {
    let mark = format!("m4rk{}", Uuid::new_v4().simple());
    let auth_port = free_port();
    let public_origin = origin(auth_port);
    let provider = OidcProvider::start(&[&format!("{public_origin}/api/auth/oidc/callback")]);
    // A person of the database with a password, to be looked for too.
    let root_url = database().await;
    let (before, name) = root_url.split_once("root@localhost/").expect("as root");
    let (name, socket) = name.split_once('?').expect("a database");
    let (user, password) = (format!("u{}", &mark[4..20]), format!("p4ss{mark}"));
    let url = format!("{before}{user}:{password}@localhost/{name}?{socket}");
    let mut root = MySqlConnection::connect(&root_url).await.expect("the database is reached");
    let run = async |root: &mut MySqlConnection, statement: String| {
        #[expect(clippy::disallowed_methods, reason = "identifiers can't be bound; these are ours")]
        let statement = sqlx::AssertSqlSafe(statement);
        sqlx::raw_sql(statement).execute(root).await.expect("it runs");
    };
    run(&mut root, format!("CREATE USER {user}@localhost IDENTIFIED BY '{password}'")).await;
    run(&mut root, format!("GRANT ALL ON {name}.* TO {user}@localhost")).await;
    migrations::run(&Env::from([("DATABASE_URL", url.as_str())])).await.expect("the schema is applied");

    let settings =
        [&[("DATABASE_URL", url.as_str()), ("PUBLIC_ORIGIN", &public_origin)][..], &provider.settings()].concat();
    let logs = tempfile::tempdir().expect("a folder");
    let cluster = Cluster::start(auth_port, &settings, logs.path()).await;

    // The mark is the person's name, and a part of their e-mail address.
    let start = format!("{public_origin}/api/auth/oidc/start?return_to=/{mark}&time_zone={mark}");
    let landed = sign_in_through(&cluster.client, &start, &mark).await;
    let parameter = |name: &str| {
        let mut pairs = landed.url().query_pairs();
        pairs.find_map(|(other, value)| (other == name).then(|| value.into_owned())).expect("it is there")
    };
    let cookie = landed.headers()["set-cookie"].to_str().expect("a text").split(';').next().expect("a value");
    let session = cookie.split_once('=').expect("a value").1.to_owned();
    let (nonce, verifier): (String, String) =
        sqlx::query_as("SELECT CAST(nonce AS CHAR), CAST(verifier AS CHAR) FROM sign_in_attempts")
            .fetch_one(&mut root)
            .await
            .expect("the attempt");
    let mut secrets = vec![mark.clone(), password, CLIENT_SECRET.to_owned(), parameter("code"), parameter("state")];
    secrets.extend([session, nonce, verifier, "eyJ".to_owned(), "m4rk-tag".to_owned()]);
    let me = cluster.send("GET", "/api/auth/me", String::new()).await.ok();
    assert!(me["email"].as_str().is_some_and(|email| email.contains(&mark)) && me["display_name"] == json!(mark));
    // Sign-ins that come to nothing.
    for query in [format!("code={mark}&state={mark}"), format!("error={mark}&state={mark}&iss={mark}")] {
        cluster.send("GET", &format!("/api/auth/oidc/callback?{query}"), String::new()).await;
    }
    let begun = cluster.send("GET", "/api/auth/oidc/start", String::new()).await.location();
    let begun: reqwest::Url = begun.parse().expect("a URL");
    let state = begun.query_pairs().find_map(|(name, value)| (name == "state").then(|| value.into_owned()));
    let state = state.expect("it has one");
    let refused = format!("/api/auth/oidc/callback?code={mark}&state={state}&iss={}", provider.issuer());
    cluster.send("GET", &refused, String::new()).await;
    secrets.push(state);
    let token = cluster.send("POST", "/api/auth/tokens", json!({ "name": mark, "scope": "write" }).to_string()).await;
    if token.status == 201 {
        secrets.push(text(&token.json()["token"]));
        let asked = Client::new().get(format!("{}/api/foods", cluster.functions["foods"].origin));
        Reply::of(asked.bearer_auth(&secrets[secrets.len() - 1]).send().await.expect("an answer")).await.ok();
    }
    // The key of a calendar, which stands in an address; one that is wrong, and one where it does not belong.
    let key = cluster.send("POST", "/api/auth/tokens", json!({ "name": mark, "scope": "feed" }).to_string()).await;
    let key = text(&key.created()["token"]);
    let calendar = cluster.send("GET", &format!("/api/streaks/feed.ics?slips=1&key={key}"), String::new()).await;
    assert_eq!(calendar.status, 200, "{}", calendar.body);
    for wrong in [format!("key={mark}"), format!("key={key}&slips={mark}"), format!("key={key}&key={key}")] {
        cluster.send("GET", &format!("/api/streaks/feed.ics?{wrong}"), String::new()).await;
    }
    cluster.send("GET", &format!("/api/streaks/today?key={key}"), String::new()).await;
    secrets.push(key);

    // A life, then every route, then every route while the database is wrong in every way.
    let food = json!({ "name": mark, "motivation": mark, "start_date": "2026-03-01" }).to_string();
    let food = text(&cluster.send("POST", "/api/foods", food).await.created()["id"]);
    let ids = [("food", food.clone()), ("slip", Uuid::new_v4().to_string()), ("skip", Uuid::new_v4().to_string())];
    let things = BTreeMap::from(ids);
    let review = json!({ "note": mark, "foods": [{ "food_id": food, "outcome": "kept", "note": mark }] }).to_string();
    cluster.send("PUT", "/api/reviews/2026-03-04", review).await;
    let slip = |note: &str| json!({ "food_id": food, "trigger": note, "amount": note, "note": note }).to_string();
    let path = || format!("/api/reviews/2026-03-05/slips/{}", Uuid::new_v4());
    cluster.send("PUT", &path(), slip(&mark)).await.created();
    let mut replies = cluster.every_route(&things, &mark).await;
    let event = cluster.client.post(&cluster.functions["tick"].origin).header("content-type", "application/json");
    Reply::of(event.body(format!("{{\"{mark}\":1}}")).send().await.expect("an answer")).await;
    for (broken, mended) in [
        ("ALTER TABLE foods ADD UNIQUE KEY broken (motivation)", "ALTER TABLE foods DROP KEY broken"),
        ("ALTER TABLE slips ADD CONSTRAINT broken CHECK (note IS NULL)", "ALTER TABLE slips DROP CONSTRAINT broken"),
        ("ALTER TABLE slips MODIFY cause INT", "ALTER TABLE slips MODIFY cause VARCHAR(50)"),
        ("RENAME TABLE outcomes TO broken", "RENAME TABLE broken TO outcomes"),
        ("RENAME TABLE sessions TO broken", "RENAME TABLE broken TO sessions"),
        (
            "ALTER TABLE foods RENAME COLUMN motivation TO broken",
            "ALTER TABLE foods RENAME COLUMN broken TO motivation",
        ),
    ] {
        let clear = "UPDATE slips SET note = NULL, cause = NULL; UPDATE foods SET motivation = NULL";
        run(&mut root, clear.to_owned()).await;
        cluster.send("POST", &format!("/api/foods/{food}/restore"), String::new()).await;
        run(&mut root, broken.to_owned()).await;
        let again = json!({ "name": mark, "motivation": mark, "start_date": "2026-03-01" }).to_string();
        let failing = [
            cluster.send("POST", "/api/foods", again.clone()).await,
            cluster.send("POST", "/api/foods", again).await,
            cluster.send("PUT", &path(), slip(&mark)).await,
        ];
        assert!(failing.iter().any(|reply| reply.status.is_server_error()), "{broken}: {failing:?}");
        replies.extend(failing);
        replies.extend(cluster.every_route(&things, &mark).await);
        run(&mut root, mended.to_owned()).await;
    }
    run(&mut root, format!("DROP USER {user}@localhost")).await;
    let mut connections = MySqlConnection::connect(&root_url).await.expect("the database is reached");
    run(&mut connections, format!("KILL USER {user}")).await;
    replies.extend(cluster.every_route(&things, &mark).await);

    let mut found = Vec::new();
    let errors = replies.iter().filter(|reply| reply.status.is_server_error());
    println!("requests with marks: {}, of which the database failed {}", replies.len(), errors.clone().count());
    for reply in errors {
        found.extend(
            secrets.iter().filter(|secret| reply.body.contains(*secret)).map(|secret| (secret, reply.body.clone())),
        );
    }
    let mut lines = BTreeMap::<&str, usize>::new();
    for (name, function) in cluster.functions {
        let metrics = reqwest::get(format!("{}/metrics", function.origin)).await.expect("an answer");
        let metrics = metrics.text().await.expect("a text");
        function.stop();
        let log = |name: &str| std::fs::read_to_string(logs.path().join(name)).expect("a log");
        let log = log(name) + &log(&format!("{name}.err"));
        for level in ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"] {
            *lines.entry(level).or_default() += log.matches(&format!("\"level\":\"{level}\"")).count();
        }
        for line in log.lines().chain(metrics.lines()) {
            found
                .extend(secrets.iter().filter(|secret| line.contains(*secret)).map(|secret| (secret, line.to_owned())));
        }
    }
    println!("lines logged: {lines:?}");
    assert!(lines.values().all(|count| *count > 0), "they log all they can");
    println!("secrets in logs, metrics and errors: {} of {}", found.len(), secrets.len());
    assert!(found.is_empty(), "{:#?}", &found[..found.len().min(20)]);
}

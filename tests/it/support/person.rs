//! People, who act through HTTP as browsers do, and what they are answered.

use chrono::NaiveDate;
use reqwest::{Certificate, Client, Method, RequestBuilder, StatusCode, header, redirect::Policy};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{documents, tls};

/// A browser and who sits before it.
pub struct Person {
    pub client: Client,
    pub origin: String,
    pub id: String,
    /// The session, as a client without a memory for cookies sends it.
    pub cookie: String,
}

impl Person {
    pub fn new(origin: &str) -> Self {
        let authority = Certificate::from_pem(tls::authority().as_bytes()).expect("a certificate");
        let client = Client::builder().cookie_store(true).redirect(Policy::none()).no_proxy();
        let client = client.add_root_certificate(authority);
        Self {
            client: client.build().expect("a client"),
            origin: origin.to_owned(),
            id: String::new(),
            cookie: String::new(),
        }
    }

    /// Signs in through the built-in identity provider, and remembers who one is.
    pub async fn sign_in(&mut self, name: &str, time_zone: &str) {
        let start = format!("/api/auth/local/start?time_zone={time_zone}&locale=en");
        let form = self.get(&start).await.location();
        let code = self
            .client
            .post(&form)
            .header("origin", &self.origin)
            .form(&[("name", name)])
            .send()
            .await
            .expect("an answer");
        let callback = Reply::of(code).await.location();
        let landed = self.get(callback.strip_prefix(&self.origin).expect("our callback")).await;
        assert_eq!((landed.status, landed.location().as_str()), (StatusCode::FOUND, "/"), "{}", landed.body);
        self.cookie = landed.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
        self.id = text(&self.get("/api/auth/me").await.ok()["id"]);
    }

    /// A request as a page of ours sends it.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.origin)).header(header::ORIGIN, &self.origin)
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub async fn send(&self, request: RequestBuilder) -> Reply {
        Reply::to(request).await
    }

    /// Registers a food; the answer is its id.
    pub async fn food(&self, food: Value) -> String {
        text(&self.post("/api/foods", food).await.created()["id"])
    }

    /// Registers a food that counts as `assume` since `start_date`.
    pub async fn food_since(&self, start_date: &str) -> String {
        self.food(json!({ "name": "ramen", "start_date": start_date })).await
    }

    /// Reviews one food on one date.
    pub async fn review(&self, date: &str, food_id: &str, outcome: &str) -> Value {
        let foods = json!([{ "food_id": food_id, "outcome": outcome }]);
        self.put(&format!("/api/reviews/{date}"), json!({ "foods": foods })).await.any_ok()
    }

    /// Logs a slip; the answer is its path.
    pub async fn slip(&self, date: &str, food_id: &str) -> String {
        let path = format!("/api/reviews/{date}/slips/{}", Uuid::new_v4());
        self.put(&path, json!({ "food_id": food_id })).await.created();
        path
    }

    /// The numbers of one food.
    pub async fn streak(&self, food_id: &str) -> Value {
        self.get(&format!("/api/streaks/{food_id}")).await.ok()
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: header::HeaderMap,
    pub body: String,
}

impl Reply {
    /// The answer to `request`, which the documents name.
    pub async fn to(request: RequestBuilder) -> Self {
        let (client, request) = request.build_split();
        let request = request.expect("a request");
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let reply = Self::of(client.execute(request).await.expect("an answer")).await;
        documents::read_documents().await;
        documents::check(&method, &path, &reply);
        reply
    }

    pub async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, body: response.text().await.expect("a text") }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} without JSON: {}", self.status, self.body))
    }

    #[track_caller]
    pub fn is(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    #[track_caller]
    pub fn ok(&self) -> Value {
        self.is(200)
    }

    #[track_caller]
    pub fn is_found(&self) {
        assert_eq!(self.status, StatusCode::FOUND, "{}", self.body);
    }

    #[track_caller]
    pub fn created(&self) -> Value {
        self.is(201)
    }

    #[track_caller]
    pub fn any_ok(&self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.body);
        self.json()
    }

    /// Checks that the answer is a problem with this status and code; the answer is its body.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.body);
        let problem = self.is(status);
        assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status)), "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        problem
    }

    /// Checks that a field was refused: a pointer into the body, or a parameter's name.
    #[track_caller]
    pub fn fault(&self, place: &str, code: &str) {
        let problem = self.problem(422, code);
        let first = &problem["errors"][0];
        let key = if place.starts_with('/') { "pointer" } else { "parameter" };
        assert_eq!((&first[key], &first["code"]), (&json!(place), &json!(code)), "{problem}");
    }

    /// An event was taken; or somebody else works there, and the schedule is asked to come again.
    #[track_caller]
    pub fn is_taken_or_left(&self) {
        match self.status.as_u16() {
            204 => assert_eq!(self.body, ""),
            _ => assert!(
                ["work-remains", "unavailable"].map(Into::into).contains(&self.is(503)["code"]),
                "{}",
                self.body
            ),
        }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a text"))
    }

    pub fn location(&self) -> String {
        self.header("location").to_owned()
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}

pub fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

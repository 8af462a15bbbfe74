//! Where the API is used by HTTP alone: behind the edge and the gateway, with `HANIP_ON_AWS` those of AWS (`2.0` and
//! `1.0`, the payload) or under `cargo lambda watch` (`watch`), or at `HANIP_BASE_URL`, of which nothing is known but that
//! anybody can sign in there.

use std::{any::Any, sync::Arc};

use chrono::{Days, NaiveDate};
use common::Env;
use serde_json::json;
use uuid::Uuid;

use crate::support::{
    aws::Aws,
    cargo_lambda::CargoLambda,
    cluster::Cluster,
    oidc::sign_in_through,
    world::{Person, text},
};

/// Where everything is, as long as this value is kept.
pub struct Place {
    pub origin: String,
    _kept: Option<Arc<dyn Any + Send + Sync>>,
}

impl Place {
    pub async fn get() -> Self {
        let setting = |name| Env::process().optional(name).expect("it is right");
        match (setting("HANIP_BASE_URL"), setting("HANIP_ON_AWS")) {
            (Some(origin), _) => Self::at(&origin),
            (None, Some(watched)) if watched == "watch" => {
                let watch = CargoLambda::shared().await;
                Self { origin: watch.edge.origin.clone(), _kept: Some(watch) }
            }
            (None, Some(payload)) => {
                let aws = Aws::shared(payload.parse().expect("a payload of API Gateway")).await;
                Self { origin: aws.edge.as_ref().expect("all is there").origin.clone(), _kept: Some(aws) }
            }
            (None, None) => Self::of(Cluster::shared().await),
        }
    }

    /// At this address.
    pub fn at(origin: &str) -> Self {
        Self { origin: origin.trim_end_matches('/').to_owned(), _kept: None }
    }

    /// Behind the edge of this cluster.
    pub fn of(cluster: Arc<Cluster>) -> Self {
        Self { origin: cluster.edge.origin.clone(), _kept: Some(cluster) }
    }

    /// Somebody whom nobody has been before.
    pub async fn somebody(&self) -> Person {
        self.person(&format!("p{}", Uuid::new_v4().simple())).await
    }

    /// Signs in by the first way that is offered.
    pub async fn person(&self, name: &str) -> Person {
        let mut person = Person::new(&self.origin);
        let providers = person.get("/api/auth/providers").await.ok();
        let provider = text(&providers["providers"][0]["id"]);
        if provider == "local" {
            person.sign_in(name, "UTC").await;
        } else {
            let start = format!("{}/api/auth/{provider}/start?time_zone=UTC&locale=en", self.origin);
            let landed = sign_in_through(&person.client, &start, name).await;
            let cookie = landed.headers()["set-cookie"].to_str().expect("a text");
            person.cookie = cookie.split(';').next().expect("a value").to_owned();
            person.id = text(&person.get("/api/auth/me").await.ok()["id"]);
        }
        person
    }
}

/// The person's today.
pub async fn today(person: &Person) -> NaiveDate {
    text(&person.get("/api/streaks/today").await.ok()["as_of"]).parse().expect("a date")
}

/// A food begun ten days before `today`.
pub async fn food(person: &Person, today: NaiveDate) -> String {
    person.food(json!({ "name": "라면", "start_date": today - Days::new(10) })).await
}

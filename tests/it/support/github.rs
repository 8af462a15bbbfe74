//! A stand-in for GitHub, built from what it documents.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::{RawForm, RawQuery},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use common::Json;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{
    fake_provider::{Parameters, callback, encoded, listener, parameters},
    oidc::CLIENT_SECRET,
};

/// GitHub, or an Enterprise Server: `person` is what `GET /user` answers.
pub struct GitHub {
    pub issuer: String,
    pub person: Arc<Mutex<Value>>,
}

impl GitHub {
    pub async fn start(person: Value) -> Self {
        let (listener, issuer) = listener().await;
        let person = Arc::new(Mutex::new(person));
        let granted: Arc<Mutex<Parameters>> = Arc::default();
        let (authorizing, exchanging, shown) = (granted.clone(), granted, person.clone());
        let authorize = async move |RawQuery(query): RawQuery| {
            let asked = parameters(query.unwrap_or_default().as_bytes());
            let back = callback(&asked);
            *authorizing.lock().expect("no panic") = asked;
            Redirect::to(&format!("{back}&code=c0de"))
        };
        let token = async move |headers: HeaderMap, RawForm(form): RawForm| {
            let form = parameters(&form);
            let granted = std::mem::take(&mut *exchanging.lock().expect("no panic"));
            let good = form["code"] == "c0de" && form["client_secret"] == CLIENT_SECRET;
            let verifier = Some(encoded(Sha256::digest(&form["code_verifier"])));
            // Else it answers a form; and every error with 200.
            assert_eq!(headers["accept"], "application/json");
            match good && verifier.as_ref() == granted.get("code_challenge") {
                true => Json(json!({ "access_token": "gho_x", "scope": "", "token_type": "bearer" })),
                false => Json(json!({
                    "error": "bad_verification_code",
                    "error_description": "The code passed is incorrect or expired.",
                    "error_uri": "https://docs.github.com",
                })),
            }
        };
        let user = async move |headers: HeaderMap| {
            assert!(headers.contains_key("user-agent"), "it refuses those without");
            match headers["authorization"] == "Bearer gho_x" {
                true => Json(shown.lock().expect("no panic").clone()).into_response(),
                false => StatusCode::UNAUTHORIZED.into_response(),
            }
        };
        let router = Router::new()
            .route("/login/oauth/authorize", get(authorize))
            .route("/login/oauth/access_token", post(token))
            .route("/api/v3/user", get(user));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { issuer, person }
    }
}

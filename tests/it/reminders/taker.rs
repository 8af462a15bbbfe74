//! Who takes webhooks, and what topics of ntfy get.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use tokio::{net::TcpListener, sync::Notify};

/// Who takes webhooks, and what topics get.
#[derive(Clone, Default)]
pub struct Taker {
    taken: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    /// What it answers; 200 where it is not told.
    answer: Arc<Mutex<Option<u16>>>,
    /// Until when `/hang` does not answer, and how much was taken beside the first that did or was given up. One that is let
    /// go lets the next go.
    pub release: Arc<Notify>,
    beside: Arc<Mutex<Option<usize>>>,
}

impl Taker {
    pub async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let router = Router::new().route("/hook", post(take)).route("/hang", post(hang)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    pub fn answers(&self, status: u16) {
        *self.answer.lock().expect("no panic") = Some(status);
    }

    pub fn taken(&self) -> Vec<(HeaderMap, String)> {
        std::mem::take(&mut *self.taken.lock().expect("no panic"))
    }

    /// How much was taken.
    pub fn count(&self) -> usize {
        self.taken.lock().expect("no panic").len()
    }

    pub fn beside(&self) -> Option<usize> {
        *self.beside.lock().expect("no panic")
    }
}

async fn take(State(taker): State<Taker>, headers: HeaderMap, body: String) -> StatusCode {
    taker.taken.lock().expect("no panic").push((headers, body));
    let answer = *taker.answer.lock().expect("no panic");
    StatusCode::from_u16(answer.unwrap_or(200)).expect("a status")
}

async fn hang(State(taker): State<Taker>) {
    struct End(Taker);
    impl Drop for End {
        fn drop(&mut self) {
            let taken = self.0.count();
            self.0.beside.lock().expect("no panic").get_or_insert(taken);
        }
    }
    let end = End(taker);
    end.0.release.notified().await;
    end.0.release.notify_one();
}

pub fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().expect("a text"))
}

//! An export on its way to its reader, as JSON or as a table.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, Result};
use axum::{BoxError, body::Bytes};
use chrono::{DateTime, Utc};
use common::Me;
use csv::{QuoteStyle, WriterBuilder};
use http_body_util::channel::Sender;
use serde::Serialize;
use tokio::{sync::oneshot, time::timeout};
use uuid::Uuid;

use crate::{
    archive::{FORMAT, VERSION},
    csv::Rows,
    export::Format,
};

/// How much is sent at once, in bytes.
const PIECE: usize = 64 * 1024;
/// How long a reader may stand still.
const STILL_TIME: Duration = Duration::from_secs(20);

pub struct Out {
    format: Format,
    /// The names of the foods.
    pub names: HashMap<Uuid, String>,
    /// Whether nothing is in the list yet.
    is_empty: bool,
    /// Not sent yet.
    text: Vec<u8>,
    sender: Sender<Bytes, BoxError>,
    /// Told when something has been sent, or that nothing can be.
    begun: Option<oneshot::Sender<common::Result<()>>>,
}

impl Out {
    pub fn new(format: Format, sender: Sender<Bytes, BoxError>, begun: oneshot::Sender<common::Result<()>>) -> Self {
        Self { format, names: HashMap::new(), is_empty: true, text: Vec::new(), sender, begun: Some(begun) }
    }

    /// The head of the file.
    pub fn begin(&mut self, account: Me, exported_at: DateTime<Utc>) -> Result<()> {
        #[derive(Serialize)]
        struct Head {
            format: &'static str,
            version: u32,
            exported_at: DateTime<Utc>,
            account: Me,
        }
        match self.format {
            Format::Json => {
                serde_json::to_writer(
                    &mut self.text,
                    &Head { format: FORMAT, version: VERSION, exported_at, account },
                )?;
                // The lists follow in the same object.
                self.text.pop();
                Ok(())
            }
            Format::Csv => {
                // Without this mark Excel takes UTF-8 for the code page of its computer.
                self.text.extend("\u{FEFF}".bytes());
                self.rows([account], true)
            }
        }
    }

    /// Begins a list.
    pub fn open(&mut self, name: &str) {
        if let Format::Json = self.format {
            self.text.extend(format!(",\n\"{name}\":[").bytes());
            self.is_empty = true;
        }
    }

    /// Adds to the list, and sends what has come together.
    pub async fn put<T: Serialize + Rows>(&mut self, records: Vec<T>) -> Result<()> {
        match self.format {
            Format::Json => {
                for record in records {
                    self.text.extend(if self.is_empty { "\n" } else { ",\n" }.bytes());
                    self.is_empty = false;
                    serde_json::to_writer(&mut self.text, &record)?;
                }
            }
            Format::Csv => self.rows(records, false)?,
        }
        if self.text.len() >= PIECE { self.send().await } else { Ok(()) }
    }

    /// Ends the list.
    pub fn close(&mut self) {
        if let Format::Json = self.format {
            self.text.push(b']');
        }
    }

    /// The end of the file.
    pub async fn end(&mut self) -> Result<()> {
        if let Format::Json = self.format {
            self.text.extend(b"}\n");
        }
        self.send().await
    }

    fn rows(&mut self, records: impl IntoIterator<Item = impl Rows>, with_titles: bool) -> Result<()> {
        // Always in quotes: what is in a cell never begins another.
        let mut table = WriterBuilder::new();
        let mut table = table.quote_style(QuoteStyle::Always).has_headers(with_titles).from_writer(&mut self.text);
        for record in records {
            for row in record.rows(|food_id| self.names.get(&food_id).cloned()) {
                table.serialize(row)?;
            }
        }
        Ok(table.flush()?)
    }

    /// Gives up. What was sent already would look like the whole, if it did not break off.
    pub fn fail(self, error: common::Error) {
        match self.begun {
            Some(begun) => drop(begun.send(Err(error))),
            None => {
                tracing::warn!(error = format!("{error:#}"), "an export was not completed");
                self.sender.abort(error.into());
            }
        }
    }

    async fn send(&mut self) -> Result<()> {
        let piece = Bytes::from(std::mem::take(&mut self.text));
        let sent = timeout(STILL_TIME, self.sender.send_data(piece)).await;
        sent.context("the reader stands still")?.context("the reader has gone")?;
        if let Some(begun) = self.begun.take() {
            let _ = begun.send(Ok(()));
        }
        Ok(())
    }
}

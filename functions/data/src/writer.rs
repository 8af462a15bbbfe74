//! Writes an export into the body of an answer, as JSON or CSV.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, Result};
use axum::{BoxError, body::Bytes};
use chrono::{DateTime, Utc};
use common::Me;
use csv::{QuoteStyle, WriterBuilder};
use http_body_util::channel::Sender;
use serde::{Deserialize, Serialize};
use tokio::{sync::oneshot, time::timeout};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    archive::{FORMAT, VERSION},
    csv::{Cell, Rows},
};

/// How much is sent at once, in bytes, and how long the client may take for it: slower downloads, 13 kB/s, are ended,
/// since each holds a connection to the database.
const CHUNK: usize = 64 * 1024;
const CHUNK_TIME: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    #[default]
    Json,
    Csv,
    Days,
}

/// Writes one export.
pub struct Writer {
    format: Format,
    /// The names of the foods.
    pub names: HashMap<Uuid, String>,
    /// Whether the current list has no record yet.
    is_empty: bool,
    /// What is not sent yet.
    buffer: Vec<u8>,
    sender: Sender<Bytes, BoxError>,
    /// Completed by the first chunk, or by an error before it.
    started: Option<oneshot::Sender<common::Result<()>>>,
}

impl Writer {
    pub fn new(format: Format, sender: Sender<Bytes, BoxError>, started: oneshot::Sender<common::Result<()>>) -> Self {
        Self { format, names: HashMap::new(), is_empty: true, buffer: Vec::new(), sender, started: Some(started) }
    }

    /// Writes the head of the file.
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
                    &mut self.buffer,
                    &Head { format: FORMAT, version: VERSION, exported_at, account },
                )?;
                // The closing brace: the lists follow in the same object.
                self.buffer.pop();
                Ok(())
            }
            Format::Csv | Format::Days => {
                self.mark();
                self.rows([account], true)
            }
        }
    }

    /// Begins a table with a byte order mark, without which Excel does not read a file as UTF-8.
    pub fn mark(&mut self) {
        self.buffer.extend("\u{FEFF}".bytes());
    }

    /// Adds one row to a table, and sends once there is a chunk.
    pub async fn row(&mut self, cells: Vec<Cell>) -> Result<()> {
        let mut table = WriterBuilder::new();
        let mut table = table.quote_style(QuoteStyle::Always).has_headers(false).from_writer(&mut self.buffer);
        table.serialize(cells)?;
        table.flush()?;
        drop(table);
        if self.buffer.len() >= CHUNK { self.send().await } else { Ok(()) }
    }

    /// Begins a list of records.
    pub fn begin_list(&mut self, name: &str) {
        if let Format::Json = self.format {
            self.buffer.extend(format!(",\n\"{name}\":[").bytes());
            self.is_empty = true;
        }
    }

    /// Adds records to the list, and sends them once there is a chunk.
    pub async fn add<T: Serialize + Rows>(&mut self, records: Vec<T>) -> Result<()> {
        match self.format {
            Format::Json => {
                for record in records {
                    self.buffer.extend(if self.is_empty { "\n" } else { ",\n" }.bytes());
                    self.is_empty = false;
                    serde_json::to_writer(&mut self.buffer, &record)?;
                }
            }
            Format::Csv | Format::Days => self.rows(records, false)?,
        }
        if self.buffer.len() >= CHUNK { self.send().await } else { Ok(()) }
    }

    /// Ends the list.
    pub fn end_list(&mut self) {
        if let Format::Json = self.format {
            self.buffer.push(b']');
        }
    }

    /// Writes the end of the file, and sends it.
    pub async fn end(&mut self) -> Result<()> {
        if let Format::Json = self.format {
            self.buffer.extend(b"}\n");
        }
        self.send().await
    }

    fn rows(&mut self, records: impl IntoIterator<Item = impl Rows>, with_titles: bool) -> Result<()> {
        // Every cell is quoted, so that no text can begin another cell.
        let mut table = WriterBuilder::new();
        let mut table = table.quote_style(QuoteStyle::Always).has_headers(with_titles).from_writer(&mut self.buffer);
        for record in records {
            for row in record.rows(|food_id| self.names.get(&food_id).cloned()) {
                table.serialize(row)?;
            }
        }
        Ok(table.flush()?)
    }

    /// Ends with an error. If chunks were sent already, the connection is broken, so that the file does not look whole.
    pub fn abort(self, error: common::Error) {
        match self.started {
            Some(started) => drop(started.send(Err(error))),
            None => {
                tracing::warn!(error = format!("{error:#}"), "an export was not completed");
                self.sender.abort(error.into());
            }
        }
    }

    async fn send(&mut self) -> Result<()> {
        let chunk = Bytes::from(std::mem::take(&mut self.buffer));
        let sent = timeout(CHUNK_TIME, self.sender.send_data(chunk)).await;
        sent.context("the client takes nothing")?.context("the client has gone")?;
        if let Some(started) = self.started.take() {
            let _ = started.send(Ok(()));
        }
        Ok(())
    }
}

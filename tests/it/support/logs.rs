//! What an admin reads: the warnings that a world writes to its log.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

/// Listens to what is logged in this thread, until it is dropped: the world of a test runs in the test's own.
pub struct Logs {
    written: Written,
    _listening: DefaultGuard,
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Logs {
    pub fn listen() -> Self {
        let written = Written::default();
        let subscriber =
            tracing_subscriber::fmt().json().with_max_level(tracing::Level::WARN).with_writer(written.clone()).finish();
        Self { written, _listening: tracing::subscriber::set_default(subscriber) }
    }

    /// The warnings since the last time, a line each.
    pub fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.written.0.lock().expect("no panic"))).expect("text")
    }
}

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Written {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

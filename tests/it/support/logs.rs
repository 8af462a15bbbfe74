//! What an admin reads: the warnings that a world writes to its log.

use std::{
    io,
    sync::{Arc, LazyLock, Mutex},
};

use tracing::{
    Dispatch,
    subscriber::{DefaultGuard, NoSubscriber},
};
use tracing_subscriber::fmt::MakeWriter;

/// Where a program has one subscriber, `tracing` asks only the thread that first comes to a line whether the line is
/// logged, and keeps the answer for all threads. That thread may be of another test, which listens to nothing.
/// Where there are two subscribers, it asks both.
static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));

/// Listens to what is logged in this thread, until it is dropped: the world of a test runs in the test's own.
pub struct Logs {
    written: Written,
    _listening: DefaultGuard,
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Logs {
    pub fn listen() -> Self {
        LazyLock::force(&SECOND);
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

#[test]
fn a_line_is_heard_that_another_thread_came_to_first() {
    let line = || tracing::warn!("heard");
    let logs = Logs::listen();
    std::thread::spawn(line).join().expect("no panic");
    line();
    assert_eq!(logs.take().matches("heard").count(), 1, "once, of this thread");
}

//! How long a connection may stay: while it idles, while the head of a request arrives, while nobody reads our answer.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::rt::{Sleep, Timer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, sleep},
};

/// How long a connection may idle: longer than the proxies before us keep theirs (Go's 90 s are the longest), so
/// that none sends a request into a connection that we close.
pub(super) const IDLE_TIME: Duration = Duration::from_secs(100);
/// How long the head of a request may take, from its first byte.
const HEAD_TIME: Duration = Duration::from_secs(8);
/// How long a client that reads too slowly is waited for: it has to take [`WRITE_FLOOR`] bytes within this time.
const WRITE_TIME: Duration = Duration::from_secs(20);
const WRITE_FLOOR: usize = 64 * 1024;

/// When the first byte of the request that is waited for came.
type FirstByte = Arc<Mutex<Option<Instant>>>;

/// The stream of a connection, and the timer for hyper's header-read timeout on it, which hyper starts when it begins
/// to wait for a head. Set to [`IDLE_TIME`], it becomes shorter with the first byte.
pub(super) fn guard(stream: TcpStream) -> (Guarded, HeadTimer) {
    let first_byte = FirstByte::default();
    (Guarded { stream, first_byte: first_byte.clone(), slow: None }, HeadTimer(first_byte))
}

/// A stream that ends with an error when its reader is too slow.
pub(super) struct Guarded {
    stream: TcpStream,
    first_byte: FirstByte,
    slow: Option<Slow>,
}

/// A reader that we wait for.
struct Slow {
    deadline: Pin<Box<tokio::time::Sleep>>,
    taken: usize,
}

impl Guarded {
    fn written(&mut self, context: &mut Context<'_>, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match result {
            Poll::Pending => {
                let new = || Slow { deadline: Box::pin(sleep(WRITE_TIME)), taken: 0 };
                ready!(self.slow.get_or_insert_with(new).deadline.as_mut().poll(context));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Ready(Ok(size)) => {
                self.slow.take_if(|slow| {
                    slow.taken += size;
                    slow.taken >= WRITE_FLOOR
                });
                result
            }
            Poll::Ready(Err(_)) => result,
        }
    }
}

impl AsyncRead for Guarded {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = to.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, to);
        if to.filled().len() > before {
            lock(&self.first_byte).get_or_insert_with(Instant::now);
        }
        result
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, from);
        self.written(context, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, from);
        self.written(context, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper flushes when all is written.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.slow = None;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

fn lock(first_byte: &FirstByte) -> std::sync::MutexGuard<'_, Option<Instant>> {
    first_byte.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) struct HeadTimer(FirstByte);

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        *lock(&self.0) = None;
        Box::pin(HeadSleep { first_byte: self.0.clone(), sleep: Box::pin(sleep(duration)) })
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn Sleep>> {
        self.sleep(deadline.saturating_duration_since(std::time::Instant::now()))
    }
}

struct HeadSleep {
    first_byte: FirstByte,
    sleep: Pin<Box<tokio::time::Sleep>>,
}

impl Sleep for HeadSleep {}

impl Future for HeadSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let due = lock(&self.first_byte).map(|first_byte| first_byte + HEAD_TIME);
        if let Some(due) = due
            && due != self.sleep.deadline()
        {
            self.sleep.as_mut().reset(due);
        }
        self.sleep.as_mut().poll(context)
    }
}

//! Clients that send requests one after the other, each on its connection.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicUsize, Ordering},
    thread::{scope, sleep},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::watch::{WARM_UP, Watch};

#[derive(Deserialize)]
pub struct Plan {
    address: String,
    /// What each client sends, in turn, as it goes over the wire.
    clients: Vec<Vec<String>>,
    /// Until when: one of these is given.
    seconds: Option<f64>,
    count: Option<usize>,
    watch: Vec<String>,
}

pub fn run(plan: &Plan) -> Result<Value> {
    let sent = AtomicUsize::new(0);
    let begin = Instant::now() + WARM_UP;
    let end = plan.seconds.map(|seconds| begin + Duration::from_secs_f64(seconds));
    let goes_on = |now| {
        sent.fetch_add(1, Ordering::Relaxed) < plan.count.unwrap_or(usize::MAX) && end.is_none_or(|end| now < end)
    };
    let client = |requests: &Vec<String>| -> Result<Vec<Duration>> {
        let mut connection = Connection::open(&plan.address)?;
        let mut times = Vec::with_capacity(1 << 16);
        let mut started = Instant::now();
        for request in requests.iter().cycle() {
            if !goes_on(started) {
                break;
            }
            connection.ask(request)?;
            let now = Instant::now();
            if started >= begin {
                times.push(now - started);
            }
            started = now;
        }
        Ok(times)
    };
    scope(|threads| {
        let clients: Vec<_> = plan.clients.iter().map(|requests| threads.spawn(move || client(requests))).collect();
        sleep(begin - Instant::now());
        let watch = Watch::new(&plan.watch)?;
        let mut times = Vec::new();
        for client in clients {
            times.append(&mut client.join().ok().context("a client panicked")??);
        }
        watch.stop(times)
    })
}

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 1 << 20] })
    }

    /// Sends a request and reads its answer, which must be a 2xx.
    pub fn ask(&mut self, request: &str) -> Result<()> {
        self.stream.write_all(request.as_bytes())?;
        let (mut have, mut need) = (0, None);
        while need.is_none_or(|need| have < need) {
            let read = self.stream.read(&mut self.buffer[have..])?;
            if read == 0 {
                bail!("the connection was closed");
            }
            have += read;
            if need.is_none() {
                need = size(&self.buffer[..have]);
            }
            if have == self.buffer.len() {
                self.buffer.resize(2 * have, 0);
            }
        }
        if !self.buffer.starts_with(b"HTTP/1.1 2") {
            bail!("{request}\n{}", String::from_utf8_lossy(&self.buffer[..have]));
        }
        Ok(())
    }
}

/// How long the answer that begins with `bytes` is, once that can be told. One without a length is
/// sent in chunks, and has come when its last one has.
fn size(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).ok()?;
    let field = |name| text.lines().find_map(|line| line.strip_prefix(name));
    if text.starts_with("HTTP/1.1 204") {
        return Some(head);
    }
    match field("content-length: ") {
        Some(length) => Some(head + length.parse::<usize>().ok()?),
        None => bytes.ends_with(b"\r\n0\r\n\r\n").then_some(bytes.len()),
    }
}

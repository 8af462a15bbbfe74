//! A push service that takes every message (RFC 8030) and costs little: it counts what came, and decrypts nothing.
//!
//! `POST /push/N` is answered with 201; `GET /` with how many messages came since it was asked last, to how many
//! subscriptions, and how large they were.

use std::{
    collections::HashSet,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use anyhow::Result;
use serde_json::json;

#[derive(Default)]
struct Came {
    messages: u64,
    subscriptions: HashSet<String>,
    bytes: u64,
}

fn main() -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("http://{}", listener.local_addr()?);
    let came = Arc::new(Mutex::new(Came::default()));
    loop {
        let (stream, _) = listener.accept()?;
        let came = came.clone();
        // A client that goes away ends its thread.
        thread::spawn(move || serve(stream, &came).ok());
    }
}

fn serve(mut stream: TcpStream, came: &Mutex<Came>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some(path) = line.split(' ').nth(1).map(str::to_owned) else { return Ok(()) };
        let mut length = 0;
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let mut came = came.lock().unwrap_or_else(PoisonError::into_inner);
        if path == "/" {
            let Came { messages, subscriptions, bytes } = std::mem::take(&mut *came);
            let text =
                json!({ "messages": messages, "subscriptions": subscriptions.len(), "bytes": bytes }).to_string();
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}", text.len())?;
            continue;
        }
        came.messages += 1;
        came.bytes += length as u64;
        came.subscriptions.insert(path);
        drop(came);
        stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n")?;
    }
}

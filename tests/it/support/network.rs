//! A network between the functions and a database, where somebody listens.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, UnixStream},
};

use super::proxy::Server;

/// The way to a server over TCP.
pub struct Network {
    pub port: u16,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Network {
    pub async fn before(server: &Server) -> Self {
        Self::at("127.0.0.1:0", server).await
    }

    /// The way that begins at this address.
    pub async fn at(address: &str, server: &Server) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let heard: Arc<Mutex<Vec<u8>>> = Arc::default();
        let (network, socket) = (Self { port, heard: heard.clone() }, server.socket());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A server that is down: the client's connection ends at once.
                let Ok(server) = UnixStream::connect(&socket).await else { continue };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(pump(from_client, to_server, heard.clone()));
                tokio::spawn(pump(from_server, to_client, heard.clone()));
            }
        });
        network
    }

    /// Whether this crossed in the clear.
    pub fn heard(&self, text: &str) -> bool {
        self.heard.lock().expect("no panic").windows(text.len()).any(|heard| heard == text.as_bytes())
    }
}

async fn pump(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, heard: Arc<Mutex<Vec<u8>>>) {
    let mut chunk = vec![0; 16 * 1024];
    while let Ok(size @ 1..) = from.read(&mut chunk).await {
        heard.lock().expect("no panic").extend(&chunk[..size]);
        if to.write_all(&chunk[..size]).await.is_err() {
            return;
        }
    }
}

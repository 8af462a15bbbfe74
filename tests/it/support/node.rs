//! A node of a Galera cluster in trouble, as a client sees it: a socket before the socket of a MariaDB, which reads the
//! packets between them.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed},
    },
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        UnixListener, UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::Mutex as AsyncMutex,
};

use super::proxy::folder;

/// Commands of the protocol.
const QUIT: u8 = 0x01;
const QUERY: u8 = 0x03;
const STATEMENTS: [u8; 3] = [QUERY, 0x16, 0x17];

/// What happens once, and to which statement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trouble {
    /// The transaction is rolled back just before the statement after so many, and nobody is told. COMMIT is not among
    /// them: nothing can be asked between it and what is before it.
    RollsBack(i64),
    /// The statement after so many is answered with this error, and the node has no quorum from then on.
    Refuses(i64, u16),
    /// COMMIT is answered with this error, and the node has no quorum from then on.
    RefusesCommit(u16),
}

/// The node.
pub struct Node {
    pub url: String,
    state: Arc<State>,
    _folder: TempDir,
}

struct State {
    server: String,
    trouble: Mutex<Option<Trouble>>,
    /// How many statements there were since the trouble was set up.
    statements: AtomicI64,
    commits: AtomicU64,
    used_without_quorum: AtomicU64,
    /// A system variable that this server does not know.
    lacks: Option<&'static str>,
}

impl Node {
    /// A node before the database at `url`, to be reached at its own `url`.
    pub fn new(url: &str) -> Self {
        Self::build(url, None)
    }

    /// A server that does not know this system variable.
    pub fn without(url: &str, variable: &'static str) -> Self {
        Self::build(url, Some(variable))
    }

    fn build(url: &str, lacks: Option<&'static str>) -> Self {
        let (rest, server) = url.split_once("socket=").expect("a socket");
        let folder = folder();
        let socket = folder.path().join("s");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let state = Arc::new(State {
            server: server.to_owned(),
            trouble: Mutex::default(),
            statements: 0.into(),
            commits: 0.into(),
            used_without_quorum: 0.into(),
            lacks,
        });
        let (url, accepting) = (format!("{rest}socket={}", socket.display()), state.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let state = accepting.clone();
                tokio::spawn(async move {
                    // A connection ends as an error of either side.
                    let _ = state.serve(client).await;
                });
            }
        });
        Self { url, state, _folder: folder }
    }

    /// Lets something happen once.
    pub fn will(&self, trouble: Trouble) {
        self.state.statements.store(0, Relaxed);
        self.state.commits.store(0, Relaxed);
        *self.state.trouble() = Some(trouble);
    }

    /// Whether it has happened; from now on it does not.
    pub fn has_happened(&self) -> bool {
        self.state.trouble().take().is_none()
    }

    /// How often something was committed since the last trouble was set up.
    pub fn commits(&self) -> u64 {
        self.state.commits.load(Relaxed)
    }

    /// How many statements came over connections that had no quorum any more, those aside that the pool sends when a
    /// connection is handed back.
    pub fn used_without_quorum(&self) -> u64 {
        self.state.used_without_quorum.load(Relaxed)
    }
}

/// One connection.
#[derive(Default)]
struct Connection {
    /// The next packet of the server answers what the client has not sent.
    swallows: AtomicBool,
    has_no_quorum: AtomicBool,
}

impl State {
    fn trouble(&self) -> std::sync::MutexGuard<'_, Option<Trouble>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(self: Arc<Self>, client: UnixStream) -> io::Result<()> {
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = UnixStream::connect(&self.server).await?.into_split();
        let (to_client, connection) = (AsyncMutex::new(to_client), Connection::default());
        tokio::select! {
            ended = self.ask(&connection, from_client, to_server, &to_client) => ended,
            ended = answer(&connection, from_server, &to_client) => ended,
        }
    }

    async fn ask(
        &self,
        connection: &Connection,
        mut client: OwnedReadHalf,
        mut server: OwnedWriteHalf,
        to_client: &AsyncMutex<OwnedWriteHalf>,
    ) -> io::Result<()> {
        loop {
            let mut packet = packet(&mut client).await?;
            if let Some(variable) = self.lacks {
                forget(&mut packet, variable);
            }
            let (is_first, command) = (packet[3] == 0, packet.get(4).copied().unwrap_or(QUIT));
            if !is_first || !STATEMENTS.contains(&command) {
                server.write_all(&packet).await?;
                continue;
            }
            let statement = if command == 0x17 { "" } else { str::from_utf8(&packet[5..]).unwrap_or_default() };
            match self.happens(connection, statement) {
                Happens::Nothing => {}
                Happens::Error(number) => {
                    to_client.lock().await.write_all(&error(number)).await?;
                    continue;
                }
                Happens::Rollback => {
                    connection.swallows.store(true, Relaxed);
                    server.write_all(b"\x09\0\0\0\x03ROLLBACK").await?;
                }
            }
            server.write_all(&packet).await?;
        }
    }

    fn happens(&self, connection: &Connection, statement: &str) -> Happens {
        let (is_commit, is_release) = (statement == "COMMIT", statement.contains("ROLLBACK"));
        if connection.has_no_quorum.load(Relaxed) {
            self.used_without_quorum.fetch_add(u64::from(!is_release), Relaxed);
            // Without a table a statement is answered as ever.
            return if statement.contains(" FROM ") { Happens::Error(1047) } else { Happens::Nothing };
        }
        if is_release || statement.contains("sql_mode") {
            return Happens::Nothing;
        }
        self.commits.fetch_add(u64::from(is_commit), Relaxed);
        let number = if is_commit { -1 } else { self.statements.fetch_add(1, Relaxed) };
        let mut trouble = self.trouble();
        let happens = match *trouble {
            Some(Trouble::RollsBack(at)) if at == number => Happens::Rollback,
            Some(Trouble::Refuses(at, error)) if at == number => Happens::Error(error),
            Some(Trouble::RefusesCommit(error)) if is_commit => Happens::Error(error),
            _ => return Happens::Nothing,
        };
        connection.has_no_quorum.store(matches!(happens, Happens::Error(_)), Relaxed);
        *trouble = None;
        happens
    }
}

enum Happens {
    Nothing,
    Rollback,
    Error(u16),
}

/// Passes on what the server answers.
async fn answer(
    connection: &Connection,
    mut server: OwnedReadHalf,
    to_client: &AsyncMutex<OwnedWriteHalf>,
) -> io::Result<()> {
    loop {
        let packet = packet(&mut server).await?;
        if !connection.swallows.swap(false, Relaxed) {
            to_client.lock().await.write_all(&packet).await?;
        }
    }
}

/// The next packet: three bytes of length, the number of the packet in its exchange, the payload.
async fn packet(from: &mut OwnedReadHalf) -> io::Result<Vec<u8>> {
    let mut packet = vec![0; 4];
    from.read_exact(&mut packet).await?;
    let length = usize::from(packet[0]) | usize::from(packet[1]) << 8 | usize::from(packet[2]) << 16;
    packet.resize(4 + length, 0);
    from.read_exact(&mut packet[4..]).await?;
    Ok(packet)
}

/// An ERR packet as the first answer to a command.
fn error(number: u16) -> Vec<u8> {
    let mut payload = vec![0xff];
    payload.extend(number.to_le_bytes());
    payload.extend(b"#08S01WSREP has not yet prepared node for application use");
    let mut packet = vec![payload.len() as u8, 0, 0, 1];
    packet.append(&mut payload);
    packet
}

/// Writes another name, as long, where the variable's stands.
fn forget(packet: &mut [u8], variable: &str) {
    let at = packet.windows(variable.len()).position(|window| window == variable.as_bytes());
    if let Some(at) = at {
        packet[at..at + variable.len()].fill(b'x');
    }
}

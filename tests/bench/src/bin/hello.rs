//! The least that a function could be: it answers every request with 200, after sending the statements
//! in the file `STATEMENTS`, if there is one, to the database at `SERVER`.

use std::{
    env::var,
    fs::File,
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener},
};

use anyhow::Result;
use bench::mysql::{Command, Connection, Setup};
use serde::Deserialize;

#[derive(Deserialize)]
struct Recorded {
    setup: Setup,
    statements: Vec<Command>,
}

#[expect(clippy::disallowed_methods, reason = "it is to be as small as a program can be")]
fn setting(name: &str) -> Result<String> {
    Ok(var(name)?)
}

fn main() -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, setting("PORT")?.parse()?))?;
    let recorded: Option<Vec<Recorded>> = setting("STATEMENTS")
        .ok()
        .map(|path| Ok::<_, anyhow::Error>(serde_json::from_reader(File::open(path)?)?))
        .transpose()?;
    loop {
        let (mut client, _) = listener.accept()?;
        let mut request = [0; 4096];
        if client.read(&mut request)? == 0 {
            continue;
        }
        for Recorded { setup, statements } in recorded.iter().flatten() {
            let mut connection = Connection::open(&setting("SERVER")?, setup)?;
            for statement in statements {
                // A row that the recorded client wrote is there already: refused, it takes about as long.
                let _ = connection.send(statement);
            }
        }
        client.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")?;
    }
}

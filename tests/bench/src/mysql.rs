//! The protocol of MariaDB, as far as it takes to send recorded commands and read past their answers.

use std::{
    collections::HashMap,
    io::{BufReader, Read, Write},
    os::unix::net::UnixStream,
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Deserializer};

const PREPARE: u8 = 0x16;
const DEPRECATE_EOF: u32 = 1 << 24;
const MORE_RESULTS: u16 = 8;

/// What a client sent to the server at once.
#[derive(Deserialize)]
pub struct Command {
    /// Of a prepared statement; its number is another one on each connection.
    pub sql: Option<String>,
    #[serde(deserialize_with = "bytes")]
    pub payload: Vec<u8>,
}

/// What a client sent before its first statement.
#[derive(Deserialize)]
pub struct Setup {
    #[serde(deserialize_with = "bytes")]
    handshake: Vec<u8>,
    commands: Vec<Command>,
}

fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    hex::decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

pub struct Connection {
    stream: BufReader<UnixStream>,
    packet: Vec<u8>,
    has_eof: bool,
    prepared: HashMap<String, [u8; 4]>,
}

impl Connection {
    /// Connects to the unix socket `server`, as the recorded client did.
    pub fn open(server: &str, setup: &Setup) -> Result<Self> {
        let stream = BufReader::new(UnixStream::connect(server)?);
        let mut connection = Self { stream, packet: Vec::new(), has_eof: true, prepared: HashMap::new() };
        connection.read()?;
        let rest = connection.packet.get(1..).unwrap_or_default();
        let version = rest.iter().position(|&byte| byte == 0).context("a greeting")?;
        let at = |index: usize| rest.get(version + index).copied().unwrap_or_default();
        let server_can = u32::from_le_bytes([at(14), at(15), at(19), at(20)]);
        let client_can = u32::from_le_bytes(setup.handshake[..4].try_into()?);
        connection.has_eof = server_can & client_can & DEPRECATE_EOF == 0;
        connection.write(&setup.handshake, 1)?;
        let sequence = connection.read()?;
        if connection.packet[0] == 0xfe {
            // Another way to sign in is asked for: there is no password.
            connection.write(&[], sequence.wrapping_add(1))?;
            connection.read()?;
        }
        for command in &setup.commands {
            connection.send(command)?;
        }
        Ok(connection)
    }

    /// Sends a command and reads its answer.
    pub fn send(&mut self, command: &Command) -> Result<()> {
        match &command.sql {
            None => self.write(&command.payload, 0)?,
            Some(sql) => {
                let number = match self.prepared.get(sql) {
                    Some(number) => *number,
                    None => self.prepare(sql)?,
                };
                let mut payload = command.payload.clone();
                payload[1..5].copy_from_slice(&number);
                self.write(&payload, 0)?;
            }
        }
        while self.read_result()? {}
        Ok(())
    }

    fn prepare(&mut self, sql: &str) -> Result<[u8; 4]> {
        self.write(&[&[PREPARE], sql.as_bytes()].concat(), 0)?;
        self.read()?;
        let number = self.packet[1..5].try_into()?;
        let count = |at| usize::from(u16::from_le_bytes([self.packet[at], self.packet[at + 1]]));
        for definitions in [count(7), count(5)] {
            self.skip_definitions(definitions)?;
        }
        self.prepared.insert(sql.to_owned(), number);
        Ok(number)
    }

    fn skip_definitions(&mut self, count: usize) -> Result<()> {
        let with_end = if count > 0 && self.has_eof { count + 1 } else { count };
        for _ in 0..with_end {
            self.read()?;
        }
        Ok(())
    }

    /// Reads one result; whether another follows.
    fn read_result(&mut self) -> Result<bool> {
        self.read()?;
        if self.packet[0] != 0 {
            // Fewer than 251 columns: their number is one byte.
            self.skip_definitions(self.packet[0].into())?;
            loop {
                self.read()?;
                if self.packet[0] == 0xfe && self.packet.len() < 0xff_ffff {
                    break;
                }
            }
            if self.has_eof {
                return Ok(u16::from_le_bytes([self.packet[3], self.packet[4]]) & MORE_RESULTS != 0);
            }
        }
        // Two numbers of one, three, four or nine bytes stand before the status.
        let mut at = 1;
        for _ in 0..2 {
            at += match self.packet[at] {
                0xfc => 3,
                0xfd => 4,
                0xfe => 9,
                _ => 1,
            };
        }
        Ok(u16::from_le_bytes([self.packet[at], self.packet[at + 1]]) & MORE_RESULTS != 0)
    }

    fn write(&mut self, payload: &[u8], sequence: u8) -> Result<()> {
        let mut packet = Vec::with_capacity(payload.len() + 4);
        packet.extend_from_slice(&u32::try_from(payload.len())?.to_le_bytes()[..3]);
        packet.push(sequence);
        packet.extend_from_slice(payload);
        Ok(self.stream.get_mut().write_all(&packet)?)
    }

    /// Reads one packet; the answer is its sequence number.
    fn read(&mut self) -> Result<u8> {
        let mut head = [0; 4];
        self.stream.read_exact(&mut head)?;
        let size = u32::from_le_bytes([head[0], head[1], head[2], 0]);
        self.packet.resize(usize::try_from(size)?, 0);
        self.stream.read_exact(&mut self.packet)?;
        if self.packet.first() == Some(&0xff) {
            bail!("the server says: {}", String::from_utf8_lossy(&self.packet[3..]));
        }
        Ok(head[3])
    }
}

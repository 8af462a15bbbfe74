//! How long a program takes from its start to its first answer.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, TcpListener},
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::Connection;

#[derive(Deserialize)]
pub struct Plan {
    rounds: usize,
    programs: Vec<Program>,
}

#[derive(Deserialize)]
struct Program {
    path: String,
    settings: HashMap<String, String>,
    /// The first request, as it goes over the wire.
    request: String,
}

/// The milliseconds of each program, in turn, so that whatever else the machine does meets all alike.
pub fn run(plan: &Plan) -> Result<Value> {
    let mut times = vec![Vec::with_capacity(plan.rounds); plan.programs.len()];
    for _ in 0..plan.rounds {
        for (program, times) in plan.programs.iter().zip(&mut times) {
            times.push(once(program)?.as_secs_f64() * 1e3);
        }
    }
    Ok(json!(times))
}

fn once(program: &Program) -> Result<Duration> {
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let mut command = Command::new(&program.path);
    command.env_clear().envs(&program.settings).env("PORT", address.port().to_string()).stdout(Stdio::null());
    let began = Instant::now();
    let mut child = command.spawn()?;
    let answered = loop {
        match Connection::open(&address.to_string()) {
            Ok(mut connection) => break connection.ask(&program.request).map(|()| began.elapsed()),
            Err(_) if began.elapsed() < Duration::from_secs(10) => sleep(Duration::from_micros(50)),
            Err(_) => bail!("{} does not listen", program.path),
        }
    };
    child.kill()?;
    child.wait()?;
    answered
}

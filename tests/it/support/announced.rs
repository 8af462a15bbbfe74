//! Programs that say on stdout, in a line of JSON, that they are ready.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::Value;

/// How long one may take to start, on a machine with much to do.
const LIMIT: Duration = Duration::from_secs(60);

/// Starts a script of Node.js, and returns what it says when it is ready. It ends when its stdin is closed.
pub fn start(script: &str, settings: &[(&str, &str)]) -> (Child, Value) {
    let command = Command::new("node")
        .arg(script)
        .envs(settings.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut program = command.expect("node starts");
    let mut stdout = BufReader::new(program.stdout.take().expect("its output is piped"));
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        stdout.read_line(&mut line).expect("its output is text");
        sender.send(line).ok();
    });
    let Ok(line) = receiver.recv_timeout(LIMIT) else {
        program.kill().ok();
        panic!("{script} is not ready after {LIMIT:?}");
    };
    let line =
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{script} needs `npm ci` in its folder: {line:?}"));
    (program, line)
}

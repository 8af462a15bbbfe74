//! Scripts of Node.js that serve something until their stdin is closed.

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

/// A running script. It ends with this value, and with this process.
pub struct NodeScript {
    process: Child,
    /// What it printed when it was ready: the first line of its stdout.
    pub ready: Value,
}

impl NodeScript {
    /// Starts a script, and waits until it is ready.
    pub fn start(script: &str, settings: &[(&str, &str)]) -> Self {
        let command = Command::new("node")
            .arg(script)
            .envs(settings.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut process = command.expect("node starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("its output is piped"));
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            stdout.read_line(&mut line).expect("its output is text");
            sender.send(line).ok();
        });
        let Ok(line) = receiver.recv_timeout(LIMIT) else {
            process.kill().ok();
            panic!("{script} is not ready after {LIMIT:?}");
        };
        let ready = serde_json::from_str(&line);
        let ready = ready.unwrap_or_else(|_| panic!("{script} needs `npm ci` in its folder: {line:?}"));
        Self { process, ready }
    }
}

impl Drop for NodeScript {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

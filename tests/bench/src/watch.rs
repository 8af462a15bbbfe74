//! How long requests took, and what they cost.

use std::{
    fs::read_to_string,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// How long a client runs before anything counts.
pub const WARM_UP: Duration = Duration::from_millis(200);

/// The time that processes have had on a processor, this one first, then those that are watched.
pub struct Watch {
    processes: Vec<String>,
    since: Instant,
    before: Vec<u64>,
}

impl Watch {
    pub fn new(watched: &[String]) -> Result<Self> {
        let processes = [&["self".to_owned()], watched].concat();
        let before = processes.iter().map(|process| ticks(process)).collect::<Result<_>>()?;
        Ok(Self { processes, since: Instant::now(), before })
    }

    /// What the requests that took `times` came to since.
    pub fn stop(self, mut times: Vec<Duration>) -> Result<Value> {
        let seconds = self.since.elapsed().as_secs_f64();
        times.sort_unstable();
        let count = times.len();
        let quantile = |share: usize| times.get((count * share / 100).min(count.saturating_sub(1)));
        let milliseconds = |share| quantile(share).map_or(0.0, |time| time.as_secs_f64() * 1e3);
        let mut cpu = Vec::with_capacity(self.before.len());
        for (process, before) in self.processes.iter().zip(self.before) {
            cpu.push((ticks(process)? - before) as f64 * 10_000.0 / count as f64);
        }
        Ok(json!({ "requests": count, "per_second": count as f64 / seconds, "p50_ms": milliseconds(50),
                   "p99_ms": milliseconds(99), "cpu_us": cpu }))
    }
}

/// Hundredths of a second on a processor: fields 14 and 15 of the process's `stat`.
fn ticks(process: &str) -> Result<u64> {
    let stat = read_to_string(format!("/proc/{process}/stat"))?;
    let fields = stat.rsplit(") ").next().context("a name in brackets")?;
    fields.split(' ').skip(11).take(2).map(|field| Ok(field.parse::<u64>()?)).sum()
}

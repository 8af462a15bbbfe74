//! Runs the plan on standard input; the answer is JSON on standard output.

mod driver;

use std::{env::args, io::stdin};

use anyhow::{Result, bail};
use bench::{floor, http, start};

fn main() -> Result<()> {
    let answer = match args().nth(1).as_deref() {
        Some("http") => http::run(&serde_json::from_reader(stdin())?)?,
        Some("driver") => driver::run(serde_json::from_reader(stdin())?)?,
        Some("floor") => floor::run(&serde_json::from_reader(stdin())?)?,
        Some("start") => start::run(&serde_json::from_reader(stdin())?)?,
        _ => bail!("load http|floor|driver|start <PLAN"),
    };
    println!("{answer}");
    Ok(())
}

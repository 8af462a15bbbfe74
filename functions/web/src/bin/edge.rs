//! Prints the configuration of the edge.

use common::Env;

fn main() -> std::process::ExitCode {
    common::exit(web::edge::configuration(&Env::process()).map(|text| print!("{text}")))
}

use common::Env;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    common::exit(match std::env::args().nth(1).as_deref() {
        Some("--check") => standalone::check(Env::process()).await,
        _ => standalone::run(Env::process()).await,
    })
}

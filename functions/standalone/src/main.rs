#[tokio::main]
async fn main() -> std::process::ExitCode {
    common::exit(standalone::run(common::Env::process()).await)
}

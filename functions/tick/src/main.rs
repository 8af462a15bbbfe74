#[tokio::main]
async fn main() -> std::process::ExitCode {
    common::serve(|app, env| Ok(tick::router(app, tick::Sink::from_env(env)?))).await
}

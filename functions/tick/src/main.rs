#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    common::serve(|app, env| Ok(tick::router(app, tick::Sink::from_env(env)?))).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    common::serve(|app, env| Ok(auth::router(app, auth::Auth::from_env(env)?))).await
}

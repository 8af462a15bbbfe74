#[tokio::main]
async fn main() -> std::process::ExitCode {
    common::serve(|app, env| Ok(auth::router(app, common::oauth::providers(env)?))).await
}

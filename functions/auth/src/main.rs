use common::Env;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    if std::env::args().nth(1).as_deref() == Some("--check") {
        return common::exit(auth::check(&Env::process()).await);
    }
    common::serve(|app, env| Ok(auth::router(app, auth::Auth::from_env(env)?))).await
}

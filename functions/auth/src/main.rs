// One thread: the database is waited for, not the processor, and a second one is mostly woken in vain.
#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    common::serve(|app, env| Ok(auth::router(app, common::oauth::providers(env)?))).await
}

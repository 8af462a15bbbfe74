#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    common::serve(|app, _| Ok(figures::router(app))).await
}

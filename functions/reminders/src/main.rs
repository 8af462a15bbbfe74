use reminders::{Sender, events, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    common::serve(|app, env| {
        let sender = Sender::from_env(env)?;
        Ok(router(app.clone(), sender.clone()).merge(events(app, sender)))
    })
    .await
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    standalone::run(common::Env::process()).await
}

//! Writes the OpenAPI document of each function to a folder, as the function serves it. Needs no database.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use axum::{
    body::{Body, to_bytes},
    http::{Request, header},
};
use common::{App, Env, functions::APIS};
use serde_json::Value;
use tower::ServiceExt;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).context("usage: openapi FOLDER")?;
    let env = Env::from([
        ("PUBLIC_ORIGIN", "http://127.0.0.1:8080"),
        // Nothing connects to it.
        ("DATABASE_URL", "mysql://nobody@127.0.0.1/nothing"),
    ]);
    let app = App::from_env(&env)?;
    let router = standalone::router(&app, |_| app.clone(), &env, ([127, 0, 0, 1], 8080).into())?;
    fs::create_dir_all(&folder)?;
    for api in APIS {
        let path = format!("{}/openapi.json", api.prefix);
        let request = Request::get(&path).header(header::HOST, app.origin.authority()).body(Body::empty())?;
        let answer = router.clone().oneshot(request).await?;
        let document = to_bytes(answer.into_body(), usize::MAX).await?;
        let document: Value = serde_json::from_slice(&document).with_context(|| format!("{path}: not JSON"))?;
        let file = Path::new(&folder).join(format!("{}.json", api.name));
        fs::write(file, format!("{document:#}\n"))?;
    }
    Ok(())
}

//! Functions under `cargo lambda watch`, whose Runtime API, and events made of requests, are of another make than those
//! of the tests. It freezes nothing.

use std::{
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Weak},
    time::Duration,
};

use common::{Env, functions::APIS};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::{
    operations::program::{free_port, program},
    support::{edge::Edge, gateway::Gateway, lambda::Outcome, oidc::OidcProvider, processes::origin, world::database},
};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/cargo-lambda/bin/cargo-lambda");

/// All functions behind an edge, until this value ends.
pub struct CargoLambda {
    pub edge: Edge,
    port: u16,
    processes: Vec<Child>,
    _gateway: Gateway,
    _provider: OidcProvider,
}

impl CargoLambda {
    pub async fn start() -> Self {
        let (port, edge_port, database) = (free_port(), free_port(), database().await);
        let public_origin = origin(edge_port);
        let provider = OidcProvider::start(&[&format!("{public_origin}/api/auth/oidc/callback")]);
        migrations::run(&Env::from([("DATABASE_URL", database.as_str())])).await.expect("the schema is applied");
        let settings = [
            &[("DATABASE_URL", database.as_str()), ("PUBLIC_ORIGIN", &public_origin)][..],
            &provider.settings(),
            &[
                ("LOG", "warn"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
                ("AWS_REGION", "ap-northeast-2"),
            ],
        ]
        .concat();
        let mut processes = vec![watch(port)];
        until_reached(port).await;
        let names: Vec<&str> = APIS.iter().map(|api| api.name).chain(["tick"]).collect();
        for name in &names {
            let mut function = program(&format!("aws/{name}"));
            function.envs(settings.clone()).env("AWS_LAMBDA_FUNCTION_NAME", name);
            function.env("AWS_LAMBDA_RUNTIME_API", format!("{}/.rt/{name}", origin(port)));
            processes.push(function.spawn().expect("scripts/prove aws has built it for Lambda"));
        }
        // Its URL of a function is below a path.
        let urls: Vec<_> = names.iter().map(|name| (*name, port, format!("/lambda-url/{name}/"))).collect();
        let gateway = Gateway::below(&urls).await;
        let edge = Edge::with(edge_port, &[("GATEWAY", &gateway.authority)]).await;
        Self { edge, port, processes, _gateway: gateway, _provider: provider }
    }

    /// One that the tests of this process have in common, as long as one of them uses it.
    pub async fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<CargoLambda>> = Mutex::const_new(Weak::new());
        let mut shared = SHARED.lock().await;
        if let Some(watch) = shared.upgrade() {
            return watch;
        }
        let watch = Arc::new(Self::start().await);
        *shared = Arc::downgrade(&watch);
        watch
    }

    /// Invokes a function as AWS's API of Lambda does.
    pub async fn invoke(&self, name: &str, payload: &Value) -> Outcome {
        let url = format!("{}/2015-03-31/functions/{name}/invocations", origin(self.port));
        let answer = Client::new().post(url).json(payload).send().await.expect("an answer");
        let status = answer.status();
        let told = answer.json().await.expect("JSON");
        if status == StatusCode::OK { Ok(told) } else { Err(told) }
    }
}

impl Drop for CargoLambda {
    /// Functions end before what they ask.
    fn drop(&mut self) {
        for process in self.processes.iter_mut().rev() {
            process.kill().ok();
            process.wait().ok();
        }
    }
}

/// Starts it without building or starting a function: they are built.
fn watch(port: u16) -> Child {
    let mut command = Command::new(PROGRAM);
    command.args(["lambda", "watch", "--only-lambda-apis", "--disable-cors", "--invoke-address", "127.0.0.1"]);
    command.args(["--invoke-port", &port.to_string(), "--timeout", "60"]);
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).stdout(Stdio::null());
    command.spawn().expect("cargo-lambda is installed; scripts/prove aws does it")
}

async fn until_reached(port: u16) {
    for _ in 0..2000 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("cargo lambda watch is not ready");
}

//! A real Envoy in the place of the cluster's gateway: it knows functions by their host alone.

use std::{
    process::{Child, Command},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::operations::program::free_port;

const ENVOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/envoy/bin/envoy");

/// An Envoy, until this value ends.
pub struct Gateway {
    process: Child,
    _folder: TempDir,
    pub authority: String,
}

impl Gateway {
    /// One that knows these functions, each by its name and its port.
    pub async fn start(functions: &[(&str, u16)]) -> Self {
        let functions: Vec<_> = functions.iter().map(|(name, port)| (*name, *port, "/".to_owned())).collect();
        Self::below(&functions).await
    }

    /// One that knows these functions, each by its name, its port, and what takes the place of the first slash of a path.
    pub async fn below(functions: &[(&str, u16, String)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let configuration = folder.path().join("envoy.json");
        let port = free_port();
        std::fs::write(&configuration, envoy(port, functions).to_string()).expect("it is written");
        let mut command = Command::new(ENVOY);
        command.arg("--config-path").arg(&configuration);
        command.args(["--concurrency", "1", "--log-level", "error", "--disable-hot-restart"]);
        let process = command.spawn().expect("Envoy is installed; scripts/test does it");
        let gateway = Self { process, _folder: folder, authority: format!("127.0.0.1:{port}") };
        for _ in 0..2000 {
            if reqwest::get(format!("http://{}", gateway.authority)).await.is_ok() {
                return gateway;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("Envoy is not ready");
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Envoy's configuration, with its defaults where a gateway of Knative keeps them.
fn envoy(port: u16, functions: &[(&str, u16, String)]) -> Value {
    let hosts: Vec<Value> = functions
        .iter()
        .map(|(name, _, below)| {
            let to = json!({ "cluster": name, "timeout": "0s", "prefix_rewrite": below });
            let routes = json!([{ "match": { "prefix": "/" }, "route": to }]);
            json!({ "name": name, "domains": [format!("{name}.hanip.svc.cluster.local")], "routes": routes })
        })
        .collect();
    let clusters: Vec<Value> = functions
        .iter()
        .map(|(name, port, _)| {
            let endpoint = json!({ "endpoint": { "address": socket(*port) } });
            let assignment = json!({ "cluster_name": name, "endpoints": [{ "lb_endpoints": [endpoint] }] });
            json!({ "name": name, "type": "STATIC", "connect_timeout": "1s", "load_assignment": assignment })
        })
        .collect();
    let router = json!({
        "name": "envoy.filters.http.router",
        "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
    });
    let http = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "gateway",
        "route_config": { "virtual_hosts": hosts },
        "http_filters": [router],
    });
    let filter = json!({ "name": "envoy.filters.network.http_connection_manager", "typed_config": http });
    let listener = json!({ "address": socket(port), "filter_chains": [{ "filters": [filter] }] });
    json!({ "static_resources": { "listeners": [listener], "clusters": clusters } })
}

fn socket(port: u16) -> Value {
    json!({ "socket_address": { "address": "127.0.0.1", "port_value": port } })
}

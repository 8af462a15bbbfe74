//! Everything as on a cluster: the edge, a gateway that knows functions by their host, and every function as
//! a process of its own, signed in to through a certified provider.

use std::{
    fs::File,
    path::Path,
    sync::{Arc, Weak},
};

use common::{Env, functions::APIS};
use tokio::sync::Mutex;

use crate::{
    operations::program::{free_port, program},
    support::{
        edge::Edge,
        gateway::Gateway,
        oidc::OidcProvider,
        processes::{Function, origin},
        world::database,
    },
};

pub struct Cluster {
    pub edge: Edge,
    pub gateway: Gateway,
    _functions: Vec<Function>,
    _provider: OidcProvider,
}

impl Cluster {
    pub async fn start() -> Self {
        Self::over(database().await, Function::start).await
    }

    /// One over this database, each of whose functions logs into a file of its name in `folder`.
    pub async fn logging(database: String, folder: &Path) -> Self {
        let start = |name: &str, port: u16, settings: &[(&str, &str)]| {
            let mut command = program(name);
            command.envs(settings.iter().copied());
            command.stdout(File::create(folder.join(name)).expect("a file"));
            Function::spawn(command, port)
        };
        Self::over(database, start).await
    }

    async fn over(database: String, start: impl Fn(&str, u16, &[(&str, &str)]) -> Function) -> Self {
        let port = free_port();
        let public_origin = origin(port);
        let provider = OidcProvider::start(&[&format!("{public_origin}/api/auth/oidc/callback")]);
        migrations::run(&Env::from([("DATABASE_URL", database.as_str())])).await.expect("the schema is applied");
        let settings = [
            &[("DATABASE_URL", database.as_str()), ("PUBLIC_ORIGIN", &public_origin)][..],
            &provider.settings(),
            &[("TRUST_EDGE", "true")],
        ]
        .concat();
        // The tick is on the cluster too, though no browser reaches it.
        let names: Vec<&str> = APIS.iter().map(|api| api.name).chain(["tick"]).collect();
        let ports: Vec<(&str, u16)> = names.into_iter().map(|name| (name, free_port())).collect();
        let functions: Vec<Function> = ports.iter().map(|(name, port)| start(name, *port, &settings)).collect();
        for function in &functions {
            function.is_ready().await;
        }
        let gateway = Gateway::start(&ports).await;
        let edge = Edge::with(port, &[("GATEWAY", &gateway.authority)]).await;
        Self { edge, gateway, _functions: functions, _provider: provider }
    }

    /// One that the tests of this process have in common, as long as one of them uses it.
    pub async fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Cluster>> = Mutex::const_new(Weak::new());
        let mut shared = SHARED.lock().await;
        if let Some(cluster) = shared.upgrade() {
            return cluster;
        }
        let cluster = Arc::new(Self::start().await);
        *shared = Arc::downgrade(&cluster);
        cluster
    }
}

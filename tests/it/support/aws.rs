//! Functions as on AWS: API Gateway, Lambda, a database whose user they share, and a certified provider.

use std::{
    sync::{Arc, LazyLock, Weak},
    time::Duration,
};

use common::{Env, functions::APIS};
use serde_json::{Value, json};
use sqlx::{MySqlPool, mysql::MySqlPoolOptions};
use tokio::{runtime::Runtime, sync::Mutex};

use crate::{
    operations::program::free_port,
    support::{
        api_gateway::{ApiGateway, Payload},
        edge::Edge,
        lambda::Lambda,
        oidc::OidcProvider,
        processes::origin,
        proxy::{Proxy, Random},
        world::database,
    },
};

/// The time that functions have for an invocation, unless a test is about it.
pub const TIME: Duration = Duration::from_secs(30);

/// Functions behind API Gateway, until this value ends.
pub struct Aws {
    /// Where API Gateway is; what browsers see, where no edge is before it.
    pub origin: String,
    /// The app, and the API behind it, where there is one.
    pub edge: Option<Edge>,
    /// Between the functions and their database.
    pub proxy: Proxy,
    database: String,
    functions: Vec<(&'static str, Arc<Lambda>)>,
    _provider: Option<OidcProvider>,
}

impl Aws {
    /// These functions behind an HTTP API without a stage in its paths.
    pub async fn with(names: &[&'static str]) -> Self {
        Self::start(names, Payload::V2, "$default", TIME).await
    }

    /// These functions, which have so much time for an invocation.
    pub async fn start(names: &[&'static str], payload: Payload, stage: &str, time: Duration) -> Self {
        Self::start_with(names, payload, stage, time, &[]).await
    }

    /// All that browsers reach, and the tick, behind an edge.
    pub async fn whole(payload: Payload) -> Self {
        let names: Vec<_> = APIS.iter().map(|api| api.name).chain(["tick"]).collect();
        Self::build(&names, (payload, "$default"), TIME, &[], true).await
    }

    /// These functions with these settings.
    pub async fn start_with(
        names: &[&'static str],
        payload: Payload,
        stage: &str,
        time: Duration,
        more: &[(&str, &str)],
    ) -> Self {
        Self::build(names, (payload, stage), time, more, false).await
    }

    async fn build(
        names: &[&'static str],
        (payload, stage): (Payload, &str),
        time: Duration,
        more: &[(&str, &str)],
        has_edge: bool,
    ) -> Self {
        let (gateway_port, edge_port, database) = (free_port(), free_port(), database().await);
        let public_origin = origin(if has_edge { edge_port } else { gateway_port });
        let provider = names.contains(&"auth").then(|| {
            let callback = format!("{public_origin}/api/auth/oidc/callback");
            OidcProvider::start(&[&callback])
        });
        migrations::run(&Env::from([("DATABASE_URL", database.as_str())])).await.expect("the schema is applied");
        let proxy = Proxy::new(&database, &Arc::new(Random::new()));
        // Even with TRUST_EDGE, no header is believed.
        let mut settings =
            vec![("DATABASE_URL", proxy.url.as_str()), ("PUBLIC_ORIGIN", &public_origin), ("TRUST_EDGE", "true")];
        settings.extend(more);
        if let Some(provider) = &provider {
            settings.extend(provider.settings());
        }
        let mut functions = Vec::new();
        for name in names {
            functions.push((*name, Arc::new(Lambda::start(name, &settings, time).await)));
        }
        let behind: Vec<_> = functions.iter().map(|(name, function)| (*name, function)).collect();
        ApiGateway::start(gateway_port, &behind, payload, stage).await;
        let edge = match has_edge {
            true => Some(Edge::with(edge_port, &[("GATEWAY", &format!("127.0.0.1:{gateway_port}"))]).await),
            false => None,
        };
        Self { origin: origin(gateway_port), edge, proxy, database, functions, _provider: provider }
    }

    /// One with everything that the tests of this process have in common, as long as one of them uses it.
    pub async fn shared(payload: Payload) -> Arc<Self> {
        static SHARED: Mutex<Weak<Aws>> = Mutex::const_new(Weak::new());
        // What it runs would end with the test that was the first.
        static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("threads"));
        let mut shared = SHARED.lock().await;
        if let Some(aws) = shared.upgrade() {
            return aws;
        }
        let aws = Arc::new(RUNTIME.spawn(Self::whole(payload)).await.expect("it starts"));
        *shared = Arc::downgrade(&aws);
        aws
    }

    pub fn function(&self, name: &str) -> &Lambda {
        &self.functions.iter().find(|(known, _)| *known == name).expect("it was started").1
    }

    /// Everything in the database, by one connection.
    pub async fn db(&self) -> MySqlPool {
        let one = MySqlPoolOptions::new().max_connections(1).connect(&self.database).await;
        one.expect("the test database is reached")
    }
}

impl Drop for Aws {
    /// A runtime that goes on holds the functions, as clones.
    fn drop(&mut self) {
        self.functions.iter().for_each(|(_, function)| function.end());
    }
}

/// What the target of a schedule sends, as its `Input` says.
pub fn schedule() -> Value {
    json!({
        "specversion": "1.0", "type": "hanip.schedule", "source": "/aws/scheduler/tick",
        "id": "d32c5ddb-6f5c-4a5f-9e9f-3f9f5ddc0c2a", "time": "2026-11-27T12:00:00Z",
    })
}

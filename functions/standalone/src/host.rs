//! Which names this process answers to. A page of another site whose name is made to point at this
//! computer (DNS rebinding) is not one of them.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{Method, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Redirect, Response},
};
use common::{App, Code, Error, Origin};

/// Lets requests for `PUBLIC_ORIGIN` pass, sends a look at another name of this computer on to it,
/// and refuses the rest.
pub fn guard(router: Router, app: &App, port: u16) -> Router {
    let names = ["localhost", "127.0.0.1", "[::1]"].map(|name| format!("{name}:{port}"));
    let names = Arc::new(Names { origin: app.origin.clone(), names });
    router.layer(from_fn_with_state(names, check))
}

struct Names {
    origin: Origin,
    /// The names of this computer.
    names: [String; 3],
}

async fn check(State(us): State<Arc<Names>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if host == us.origin.authority() {
        return next.run(request).await;
    }
    let looks = matches!(request.method(), &Method::GET | &Method::HEAD);
    if looks && us.names.iter().any(|name| name == host) {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        return Redirect::permanent(&us.origin.url(path)).into_response();
    }
    Error::from(Code::MisdirectedRequest).into_response()
}

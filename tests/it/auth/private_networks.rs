//! Authorities of one's own, proxies, and addresses that the client's secret must not go to.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use serde_json::json;
use tokio::{io::AsyncReadExt, net::TcpListener, sync::mpsc};

use crate::{
    auth::{odd_providers::world_of, providers::returning},
    operations::program::{free_port, program},
    support::{
        fake_provider::{Documented, StandIn, listener, usual},
        oidc::{CLIENT_ID, CLIENT_SECRET},
        processes::Function,
        tls,
        world::{Person, database},
    },
};

#[tokio::test]
async fn a_provider_may_have_an_authority_of_its_own() {
    let provider = StandIn::start_tls(usual()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let (file, twice) = (folder.path().join("ca.pem"), folder.path().join("both.pem"));
    std::fs::write(&file, tls::authority()).expect("written");
    std::fs::write(&twice, format!("# Ours\n{0}\n{0}", tls::authority())).expect("written");
    let settings = [
        ("OIDC_CA", tls::authority()),
        ("OIDC_CA_FILE", file.to_str().expect("text")),
        ("OIDC_CA_FILE", twice.to_str().expect("text")),
    ];
    for setting in settings {
        let world = world_of(&provider, &[setting]).await;
        let ada = world.stranger();
        ada.get(&returning(&ada, "oidc").await).await.is_found();
        ada.get("/api/auth/me").await.ok();
    }
    let stranger = world_of(&provider, &[]).await.stranger();
    stranger.get("/api/auth/oidc/start").await.problem(503, "sign-in-failed");
}

#[tokio::test]
async fn nothing_is_sent_to_plain_http_by_an_issuer_of_https() {
    // It listens at what the descriptions name, on this very machine.
    let (plain, reached) = (listener().await, Arc::new(AtomicUsize::new(0)));
    let (origin, counter) = (plain.1.clone(), reached.clone());
    tokio::spawn(async move {
        while plain.0.accept().await.is_ok() {
            counter.fetch_add(1, SeqCst);
        }
    });
    let localhost = origin.replace("127.0.0.1", "localhost");
    let mut count = 0;
    for endpoint in ["token_endpoint", "authorization_endpoint", "jwks_uri"] {
        for named in [&origin, &localhost, "http://id.example", "ftp://id.example", "//id.example", "/token"] {
            let description = json!({ endpoint: format!("{named}/x") });
            let provider = StandIn::start_tls(Documented { description, ..usual() }).await;
            let person = world_of(&provider, &[("OIDC_CA", tls::authority())]).await.stranger();
            person.get("/api/auth/oidc/start").await.problem(503, "sign-in-failed");
            assert_eq!(provider.sent().len(), 0, "{endpoint} {named}");
            count += 1;
        }
    }
    // Nobody depends on these: people come in, and the addresses are not used.
    let description =
        json!({ "userinfo_endpoint": format!("{origin}/x"), "end_session_endpoint": format!("{origin}/x") });
    let provider = StandIn::start_tls(Documented { description, person: json!({}), ..usual() }).await;
    let ada = world_of(&provider, &[("OIDC_CA", tls::authority())]).await.stranger();
    ada.get(&returning(&ada, "oidc").await).await.is_found();
    assert_eq!(reached.load(SeqCst), 0);
    println!("sign-ins refused: {count} of {count} (endpoints in plain http)");
}

/// A proxy that answers nothing, and tells the first line of what each client sends.
async fn proxy() -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 1024];
            let length = stream.read(&mut head).await.unwrap_or_default();
            let line = String::from_utf8_lossy(&head[..length]).lines().next().unwrap_or_default().to_owned();
            tell.send(line).ok();
        }
    });
    (address, told)
}

#[tokio::test]
async fn what_stays_on_this_machine_goes_through_no_proxy() {
    let (proxy, mut told) = proxy().await;
    let provider = StandIn::start(usual()).await;
    let port = free_port();
    let mut command = program("standalone");
    command.env("DATABASE_URL", database().await).env("OIDC_ISSUER", &provider.issuer);
    command.env("OIDC_CLIENT_ID", CLIENT_ID).env("OIDC_CLIENT_SECRET", CLIENT_SECRET).env("LOG", "warn");
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, &proxy);
    }
    let standalone = Function::spawn(command, port);
    standalone.is_ready().await;
    let mut ada = Person::new(&standalone.origin);
    ada.sign_in("ada", "UTC").await;
    // Its clock is the machine's: the stand-in's tokens have expired, but the code and the secret were sent to it.
    let bob = Person::new(&standalone.origin);
    bob.get(&returning(&bob, "oidc").await).await.problem(503, "sign-in-failed");
    assert_eq!(provider.sent().len(), 1);
    assert!(told.try_recv().is_err(), "the proxy hears nothing");
}

#[tokio::test]
async fn https_goes_through_the_proxy_that_the_environment_names() {
    let (proxy, mut told) = proxy().await;
    let check = |no_proxy: &str| {
        let mut command = program("auth");
        command.arg("--check").env("PUBLIC_ORIGIN", "https://hanip.example").env("HTTPS_PROXY", &proxy);
        command.env("NO_PROXY", no_proxy).env("OIDC_ISSUER", "https://id.invalid").env("OIDC_CLIENT_ID", CLIENT_ID);
        tokio::task::spawn_blocking(move || command.output().expect("cargo build --workspace has made it"))
    };
    for not_ours in ["", "other.invalid,10.0.0.0/8"] {
        let checked = check(not_ours);
        assert_eq!(told.recv().await.as_deref(), Some("CONNECT id.invalid:443 HTTP/1.1"));
        let checked = checked.await.expect("no panic");
        let said = String::from_utf8(checked.stdout).expect("text");
        assert!(!checked.status.success() && said.contains("look at HTTPS_PROXY and NO_PROXY"), "{said}");
    }
    for ours in ["id.invalid", "other.invalid, .invalid", "*"] {
        assert!(!check(ours).await.expect("no panic").status.success());
        assert!(told.try_recv().is_err(), "the proxy hears nothing of {ours}");
    }
}

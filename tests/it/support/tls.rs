//! TLS with a certificate authority of the tests' own, as in a company.

use std::{
    net::SocketAddr,
    sync::{Arc, LazyLock},
};

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivatePkcs8KeyDer},
    server::TlsStream,
};

/// Somebody who issues certificates.
pub struct Authority {
    /// Its own certificate.
    pub pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, "The tests' own authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// A certificate for whoever has one of these names.
    pub fn issue(&self, names: &[&str]) -> (Certificate, KeyPair) {
        let key = KeyPair::generate().expect("a key");
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let certificate = CertificateParams::new(names).expect("names").signed_by(&key, &self.issuer);
        (certificate.expect("a certificate"), key)
    }
}

static AUTHORITY: LazyLock<(Authority, Arc<ServerConfig>)> = LazyLock::new(|| {
    let authority = Authority::new();
    let (certificate, key) = authority.issue(&["localhost", "127.0.0.1"]);
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let provider = tokio_rustls::rustls::crypto::ring::default_provider();
    let server = ServerConfig::builder_with_provider(Arc::new(provider)).with_safe_default_protocol_versions();
    let server = server.expect("versions").with_no_client_auth();
    let server = server.with_single_cert(vec![certificate.der().clone()], key.into()).expect("they fit");
    (authority, Arc::new(server))
});

/// The certificate of the authority of every [`Listener`].
pub fn authority() -> &'static str {
    &AUTHORITY.0.pem
}

/// Accepts connections that speak TLS.
pub struct Listener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener {
    pub fn new(listener: TcpListener) -> Self {
        Self { listener, acceptor: AUTHORITY.1.clone().into() }
    }
}

impl axum::serve::Listener for Listener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            if let Ok((stream, peer)) = self.listener.accept().await
                && let Ok(stream) = self.acceptor.accept(stream).await
            {
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

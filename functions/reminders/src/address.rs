//! Addresses that people give, to which this server sends: it must reach nothing that they could not reach themselves
//! (server-side request forgery).
//!
//! An address is checked twice: its text when it is stored and before each request, and each IP address right where it
//! is connected to. A name that resolves to another address the second time (DNS rebinding) gains nothing by it, since
//! the connection goes to the very addresses that were checked.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, Result};
use common::{Code, Env};
use reqwest::{
    Client, RequestBuilder, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use url::{Host, Url};

/// How long an address is.
pub const LONGEST: usize = 2048;
/// How long one request may take, its answer included.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How much of an answer is read: the rest is not of use, and an endless one ends here.
const ANSWER: usize = 64 * 1024;
/// The port of https; a private network may use others.
const PORT: u16 = 443;

/// What may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The Internet, over https.
    Internet,
    /// This computer and the networks it is in too, for a home server.
    Everywhere,
}

impl Reach {
    /// From `ALLOW_PRIVATE_ADDRESSES`.
    pub fn from_env(env: &Env) -> Result<Self> {
        let everywhere = env.parsed("ALLOW_PRIVATE_ADDRESSES", "true or false", false)?;
        Ok(if everywhere { Self::Everywhere } else { Self::Internet })
    }

    /// Parses an address, or says why nothing is sent there. Plain http is for what can't be on the Internet.
    pub fn parse(self, text: &str) -> Result<Url, Code> {
        if text.len() > LONGEST {
            return Err(Code::TextTooLong);
        }
        let url = Url::parse(text).map_err(|_| Code::AddressInvalid)?;
        let host = url.host().ok_or(Code::AddressInvalid)?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(Code::AddressInvalid);
        }
        let is_near = is_near(&host);
        match (self, url.scheme()) {
            (_, "https") => {}
            (Self::Everywhere, "http") if is_near => {}
            _ => return Err(Code::AddressInsecure),
        }
        if self == Self::Internet && (is_near || url.port_or_known_default() != Some(PORT)) {
            return Err(Code::AddressPrivate);
        }
        Ok(url)
    }
}

/// Whether a host is surely not on the Internet.
fn is_near(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(ip) => !is_public(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => !is_public(IpAddr::V6(*ip)),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            let last = name.rsplit('.').next().unwrap_or_default();
            !name.contains('.')
                || ["localhost", "local", "internal", "lan"].contains(&last)
                || name.ends_with(".home.arpa")
        }
    }
}

/// Whether an IP address is one of the Internet's, by the special-purpose registries of IANA (RFC 6890).
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(a == 0
        || ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || (a == 100 && (b & 0xC0) == 64) // shared by networks of providers (RFC 6598)
        || (a == 192 && b == 0 && c == 0) // assignments of protocols (RFC 6890)
        || (a == 192 && b == 88 && c == 99) // relays of 6to4 (RFC 7526)
        || (a == 198 && (b & 0xFE) == 18) // measurements (RFC 2544)
        || (a, b, c) == (168, 63, 129) // the host of a virtual machine on Azure
        || a >= 224) // multicast, reserved, broadcast
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    // What an address of IPv6 carries of IPv4 is looked at as such.
    let carried = |at: usize| {
        let octets = ip.octets();
        is_public_v4(Ipv4Addr::new(octets[at], octets[at + 1], octets[at + 2], octets[at + 3]))
    };
    match ip.segments() {
        // Mapped (RFC 4291, section 2.5.5.2); a compatible one is deprecated, as are loopback and the unspecified.
        [0, 0, 0, 0, 0, 0xFFFF, ..] => carried(12),
        // NAT64 (RFC 6052). The prefix for networks of one's own (RFC 8215) is not public.
        [0x64, 0xFF9B, 0, 0, 0, 0, ..] => carried(12),
        // 6to4 (RFC 3056).
        [0x2002, ..] => carried(2),
        // Teredo and other assignments of protocols (RFC 2928), ORCHID, documentation (RFC 3849, RFC 9637).
        [0x2001, second, ..] if second < 0x0200 || second == 0x0DB8 => false,
        [0x3FFF, second, ..] if second < 0x1000 => false,
        // Global unicast; all else is private, link-local, multicast or not assigned.
        [first, ..] => first & 0xE000 == 0x2000,
    }
}

/// An address was refused where it was to be connected to.
#[derive(Debug)]
pub struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name has no address that may be reached")
    }
}

impl std::error::Error for Refused {}

/// Resolves names, and passes on only addresses that may be reached.
struct Checked<R>(R);

/// Asks the system's resolver.
struct System;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

impl<R: Resolve> Resolve for Checked<R> {
    fn resolve(&self, name: Name) -> Resolving {
        let resolving = self.0.resolve(name);
        Box::pin(async move {
            let public: Vec<_> = resolving.await?.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() { Err(Refused.into()) } else { Ok(Box::new(public.into_iter()) as Addrs) }
        })
    }
}

/// What sends to addresses of people's making.
#[derive(Clone)]
pub struct Outside {
    client: Client,
    reach: Reach,
}

/// The result of a request.
#[derive(Debug)]
pub enum Answer {
    Status(Response),
    /// There was no answer in time.
    None,
    /// It was not sent: the address is none that may be reached.
    Refused,
}

impl Outside {
    pub fn new(reach: Reach) -> Result<Self> {
        Self::with(reach, System)
    }

    fn with(reach: Reach, resolver: impl Resolve + 'static) -> Result<Self> {
        // A proxy would connect where this does not look.
        let client = Client::builder().redirect(Policy::none()).no_proxy().timeout(TIMEOUT).connect_timeout(TIMEOUT);
        let client = match reach {
            Reach::Internet => client.dns_resolver(std::sync::Arc::new(Checked(resolver))),
            Reach::Everywhere => client.dns_resolver(std::sync::Arc::new(resolver)),
        };
        let client = client.user_agent("Hanip").pool_idle_timeout(Duration::from_secs(30));
        Ok(Self { client: client.build().context("a client")?, reach })
    }

    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// Posts to `address` what `fill` makes of the request. Of the answer its status and headers are returned, after at
    /// most `ANSWER` bytes of its body.
    pub async fn post(&self, address: &str, fill: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Answer {
        let Ok(url) = self.reach.parse(address) else { return Answer::Refused };
        let mut response = match fill(self.client.post(url)).send().await {
            Ok(response) => response,
            Err(error) if is_refused(&error) => return Answer::Refused,
            Err(_) => return Answer::None,
        };
        // Read to its end, so that the connection can be used again.
        let mut read = 0;
        while let Ok(Some(piece)) = response.chunk().await {
            read += piece.len();
            if read > ANSWER {
                break;
            }
        }
        Answer::Status(response)
    }
}

fn is_refused(error: &(dyn std::error::Error + 'static)) -> bool {
    error.is::<Refused>() || error.source().is_some_and(is_refused)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        time::Instant,
    };

    use super::*;

    #[test]
    fn addresses_of_private_networks_and_of_this_computer_are_not_public_in_any_form() {
        for near in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "::ffff:0:127.0.0.1",
        ] {
            assert!(!is_public(near.parse().expect("an address")), "{near}");
        }
        for public in [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "192.169.0.1",
            "2606:4700::1111",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
    }

    #[test]
    fn an_address_is_https_on_its_own_port_without_a_password() {
        for (text, code) in [
            ("http://example.com/", Code::AddressInsecure),
            ("ftp://example.com/", Code::AddressInsecure),
            ("file:///etc/passwd", Code::AddressInvalid),
            ("nothing", Code::AddressInvalid),
            ("https://ada@example.com/", Code::AddressInvalid),
            ("https://ada:secret@example.com/", Code::AddressInvalid),
            ("https://example.com/#part", Code::AddressInvalid),
            ("https://example.com:22/", Code::AddressPrivate),
            ("https://localhost/", Code::AddressPrivate),
            ("https://LOCALHOST./", Code::AddressPrivate),
            ("https://metadata.google.internal/", Code::AddressPrivate),
            ("https://foods/", Code::AddressPrivate),
            ("https://foods.hanip.svc.cluster.local/", Code::AddressPrivate),
            ("https://127.0.0.1/", Code::AddressPrivate),
            ("https://2130706433/", Code::AddressPrivate),
            ("https://0x7f.1/", Code::AddressPrivate),
            ("https://0177.0.0.1/", Code::AddressPrivate),
            ("https://[::1]/", Code::AddressPrivate),
            ("https://[::ffff:127.0.0.1]/", Code::AddressPrivate),
            ("https://[64:ff9b::7f00:1]/", Code::AddressPrivate),
            ("https://169.254.169.254/latest", Code::AddressPrivate),
            ("https://１２７.0.0.1/", Code::AddressPrivate),
        ] {
            assert_eq!(Reach::Internet.parse(text).expect_err(text), code, "{text}");
        }
        Reach::Internet.parse("https://fcm.googleapis.com/fcm/send/abc").expect("a push service");
        Reach::Everywhere.parse("http://192.168.1.5:8080/hook").expect("at home");
        Reach::Everywhere.parse("http://ntfy/topic").expect("at home");
        assert_eq!(Reach::Everywhere.parse("http://example.com/"), Err(Code::AddressInsecure));
    }

    /// A name server whose answer is another each time.
    struct Changing(Arc<AtomicUsize>, Vec<Vec<SocketAddr>>);

    impl Resolve for Changing {
        fn resolve(&self, _: Name) -> Resolving {
            let asked = self.0.fetch_add(1, Ordering::SeqCst);
            let found = self.1[asked.min(self.1.len() - 1)].clone();
            Box::pin(async move { Ok(Box::new(found.into_iter()) as Addrs) })
        }
    }

    fn name() -> Name {
        "example.com".parse().expect("a name")
    }

    #[tokio::test]
    async fn a_name_that_changes_its_address_reaches_nothing_private() {
        let (public, private) = ("1.1.1.1:0".parse().expect("public"), "127.0.0.1:0".parse().expect("private"));
        let resolver = Checked(Changing(Arc::default(), vec![vec![public], vec![private, public], vec![private]]));
        assert_eq!(resolver.resolve(name()).await.expect("public").collect::<Vec<_>>(), [public]);
        assert_eq!(
            resolver.resolve(name()).await.expect("one is").collect::<Vec<_>>(),
            [public],
            "only this is connected to"
        );
        assert!(resolver.resolve(name()).await.err().expect("refused").is::<Refused>());
    }

    #[tokio::test]
    async fn what_a_name_hides_is_refused_where_it_is_connected_to() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(AtomicUsize::new(0));
        let outside = Outside::with(Reach::Internet, Changing(asked.clone(), vec![vec![address]])).expect("a client");
        let answer = outside.post("https://example.com/", |request| request).await;
        assert!(matches!(answer, Answer::Refused), "{answer:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 1, "the resolver is the one that connects");
        let answer = outside.post("https://127.0.0.1/", |request| request).await;
        assert!(matches!(answer, Answer::Refused), "{answer:?}");
    }

    /// A server that answers each connection by `answer`, and what was asked of it.
    async fn server<F: Future<Output = ()> + Send + 'static>(answer: fn(TcpStream) -> F) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}/", listener.local_addr().expect("an address"));
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                tokio::spawn(answer(stream));
            }
        });
        (address, count)
    }

    fn everywhere() -> Outside {
        Outside::new(Reach::Everywhere).expect("a client")
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        async fn redirect(mut stream: TcpStream) {
            let _ = stream.write_all(b"HTTP/1.1 302 Found\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n").await;
        }
        let (address, count) = server(redirect).await;
        let Answer::Status(response) = everywhere().post(&address, |request| request).await else {
            panic!("an answer")
        };
        assert_eq!((response.status().as_u16(), count.load(Ordering::SeqCst)), (302, 1));
    }

    #[tokio::test]
    async fn an_endless_answer_is_read_no_further_than_64_kib() {
        async fn endless(mut stream: TcpStream) {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n").await;
            while stream.write_all(&[b'x'; 16 * 1024]).await.is_ok() {}
        }
        let (address, _) = server(endless).await;
        let Answer::Status(response) = everywhere().post(&address, |request| request).await else {
            panic!("an answer")
        };
        assert_eq!(response.status().as_u16(), 200);
    }

    #[tokio::test]
    async fn who_does_not_answer_is_waited_for_ten_seconds() {
        async fn hang(stream: TcpStream) {
            tokio::time::sleep(Duration::from_secs(60)).await;
            drop(stream);
        }
        // Or answers byte by byte: what is read of it by then is enough.
        async fn drip(mut stream: TcpStream) {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        let ((hanging, _), (dripping, _)) = tokio::join!(server(hang), server(drip));
        let (began, outside) = (Instant::now(), everywhere());
        let answers =
            tokio::join!(outside.post(&hanging, |request| request), outside.post(&dripping, |request| request));
        assert!(matches!(&answers, (Answer::None, Answer::Status(_))), "{answers:?}");
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    }
}

//! ID tokens (OpenID Connect Core 1.0, section 3.1.3.7): strict in what decides who came, blind to the rest.

use std::fmt;

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    prelude::BASE64_URL_SAFE_NO_PAD,
};
use chrono::{DateTime, TimeDelta, Utc};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

/// How far a provider's clock may be from ours.
const LEEWAY: TimeDelta = TimeDelta::seconds(60);

/// The signatures that are accepted, by their names in JSON Web Algorithms (RFC 7518, 8037, 9864).
const ALGORITHMS: [(&str, Signature); 10] = [
    ("RS256", Signature::Rsa(&RSA_PKCS1_2048_8192_SHA256)),
    ("RS384", Signature::Rsa(&RSA_PKCS1_2048_8192_SHA384)),
    ("RS512", Signature::Rsa(&RSA_PKCS1_2048_8192_SHA512)),
    ("PS256", Signature::Rsa(&RSA_PSS_2048_8192_SHA256)),
    ("PS384", Signature::Rsa(&RSA_PSS_2048_8192_SHA384)),
    ("PS512", Signature::Rsa(&RSA_PSS_2048_8192_SHA512)),
    ("ES256", Signature::Curve("P-256", &ECDSA_P256_SHA256_FIXED)),
    ("ES384", Signature::Curve("P-384", &ECDSA_P384_SHA384_FIXED)),
    ("EdDSA", Signature::Curve("Ed25519", &ED25519)),
    ("Ed25519", Signature::Curve("Ed25519", &ED25519)),
];

#[derive(Clone, Copy)]
enum Signature {
    Rsa(&'static RsaParameters),
    /// The name of the curve, since each algorithm has one of its own.
    Curve(&'static str, &'static dyn VerificationAlgorithm),
}

/// Whether ID tokens signed with this algorithm are accepted.
pub fn is_accepted(algorithm: &str) -> bool {
    ALGORITHMS.iter().any(|(name, _)| *name == algorithm)
}

/// The accepted algorithms, for a message.
pub fn accepted() -> String {
    ALGORITHMS.map(|(name, _)| name).join(", ")
}

/// Why an ID token is refused, for the log. It quotes no value of a claim but those that settings decide.
#[derive(Debug, thiserror::Error)]
pub enum Untrusted {
    /// No key of the provider fits. It may have a new one.
    #[error("the provider has no key for this ID token ({algorithm}, kid {})", .kid.as_deref().unwrap_or("none"))]
    UnknownKey { algorithm: String, kid: Option<String> },
    /// A key fits, but the signature does not. The provider may have a new key under an old name.
    #[error("the signature of the ID token is wrong")]
    Signature,
    #[error("{0}")]
    Token(String),
}

impl Untrusted {
    fn new(reason: impl fmt::Display) -> Self {
        Self::Token(reason.to_string())
    }

    /// Whether newer keys of the provider may change the verdict.
    pub fn may_be_a_new_key(&self) -> bool {
        matches!(self, Self::UnknownKey { .. } | Self::Signature)
    }
}

/// The public keys of a provider (JSON Web Key Set, RFC 7517, section 5).
pub struct Keys(Vec<Key>);

struct Key {
    id: Option<String>,
    algorithm: Option<String>,
    material: Material,
}

enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Curve { name: &'static str, public: Vec<u8> },
}

/// A JSON Web Key, for what is used of it. Any member may be odd in a key that is not for us.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default, deserialize_with = "super::text")]
    r#use: Option<String>,
    #[serde(default, deserialize_with = "super::text")]
    alg: Option<String>,
    #[serde(default, deserialize_with = "super::text")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "super::text")]
    crv: Option<String>,
    #[serde(default, deserialize_with = "super::text")]
    n: Option<String>,
    #[serde(default, deserialize_with = "super::text")]
    e: Option<String>,
    #[serde(default, deserialize_with = "super::text")]
    x: Option<String>,
    #[serde(default, deserialize_with = "super::text")]
    y: Option<String>,
}

impl Keys {
    /// Reads a set; `None` where it is none. Keys of kinds that are not accepted are left out.
    pub fn parse(set: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let Set { keys } = serde_json::from_slice(set).ok()?;
        Some(Self(keys.into_iter().filter_map(|key| Key::of(serde_json::from_value(key).ok()?)).collect()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that may have signed: of this algorithm's kind, and of this name where both sides give one.
    fn fitting<'a>(
        &'a self,
        (algorithm, signature): (&'a str, Signature),
        kid: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Key> {
        self.0.iter().filter(move |key| {
            let of_kind = match (&key.material, signature) {
                (Material::Rsa { .. }, Signature::Rsa(_)) => true,
                (Material::Curve { name, .. }, Signature::Curve(curve, _)) => *name == curve,
                _ => false,
            };
            let named = kid.is_none() || key.id.is_none() || key.id.as_deref() == kid;
            let is_edwards = |name: &str| ["EdDSA", "Ed25519"].contains(&name);
            let same = |only: &str| only == algorithm || (is_edwards(only) && is_edwards(algorithm));
            of_kind && named && key.algorithm.as_deref().is_none_or(same)
        })
    }
}

impl Key {
    fn of(jwk: Jwk) -> Option<Self> {
        // Padding is not allowed in a key, but harmless.
        const BASE64: GeneralPurpose = GeneralPurpose::new(
            &URL_SAFE,
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
        );
        if jwk.r#use.is_some_and(|r#use| r#use != "sig") {
            return None;
        }
        let bytes = |text: Option<String>| BASE64.decode(text?).ok();
        // ring wants numbers without leading zeros, and points of full length.
        let number = |text| Some(bytes(text)?.into_iter().skip_while(|byte| *byte == 0).collect::<Vec<u8>>());
        let coordinate = |text, length: usize| {
            let number = number(text)?;
            Some([vec![0; length.checked_sub(number.len())?], number].concat())
        };
        let point = |x, y, length| Some([vec![4], coordinate(x, length)?, coordinate(y, length)?].concat());
        let material = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => Material::Rsa { n: number(jwk.n)?, e: number(jwk.e)? },
            ("EC", Some("P-256")) => Material::Curve { name: "P-256", public: point(jwk.x, jwk.y, 32)? },
            ("EC", Some("P-384")) => Material::Curve { name: "P-384", public: point(jwk.x, jwk.y, 48)? },
            ("OKP", Some("Ed25519")) => Material::Curve { name: "Ed25519", public: bytes(jwk.x)? },
            _ => return None,
        };
        Some(Self { id: jwk.kid, algorithm: jwk.alg, material })
    }

    fn verifies(&self, signature: Signature, message: &[u8], bytes: &[u8]) -> bool {
        match (&self.material, signature) {
            (Material::Rsa { n, e }, Signature::Rsa(parameters)) => {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, bytes).is_ok()
            }
            (Material::Curve { public, .. }, Signature::Curve(_, algorithm)) => {
                UnparsedPublicKey::new(algorithm, public).verify(message, bytes).is_ok()
            }
            _ => false,
        }
    }
}

/// What an ID token has to say to be ours.
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    pub now: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    cty: Option<Value>,
    #[serde(default)]
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    #[serde(default)]
    azp: Option<String>,
    /// Seconds since 1970, maybe with a fraction (RFC 7519, section 2).
    exp: f64,
    iat: f64,
    #[serde(default)]
    nbf: Option<f64>,
    nonce: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Checks an ID token; the answer is its subject, and all its claims for who wants to read on.
pub fn check(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<(String, Value), Untrusted> {
    let payload = verified(token, keys)?;
    let claims: Claims = parse(&payload, "claim")?;
    let subject = claims.sub.clone();
    check_claims(claims, expected)?;
    Ok((subject, serde_json::from_slice(&payload).unwrap_or_default()))
}

/// The payload of a token whose signature is the provider's (RFC 7515, section 5.2).
fn verified(token: &str, keys: &Keys) -> Result<Vec<u8>, Untrusted> {
    let parts: Vec<&str> = token.split('.').collect();
    if parts.len() == 5 {
        return Err(Untrusted::new("the ID token is encrypted: turn its encryption off at the provider"));
    }
    let [header, payload, signature] = parts[..] else { return Err(Untrusted::new("the ID token is no JWT")) };
    let decoded = |part| BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| Untrusted::new("the ID token is no JWT"));
    let (message, signature) = (&token[..header.len() + 1 + payload.len()], decoded(signature)?);
    let Header { alg, kid, typ, cty, crit } = parse(&decoded(header)?, "header parameter")?;
    let Some((_, algorithm)) = ALGORITHMS.iter().find(|(name, _)| *name == alg) else {
        let (alg, accepted) = (super::clean(&alg), accepted());
        let reason =
            format!("the ID token has algorithm {alg}: choose one of {accepted} for this client at the provider");
        return Err(Untrusted::Token(reason));
    };
    if crit.is_some() || cty.is_some() || typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err(Untrusted::new("the header of the ID token is that of another kind of token (crit, cty or typ)"));
    }
    let fitting: Vec<&Key> = keys.fitting((&alg, *algorithm), kid.as_deref()).collect();
    if fitting.is_empty() {
        return Err(Untrusted::UnknownKey { kid: kid.map(|kid| super::clean(&kid)), algorithm: alg });
    }
    if !fitting.iter().any(|key| key.verifies(*algorithm, message.as_bytes(), &signature)) {
        return Err(Untrusted::Signature);
    }
    decoded(payload)
}

fn check_claims(claims: Claims, expected: &Expected<'_>) -> Result<(), Untrusted> {
    let time = |seconds: f64, claim: &str| {
        let millis = (seconds * 1e3).round();
        let time = (millis.abs() < 1e15).then(|| DateTime::from_timestamp_millis(millis as i64)).flatten();
        time.ok_or_else(|| Untrusted::new(format!("the claim {claim} of the ID token is no time")))
    };
    if claims.iss != expected.issuer {
        return Err(Untrusted::new(format!("the ID token is from the issuer {}", super::clean(&claims.iss))));
    }
    let audiences = match claims.aud {
        Audience::One(audience) => vec![audience],
        Audience::Several(audiences) => audiences,
    };
    if !audiences.iter().any(|audience| audience == expected.client_id) {
        return Err(Untrusted::new("the ID token is for another client (aud)"));
    }
    match claims.azp {
        Some(party) if party == expected.client_id => {}
        Some(_) => return Err(Untrusted::new("the ID token was made for another client (azp)")),
        None if audiences.iter().all(|audience| audience == expected.client_id) => {}
        None => return Err(Untrusted::new("the ID token is for several clients, and does not say for which (azp)")),
    }
    if time(claims.exp, "exp")? + LEEWAY <= expected.now {
        return Err(Untrusted::new("the ID token has expired (exp): are both clocks right?"));
    }
    if time(claims.iat, "iat")? > expected.now + LEEWAY {
        return Err(Untrusted::new("the ID token was issued in the future (iat): are both clocks right?"));
    }
    if claims.nbf.map(|nbf| time(nbf, "nbf")).transpose()?.is_some_and(|nbf| nbf > expected.now + LEEWAY) {
        return Err(Untrusted::new("the ID token is not valid yet (nbf): are both clocks right?"));
    }
    if claims.nonce != expected.nonce {
        return Err(Untrusted::new("the ID token belongs to another sign-in (nonce)"));
    }
    Ok(())
}

/// Reads JSON; the error names the place and nothing that stands there.
fn parse<T: DeserializeOwned>(json: &[u8], what: &str) -> Result<T, Untrusted> {
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(json)).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner().to_string();
        // serde names a missing or doubled member in its words, a wrong one by its path.
        let name = inner.strip_prefix("missing field `").or(inner.strip_prefix("duplicate field `"));
        let name = name.and_then(|rest| rest.split('`').next()).unwrap_or(&path);
        Untrusted::new(format!("the {what} {name} of the ID token is missing, doubled or of another type"))
    })
}

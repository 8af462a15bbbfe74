//! The keys that the stand-ins sign with, one of each kind: making one takes long.

use std::{process::Command, sync::LazyLock};

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
        Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
        RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
    },
};
use serde_json::{Value, json};

static RSA: LazyLock<RsaKeyPair> = LazyLock::new(|| {
    // Encoded as it is generated: an export after that can deadlock in Node.js.
    let make = "console.log(require('crypto').generateKeyPairSync('rsa', { modulusLength: 2048,
        publicKeyEncoding: { type: 'spki', format: 'der' }, privateKeyEncoding: { type: 'pkcs8', format: 'der' } })
        .privateKey.toString('base64'))";
    let made = Command::new("node").args(["-e", make]).output().expect("node runs");
    let der = BASE64_STANDARD.decode(String::from_utf8(made.stdout).expect("text").trim()).expect("Base64");
    RsaKeyPair::from_pkcs8(&der).expect("a key")
});
static P256: LazyLock<EcdsaKeyPair> = LazyLock::new(|| curve(&ECDSA_P256_SHA256_FIXED_SIGNING));
static P384: LazyLock<EcdsaKeyPair> = LazyLock::new(|| curve(&ECDSA_P384_SHA384_FIXED_SIGNING));
static ED25519: LazyLock<Ed25519KeyPair> = LazyLock::new(|| {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("random bytes");
    Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("a key")
});

fn curve(algorithm: &'static EcdsaSigningAlgorithm) -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("random bytes");
    EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("a key")
}

pub fn encoded(text: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

/// The public half of the key for this algorithm, as a JSON Web Key.
pub fn public_key(algorithm: &str) -> Value {
    let point = |key: &EcdsaKeyPair, curve: &str| {
        let (x, y) = key.public_key().as_ref()[1..].split_at(key.public_key().as_ref().len() / 2);
        json!({ "kty": "EC", "crv": curve, "x": encoded(x), "y": encoded(y) })
    };
    match algorithm {
        "ES256" => point(&P256, "P-256"),
        "ES384" => point(&P384, "P-384"),
        "EdDSA" | "Ed25519" => json!({ "kty": "OKP", "crv": "Ed25519", "x": encoded(ED25519.public_key()) }),
        _ => {
            let key = PublicKeyComponents::<Vec<u8>>::from(RSA.public());
            json!({ "kty": "RSA", "n": encoded(key.n), "e": encoded(key.e) })
        }
    }
}

/// A JSON Web Token of exactly this header and this payload. It is signed as the header says, or, where that is nothing
/// that exists, with RS256.
pub fn token_of(header: &str, payload: &str) -> String {
    let said: Value = serde_json::from_str(header).unwrap_or_default();
    let message = format!("{}.{}", encoded(header), encoded(payload));
    let signature = sign(said["alg"].as_str().unwrap_or_default(), message.as_bytes());
    format!("{message}.{}", encoded(signature))
}

pub fn sign(algorithm: &str, message: &[u8]) -> Vec<u8> {
    let random = SystemRandom::new();
    let with_curve = |key: &EcdsaKeyPair| key.sign(&random, message).expect("signed").as_ref().to_vec();
    let encoding: &dyn RsaEncoding = match algorithm {
        "ES256" => return with_curve(&P256),
        "ES384" => return with_curve(&P384),
        "EdDSA" | "Ed25519" => return ED25519.sign(message).as_ref().to_vec(),
        "RS384" => &RSA_PKCS1_SHA384,
        "RS512" => &RSA_PKCS1_SHA512,
        "PS256" => &RSA_PSS_SHA256,
        "PS384" => &RSA_PSS_SHA384,
        "PS512" => &RSA_PSS_SHA512,
        _ => &RSA_PKCS1_SHA256,
    };
    let mut signature = vec![0; RSA.public().modulus_len()];
    RSA.sign(encoding, &random, message, &mut signature).expect("signed");
    signature
}

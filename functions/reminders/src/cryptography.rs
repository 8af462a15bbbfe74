//! The primitives of ring, as `ece` takes them. P-256 in plain Rust made a notification cost almost three times as much of
//! the processor's time (docs/speed.md).
//!
//! Only what encrypting needs is here. Each message has a key pair of its own, which one agreement uses up.

use std::{
    any::Any,
    sync::{Mutex, PoisonError},
};

use ece::{
    Cryptographer, EcKeyComponents,
    Error::{self, CryptoError},
    LocalKeyPair, RemotePublicKey, Result,
};
use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    error::Unspecified,
    hkdf::{HKDF_SHA256, KeyType, Salt},
    rand::{SecureRandom, SystemRandom},
};

/// Has `ece` use ring. It may be called again.
pub fn install() {
    let _ = ece::crypto::set_cryptographer(&Ring);
}

struct Ring;

/// A private key until it was used, and its public one, uncompressed.
struct OwnKey(Mutex<Option<EphemeralPrivateKey>>, Vec<u8>);

/// A browser's public key, uncompressed.
struct BrowserKey(Vec<u8>);

struct Length(usize);

impl Cryptographer for Ring {
    fn generate_ephemeral_keypair(&self) -> Result<Box<dyn LocalKeyPair>> {
        let key = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).map_err(failed)?;
        let public = key.compute_public_key().map_err(failed)?.as_ref().to_vec();
        Ok(Box::new(OwnKey(Mutex::new(Some(key)), public)))
    }

    fn import_key_pair(&self, _: &EcKeyComponents) -> Result<Box<dyn LocalKeyPair>> {
        Err(CryptoError)
    }

    fn import_public_key(&self, raw: &[u8]) -> Result<Box<dyn RemotePublicKey>> {
        Ok(Box::new(BrowserKey(raw.to_vec())))
    }

    fn compute_ecdh_secret(&self, remote: &dyn RemotePublicKey, local: &dyn LocalKeyPair) -> Result<Vec<u8>> {
        let own = local.as_any().downcast_ref::<OwnKey>().ok_or(CryptoError)?;
        let own = own.0.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or(CryptoError)?;
        let browser = UnparsedPublicKey::new(&ECDH_P256, remote.as_raw()?);
        agree_ephemeral(own, &browser, <[u8]>::to_vec).map_err(failed)
    }

    fn hkdf_sha256(&self, salt: &[u8], secret: &[u8], info: &[u8], len: usize) -> Result<Vec<u8>> {
        let mut key = vec![0; len];
        let extracted = Salt::new(HKDF_SHA256, salt).extract(secret);
        let expanded = extracted.expand(&[info], Length(len)).and_then(|expanded| expanded.fill(&mut key));
        expanded.map(|()| key).map_err(failed)
    }

    fn aes_gcm_128_encrypt(&self, key: &[u8], iv: &[u8], data: &[u8]) -> Result<Vec<u8>> {
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key).map_err(failed)?);
        let nonce = Nonce::try_assume_unique_for_key(iv).map_err(failed)?;
        let mut sealed = data.to_vec();
        key.seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed).map_err(failed)?;
        Ok(sealed)
    }

    fn aes_gcm_128_decrypt(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<Vec<u8>> {
        Err(CryptoError)
    }

    fn random_bytes(&self, dest: &mut [u8]) -> Result<()> {
        SystemRandom::new().fill(dest).map_err(failed)
    }
}

impl LocalKeyPair for OwnKey {
    fn pub_as_raw(&self) -> Result<Vec<u8>> {
        Ok(self.1.clone())
    }

    fn raw_components(&self) -> Result<EcKeyComponents> {
        Err(CryptoError)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl RemotePublicKey for BrowserKey {
    fn as_raw(&self) -> Result<Vec<u8>> {
        Ok(self.0.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn failed(_: Unspecified) -> Error {
    CryptoError
}

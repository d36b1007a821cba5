//! Nonces that need no memory until a login succeeds: time, number and a keyed hash over them.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::digest::hex;

/// Nonces whose use counts are remembered. When full, the oldest is forgotten and is stale from then on.
const MAX_REMEMBERED: usize = 65_536;

/// A nonce may look this much younger than now (seconds): two processes, two clocks.
const CLOCK_SLACK: u64 = 5;

/// Hexadecimal digits of time, of number, and of the keyed hash (128 bits).
const TIME_DIGITS: usize = 16;
const NUMBER_DIGITS: usize = 16;
const HASH_DIGITS: usize = 32;

/// What a nonce that came back is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NonceVerdict {
    /// Ours, young enough, not used this way before.
    Fresh,
    /// Ours but too old: challenge again with `stale=true`.
    Stale,
    /// Ours, but this use count was used before: challenge again with `stale=true`.
    Replayed,
    /// Not ours, or for another realm or network.
    Unknown,
}

/// Issues and checks nonces. Two senders never get the same one.
pub struct Nonces {
    key: [u8; 32],
    lifetime: u64,
    issued: AtomicU64,
    /// Highest use count of each nonce that a login succeeded with, by time and number.
    used: BTreeMap<(u64, u64), u32>,
    /// Nonces up to this one were forgotten for want of room.
    forgotten: Option<(u64, u64)>,
}

impl Nonces {
    /// `key` is random and secret; `lifetime` is in whole seconds, at least one.
    pub fn new(key: [u8; 32], lifetime: Duration) -> Nonces {
        Nonces {
            key,
            lifetime: lifetime.as_secs().max(1),
            issued: AtomicU64::new(0),
            used: BTreeMap::new(),
            forgotten: None,
        }
    }

    /// A nonce for a challenge to this network at this time (seconds since a fixed moment).
    pub fn issue(&self, now_secs: u64, realm: &str, source: IpAddr) -> String {
        let number = self.issued.fetch_add(1, Ordering::Relaxed);
        format!(
            "{now_secs:016x}{number:016x}{}",
            self.hash(now_secs, number, realm, source)
        )
    }

    /// Judges a nonce without noting anything: to be asked before the digest is computed.
    pub fn peek(
        &self,
        nonce: &str,
        nc: Option<u32>,
        now_secs: u64,
        realm: &str,
        source: IpAddr,
    ) -> NonceVerdict {
        let Some(id) = self.own(nonce, realm, source) else {
            return NonceVerdict::Unknown;
        };
        if id.0 > now_secs.saturating_add(CLOCK_SLACK) {
            return NonceVerdict::Unknown;
        }
        if now_secs.saturating_sub(id.0) > self.lifetime
            || self.forgotten.is_some_and(|last| id <= last)
        {
            return NonceVerdict::Stale;
        }
        match (self.used.get(&id), nc) {
            (_, Some(0)) => NonceVerdict::Replayed,
            (None, _) => NonceVerdict::Fresh,
            (Some(highest), Some(nc)) if nc > *highest => NonceVerdict::Fresh,
            (Some(_), _) => NonceVerdict::Replayed,
        }
    }

    /// Judges a nonce and, when it is fresh, notes this use: to be asked only after the digest was
    /// found right, so that a stranger costs no memory. Without use count (`nc`) a nonce counts once.
    pub fn check(
        &mut self,
        nonce: &str,
        nc: Option<u32>,
        now_secs: u64,
        realm: &str,
        source: IpAddr,
    ) -> NonceVerdict {
        let verdict = self.peek(nonce, nc, now_secs, realm, source);
        if verdict != NonceVerdict::Fresh {
            return verdict;
        }
        let Some(id) = self.own(nonce, realm, source) else {
            return NonceVerdict::Unknown;
        };
        while let Some(oldest) = self.used.first_entry() {
            let expired = now_secs.saturating_sub(oldest.key().0) > self.lifetime;
            if !expired && (self.used.len() < MAX_REMEMBERED || self.used.contains_key(&id)) {
                break;
            }
            if let Some((forgotten, _)) = self.used.pop_first()
                && !expired
            {
                self.forgotten = Some(forgotten);
            }
        }
        self.used.insert(id, nc.unwrap_or(u32::MAX));
        NonceVerdict::Fresh
    }

    /// How many nonces are remembered.
    pub fn remembered(&self) -> usize {
        self.used.len()
    }

    /// Time and number of a nonce that we made for this realm and network.
    fn own(&self, nonce: &str, realm: &str, source: IpAddr) -> Option<(u64, u64)> {
        if nonce.len() != TIME_DIGITS + NUMBER_DIGITS + HASH_DIGITS
            || !nonce
                .bytes()
                .all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'))
        {
            return None;
        }
        let (time, rest) = nonce.split_at(TIME_DIGITS);
        let (number, given) = rest.split_at(NUMBER_DIGITS);
        let time = u64::from_str_radix(time, 16).ok()?;
        let number = u64::from_str_radix(number, 16).ok()?;
        let expected = self.hash(time, number, realm, source);
        bool::from(expected.as_bytes().ct_eq(given.as_bytes())).then_some((time, number))
    }

    fn hash(&self, time: u64, number: u64, realm: &str, source: IpAddr) -> String {
        let network = network(source);
        let mac = hmac_sha256(
            &self.key,
            &[
                &time.to_be_bytes(),
                &number.to_be_bytes(),
                &network,
                realm.as_bytes(),
            ],
        );
        hex(mac.get(..HASH_DIGITS / 2).unwrap_or_default())
    }
}

/// Shows no key.
impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nonces")
            .field("lifetime", &self.lifetime)
            .field("used", &self.used.len())
            .finish_non_exhaustive()
    }
}

/// The network of a source: /24 of IPv4, /64 of IPv6. A phone behind a carrier's NAT may change its
/// address between challenge and answer, but not its network.
fn network(source: IpAddr) -> [u8; 9] {
    let mut out = [0; 9];
    match source.to_canonical() {
        IpAddr::V4(address) => {
            out[0] = 4;
            out[1..4].copy_from_slice(&address.octets()[..3]);
        }
        IpAddr::V6(address) => {
            out[0] = 6;
            out[1..9].copy_from_slice(&address.octets()[..8]);
        }
    }
    out
}

/// HMAC with SHA-256 (RFC 2104) under a key of half a block.
fn hmac_sha256(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let pad = |with: u8| {
        let mut block = [with; BLOCK];
        for (octet, key) in block.iter_mut().zip(key) {
            *octet ^= key;
        }
        block
    };
    let mut inner = Sha256::new();
    inner.update(pad(0x36));
    for part in parts {
        inner.update(part);
    }
    let mut outer = Sha256::new();
    outer.update(pad(0x5c));
    outer.update(inner.finalize());
    outer.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        // Test case 1: a key of 20 times 0x0b, which padding with zeros makes 32 long.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        assert_eq!(
            hex(&hmac_sha256(&key, &[b"Hi ", b"There"])),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
    }

    #[test]
    fn room_is_bounded_and_what_is_forgotten_is_stale() {
        let source: IpAddr = "192.0.2.1".parse().unwrap();
        let mut nonces = Nonces::new([7; 32], Duration::from_secs(60));
        let first = nonces.issue(100, "pbx", source);
        assert_eq!(
            nonces.check(&first, Some(1), 100, "pbx", source),
            NonceVerdict::Fresh
        );
        for _ in 0..MAX_REMEMBERED {
            let nonce = nonces.issue(100, "pbx", source);
            assert_eq!(
                nonces.check(&nonce, Some(1), 100, "pbx", source),
                NonceVerdict::Fresh
            );
        }
        assert_eq!(nonces.remembered(), MAX_REMEMBERED);
        assert_eq!(
            nonces.check(&first, Some(1), 100, "pbx", source),
            NonceVerdict::Stale
        );
        assert_eq!(
            nonces.check(&first, Some(2), 100, "pbx", source),
            NonceVerdict::Stale
        );
    }
}

//! Randomness from outside: branches, tags, Call-IDs, and the key of every map indexed by what the wire chose.

use std::hash::{BuildHasher, Hasher};

/// A source of unpredictable octets.
///
/// The machine never draws randomness itself, so a test with a seeded source repeats exactly.
pub trait Entropy: Send {
    /// Fills `into` with unpredictable octets.
    fn fill(&mut self, into: &mut [u8]);
}

impl<E: Entropy + ?Sized> Entropy for Box<E> {
    fn fill(&mut self, into: &mut [u8]) {
        (**self).fill(into);
    }
}

/// The prefix that marks a branch as unique over space and time (RFC 3261 §8.1.1.7).
pub const MAGIC_COOKIE: &str = "z9hG4bK";

/// A Via branch: the magic cookie and 96 unpredictable bits, enough that an off-path attacker cannot guess a response.
pub fn branch(entropy: &mut dyn Entropy) -> String {
    let mut text = String::from(MAGIC_COOKIE);
    push_hex::<12>(entropy, &mut text);
    text
}

/// A From or To tag of 64 unpredictable bits (RFC 3261 §19.3 asks for 32 at least).
pub fn tag(entropy: &mut dyn Entropy) -> String {
    let mut text = String::new();
    push_hex::<8>(entropy, &mut text);
    text
}

/// A Call-ID of 128 unpredictable bits, without a host part, so that it tells nothing about the network inside.
pub fn call_id(entropy: &mut dyn Entropy) -> String {
    let mut text = String::new();
    push_hex::<16>(entropy, &mut text);
    text
}

/// A client nonce for digest authentication (RFC 7616 §3.4).
pub fn cnonce(entropy: &mut dyn Entropy) -> String {
    tag(entropy)
}

/// A number below `bound`, for the random delays of RFC 3261 §14.1; 0 when `bound` is 0.
pub fn below(entropy: &mut dyn Entropy, bound: u64) -> u64 {
    let mut octets = [0; 8];
    entropy.fill(&mut octets);
    u64::from_le_bytes(octets).checked_rem(bound).unwrap_or(0)
}

fn push_hex<const N: usize>(entropy: &mut dyn Entropy, text: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut octets = [0; N];
    entropy.fill(&mut octets);
    for octet in octets {
        text.push(char::from(DIGITS[usize::from(octet >> 4)]));
        text.push(char::from(DIGITS[usize::from(octet & 15)]));
    }
}

/// Hashes with a secret, so that nobody who chooses Call-IDs or branches can make them collide.
#[derive(Clone, Debug)]
pub struct KeyedHash {
    key: [u64; 2],
}

impl KeyedHash {
    /// A hash with a fresh secret.
    pub fn new(entropy: &mut dyn Entropy) -> Self {
        let mut key = [0; 2];
        for half in &mut key {
            let mut octets = [0; 8];
            entropy.fill(&mut octets);
            *half = u64::from_le_bytes(octets);
        }
        Self { key }
    }
}

impl BuildHasher for KeyedHash {
    type Hasher = std::hash::DefaultHasher;

    fn build_hasher(&self) -> Self::Hasher {
        // SipHash whose state has first absorbed 128 secret bits: as unpredictable as one keyed with them.
        let mut hasher = std::hash::DefaultHasher::new();
        hasher.write_u64(self.key[0]);
        hasher.write_u64(self.key[1]);
        hasher
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(u8);

    impl Entropy for Counting {
        fn fill(&mut self, into: &mut [u8]) {
            for octet in into {
                *octet = self.0;
                self.0 = self.0.wrapping_add(1);
            }
        }
    }

    #[test]
    fn rfc3261_8_1_1_7_branches_carry_the_magic_cookie_and_differ() {
        let mut entropy = Counting(0);
        let first = branch(&mut entropy);
        assert!(first.starts_with("z9hG4bK"));
        assert_eq!(first.len(), 7 + 24);
        assert_ne!(first, branch(&mut entropy));
    }

    #[test]
    fn the_hash_depends_on_the_secret() {
        let one = KeyedHash::new(&mut Counting(0));
        let other = KeyedHash::new(&mut Counting(1));
        assert_eq!(one.hash_one("call"), one.hash_one("call"));
        assert_ne!(one.hash_one("call"), other.hash_one("call"));
    }

    #[test]
    fn below_nothing_is_nothing() {
        assert_eq!(below(&mut Counting(9), 0), 0);
        assert!(below(&mut Counting(9), 10) < 10);
    }
}

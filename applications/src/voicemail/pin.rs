//! PINs: which are too easy, how chosen ones are kept, and which open a box.

use sha2::{Digest, Sha256};
use strowger_model::User;

/// Shortest PIN that may be chosen.
pub const SHORTEST_PIN: usize = 4;

/// Digits of a PIN from which a box may call others (an open door for toll fraud otherwise).
pub const CALLBACK_PIN: usize = 6;

/// Longest PIN read.
pub const LONGEST_PIN: usize = 20;

/// Rounds of PBKDF2: a PIN has few digits, so this only slows guessing down for who has stolen the store.
const ROUNDS: u32 = 20_000;

/// How kept PINs begin; others are plain texts of an imported store.
const SCHEME: &str = "pbkdf2-sha256";

/// Octets of a block of SHA-256, for HMAC.
const BLOCK: usize = 64;

/// Why a new PIN is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPin {
    /// Fewer than [`SHORTEST_PIN`] digits.
    #[error("it is shorter than {SHORTEST_PIN} digits")]
    Short,
    /// It is the number of the box.
    #[error("it is the number of the mailbox")]
    Mailbox,
    /// One digit, a row, or a short group again and again.
    #[error("it is a pattern that everybody tries first")]
    Pattern,
}

/// Whether a PIN may be chosen for a box with these numbers.
pub fn check_new(pin: &str, numbers: &[&str]) -> Result<(), WeakPin> {
    if pin.len() < SHORTEST_PIN {
        return Err(WeakPin::Short);
    }
    let reversed: String = pin.chars().rev().collect();
    let is_number = |number: &&&str| **number == pin || **number == reversed;
    if numbers.iter().find(is_number).is_some() {
        return Err(WeakPin::Mailbox);
    }
    let digits = pin.as_bytes();
    let step = |by: u8| {
        digits
            .windows(2)
            .all(|pair| pair[1].wrapping_sub(b'0') == (pair[0].wrapping_sub(b'0') + by) % 10)
    };
    let repeats = |length: usize| {
        digits
            .iter()
            .enumerate()
            .all(|(i, d)| *d == digits[i % length])
    };
    let pattern = step(1) || step(9) || (1..=digits.len() / 2).any(repeats);
    if pattern {
        Err(WeakPin::Pattern)
    } else {
        Ok(())
    }
}

/// A PIN as it is kept: scheme, rounds, salt and hash, in hexadecimal. Slow on purpose; blocking.
pub fn hash(pin: &str) -> String {
    let salt: [u8; 16] = rand::random();
    let hash = pbkdf2(pin.as_bytes(), &salt, ROUNDS);
    format!("{SCHEME}${ROUNDS}${}${}", hex(&salt), hex(&hash))
}

/// Whether a PIN is the one kept. Slow on purpose; blocking.
pub fn matches_kept(pin: &str, kept: &str) -> bool {
    let mut parts = kept.split('$');
    if parts.next() != Some(SCHEME) {
        return same(pin.as_bytes(), kept.as_bytes());
    }
    let (Some(rounds), Some(salt), Some(hash), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    // Rounds beyond reason would be a way to hold up the exchange with a damaged store.
    let rounds = rounds.parse::<u32>().ok().filter(|r| *r <= 1_000_000);
    let (Some(rounds), Some(salt)) = (rounds, from_hex(salt)) else {
        return false;
    };
    same(
        hex(&pbkdf2(pin.as_bytes(), &salt, rounds)).as_bytes(),
        hash.as_bytes(),
    )
}

/// What the directory says about the PIN of a box.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectoryPin {
    /// `vm-password`, or `password` without one.
    plain: Option<String>,
    /// `vm-a1-hash` or `a1-hash`: MD5 of `id:domain:pin`.
    a1: Option<String>,
    /// `vm-password` is `user-choose`: the owner chooses at the first visit.
    pub owner_chooses: bool,
}

impl DirectoryPin {
    /// Of a user.
    pub fn of(user: &User) -> DirectoryPin {
        let text = |name: &str| user.param(name).filter(|text| !text.is_empty());
        let own = text("vm-password");
        let owner_chooses = own.is_some_and(|own| own.eq_ignore_ascii_case("user-choose"));
        let plain = match own {
            Some(_) if owner_chooses => None,
            Some(own) => Some(own),
            None => text("password"),
        };
        let a1 = if owner_chooses {
            None
        } else {
            text("vm-a1-hash").or_else(|| own.is_none().then(|| text("a1-hash")).flatten())
        };
        DirectoryPin {
            plain: plain.map(str::to_owned),
            a1: a1.map(str::to_owned),
            owner_chooses,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.plain.is_none() && self.a1.is_none()
    }

    /// Whether a PIN is right for `id` at `domain`.
    pub fn accepts(&self, pin: &str, id: &str, domain: &str) -> bool {
        let plain = self
            .plain
            .as_ref()
            .is_some_and(|plain| same(plain.as_bytes(), pin.as_bytes()));
        let a1 = self.a1.as_ref().is_some_and(|a1| {
            let digest = md5::Md5::digest(format!("{id}:{domain}:{pin}"));
            same(a1.to_ascii_lowercase().as_bytes(), hex(&digest).as_bytes())
        });
        plain || a1
    }
}

/// Compares in a time that does not depend on where two texts differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |bits, (x, y)| bits | (x ^ y)) == 0
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

/// PBKDF2 with HMAC-SHA-256 and one block of output (RFC 8018 §5.2).
fn pbkdf2(pin: &[u8], salt: &[u8], rounds: u32) -> [u8; 32] {
    let (inner, outer) = hmac_pads(pin);
    let mac = |parts: &[&[u8]]| -> [u8; 32] {
        let mut hash = inner.clone();
        for part in parts {
            hash.update(part);
        }
        let mut envelope = outer.clone();
        envelope.update(hash.finalize());
        envelope.finalize().into()
    };
    let mut block = mac(&[salt, &1_u32.to_be_bytes()]);
    let mut result = block;
    for _ in 1..rounds {
        block = mac(&[&block]);
        for (sum, octet) in result.iter_mut().zip(block) {
            *sum ^= octet;
        }
    }
    result
}

/// The two keyed beginnings of HMAC (RFC 2104).
fn hmac_pads(key: &[u8]) -> (Sha256, Sha256) {
    let mut padded = [0_u8; BLOCK];
    if key.len() > BLOCK {
        padded[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        padded[..key.len()].copy_from_slice(key);
    }
    let keyed = |pad: u8| {
        let mut hash = Sha256::new();
        hash.update(padded.map(|octet| octet ^ pad));
        hash
    };
    (keyed(0x36), keyed(0x5c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pbkdf2_gives_the_known_answers() {
        // The inputs of RFC 6070, with SHA-256.
        assert_eq!(
            hex(&pbkdf2(b"password", b"salt", 1)),
            "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b"
        );
        assert_eq!(
            hex(&pbkdf2(b"password", b"salt", 4096)),
            "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a"
        );
    }

    #[test]
    fn a_kept_pin_is_salted_and_opens_only_with_itself() {
        let (one, two) = (hash("482915"), hash("482915"));
        assert_ne!(one, two, "the salt differs");
        assert!(!one.contains("482915"));
        assert!(matches_kept("482915", &one));
        assert!(!matches_kept("482916", &one));
        assert!(!matches_kept("", &one));
        assert!(matches_kept("1234", "1234"), "a store from elsewhere");
        assert!(!matches_kept("x", "pbkdf2-sha256$9$zz$"));
    }

    #[test]
    fn trivial_pins_are_refused() {
        for pin in [
            "1234", "4321", "0000", "777777", "1212", "123123", "7890", "0987", "56789",
        ] {
            assert_eq!(check_new(pin, &["1000"]), Err(WeakPin::Pattern), "{pin}");
        }
        assert_eq!(check_new("123", &[]), Err(WeakPin::Short));
        assert_eq!(check_new("4711", &["4711"]), Err(WeakPin::Mailbox));
        assert_eq!(check_new("1174", &["4711"]), Err(WeakPin::Mailbox));
        for pin in ["4829", "90210", "482915"] {
            assert_eq!(check_new(pin, &["1000"]), Ok(()), "{pin}");
        }
    }

    #[test]
    fn the_directory_has_pins_in_several_forms() {
        let plain = DirectoryPin {
            plain: Some("4829".to_owned()),
            ..DirectoryPin::default()
        };
        assert!(plain.accepts("4829", "1000", "d"));
        assert!(!plain.accepts("", "1000", "d"));
        let a1 = DirectoryPin {
            a1: Some(hex(&md5::Md5::digest("1000:d:4829")).to_uppercase()),
            ..DirectoryPin::default()
        };
        assert!(a1.accepts("4829", "1000", "d"));
        assert!(!a1.accepts("4829", "1001", "d"));
        assert!(DirectoryPin::default().is_empty());
    }
}

//! Challenges (401 and 407): what is asked for, and which of several to answer.

use std::fmt;

use super::digest::{Algorithm, Credentials, MAX_CREDENTIALS_HEADERS, MAX_CREDENTIALS_OCTETS};
use super::fields::Fields;
use crate::message::{HeaderTable, quote};

/// Why a challenge or credentials cannot be used. Unusable credentials count as none: 401.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AuthError {
    /// Another scheme than Digest.
    #[error("the authentication scheme is not Digest")]
    Scheme,
    /// A field is no `name=value`.
    #[error("a field of the digest is malformed")]
    Malformed,
    /// A field is there twice.
    #[error("a field of the digest is there twice")]
    Doubled,
    /// A needed field is missing or empty.
    #[error("the digest has no {0}")]
    Missing(&'static str),
    /// An algorithm that we do not compute (also every `-sess` variant).
    #[error("the digest algorithm is none of MD5, SHA-256 and SHA-512-256")]
    Algorithm,
    /// A quality of protection that we do not know.
    #[error("the quality of protection is neither auth nor auth-int")]
    Qop,
    /// Longer, or of more fields, than any proper digest.
    #[error("the digest is too long")]
    TooLong,
    /// More credential headers than are looked at: answer 400.
    #[error("there are too many credential headers")]
    TooMany,
}

/// Quality of protection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Qop {
    /// The request line is covered.
    Auth,
    /// The request line and the body are covered.
    AuthInt,
}

impl Qop {
    /// As on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Qop::Auth => "auth",
            Qop::AuthInt => "auth-int",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Qop> {
        [Qop::Auth, Qop::AuthInt]
            .into_iter()
            .find(|qop| qop.as_str().eq_ignore_ascii_case(text))
    }
}

/// One Digest challenge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Challenge {
    /// The realm.
    pub realm: String,
    /// The nonce.
    pub nonce: String,
    /// To be given back unchanged.
    pub opaque: Option<String>,
    /// The algorithm; MD5 when the challenge names none.
    pub algorithm: Algorithm,
    /// What may be used; empty = the form of RFC 2069, without client nonce.
    pub qop: Vec<Qop>,
    /// The digest was right, only its nonce was too old: try again without asking the user.
    pub stale: bool,
    /// The protection domain, as on the wire.
    pub domain: Option<String>,
    /// The server takes a hashed user name; we always give it in clear.
    pub userhash: bool,
}

impl Challenge {
    /// A challenge as we give it, `qop="auth"`.
    pub fn new(realm: &str, nonce: &str, algorithm: Algorithm, stale: bool) -> Challenge {
        Challenge {
            realm: realm.to_owned(),
            nonce: nonce.to_owned(),
            opaque: None,
            algorithm,
            qop: vec![Qop::Auth],
            stale,
            domain: None,
            userhash: false,
        }
    }

    /// Reads the value of WWW-Authenticate or Proxy-Authenticate.
    pub fn parse(text: &str) -> Result<Challenge, AuthError> {
        let fields = Fields::parse_digest(text, MAX_CREDENTIALS_OCTETS)?;
        let is_true = |name| {
            fields
                .get(name)
                .is_some_and(|value| value.eq_ignore_ascii_case("true"))
        };
        let qop: Vec<Qop> = match fields.get("qop") {
            // Unknown ones are passed over; when no known one is left, the challenge is of no use.
            Some(list) => {
                let known: Vec<Qop> = list
                    .split(',')
                    .filter_map(|word| Qop::parse(word.trim()))
                    .collect();
                if known.is_empty() {
                    return Err(AuthError::Qop);
                }
                known
            }
            None => Vec::new(),
        };
        Ok(Challenge {
            realm: fields.owned("realm").ok_or(AuthError::Missing("realm"))?,
            nonce: fields.needed("nonce")?,
            opaque: fields.owned("opaque"),
            algorithm: Algorithm::of(fields.get("algorithm"))?,
            qop,
            stale: is_true("stale"),
            domain: fields.owned("domain"),
            userhash: is_true("userhash"),
        })
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest realm=")?;
        quote(&self.realm, f)?;
        f.write_str(", nonce=")?;
        quote(&self.nonce, f)?;
        if let Some(opaque) = &self.opaque {
            f.write_str(", opaque=")?;
            quote(opaque, f)?;
        }
        if let Some(domain) = &self.domain {
            f.write_str(", domain=")?;
            quote(domain, f)?;
        }
        write!(f, ", algorithm={}", self.algorithm.as_str())?;
        if !self.qop.is_empty() {
            let list: Vec<&str> = self.qop.iter().map(|qop| qop.as_str()).collect();
            write!(f, ", qop=\"{}\"", list.join(","))?;
        }
        if self.stale {
            f.write_str(", stale=true")?;
        }
        if self.userhash {
            f.write_str(", userhash=true")?;
        }
        Ok(())
    }
}

/// The challenges for one 401 or 407, one header line each, in the order of preference (RFC 8760 §2.4).
pub fn challenges(
    realm: &str,
    nonce: &str,
    stale: bool,
    algorithms: &[Algorithm],
) -> Vec<Challenge> {
    algorithms
        .iter()
        .map(|&algorithm| Challenge::new(realm, nonce, algorithm, stale))
        .collect()
}

/// The usable challenges of a 401 or 407, with the name of the header that answers each.
pub fn offers(headers: &HeaderTable) -> Vec<(&'static str, Challenge)> {
    /// More challenges than any server has reason to send.
    const LOOKED_AT: usize = 16;
    [
        ("WWW-Authenticate", "Authorization"),
        ("Proxy-Authenticate", "Proxy-Authorization"),
    ]
    .into_iter()
    .flat_map(|(asks, answers)| headers.all(asks).map(move |value| (answers, value)))
    .take(LOOKED_AT)
    .filter_map(|(answers, value)| Some((answers, Challenge::parse(value).ok()?)))
    .collect()
}

/// For each realm the challenge to answer: the strongest algorithm, the first of equals.
pub fn strongest(offers: Vec<(&'static str, Challenge)>) -> Vec<(&'static str, Challenge)> {
    let mut best: Vec<(&'static str, Challenge)> = Vec::new();
    for (name, offer) in offers {
        match best
            .iter_mut()
            .find(|(known, chosen)| *known == name && chosen.realm == offer.realm)
        {
            Some((_, chosen)) if offer.algorithm > chosen.algorithm => *chosen = offer,
            Some(_) => {}
            None => best.push((name, offer)),
        }
    }
    best
}

/// The usable credentials of a request for one realm out of `Authorization` or
/// `Proxy-Authorization` lines. Malformed ones and other schemes count as absent; more than
/// [`MAX_CREDENTIALS_HEADERS`] lines are an error to be answered with 400.
pub fn credentials(
    headers: &HeaderTable,
    name: &str,
    realm: &str,
) -> Result<Vec<Credentials>, AuthError> {
    if headers.all(name).nth(MAX_CREDENTIALS_HEADERS).is_some() {
        return Err(AuthError::TooMany);
    }
    Ok(headers
        .all(name)
        .filter_map(|value| Credentials::parse(value).ok())
        .filter(|credentials| credentials.realm == realm)
        .collect())
}

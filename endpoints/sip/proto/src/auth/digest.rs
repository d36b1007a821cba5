//! The digest itself: hashes, credentials, checking in constant time (RFC 7616 §3.4).

use std::fmt;

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};
use subtle::ConstantTimeEq;

use super::challenge::{AuthError, Challenge, Qop};
use super::fields::Fields;
use crate::message::{Method, Uri, is_token, quote};

/// Credential headers looked at in a request.
pub const MAX_CREDENTIALS_HEADERS: usize = 4;

/// Octets of one credential or challenge header.
pub const MAX_CREDENTIALS_OCTETS: usize = 2048;

/// Hash algorithms, the weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Algorithm {
    /// MD5, still all that many phones know.
    Md5,
    /// SHA-256.
    Sha256,
    /// SHA-512 cut to 256 bits in the way of FIPS 180-4 (with its own initial values).
    Sha512_256,
}

impl Algorithm {
    /// As on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Sha256 => "SHA-256",
            Algorithm::Sha512_256 => "SHA-512-256",
        }
    }

    pub(super) fn of(text: Option<&str>) -> Result<Algorithm, AuthError> {
        let Some(text) = text else {
            return Ok(Algorithm::Md5);
        };
        [Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512_256]
            .into_iter()
            .find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(text))
            .ok_or(AuthError::Algorithm)
    }

    /// Hash of the parts put together, in lower-case hexadecimal.
    fn hash(self, parts: &[&[u8]]) -> String {
        fn run<D: Digest>(parts: &[&[u8]]) -> String {
            let mut hash = D::new();
            for part in parts {
                hash.update(part);
            }
            hex(&hash.finalize())
        }
        match self {
            Algorithm::Md5 => run::<Md5>(parts),
            Algorithm::Sha256 => run::<Sha256>(parts),
            Algorithm::Sha512_256 => run::<Sha512_256>(parts),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

pub(super) fn hex(octets: &[u8]) -> String {
    let mut out = String::with_capacity(octets.len() * 2);
    for octet in octets {
        for nibble in [octet >> 4, octet & 15] {
            out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    out
}

/// The credentials of a request.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user.
    pub username: String,
    /// The realm.
    pub realm: String,
    /// The nonce of the challenge.
    pub nonce: String,
    /// The URI that was hashed; must be the Request-URI.
    pub uri: String,
    /// The digest, in hexadecimal.
    pub response: String,
    /// The client's nonce; always there with a `qop`.
    pub cnonce: Option<String>,
    /// How often the nonce was used, eight hexadecimal digits as on the wire; always there with a `qop`.
    pub nc: Option<String>,
    /// Quality of protection; `None` is the form of RFC 2069.
    pub qop: Option<Qop>,
    /// The algorithm; MD5 when none is named.
    pub algorithm: Algorithm,
    /// Given back from the challenge.
    pub opaque: Option<String>,
}

impl Credentials {
    /// Reads the value of Authorization or Proxy-Authorization.
    pub fn parse(text: &str) -> Result<Credentials, AuthError> {
        let fields = Fields::parse_digest(text, MAX_CREDENTIALS_OCTETS)?;
        let qop = match fields.get("qop") {
            Some(text) => Some(Qop::parse(text).ok_or(AuthError::Qop)?),
            None => None,
        };
        let (cnonce, nc) = (fields.owned("cnonce"), fields.owned("nc"));
        if qop.is_some() {
            if cnonce.as_deref().is_none_or(str::is_empty) {
                return Err(AuthError::Missing("cnonce"));
            }
            let nc = nc.as_deref().ok_or(AuthError::Missing("nc"))?;
            if nc.len() != 8 || !nc.bytes().all(|octet| octet.is_ascii_hexdigit()) {
                return Err(AuthError::Malformed);
            }
        }
        Ok(Credentials {
            username: fields.needed("username")?,
            realm: fields.owned("realm").ok_or(AuthError::Missing("realm"))?,
            nonce: fields.needed("nonce")?,
            uri: fields.needed("uri")?,
            response: fields.needed("response")?,
            cnonce,
            nc,
            qop,
            algorithm: Algorithm::of(fields.get("algorithm"))?,
            opaque: fields.owned("opaque"),
        })
    }

    /// The use count as a number; `None` without `qop`.
    pub fn nonce_count(&self) -> Option<u32> {
        self.qop?;
        u32::from_str_radix(self.nc.as_deref()?, 16).ok()
    }

    /// True when the hashed URI is the Request-URI, by its text or by its meaning.
    pub fn is_for(&self, request_uri: &Uri) -> bool {
        self.uri == request_uri.to_string()
            || Uri::parse(&self.uri)
                .is_ok_and(|uri| !uri.has_headers() && uri.equivalent(request_uri))
    }
}

/// Shows no digest.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("username", &self.username)
            .field("realm", &self.realm)
            .field("uri", &self.uri)
            .field("qop", &self.qop)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest username=")?;
        quote(&self.username, f)?;
        for (name, value) in [
            ("realm", &self.realm),
            ("nonce", &self.nonce),
            ("uri", &self.uri),
        ] {
            write!(f, ", {name}=")?;
            quote(value, f)?;
        }
        f.write_str(", response=")?;
        quote(&self.response, f)?;
        write!(f, ", algorithm={}", self.algorithm.as_str())?;
        if let Some(cnonce) = &self.cnonce {
            f.write_str(", cnonce=")?;
            quote(cnonce, f)?;
        }
        if let Some(opaque) = &self.opaque {
            f.write_str(", opaque=")?;
            quote(opaque, f)?;
        }
        if let Some(qop) = self.qop {
            write!(f, ", qop={}", qop.as_str())?;
        }
        match &self.nc {
            Some(nc) if is_token(nc) => write!(f, ", nc={nc}"),
            _ => Ok(()),
        }
    }
}

/// `H(user:realm:password)`, which may be stored in place of the password.
pub fn ha1(algorithm: Algorithm, user: &str, realm: &str, password: &str) -> String {
    algorithm.hash(&[
        user.as_bytes(),
        b":",
        realm.as_bytes(),
        b":",
        password.as_bytes(),
    ])
}

/// Everything but the secret that goes into a digest.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The request's method.
    pub method: &'a Method,
    /// The URI as written in the credentials.
    pub uri: &'a str,
    /// The nonce.
    pub nonce: &'a str,
    /// Use count as on the wire; only used with a `qop`.
    pub nc: &'a str,
    /// Client nonce; only used with a `qop`.
    pub cnonce: &'a str,
    /// Quality of protection.
    pub qop: Option<Qop>,
    /// The request's body; only used with `auth-int`.
    pub body: &'a [u8],
}

/// The digest, in lower-case hexadecimal.
pub fn response(ha1: &str, answer: &Answer<'_>) -> String {
    let Answer {
        algorithm,
        method,
        uri,
        nonce,
        nc,
        cnonce,
        qop,
        body,
    } = *answer;
    let (method, uri) = (method.as_str().as_bytes(), uri.as_bytes());
    let ha2 = match qop {
        Some(Qop::AuthInt) => {
            algorithm.hash(&[method, b":", uri, b":", algorithm.hash(&[body]).as_bytes()])
        }
        Some(Qop::Auth) | None => algorithm.hash(&[method, b":", uri]),
    };
    match qop {
        Some(qop) => {
            let text = format!("{ha1}:{nonce}:{nc}:{cnonce}:{}:{ha2}", qop.as_str());
            algorithm.hash(&[text.as_bytes()])
        }
        None => algorithm.hash(&[format!("{ha1}:{nonce}:{ha2}").as_bytes()]),
    }
}

/// True when the credentials hold the digest that this HA1 gives; compared in constant time. The
/// nonce, the URI and the use count are to be checked besides.
pub fn verify(credentials: &Credentials, ha1: &str, method: &Method, body: &[u8]) -> bool {
    let expected = response(
        ha1,
        &Answer {
            algorithm: credentials.algorithm,
            method,
            uri: &credentials.uri,
            nonce: &credentials.nonce,
            nc: credentials.nc.as_deref().unwrap_or(""),
            cnonce: credentials.cnonce.as_deref().unwrap_or(""),
            qop: credentials.qop,
            body,
        },
    );
    let given = credentials.response.to_ascii_lowercase();
    expected.as_bytes().ct_eq(given.as_bytes()).into()
}

/// Answers a challenge: `qop=auth` when it is offered, else `auth-int`, else the form without.
/// `nc` counts the uses of this nonce from 1; `cnonce` is the client's random text.
#[expect(clippy::too_many_arguments, reason = "each is one field of the digest")]
pub fn answer(
    challenge: &Challenge,
    user: &str,
    password: &str,
    method: &Method,
    uri: &str,
    nc: u32,
    cnonce: &str,
    body: &[u8],
) -> Credentials {
    let qop = [Qop::Auth, Qop::AuthInt]
        .into_iter()
        .find(|qop| challenge.qop.contains(qop));
    let nc = format!("{nc:08x}");
    let digest = response(
        &ha1(challenge.algorithm, user, &challenge.realm, password),
        &Answer {
            algorithm: challenge.algorithm,
            method,
            uri,
            nonce: &challenge.nonce,
            nc: &nc,
            cnonce,
            qop,
            body,
        },
    );
    Credentials {
        username: user.to_owned(),
        realm: challenge.realm.clone(),
        nonce: challenge.nonce.clone(),
        uri: uri.to_owned(),
        response: digest,
        cnonce: qop.is_some().then(|| cnonce.to_owned()),
        nc: qop.is_some().then_some(nc),
        qop,
        algorithm: challenge.algorithm,
        opaque: challenge.opaque.clone(),
    }
}

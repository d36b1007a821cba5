//! Digest authentication: RFC 3261 §22, RFC 7616, RFC 8760, both sides.

mod challenge;
mod digest;
mod fields;
mod nonce;

pub use challenge::{AuthError, Challenge, Qop, challenges, credentials, offers, strongest};
pub use digest::{
    Algorithm, Answer, Credentials, MAX_CREDENTIALS_HEADERS, MAX_CREDENTIALS_OCTETS, answer, ha1,
    response, verify,
};
pub use nonce::{NonceVerdict, Nonces};

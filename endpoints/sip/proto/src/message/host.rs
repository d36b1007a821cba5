//! Hosts of URIs and Via: a name, an IPv4 address, or an IPv6 address in brackets.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::chars;
use super::uri::UriError;

/// A host: name or address.
#[derive(Clone, Debug)]
pub enum Host {
    /// A host name as written.
    Name(String),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, in brackets on the wire.
    V6(Ipv6Addr),
}

impl Host {
    /// Reads a host name, an IPv4 address or an IPv6 address in brackets.
    pub fn parse(text: &str) -> Option<Host> {
        if let Some(inner) = text.strip_prefix('[') {
            return inner.strip_suffix(']')?.parse().ok().map(Host::V6);
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let last = name.rsplit('.').next().unwrap_or(name);
        // A last label of digits belongs to an address: what looks like one must be one.
        if last.bytes().all(|o| o.is_ascii_digit()) {
            return text.parse().ok().map(Host::V4);
        }
        let label_ok = |label: &str| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|o| o.is_ascii_alphanumeric() || o == b'-' || o == b'_')
        };
        name.split('.')
            .all(label_ok)
            .then(|| Host::Name(text.to_owned()))
    }

    /// The address, when it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Host::Name(_) => None,
            Host::V4(address) => Some(IpAddr::V4(*address)),
            Host::V6(address) => Some(IpAddr::V6(*address)),
        }
    }
}

/// Names compare without case.
impl PartialEq for Host {
    fn eq(&self, other: &Host) -> bool {
        match (self, other) {
            (Host::Name(a), Host::Name(b)) => a.eq_ignore_ascii_case(b),
            (a, b) => a.ip().is_some() && a.ip() == b.ip(),
        }
    }
}

impl Eq for Host {}

impl std::hash::Hash for Host {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        match self {
            Host::Name(name) => name.to_ascii_lowercase().hash(state),
            other => other.ip().hash(state),
        }
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Host {
        match address {
            IpAddr::V4(address) => Host::V4(address),
            IpAddr::V6(address) => Host::V6(address),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::V4(address) => write!(f, "{address}"),
            Host::V6(address) => write!(f, "[{address}]"),
        }
    }
}

/// Reads `host[:port]`; white space is allowed around the colon (RFC 3261 §25 for Via).
pub(crate) fn parse_host_port(text: &str) -> Result<(Host, Option<u16>), UriError> {
    let (host, port) = match text.rfind(']') {
        Some(end) => text.split_at(end + 1),
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let host = Host::parse(chars::trim(host)).ok_or(UriError::Host)?;
    let port = chars::trim(port);
    if port.is_empty() {
        return Ok((host, None));
    }
    let digits = chars::trim(port.strip_prefix(':').ok_or(UriError::Host)?);
    match chars::digits(digits).and_then(|number| u16::try_from(number).ok()) {
        Some(port) if port != 0 => Ok((host, Some(port))),
        _ => Err(UriError::Port),
    }
}

//! Via and CSeq (RFC 3261 §20.42, §20.16, RFC 3581).

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::chars;
use super::error::HeaderError;
use super::host::{Host, parse_host_port};
use super::method::Method;
use super::params::Params;

/// The cookie that begins a branch unique in the sense of RFC 3261 §8.1.1.7.
pub const BRANCH_COOKIE: &str = "z9hG4bK";

/// One Via value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Via {
    /// Protocol and version, `SIP/2.0`.
    pub protocol: String,
    /// Transport as written, `UDP`; open.
    pub transport: String,
    /// sent-by host.
    pub host: Host,
    /// sent-by port, when written.
    pub port: Option<u16>,
    /// The parameters.
    pub params: Params,
}

impl Via {
    /// `SIP/2.0/TRANSPORT host:port;branch=…`
    pub fn new(transport: &str, host: Host, port: Option<u16>, branch: &str) -> Via {
        let mut params = Params::new();
        params.set("branch", Some(branch));
        Via {
            protocol: "SIP/2.0".to_owned(),
            transport: transport.to_owned(),
            host,
            port,
            params,
        }
    }

    /// The branch as written.
    pub fn branch(&self) -> Option<&str> {
        self.params
            .get("branch")
            .filter(|branch| !branch.is_empty())
    }

    /// The branch when it begins with the cookie and says more than that; otherwise the rules of
    /// RFC 2543 for matching transactions apply.
    pub fn unique_branch(&self) -> Option<&str> {
        self.branch().filter(|branch| {
            branch.len() > BRANCH_COOKIE.len()
                && branch
                    .get(..BRANCH_COOKIE.len())
                    .is_some_and(|cookie| cookie.eq_ignore_ascii_case(BRANCH_COOKIE))
        })
    }

    /// The `received` address, with or without brackets around IPv6 (RFC 5118 §4.5).
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.get("received")?;
        let bare = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .unwrap_or(text);
        bare.parse().ok()
    }

    /// `Some(None)` when the sender asks for `rport`, `Some(Some(port))` when it is filled in.
    pub fn rport(&self) -> Option<Option<u16>> {
        let text = self.params.get("rport")?;
        Some(chars::digits(text).and_then(|port| u16::try_from(port).ok()))
    }

    /// Notes where the request came from: `received` when it differs from sent-by or `rport` was
    /// asked for, and `rport` when it was asked for (RFC 3261 §18.2.1, RFC 3581 §4).
    pub fn note_source(&mut self, source: SocketAddr) {
        let ip = source.ip().to_canonical();
        let asked = self.params.has("rport");
        if asked {
            self.params.set("rport", Some(&source.port().to_string()));
        }
        if asked || self.host.ip().map(|ip| ip.to_canonical()) != Some(ip) {
            self.params.set("received", Some(&ip.to_string()));
        }
    }

    /// Reads one Via value.
    pub fn parse(text: &str) -> Result<Via, HeaderError> {
        let error = |what| HeaderError::new("Via", what);
        let mut parts = text.splitn(3, '/');
        let (Some(name), Some(version), Some(rest)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(error("must begin with SIP/2.0/TRANSPORT"));
        };
        let (name, version, rest) = (chars::trim(name), chars::trim(version), chars::trim(rest));
        let (transport, rest) = rest
            .split_once([' ', '\t'])
            .ok_or(error("has no sent-by host"))?;
        if ![name, version, transport].into_iter().all(chars::is_token) {
            return Err(error("must begin with SIP/2.0/TRANSPORT"));
        }
        let (sent_by, params) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
        let (host, port) = parse_host_port(chars::trim(sent_by))
            .map_err(|_| error("the sent-by host is malformed"))?;
        Ok(Via {
            protocol: format!("{name}/{version}"),
            transport: transport.to_owned(),
            host,
            port,
            params: Params::parse(params).ok_or(error("a parameter is malformed"))?,
        })
    }
}

impl FromStr for Via {
    type Err = HeaderError;

    fn from_str(text: &str) -> Result<Via, HeaderError> {
        Via::parse(text)
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}", self.protocol, self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)
    }
}

/// Sequence number and method.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CSeq {
    /// The sequence number.
    pub number: u32,
    /// The method of the request it belongs to.
    pub method: Method,
}

impl CSeq {
    /// Reads `number METHOD`.
    pub fn parse(text: &str) -> Result<CSeq, HeaderError> {
        let error = |what| HeaderError::new("CSeq", what);
        let (number, method) = chars::trim(text)
            .split_once([' ', '\t'])
            .ok_or(error("must be a number and a method"))?;
        let number = chars::digits(number)
            .and_then(|number| u32::try_from(number).ok())
            .ok_or(error("the number is not within 0 to 4294967295"))?;
        let method = Method::parse(chars::trim(method)).ok_or(error("the method is malformed"))?;
        Ok(CSeq { number, method })
    }
}

impl FromStr for CSeq {
    type Err = HeaderError;

    fn from_str(text: &str) -> Result<CSeq, HeaderError> {
        CSeq::parse(text)
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

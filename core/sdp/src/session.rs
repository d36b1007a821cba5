//! A whole session description: the lines above the first `m=`, and its media sections.

use std::fmt;
use std::net::IpAddr;

use crate::attribute::{self, Attribute};
use crate::direction::Direction;
use crate::media::MediaDescription;
use crate::parse::{self, SdpError};

/// A session description (RFC 8866). `to_string()` writes it with CRLF line ends, ready for a message body.
///
/// Lines nobody uses (`u=`, `e=`, `p=`, `r=`, `z=`, `k=`) are read past and not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionDescription {
    /// Who made the session, and which version of it this is (`o=`).
    pub origin: Origin,
    /// Session name (`s=`); `-` where the peer left it out.
    pub name: String,
    /// Free text about the session (`i=`).
    pub information: Option<String>,
    /// Address for every media section without its own (`c=`).
    pub connection: Option<Connection>,
    /// Bandwidth lines (`b=`).
    pub bandwidth: Vec<Bandwidth>,
    /// When the session is active (`t=`); `0 0` where the peer left it out.
    pub times: Vec<Timing>,
    /// Attributes that hold for the whole session (`a=` above the first `m=`).
    pub attributes: Vec<Attribute>,
    /// The media sections, in order; offer and answer match by index.
    pub media: Vec<MediaDescription>,
}

impl SessionDescription {
    /// Reads a description from the octets of a message body. Text that is not UTF-8 is taken as Latin-1.
    ///
    /// # Errors
    /// [`SdpError`] names the line when `v=`, `o=`, `c=` or `m=` is missing or malformed, or a limit is passed. Bad
    /// lines of other kinds are read past.
    pub fn parse(input: impl AsRef<[u8]>) -> Result<Self, SdpError> {
        parse::parse(input.as_ref())
    }

    /// The session-level direction; [`Direction::SendRecv`] when none is written (RFC 8866 section 6.7).
    pub fn direction(&self) -> Direction {
        attribute::direction(&self.attributes).unwrap_or_default()
    }

    /// The first session attribute of this name, in any letter case.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        attribute::find(&self.attributes, name)
    }

    /// The connection that holds for the media section at `index`: its own, else the session's.
    pub fn connection_of(&self, index: usize) -> Option<&Connection> {
        self.media
            .get(index)?
            .connection
            .as_ref()
            .or(self.connection.as_ref())
    }
}

impl std::str::FromStr for SessionDescription {
    type Err = SdpError;

    fn from_str(text: &str) -> Result<Self, SdpError> {
        Self::parse(text)
    }
}

/// The `o=` line (RFC 8866 section 5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// User name, `-` when there is none.
    pub username: String,
    /// Session id, kept as text because peers write numbers of any length.
    pub session_id: String,
    /// Version; rises by one with each changed description. Numbers beyond 64 bits are held at the largest.
    pub version: u64,
    /// Address of the machine that made the session; never used to send to.
    pub address: Host,
}

/// An address as a description writes it: a number, or a name that is never looked up here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A numeric address.
    Ip(IpAddr),
    /// A host name.
    Name(String),
}

impl Host {
    /// The numeric address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Host::Ip(ip) => Some(*ip),
            Host::Name(_) => None,
        }
    }
}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Self {
        Host::Ip(ip)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Ip(ip) => ip.fmt(f),
            Host::Name(name) => f.write_str(name),
        }
    }
}

/// A `c=` line (RFC 8866 section 5.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Where media is to be sent.
    pub host: Host,
    /// The multicast part after the slash (`127/3` in `224.2.1.1/127/3`): digits and slashes.
    pub suffix: Option<String>,
}

impl From<IpAddr> for Connection {
    fn from(ip: IpAddr) -> Self {
        Connection {
            host: Host::Ip(ip),
            suffix: None,
        }
    }
}

/// A `b=` line (RFC 8866 section 5.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bandwidth {
    /// What is bounded: `AS`, `CT`, `TIAS`, `RS`, `RR`.
    pub kind: String,
    /// The bound; kbit/s for `AS` and `CT`, bit/s for `TIAS`, `RS` and `RR`.
    pub value: u64,
}

/// A `t=` line (RFC 8866 section 5.9), seconds since 1900; `0 0` is "always".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timing {
    /// First second of the session.
    pub start: u64,
    /// Last second of the session.
    pub stop: u64,
}

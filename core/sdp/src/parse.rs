//! Text to values, lenient where peers are wrong.
//!
//! Forgiven: bare LF or CR line ends, missing `s=` and `t=`, lines in any order above the first `m=`, unknown and
//! malformed lines of kinds that carry no address, Latin-1 text, missing formats. Not forgiven: a missing or malformed
//! `v=`, `o=`, `c=` or `m=`, and more of anything than the limits allow.

use std::net::IpAddr;

use crate::attribute::Attribute;
use crate::format::is_token;
use crate::media::{MediaDescription, MediaKind};
use crate::session::{Bandwidth, Connection, Host, Origin, SessionDescription, Timing};

/// Longest description read, in octets; a UDP datagram holds no more.
pub const MAX_OCTETS: usize = 64 * 1024;
/// Most media sections; a phone sends one to three.
pub const MAX_MEDIA: usize = 16;
/// Most attributes in one section; a browser sends about a hundred.
pub const MAX_ATTRIBUTES: usize = 256;
/// Most `a=crypto` lines in one section; there are eleven suites.
pub const MAX_CRYPTO: usize = 16;
/// Most formats on one `m=` line; RTP has 128 payload types.
pub const MAX_FORMATS: usize = 128;
/// Most `b=` or `t=` lines in one section.
const MAX_SMALL_LINES: usize = 16;
/// Longest host name (RFC 1035 section 2.3.4).
const MAX_HOST_NAME: usize = 255;

/// Why a description could not be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("session description, line {line}: {reason}")]
pub struct SdpError {
    /// Line, counted from 1; 0 when the description as a whole is meant.
    pub line: usize,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a description.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Longer than [`MAX_OCTETS`].
    #[error("{0} octets are more than the {MAX_OCTETS} allowed")]
    TooLong(usize),
    /// No `v=` line.
    #[error("there is no v= line; this is not a session description")]
    MissingVersion,
    /// A `v=` line with something other than 0.
    #[error("v= must be 0")]
    BadVersion,
    /// No `o=` line.
    #[error("there is no o= line")]
    MissingOrigin,
    /// An `o=` line that does not say user, id, version, network, address type and address.
    #[error("o= must hold user, id, version number, IN, IP4 or IP6, and an address")]
    BadOrigin,
    /// A `c=` line without a usable address.
    #[error("c= must hold IN, IP4 or IP6, and one address")]
    BadConnection,
    /// An `m=` line that does not say kind, port, protocol and formats.
    #[error("m= must hold kind, port (0 to 65535), protocol and formats")]
    BadMedia,
    /// More than [`MAX_MEDIA`] sections.
    #[error("more than {MAX_MEDIA} m= lines")]
    TooManyMedia,
    /// More than [`MAX_ATTRIBUTES`] attributes in one section.
    #[error("more than {MAX_ATTRIBUTES} a= lines in one section")]
    TooManyAttributes,
    /// More than [`MAX_CRYPTO`] keys in one section.
    #[error("more than {MAX_CRYPTO} a=crypto lines in one section")]
    TooManyCrypto,
    /// More than [`MAX_FORMATS`] formats on one `m=` line.
    #[error("more than {MAX_FORMATS} formats on one m= line")]
    TooManyFormats,
}

/// What has been read so far.
#[derive(Default)]
struct Reader {
    version: bool,
    origin: Option<Origin>,
    name: Option<String>,
    information: Option<String>,
    connection: Option<Connection>,
    bandwidth: Vec<Bandwidth>,
    times: Vec<Timing>,
    attributes: Vec<Attribute>,
    media: Vec<MediaDescription>,
}

/// Reads a whole description.
pub(crate) fn parse(input: &[u8]) -> Result<SessionDescription, SdpError> {
    if input.len() > MAX_OCTETS {
        return Err(SdpError {
            line: 0,
            reason: Reason::TooLong(input.len()),
        });
    }
    let text = match std::str::from_utf8(input) {
        Ok(text) => text.to_owned(),
        // Old phones write Latin-1 names: each octet is the character of that number.
        Err(_) => input.iter().map(|&octet| char::from(octet)).collect(),
    };
    let mut reader = Reader::default();
    for (index, line) in text.split('\n').enumerate() {
        for part in line.split('\r') {
            reader.line(part.trim_end()).map_err(|reason| SdpError {
                line: index + 1,
                reason,
            })?;
        }
    }
    reader
        .finish()
        .map_err(|reason| SdpError { line: 0, reason })
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), Reason> {
        let mut characters = line.chars();
        let Some(kind) = characters.next() else {
            return Ok(());
        };
        if characters.next() != Some('=') {
            return Ok(());
        }
        let value = characters.as_str();
        // A control character inside a line is never honest; where the line matters it makes the line bad.
        let clean = !value.chars().any(|c| c.is_control() && c != '\t');
        match kind {
            'v' => {
                if !clean || value.trim() != "0" {
                    return Err(Reason::BadVersion);
                }
                self.version = true;
            }
            'o' => {
                let origin = parse_origin(value)
                    .filter(|_| clean)
                    .ok_or(Reason::BadOrigin)?;
                self.origin.get_or_insert(origin);
            }
            'c' => {
                let connection = parse_connection(value)
                    .filter(|_| clean)
                    .ok_or(Reason::BadConnection)?;
                self.media
                    .last_mut()
                    .map_or(&mut self.connection, |m| &mut m.connection)
                    .get_or_insert(connection);
            }
            'm' => {
                if self.media.len() >= MAX_MEDIA {
                    return Err(Reason::TooManyMedia);
                }
                if !clean {
                    return Err(Reason::BadMedia);
                }
                self.media.push(parse_media(value)?);
            }
            'a' => {
                let attributes = self
                    .media
                    .last_mut()
                    .map_or(&mut self.attributes, |m| &mut m.attributes);
                if let Some(attribute) = parse_attribute(value).filter(|_| clean) {
                    push_attribute(attributes, attribute)?;
                }
            }
            _ if clean => self.minor_line(kind, value),
            _ => {}
        }
        Ok(())
    }

    /// The kinds whose malformed lines are read past.
    fn minor_line(&mut self, kind: char, value: &str) {
        match kind {
            's' if self.media.is_empty() && !value.trim().is_empty() => {
                self.name.get_or_insert_with(|| value.trim().to_owned());
            }
            'i' if !value.trim().is_empty() => {
                self.media
                    .last_mut()
                    .map_or(&mut self.information, |m| &mut m.information)
                    .get_or_insert_with(|| value.trim().to_owned());
            }
            'b' => {
                let bandwidth = self
                    .media
                    .last_mut()
                    .map_or(&mut self.bandwidth, |m| &mut m.bandwidth);
                if let Some(line) = parse_bandwidth(value)
                    && bandwidth.len() < MAX_SMALL_LINES
                {
                    bandwidth.push(line);
                }
            }
            't' if self.media.is_empty() && self.times.len() < MAX_SMALL_LINES => {
                self.times.extend(parse_timing(value))
            }
            _ => {}
        }
    }

    fn finish(self) -> Result<SessionDescription, Reason> {
        if !self.version {
            return Err(Reason::MissingVersion);
        }
        Ok(SessionDescription {
            origin: self.origin.ok_or(Reason::MissingOrigin)?,
            name: self.name.unwrap_or_else(|| "-".to_owned()),
            information: self.information,
            connection: self.connection,
            bandwidth: self.bandwidth,
            times: if self.times.is_empty() {
                vec![Timing::default()]
            } else {
                self.times
            },
            attributes: self.attributes,
            media: self.media,
        })
    }
}

fn push_attribute(attributes: &mut Vec<Attribute>, attribute: Attribute) -> Result<(), Reason> {
    if attributes.len() >= MAX_ATTRIBUTES {
        return Err(Reason::TooManyAttributes);
    }
    if attribute.is("crypto") && attributes.iter().filter(|a| a.is("crypto")).count() >= MAX_CRYPTO
    {
        return Err(Reason::TooManyCrypto);
    }
    attributes.push(attribute);
    Ok(())
}

/// The last five words are fixed; whatever stands before them is the user name, blanks and all.
fn parse_origin(value: &str) -> Option<Origin> {
    let words: Vec<&str> = value.split_whitespace().collect();
    let (fixed, user) = words
        .split_last_chunk::<5>()
        .map(|(user, fixed)| (fixed, user))?;
    let [session_id, version, network, family, address] = *fixed;
    if !is_internet(network, family)
        || version.is_empty()
        || !version.bytes().all(|b| b.is_ascii_digit())
    {
        return None;
    }
    Some(Origin {
        username: if user.is_empty() {
            "-".to_owned()
        } else {
            user.join(" ")
        },
        session_id: session_id.to_owned(),
        // All digits, so the only failure is a number beyond 64 bits.
        version: version.parse().unwrap_or(u64::MAX),
        address: parse_host(address)?,
    })
}

fn parse_connection(value: &str) -> Option<Connection> {
    let mut words = value.split_whitespace();
    let (network, family, address) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() || !is_internet(network, family) {
        return None;
    }
    let (address, suffix) = match address.split_once('/') {
        Some((address, suffix)) => (address, Some(suffix)),
        None => (address, None),
    };
    if suffix.is_some_and(|s| {
        s.is_empty() || s.len() > 16 || !s.bytes().all(|b| b.is_ascii_digit() || b == b'/')
    }) {
        return None;
    }
    Some(Connection {
        host: parse_host(address)?,
        suffix: suffix.map(str::to_owned),
    })
}

/// The address itself says which family it is; a peer whose IP4 and IP6 are mixed up is understood all the same.
fn is_internet(network: &str, family: &str) -> bool {
    network.eq_ignore_ascii_case("IN")
        && (family.eq_ignore_ascii_case("IP4") || family.eq_ignore_ascii_case("IP6"))
}

fn parse_host(text: &str) -> Option<Host> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Some(Host::Ip(ip));
    }
    let is_name = !text.is_empty()
        && text.len() <= MAX_HOST_NAME
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        && text.bytes().any(|b| b.is_ascii_alphabetic() || b == b'-');
    is_name.then(|| Host::Name(text.to_owned()))
}

fn parse_media(value: &str) -> Result<MediaDescription, Reason> {
    let mut words = value.split_whitespace();
    let (Some(kind), Some(port), Some(protocol)) = (words.next(), words.next(), words.next())
    else {
        return Err(Reason::BadMedia);
    };
    let (port, port_count) = match port.split_once('/') {
        Some((port, count)) => (
            port,
            Some(count.parse::<u16>().map_err(|_| Reason::BadMedia)?),
        ),
        None => (port, None),
    };
    if !is_token(kind)
        || !protocol.split('/').all(is_token)
        || !port.bytes().all(|b| b.is_ascii_digit())
    {
        return Err(Reason::BadMedia);
    }
    let port = port.parse().map_err(|_| Reason::BadMedia)?;
    let formats: Vec<String> = words.take(MAX_FORMATS + 1).map(str::to_owned).collect();
    if formats.len() > MAX_FORMATS {
        return Err(Reason::TooManyFormats);
    }
    let mut media = MediaDescription::new(MediaKind::from_word(kind), port, protocol, formats);
    media.port_count = port_count;
    Ok(media)
}

fn parse_attribute(value: &str) -> Option<Attribute> {
    let (name, value) = match value.split_once(':') {
        Some((name, value)) => (name, Some(value)),
        None => (value, None),
    };
    let name = name.trim();
    (!name.is_empty()).then(|| Attribute {
        name: name.to_owned(),
        value: value.map(str::to_owned),
    })
}

fn parse_bandwidth(value: &str) -> Option<Bandwidth> {
    let (kind, value) = value.split_once(':')?;
    let kind = kind.trim();
    Some(Bandwidth {
        kind: kind.to_owned(),
        value: value.trim().parse().ok()?,
    })
    .filter(|_| is_token(kind))
}

fn parse_timing(value: &str) -> Option<Timing> {
    let mut words = value.split_whitespace();
    Some(Timing {
        start: words.next()?.parse().ok()?,
        stop: words.next()?.parse().ok()?,
    })
}

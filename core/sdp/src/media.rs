//! One media section: an `m=` line and what follows it.

use std::fmt;
use std::net::IpAddr;

use crate::attribute::{self, Attribute};
use crate::direction::Direction;
use crate::format::{LAST_PAYLOAD_TYPE, RtpFormat, parse_fmtp, parse_rtpmap, static_format};
use crate::session::{Bandwidth, Connection};

/// What a media section carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaKind {
    /// Sound.
    Audio,
    /// Pictures that move.
    Video,
    /// Fax (T.38).
    Image,
    /// Floor control, data channels.
    Application,
    /// Any other, in lower case (`text`, `message`).
    Other(String),
}

impl MediaKind {
    /// The kind a word stands for, in any letter case.
    pub fn from_word(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "audio" => MediaKind::Audio,
            "video" => MediaKind::Video,
            "image" => MediaKind::Image,
            "application" => MediaKind::Application,
            other => MediaKind::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for MediaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MediaKind::Audio => "audio",
            MediaKind::Video => "video",
            MediaKind::Image => "image",
            MediaKind::Application => "application",
            MediaKind::Other(word) => word,
        })
    }
}

/// One media section (RFC 8866 section 5.14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaDescription {
    /// What it carries.
    pub kind: MediaKind,
    /// Port media is to be sent to; 0 refuses the stream.
    pub port: u16,
    /// Number of ports, where the line says so (`49170/2`).
    pub port_count: Option<u16>,
    /// Transport and profile: `RTP/AVP`, `RTP/SAVP`, `RTP/AVPF`, `UDP/TLS/RTP/SAVPF`, `udptl`.
    pub protocol: String,
    /// Payload types for RTP, else words of the protocol, in order of preference.
    pub formats: Vec<String>,
    /// Free text (`i=`).
    pub information: Option<String>,
    /// Address, where it differs from the session's.
    pub connection: Option<Connection>,
    /// Bandwidth lines (`b=`).
    pub bandwidth: Vec<Bandwidth>,
    /// Attributes of this section, in order.
    pub attributes: Vec<Attribute>,
}

/// The value of `a=rtcp` (RFC 3605).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtcpAddress {
    /// Port for RTCP, never 0.
    pub port: u16,
    /// Address for RTCP, where it differs from that of RTP.
    pub address: Option<IpAddr>,
}

impl MediaDescription {
    /// A section without attributes.
    pub fn new(
        kind: MediaKind,
        port: u16,
        protocol: impl Into<String>,
        formats: Vec<String>,
    ) -> Self {
        MediaDescription {
            kind,
            port,
            port_count: None,
            protocol: protocol.into(),
            formats,
            information: None,
            connection: None,
            bandwidth: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// Whether the stream is refused or ended (port 0).
    pub fn is_rejected(&self) -> bool {
        self.port == 0
    }

    /// The first attribute of this name, in any letter case.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        attribute::find(&self.attributes, name)
    }

    /// The payload formats in the order of the `m=` line, with their `fmtp`. Types fixed by RFC 3551 need no `rtpmap`,
    /// and a contradicting one is not believed (phones write `9 G722/16000`). Formats that are not payload types,
    /// appear twice, or are dynamic without a valid `rtpmap` are left out. Empty for anything but RTP.
    pub fn rtpmaps(&self) -> Vec<RtpFormat> {
        if !self.is_rtp() {
            return Vec::new();
        }
        let mut mapped: [Option<RtpFormat>; 128] = std::array::from_fn(|_| None);
        let mut parameters: [Option<&str>; 128] = [None; 128];
        for line in &self.attributes {
            let Some(value) = line.value.as_deref() else {
                continue;
            };
            if line.is("rtpmap") {
                if let Some(format) = parse_rtpmap(value)
                    && let Some(slot) = mapped.get_mut(usize::from(format.payload_type))
                {
                    slot.get_or_insert(format);
                }
            } else if line.is("fmtp")
                && let Some((payload_type, text)) = parse_fmtp(value)
                && let Some(slot) = parameters.get_mut(usize::from(payload_type))
            {
                slot.get_or_insert(text);
            }
        }
        let mut seen = [false; 128];
        let mut formats = Vec::new();
        for text in &self.formats {
            let Some(payload_type) = text
                .parse()
                .ok()
                .filter(|number: &u8| *number <= LAST_PAYLOAD_TYPE)
            else {
                continue;
            };
            let index = usize::from(payload_type);
            if std::mem::replace(&mut seen[index], true) {
                continue;
            }
            if let Some(mut format) = static_format(payload_type).or_else(|| mapped[index].take()) {
                format.fmtp = parameters[index].map(str::to_owned);
                formats.push(format);
            }
        }
        formats
    }

    /// Whether the section speaks RTP in any profile.
    pub fn is_rtp(&self) -> bool {
        self.protocol
            .to_ascii_uppercase()
            .split('/')
            .any(|part| part == "RTP")
    }

    /// Whether the section speaks RTP without encryption (`RTP/AVP` or `RTP/AVPF`).
    pub(crate) fn is_plain_rtp(&self) -> bool {
        self.protocol.eq_ignore_ascii_case("RTP/AVP")
            || self.protocol.eq_ignore_ascii_case("RTP/AVPF")
    }

    /// The direction of this section, or the session's when it has none of its own.
    pub fn direction(&self, session_default: Direction) -> Direction {
        attribute::direction(&self.attributes).unwrap_or(session_default)
    }

    /// Packet time the writer wishes to receive, in ms.
    pub fn ptime(&self) -> Option<u32> {
        attribute::number(&self.attributes, "ptime")
    }

    /// Longest packet time the writer can receive, in ms.
    pub fn maxptime(&self) -> Option<u32> {
        attribute::number(&self.attributes, "maxptime")
    }

    /// Where RTCP goes, if `a=rtcp` says so (RFC 3605). An address that is a name makes the line count for nothing.
    pub fn rtcp_address(&self) -> Option<RtcpAddress> {
        let value = self.attribute("rtcp")?.value.as_deref()?;
        let mut words = value.split_whitespace();
        let port = words.next()?.parse().ok().filter(|port| *port > 0)?;
        let address = match words.nth(2) {
            Some(text) => Some(text.parse::<IpAddr>().ok()?.to_canonical()),
            None => None,
        };
        Some(RtcpAddress { port, address })
    }

    /// The DTMF format, if there is one; that with the clock rate of 8000 Hz where there are several.
    pub fn telephone_event(&self) -> Option<RtpFormat> {
        self.telephone_event_at(8000)
    }

    /// The DTMF format with this clock rate in Hz, else the first.
    pub fn telephone_event_at(&self, clock_rate: u32) -> Option<RtpFormat> {
        let events: Vec<_> = self
            .rtpmaps()
            .into_iter()
            .filter(RtpFormat::is_telephone_event)
            .collect();
        events
            .iter()
            .find(|event| event.clock_rate == clock_rate)
            .or(events.first())
            .cloned()
    }
}

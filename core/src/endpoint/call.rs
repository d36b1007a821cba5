//! A call as it passes between an endpoint and core: inbound, outbound, and what media it may use.

use super::port::{Sdp, SignallingPort};
use crate::session::SessionHandle;
use std::net::IpAddr;
use std::time::Duration;
use strowger_media::MemoryTransport;
use strowger_media::rate::SampleRate;
use strowger_model::{CallerProfile, Expanded, Variables};

/// A call that an endpoint hands to core: one that came in, or the prepared leg of one that goes out.
pub struct NewCall {
    /// The channel's name, such as `sofia/internal/1000@example.org`.
    pub name: String,
    /// The channel's uuid when the endpoint chooses it; otherwise core does.
    pub uuid: Option<String>,
    /// Who calls whom.
    pub profile: CallerProfile,
    /// First channel variables.
    pub variables: Variables,
    /// The peer's offer (inbound only).
    pub offer: Option<Sdp>,
    /// What media the leg may use.
    pub media: MediaProfile,
    /// The line to the endpoint.
    pub port: SignallingPort,
}

/// A leg that core wants an endpoint to prepare.
#[derive(Clone)]
pub struct OutboundCall {
    /// The uuid that the new channel will have.
    pub uuid: String,
    /// What follows the endpoint's name in the dial string.
    pub destination: Expanded,
    /// Caller and callee as the new leg shall show them.
    pub profile: CallerProfile,
    /// Variables of the leg (`{}`, `[]`, exports), already merged.
    pub variables: Variables,
    /// The session that dials, when there is one.
    pub originator: Option<SessionHandle>,
}

/// How a leg's media travels.
pub struct MediaProfile {
    /// The transport.
    pub transport: LegTransport,
    /// Codec names in the order that we prefer (`PCMU`, `L16@16000h`, …).
    pub codecs: Vec<String>,
    /// Codec names for offers on outbound legs, when they differ from `codecs`.
    pub outbound_codecs: Option<Vec<String>>,
    /// Whose order wins when we answer (spec: generous, greedy, scrooge).
    pub negotiation: strowger_sdp::Negotiation,
    /// Payload type for telephone-event in our offers.
    pub telephone_event: Option<u8>,
    /// How digits are sent: RFC 4733, or the signalling.
    pub dtmf_by_signalling: bool,
    /// What the held party hears; a file string.
    pub hold_music: Option<String>,
    /// End the call after so long without media.
    pub media_timeout: Option<Duration>,
    /// The same while on hold.
    pub hold_timeout: Option<Duration>,
}

/// The transport of a leg.
pub enum LegTransport {
    /// RTP over UDP, described by SDP.
    Rtp(RtpProfile),
    /// A packet ring to another leg in this process; no SDP. Both sides speak L16 at this rate.
    Memory {
        /// Our end of the ring.
        ring: MemoryTransport,
        /// Rate of the audio.
        rate: SampleRate,
    },
}

/// Addresses and rules of an RTP leg.
#[derive(Clone, Debug)]
pub struct RtpProfile {
    /// Address to bind.
    pub bind: IpAddr,
    /// Address to write into `c=` and `o=`.
    pub advertised: IpAddr,
    /// Where the peer's signalling comes from: the only other address that media may be learnt from.
    pub signalling_source: Option<IpAddr>,
    /// Media may come from anywhere (unsafe; set per peer).
    pub media_from_anywhere: bool,
    /// `o=` user name.
    pub username: String,
}

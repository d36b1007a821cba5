//! What a leg is told about its peer: addresses, formats, direction, timing.

use crate::codec::{Codec, PayloadFormat};
use crate::rate::SampleRate;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// Where the far end wants its media, as its session description says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteMedia {
    /// RTP destination.
    pub rtp: SocketAddr,
    /// RTCP destination; equal to `rtp` when both share one port (RFC 5761).
    pub rtcp: SocketAddr,
}

/// Why media will not be sent to an address (a stream aimed at a victim, a stream aimed at ourselves).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteRefused {
    /// `0.0.0.0`, `::` or port 0.
    #[error("{0} names no host or no port; give the address and port where the media is wanted")]
    Unspecified(SocketAddr),
    /// A multicast group.
    #[error("{0} is a multicast group; media is sent to single hosts only")]
    Multicast(SocketAddr),
    /// The limited broadcast address.
    #[error("{0} is a broadcast address; media is sent to single hosts only")]
    Broadcast(SocketAddr),
}

impl RemoteMedia {
    /// RTP at `rtp`, RTCP on the next port (RFC 3550 §11).
    pub fn at(rtp: SocketAddr) -> RemoteMedia {
        let mut rtcp = rtp;
        rtcp.set_port(rtp.port().checked_add(1).unwrap_or(rtp.port()));
        RemoteMedia { rtp, rtcp }
    }

    /// Whether media may be sent there at all. A leg configured with an address that fails this check
    /// sends nothing; check before configuring to tell the peer why.
    pub fn check(&self) -> Result<(), RemoteRefused> {
        check_address(self.rtp)?;
        check_address(self.rtcp)
    }
}

fn check_address(address: SocketAddr) -> Result<(), RemoteRefused> {
    let ip = address.ip();
    if ip.is_unspecified() || address.port() == 0 {
        return Err(RemoteRefused::Unspecified(address));
    }
    if ip.is_multicast() {
        return Err(RemoteRefused::Multicast(address));
    }
    match ip {
        IpAddr::V4(v4) if v4.is_broadcast() => Err(RemoteRefused::Broadcast(address)),
        _ => Ok(()),
    }
}

/// Who may send media to a leg besides the address of [`RemoteMedia`] (RTP bleed).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LearnFrom {
    /// Only the negotiated address.
    #[default]
    Nobody,
    /// Any port of this address (the source of the signalling: a phone behind NAT), after 5 packets in order.
    SignallingSource(IpAddr),
    /// Whoever sends 5 packets in order. Unsafe: anybody can take the media; only where configured for a peer.
    Anywhere,
}

/// A payload type and what it means on this leg.
#[derive(Clone)]
pub struct NegotiatedFormat {
    /// RTP payload type, 0–127.
    pub payload_type: u8,
    /// The agreed format.
    pub format: PayloadFormat,
    /// Makes the decoder or encoder.
    pub codec: Arc<dyn Codec>,
}

impl NegotiatedFormat {
    /// `codec` as it offers itself, under its static payload type or else `dynamic`.
    pub fn of(codec: Arc<dyn Codec>, dynamic: u8) -> NegotiatedFormat {
        NegotiatedFormat {
            payload_type: codec.static_payload_type().unwrap_or(dynamic),
            format: codec.format().clone(),
            codec,
        }
    }
}

impl fmt::Debug for NegotiatedFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NegotiatedFormat")
            .field("payload_type", &self.payload_type)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

/// The negotiated telephone-event format (RFC 4733).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TelephoneEventFormat {
    /// RTP payload type.
    pub payload_type: u8,
    /// Clock rate in Hz, in which durations are counted.
    pub clock_rate: u32,
}

/// How much delay the jitter buffer may add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JitterSettings {
    /// Delay to begin with, in milliseconds.
    pub initial_ms: u32,
    /// Delay never to exceed, in milliseconds.
    pub max_ms: u32,
}

impl Default for JitterSettings {
    fn default() -> JitterSettings {
        JitterSettings {
            initial_ms: 40,
            max_ms: 200,
        }
    }
}

/// The whole configuration of a leg; given again in full whenever something is renegotiated.
#[derive(Clone, Debug)]
pub struct LegConfig {
    /// Where to send; `None`: over UDP nothing is sent nor accepted yet. Packets within the process need no address.
    pub remote: Option<RemoteMedia>,
    /// Who may send besides `remote`.
    pub learn: LearnFrom,
    /// What we send; `None`: nothing.
    pub send: Option<NegotiatedFormat>,
    /// What we accept.
    pub receive: Vec<NegotiatedFormat>,
    /// Telephone-events, both ways.
    pub telephone_event: Option<TelephoneEventFormat>,
    /// Whether we send (SDP direction).
    pub sending: bool,
    /// Whether we accept media (SDP direction).
    pub receiving: bool,
    /// Packet time of what we send: 10, 20, 30, 40 or 60 ms; anything else is rounded to the nearest of these.
    pub ptime_ms: u32,
    /// Delay of what we receive.
    pub jitter: JitterSettings,
    /// No RTP or RTCP for so long while receiving raises `LegEvent::MediaTimeout`, once.
    pub media_timeout: Option<Duration>,
    /// Stop sending to a peer that was never heard from after so long (a stream aimed at a victim);
    /// `None` for peers whose identity is known: many phones send nothing before the answer.
    pub unheard_limit: Option<Duration>,
    /// Keep sending packets of silence while there is nothing to be heard.
    pub send_silence: bool,
}

/// How long a stranger is sent to without an answer, unless configured otherwise.
const UNHEARD_LIMIT: Duration = Duration::from_secs(10);

impl Default for LegConfig {
    fn default() -> LegConfig {
        LegConfig {
            remote: None,
            learn: LearnFrom::Nobody,
            send: None,
            receive: Vec::new(),
            telephone_event: None,
            sending: true,
            receiving: true,
            ptime_ms: 20,
            jitter: JitterSettings::default(),
            media_timeout: None,
            unheard_limit: Some(UNHEARD_LIMIT),
            send_silence: true,
        }
    }
}

impl LegConfig {
    /// The rate at which the leg works: that of what it sends, or else of the first format it accepts.
    pub fn rate(&self) -> Option<SampleRate> {
        self.send
            .as_ref()
            .or(self.receive.first())
            .map(|f| f.format.sample_rate)
    }
}

/// The packet times that can be sent, in milliseconds.
pub(crate) const PTIMES: [u32; 5] = [10, 20, 30, 40, 60];

/// The nearest packet time that can be sent.
pub(crate) fn supported_ptime(wanted: u32) -> u32 {
    PTIMES
        .into_iter()
        .min_by_key(|p| p.abs_diff(wanted))
        .unwrap_or(20)
}

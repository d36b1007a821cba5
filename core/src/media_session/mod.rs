//! The media of one call: the state of offer and answer, and the leg that it configures.

mod codec_preferences;
mod plain_rtp;

use crate::endpoint::{LegTransport, MediaProfile, Sdp};
use crate::switch::Switch;
use plain_rtp::PlainRtp;
use std::sync::{Arc, Mutex, PoisonError};
use strowger_media::player::Player;
use strowger_media::rate::SampleRate;
use strowger_media::{
    BugGuard, LegConfig, LegHandle, LegListener, LegSpec, MediaBug, MediaError, NegotiatedFormat,
    PlayerHandle, SendDigit, TransportSpec, WriteList,
};
use strowger_model::{Expanded, HangupCause};

/// Payload type of the L16 that both ends of a ring speak.
const RING_PAYLOAD_TYPE: u8 = 96;
/// Payload type of telephone-event on a ring.
const RING_EVENT_TYPE: u8 = 101;

/// Why media cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum MediaFailure {
    /// The peer's text is no session description.
    #[error("the peer's session description cannot be read: {0}")]
    Unreadable(#[from] strowger_sdp::SdpError),
    /// The two do not fit.
    #[error(transparent)]
    Negotiation(#[from] strowger_sdp::NegotiationError),
    /// No port, or the workers are full.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// An offer was expected and none came.
    #[error("the caller offered no media")]
    NoOffer,
    /// A stranger names one of our own media ports as its own.
    #[error("the peer names one of our own media ports, {0}, as its own")]
    OwnPort(std::net::SocketAddr),
    /// None of the codecs named is known.
    #[error("none of the codecs {0} is known here; name PCMU, PCMA or L16")]
    NoCodecs(String),
    /// This leg has no session description.
    #[error("this leg speaks no SDP")]
    Ring,
}

impl MediaFailure {
    /// The cause with which the call ends.
    pub fn cause(&self) -> HangupCause {
        match self {
            MediaFailure::Unreadable(_)
            | MediaFailure::Negotiation(_)
            | MediaFailure::OwnPort(_)
            | MediaFailure::NoCodecs(_) => HangupCause::IncompatibleDestination,
            MediaFailure::Media(_) => HangupCause::NormalCircuitCongestion,
            MediaFailure::NoOffer => HangupCause::MandatoryIeMissing,
            MediaFailure::Ring => HangupCause::ProtocolError,
        }
    }
}

/// What is known of a leg's media, for the channel.
pub(crate) struct MediaFacts {
    pub read: Option<(String, u32)>,
    pub write: Option<(String, u32)>,
    pub variables: Vec<(&'static str, Expanded)>,
}

enum Kind {
    Rtp(Box<PlainRtp>),
    Ring {
        ring: Mutex<Option<strowger_media::MemoryTransport>>,
        rate: SampleRate,
    },
}

/// The media half of a session.
pub struct MediaSession {
    kind: Kind,
    leg: Option<LegHandle>,
    listener: Arc<dyn LegListener>,
    dtmf_by_signalling: bool,
    hold_music: Option<String>,
    flowing: bool,
    final_statistics: Option<strowger_media::LegStatistics>,
    near: Option<strowger_media::LegId>,
}

impl MediaSession {
    pub(crate) fn new(
        profile: MediaProfile,
        offer: Option<Sdp>,
        listener: Arc<dyn LegListener>,
    ) -> MediaSession {
        let dtmf_by_signalling = profile.dtmf_by_signalling;
        let hold_music = profile.hold_music.clone();
        let kind = match profile.transport {
            LegTransport::Memory { ring, rate } => Kind::Ring {
                ring: Mutex::new(Some(ring)),
                rate,
            },
            LegTransport::Rtp(ref rtp) => {
                Kind::Rtp(Box::new(PlainRtp::new(rtp.clone(), profile, offer)))
            }
        };
        MediaSession {
            kind,
            leg: None,
            listener,
            dtmf_by_signalling,
            hold_music,
            flowing: false,
            final_statistics: None,
            near: None,
        }
    }

    /// Open the leg on the worker of this one, so that a bridge between them needs no link.
    pub(crate) fn open_near(&mut self, leg: strowger_media::LegId) {
        self.near = Some(leg);
    }

    /// The peer has proved who it is, or we called it: media goes to it even while nothing comes back.
    pub(crate) fn trust(&mut self) {
        if let Kind::Rtp(rtp) = &mut self.kind {
            rtp.trust();
        }
    }

    /// The leg, once it is open.
    pub fn leg(&self) -> Option<&LegHandle> {
        self.leg.as_ref()
    }

    /// Whether audio may flow: both sides have agreed.
    pub fn is_flowing(&self) -> bool {
        self.flowing
    }

    /// Whether this leg is a ring to another leg of this process.
    pub fn is_ring(&self) -> bool {
        matches!(self.kind, Kind::Ring { .. })
    }

    /// The rate at which the leg works, once agreed.
    pub fn rate(&self) -> Option<SampleRate> {
        match &self.kind {
            Kind::Ring { rate, .. } => Some(*rate),
            Kind::Rtp(rtp) => rtp.rate(),
        }
    }

    /// Whether digits travel in the signalling: set so, or the peer knows no telephone-event.
    pub fn digits_by_signalling(&self) -> bool {
        match &self.kind {
            Kind::Ring { .. } => false,
            Kind::Rtp(rtp) => self.dtmf_by_signalling || rtp.lacks_telephone_event(),
        }
    }

    /// What the held party hears, as the profile says.
    pub(crate) fn hold_music(&self) -> Option<String> {
        self.hold_music.clone()
    }

    /// The codec agreed (name, clock rate), for the other leg's offer.
    pub fn agreed_codec(&self) -> Option<String> {
        match &self.kind {
            Kind::Ring { .. } => None,
            Kind::Rtp(rtp) => rtp.agreed_codec(),
        }
    }

    /// Names of the codecs that the peer offered or agreed to, best first.
    pub fn peer_codecs(&self) -> Vec<String> {
        match &self.kind {
            Kind::Ring { .. } => Vec::new(),
            Kind::Rtp(rtp) => rtp.peer_codecs(),
        }
    }

    fn open(&mut self, switch: &Switch) -> Result<LegHandle, MediaFailure> {
        if let Some(leg) = &self.leg {
            return Ok(leg.clone());
        }
        let (transport, rate) = match &mut self.kind {
            Kind::Ring { ring, rate } => {
                let ring = ring
                    .get_mut()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take();
                (
                    TransportSpec::Memory(ring.ok_or(MediaFailure::Ring)?),
                    *rate,
                )
            }
            Kind::Rtp(rtp) => (TransportSpec::Udp(rtp.sockets(switch)?), SampleRate::NARROW),
        };
        let spec = LegSpec {
            transport,
            rate,
            near: self.near,
        };
        let leg = switch.media().open(spec, self.listener.clone())?;
        self.leg = Some(leg.clone());
        Ok(leg)
    }

    /// Our offer (or a fresh one when something was agreed before).
    pub(crate) fn offer(
        &mut self,
        codecs: Option<&[String]>,
        switch: &Switch,
    ) -> Result<Sdp, MediaFailure> {
        let Kind::Rtp(rtp) = &mut self.kind else {
            // Nothing is said about media on a ring: both ends know it. It flows once the other end has started.
            self.start_ring(switch)?;
            self.flowing = false;
            return Err(MediaFailure::Ring);
        };
        rtp.reserve(switch)?;
        rtp.offer(codecs, switch)
    }

    /// Whether an offer of ours waits for its answer.
    pub(crate) fn has_offered(&self) -> bool {
        matches!(&self.kind, Kind::Rtp(rtp) if rtp.has_offered())
    }

    /// The peer refused our offer: what was agreed before stays.
    pub(crate) fn offer_refused(&mut self) {
        if let Kind::Rtp(rtp) = &mut self.kind {
            rtp.offer_refused();
        }
    }

    /// Takes the peer's first offer, to be answered later.
    pub(crate) fn take_offer(&mut self, offer: &Sdp) {
        if let Kind::Rtp(rtp) = &mut self.kind {
            rtp.take_offer(offer.clone());
        }
    }

    /// For the 183 or 200 of an inbound call: the answer (the same one again when it was given before), or our
    /// offer when the caller made none; nothing on a ring.
    pub(crate) fn answer_or_offer(
        &mut self,
        codecs: Option<&[String]>,
        switch: &Switch,
    ) -> Result<Option<Sdp>, MediaFailure> {
        let Kind::Rtp(rtp) = &mut self.kind else {
            self.start_ring(switch)?;
            return Ok(None);
        };
        if !rtp.was_offered_to() {
            rtp.reserve(switch)?;
            return rtp.offer(codecs, switch).map(Some);
        }
        rtp.reserve(switch)?;
        let answer = rtp.answer(codecs, switch)?;
        self.apply(switch)?;
        Ok(Some(answer))
    }

    fn start_ring(&mut self, switch: &Switch) -> Result<(), MediaFailure> {
        let leg = self.open(switch)?;
        let Kind::Ring { rate, .. } = &self.kind else {
            return Ok(());
        };
        leg.configure(ring_config(*rate, switch))
            .map_err(MediaError::from)?;
        self.flowing = true;
        Ok(())
    }

    /// Outbound ring leg: the other end has started.
    pub(crate) fn ring_started(&mut self) {
        self.flowing = true;
    }

    /// The peer answered our offer.
    pub(crate) fn conclude(&mut self, answer: &Sdp, switch: &Switch) -> Result<(), MediaFailure> {
        match &mut self.kind {
            Kind::Ring { .. } => self.start_ring(switch),
            Kind::Rtp(rtp) => {
                rtp.conclude(answer, switch)?;
                self.apply(switch)
            }
        }
    }

    /// The peer offers a change: our answer.
    pub(crate) fn answer_change(
        &mut self,
        offer: &Sdp,
        codecs: Option<&[String]>,
        switch: &Switch,
    ) -> Result<Sdp, MediaFailure> {
        let Kind::Rtp(rtp) = &mut self.kind else {
            return Err(MediaFailure::Ring);
        };
        let answer = rtp.answer_change(offer, codecs, switch)?;
        self.apply(switch)?;
        Ok(answer)
    }

    /// Opens the leg if need be and gives it what was agreed.
    fn apply(&mut self, switch: &Switch) -> Result<(), MediaFailure> {
        let leg = self.open(switch)?;
        if let Kind::Rtp(rtp) = &self.kind
            && let Some(config) = rtp.leg_config(switch)
        {
            leg.configure(config).map_err(MediaError::from)?;
            self.flowing = true;
        }
        Ok(())
    }

    /// Whether the peer has put us on hold.
    pub(crate) fn held_by_peer(&self) -> bool {
        matches!(&self.kind, Kind::Rtp(rtp) if rtp.held_by_peer())
    }

    pub(crate) fn facts(&self) -> MediaFacts {
        match &self.kind {
            Kind::Rtp(rtp) => rtp.facts(),
            Kind::Ring { rate, .. } => {
                let format = Some(("L16".to_owned(), rate.hz()));
                MediaFacts {
                    read: format.clone(),
                    write: format,
                    variables: Vec::new(),
                }
            }
        }
    }

    /// Sets what the leg sends. Without a leg there is nothing to set.
    pub(crate) fn write(&self, sources: &WriteList) {
        if let Some(leg) = &self.leg
            && leg.write(sources.clone()).is_err()
        {
            tracing::error!(
                "the media workers are overloaded: a change of what a leg hears was lost"
            );
        }
    }

    pub(crate) fn play(&self, player: Box<dyn Player>) -> Option<PlayerHandle> {
        self.leg.as_ref()?.play(player).ok()
    }

    pub(crate) fn attach(&self, bug: Box<dyn MediaBug>) -> Option<BugGuard> {
        self.leg.as_ref()?.attach(bug).ok()
    }

    pub(crate) fn send_digits(&self, digits: &[(char, u32)]) {
        if let Some(leg) = &self.leg {
            let digits: Vec<SendDigit> = digits
                .iter()
                .map(|&(digit, duration)| SendDigit { digit, duration })
                .collect();
            if leg.send_digits(&digits).is_err() {
                tracing::error!("the media workers are overloaded: digits were lost");
            }
        }
    }

    /// Releases the leg; its statistics stay readable.
    pub(crate) fn close(&mut self) {
        if let Some(leg) = self.leg.take() {
            self.final_statistics = Some(leg.statistics());
            leg.close();
        }
        if let Kind::Rtp(rtp) = &mut self.kind {
            rtp.release();
        }
        self.flowing = false;
    }

    /// RTP statistics as the call record's variables.
    pub(crate) fn final_variables(&self) -> Vec<(&'static str, String)> {
        let Some(statistics) = self
            .leg
            .as_ref()
            .map(LegHandle::statistics)
            .or_else(|| self.final_statistics.clone())
        else {
            return Vec::new();
        };
        let quality = ((statistics.mos() - 1.0) / 3.5 * 100.0).clamp(0.0, 100.0);
        vec![
            ("rtp_audio_in_media_bytes", statistics.octets_in.to_string()),
            (
                "rtp_audio_in_packet_count",
                statistics.packets_in.to_string(),
            ),
            (
                "rtp_audio_in_skip_packet_count",
                statistics.lost.to_string(),
            ),
            (
                "rtp_audio_in_jitter_packet_count",
                statistics.late.to_string(),
            ),
            (
                "rtp_audio_in_largest_jb_size",
                statistics.target_delay_ms.to_string(),
            ),
            ("rtp_audio_in_mos", format!("{:.2}", statistics.mos())),
            ("rtp_audio_in_quality_percentage", format!("{quality:.2}")),
            (
                "rtp_audio_out_media_bytes",
                statistics.octets_out.to_string(),
            ),
            (
                "rtp_audio_out_packet_count",
                statistics.packets_out.to_string(),
            ),
        ]
    }
}

/// What both ends of a ring speak.
fn ring_config(rate: SampleRate, switch: &Switch) -> LegConfig {
    let format = switch
        .codecs()
        .find("L16", rate.hz(), 1)
        .map(|codec| NegotiatedFormat::of(codec, RING_PAYLOAD_TYPE));
    LegConfig {
        send: format.clone(),
        receive: format.into_iter().collect(),
        telephone_event: Some(strowger_media::TelephoneEventFormat {
            payload_type: RING_EVENT_TYPE,
            clock_rate: 8_000,
        }),
        ..LegConfig::default()
    }
}

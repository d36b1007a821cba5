//! RFC 3264 for one audio stream: answering an offer, and concluding from the answer to ours.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::address::{AddressProblem, AddressRules};
use crate::direction::{Direction, HoldKind};
use crate::format::{OfferedFormat, RtpFormat, answer_fmtp, names};
use crate::media::{MediaDescription, MediaKind};
use crate::offer::{audio_section, next_version, session};
use crate::remote::Remote;
use crate::session::SessionDescription;

/// Shortest packet time agreed to, ms; below it the packets cost more than the sound.
const MIN_PTIME: u32 = 10;
/// Longest packet time agreed to, ms: Opus's longest, and 960 octets of G.711.
const MAX_PTIME: u32 = 120;
/// Packet times are multiples of this, ms: the granularity frames are cut with.
const PTIME_STEP: u32 = 10;
/// Packet time where neither side says one, ms (RFC 3551 section 4.2).
const DEFAULT_PTIME: u32 = 20;

/// Our side of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalAudio {
    /// Address media is to be sent to (`c=`).
    pub address: IpAddr,
    /// RTP port; RTCP is on the next one.
    pub port: u16,
    /// Address for the `o=` line.
    pub origin_address: IpAddr,
    /// User name for the `o=` and `s=` lines.
    pub username: String,
    /// Session id for the `o=` line; the same through the whole call.
    pub session_id: u64,
    /// Version for the `o=` line of an [`offer`](crate::offer) or [`answer`].
    pub version: u64,
    /// Codecs in order of preference.
    pub formats: Vec<OfferedFormat>,
    /// Whether DTMF may travel as telephone-event.
    pub telephone_event: bool,
    /// What we want to do.
    pub direction: Direction,
    /// Packet time we prefer, ms.
    pub ptime: u32,
}

/// Whose order of codecs counts when we answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Negotiation {
    /// The order of the offer.
    #[default]
    Generous,
    /// Our order.
    Greedy,
    /// Our order, and a differing packet time or clock rate counts as a match.
    Scrooge,
}

/// Our answer and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// What to send.
    pub description: SessionDescription,
    /// What was agreed by it.
    pub agreed: Agreed,
}

/// What both sides agreed on for the audio stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// Where to send RTP; `None` when the peer gave a zero address (old-style hold).
    pub remote_rtp: Option<SocketAddr>,
    /// Where to send RTCP; an unspecified address, not to be used, when [`Agreed::remote_rtp`] is `None`.
    pub remote_rtcp: SocketAddr,
    /// Codecs we may send, with the peer's payload types and `fmtp`, the one to use first. Never empty.
    pub send: Vec<RtpFormat>,
    /// Codecs that may arrive, with the payload types they arrive under and our `fmtp`. Never empty.
    pub receive: Vec<RtpFormat>,
    /// DTMF, with the payload type to send; `None` when either side does without.
    pub telephone_event: Option<RtpFormat>,
    /// What we do: [`Direction::RecvOnly`] when the peer only sends.
    pub direction: Direction,
    /// Whether and how the peer holds us.
    pub hold: HoldKind,
    /// Packet time to send with, ms.
    pub ptime: u32,
    /// Whether the peer holds us; the same as `hold.is_held()`.
    pub remote_held: bool,
    /// Which `m=` section this is.
    pub media_index: usize,
}

/// Why two sides cannot speak.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NegotiationError {
    /// No audio section with a port.
    #[error("the peer's session description has no audio stream that is open")]
    NoAudio,
    /// Audio, but none of our codecs.
    #[error(
        "no codec in common: the peer speaks {theirs}, we speak {ours}; add one of the peer's to the codec preferences"
    )]
    NoCommonCodec {
        /// The peer's codecs.
        theirs: String,
        /// Ours.
        ours: String,
    },
    /// An address we do not send to.
    #[error("media cannot be sent to the peer's address {address}: {problem}")]
    BadAddress {
        /// The address as written, `-` when there is none.
        address: String,
        /// What is wrong with it.
        problem: AddressProblem,
    },
    /// Audio, but in a profile other than plain RTP.
    #[error("the peer's audio uses {protocol}; only RTP/AVP and RTP/AVPF are spoken here")]
    UnsupportedTransport {
        /// The profile asked for.
        protocol: String,
    },
    /// The answer leaves out the section our offer opened, or puts something else there.
    #[error("the answer has no audio section in the place of the offered one")]
    Unanswered,
    /// The answer refuses our audio (port 0).
    #[error("the answer refuses the offered audio stream")]
    Rejected,
}

/// Answers an offer under the default [`AddressRules`].
///
/// The first audio section we can speak is taken, with one codec (so that it cannot change in mid-call) and DTMF; all
/// others are refused with port 0, so that offer and answer have the same sections in the same order.
///
/// # Errors
/// [`NegotiationError`]; the SIP answer to it is 488.
pub fn answer(
    offer: &SessionDescription,
    local: &LocalAudio,
    mode: Negotiation,
) -> Result<Answered, NegotiationError> {
    answer_with(offer, local, mode, &AddressRules::default())
}

/// Answers an offer under given address rules; otherwise as [`answer`].
///
/// # Errors
/// As [`answer`].
pub fn answer_with(
    offer: &SessionDescription,
    local: &LocalAudio,
    mode: Negotiation,
    rules: &AddressRules,
) -> Result<Answered, NegotiationError> {
    let mut first_problem = None;
    for (index, media) in offer.media.iter().enumerate() {
        if media.kind != MediaKind::Audio || media.is_rejected() {
            continue;
        }
        match answer_section(offer, index, local, mode, rules) {
            Ok((section, agreed)) => {
                let mut description = session(local);
                // RFC 3264 section 6: the times are those of the offer.
                description.times = offer.times.clone();
                description.media = offer.media.iter().map(refusal).collect();
                if let Some(slot) = description.media.get_mut(index) {
                    *slot = section;
                }
                return Ok(Answered {
                    description,
                    agreed,
                });
            }
            Err(problem) => {
                first_problem.get_or_insert(problem);
            }
        }
    }
    Err(first_problem.unwrap_or(NegotiationError::NoAudio))
}

/// Answers a later offer of the same call: the session id stays that of `previous`, our last description, and the
/// version rises by one only when the answer differs from it.
///
/// # Errors
/// As [`answer`].
pub fn re_answer(
    previous: &SessionDescription,
    offer: &SessionDescription,
    local: &LocalAudio,
    mode: Negotiation,
    rules: &AddressRules,
) -> Result<Answered, NegotiationError> {
    let mut answered = answer_with(offer, local, mode, rules)?;
    next_version(previous, &mut answered.description);
    Ok(answered)
}

/// Reads the answer to our offer under the default [`AddressRules`].
///
/// # Errors
/// [`NegotiationError`]; the call cannot go on.
pub fn conclude(
    offer: &SessionDescription,
    answer: &SessionDescription,
) -> Result<Agreed, NegotiationError> {
    conclude_with(offer, answer, &AddressRules::default())
}

/// Reads the answer to our offer under given address rules.
///
/// # Errors
/// As [`conclude`].
pub fn conclude_with(
    offer: &SessionDescription,
    answer: &SessionDescription,
    rules: &AddressRules,
) -> Result<Agreed, NegotiationError> {
    let is_open_audio =
        |media: &MediaDescription| media.kind == MediaKind::Audio && !media.is_rejected();
    let (index, ours) = offer
        .media
        .iter()
        .enumerate()
        .find(|(_, m)| is_open_audio(m))
        .ok_or(NegotiationError::NoAudio)?;
    let theirs = answer
        .media
        .get(index)
        .filter(|m| m.kind == MediaKind::Audio)
        .ok_or(NegotiationError::Unanswered)?;
    if theirs.is_rejected() {
        return Err(NegotiationError::Rejected);
    }
    if !theirs.is_plain_rtp() {
        return Err(NegotiationError::UnsupportedTransport {
            protocol: theirs.protocol.clone(),
        });
    }
    let own_ip = offer
        .connection_of(index)
        .and_then(|c| c.host.ip())
        .unwrap_or(Ipv4Addr::UNSPECIFIED.into());
    let remote = Remote::of(answer, index, SocketAddr::new(own_ip, ours.port), rules)?;

    let offered = ours.rtpmaps();
    let answered = answered_formats(theirs, &offered);
    let mut send = Vec::new();
    let mut receive: Vec<RtpFormat> = Vec::new();
    for format in answered.iter().filter(|format| format.is_speech()) {
        let Some(own) = pick(&offered, format) else {
            continue;
        };
        send.push(format.clone());
        // A peer may answer under another payload type; ours is what it should send, its own what it might.
        for payload_type in [own.payload_type, format.payload_type] {
            let taken = offered
                .iter()
                .any(|o| o.payload_type == payload_type && !o.same_codec(own));
            if !taken && !receive.iter().any(|r| r.payload_type == payload_type) {
                receive.push(RtpFormat {
                    payload_type,
                    ..own.clone()
                });
            }
        }
    }
    let Some(first) = send.first() else {
        return Err(NegotiationError::NoCommonCodec {
            theirs: names(&answered),
            ours: names(&offered),
        });
    };
    let event = |wanted: u32| {
        let mut events = answered.iter().filter(|f| f.is_telephone_event());
        events
            .clone()
            .find(|f| f.clock_rate == wanted)
            .or(events.next())
            .cloned()
    };
    let telephone_event = if offered.iter().any(RtpFormat::is_telephone_event) {
        event(first.clock_rate)
    } else {
        None
    };
    let our_direction = ours.direction(offer.direction());
    let written = theirs.direction(answer.direction());
    let effective = remote.effective(written);
    // Having offered `inactive` we hear `inactive` whatever the peer wants, so that alone is no hold.
    let held =
        remote.rtp.is_none() || (!effective.receives() && our_direction != Direction::Inactive);
    let ptime = agreed_ptime(theirs, ours.ptime().unwrap_or(DEFAULT_PTIME));
    Ok(Agreed {
        remote_rtp: remote.rtp,
        remote_rtcp: remote.rtcp,
        telephone_event,
        direction: our_direction.and(effective.reverse()),
        hold: hold_kind(held, written, remote.rtp.is_none()),
        ptime,
        remote_held: held,
        media_index: index,
        send,
        receive,
    })
}

/// Answers one section, or says why not.
fn answer_section(
    offer: &SessionDescription,
    index: usize,
    local: &LocalAudio,
    mode: Negotiation,
    rules: &AddressRules,
) -> Result<(MediaDescription, Agreed), NegotiationError> {
    let theirs = offer.media.get(index).ok_or(NegotiationError::NoAudio)?;
    if !theirs.is_plain_rtp() {
        return Err(NegotiationError::UnsupportedTransport {
            protocol: theirs.protocol.clone(),
        });
    }
    let remote = Remote::of(
        offer,
        index,
        SocketAddr::new(local.address, local.port),
        rules,
    )?;
    let offered = theirs.rtpmaps();
    let (format, own) =
        choose(&offered, &local.formats, theirs.ptime(), mode).ok_or_else(|| {
            let ours: Vec<_> = local
                .formats
                .iter()
                .map(|f| f.with_payload_type(0))
                .collect();
            NegotiationError::NoCommonCodec {
                theirs: names(&offered),
                ours: names(&ours),
            }
        })?;
    let written = theirs.direction(offer.direction());
    let effective = remote.effective(written);
    let held = !effective.receives();
    let direction = effective.reverse().and(local.direction);
    let ptime = agreed_ptime(theirs, own.ptime.unwrap_or(local.ptime));
    let ours = RtpFormat {
        fmtp: answer_fmtp(format, own.fmtp.as_deref()),
        ..format.clone()
    };
    let telephone_event = if local.telephone_event {
        theirs.telephone_event_at(format.clock_rate)
    } else {
        None
    };
    let section = audio_section(
        local.port,
        &theirs.protocol,
        std::slice::from_ref(&ours),
        telephone_event.as_slice(),
        ptime,
        direction,
    );
    let agreed = Agreed {
        remote_rtp: remote.rtp,
        remote_rtcp: remote.rtcp,
        send: vec![format.clone()],
        receive: vec![ours],
        telephone_event,
        direction,
        hold: hold_kind(held, written, remote.rtp.is_none()),
        ptime,
        remote_held: held,
        media_index: index,
    };
    Ok((section, agreed))
}

/// The offered format to use and our codec for it. Exact matches come first; without one, the same codec with another
/// packet time will do.
fn choose<'a>(
    offered: &'a [RtpFormat],
    ours: &'a [OfferedFormat],
    offered_ptime: Option<u32>,
    mode: Negotiation,
) -> Option<(&'a RtpFormat, &'a OfferedFormat)> {
    let speech = || offered.iter().filter(|format| format.is_speech());
    let codecs = || ours.iter().filter(|own| !own.is_telephone_event());
    let same_rate = |own: &OfferedFormat, theirs: &RtpFormat| {
        own.same_name(theirs) && own.clock_rate == theirs.clock_rate
    };
    let same_ptime = |own: &OfferedFormat| match (own.ptime, offered_ptime) {
        (Some(own), Some(theirs)) => own == theirs,
        _ => true,
    };
    let exact = |own: &OfferedFormat, theirs: &RtpFormat| same_rate(own, theirs) && same_ptime(own);
    let by_theirs = |matches: &dyn Fn(&OfferedFormat, &RtpFormat) -> bool| {
        speech().find_map(|theirs| {
            codecs()
                .find(|own| matches(own, theirs))
                .map(|own| (theirs, own))
        })
    };
    let by_ours = |matches: &dyn Fn(&OfferedFormat, &RtpFormat) -> bool| {
        codecs().find_map(|own| {
            speech()
                .find(|theirs| matches(own, theirs))
                .map(|theirs| (theirs, own))
        })
    };
    match mode {
        Negotiation::Generous => by_theirs(&exact).or_else(|| by_theirs(&same_rate)),
        Negotiation::Greedy => by_ours(&exact).or_else(|| by_ours(&same_rate)),
        Negotiation::Scrooge => codecs().find_map(|own| {
            let with = |matches: &dyn Fn(&OfferedFormat, &RtpFormat) -> bool| {
                speech().find(|theirs| matches(own, theirs))
            };
            with(&same_rate)
                .or_else(|| with(&OfferedFormat::same_name))
                .map(|theirs| (theirs, own))
        }),
    }
}

/// The formats of an answer; one without `rtpmap` is understood as what we offered under that payload type.
fn answered_formats(theirs: &MediaDescription, offered: &[RtpFormat]) -> Vec<RtpFormat> {
    let mapped = theirs.rtpmaps();
    let mut formats: Vec<RtpFormat> = Vec::new();
    for payload_type in theirs
        .formats
        .iter()
        .filter_map(|text| text.parse::<u8>().ok())
    {
        let is_this = |format: &&RtpFormat| format.payload_type == payload_type;
        let found = mapped
            .iter()
            .find(is_this)
            .or_else(|| offered.iter().find(is_this));
        if let Some(format) = found
            && !formats.iter().any(|f| f.payload_type == payload_type)
        {
            formats.push(format.clone());
        }
    }
    formats
}

/// Our offered format that is the same codec, that under the same payload type before others.
fn pick<'a>(offered: &'a [RtpFormat], format: &RtpFormat) -> Option<&'a RtpFormat> {
    let mut same = offered.iter().filter(|own| own.same_codec(format));
    same.clone()
        .find(|own| own.payload_type == format.payload_type)
        .or(same.next())
}

/// The peer's packet time where it is one we can cut, else ours; never above what the peer can take.
fn agreed_ptime(theirs: &MediaDescription, ours: u32) -> u32 {
    let usable =
        |ptime: &u32| (MIN_PTIME..=MAX_PTIME).contains(ptime) && ptime.is_multiple_of(PTIME_STEP);
    let wanted = theirs
        .ptime()
        .filter(usable)
        .unwrap_or(ours)
        .clamp(MIN_PTIME, MAX_PTIME);
    match theirs.maxptime() {
        Some(most) if most < wanted => (most / PTIME_STEP * PTIME_STEP).max(MIN_PTIME),
        _ => wanted,
    }
}

fn hold_kind(held: bool, direction: Direction, zero_address: bool) -> HoldKind {
    if held {
        HoldKind::Held {
            direction,
            zero_address,
        }
    } else {
        HoldKind::None
    }
}

/// A section refused: same kind, profile and formats, port 0.
fn refusal(media: &MediaDescription) -> MediaDescription {
    MediaDescription::new(
        media.kind.clone(),
        0,
        media.protocol.clone(),
        media.formats.clone(),
    )
}

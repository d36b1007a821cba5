//! Writing offers, first and later ones.

use crate::attribute::Attribute;
use crate::direction::Direction;
use crate::format::{
    FIRST_DYNAMIC, LAST_PAYLOAD_TYPE, OfferedFormat, RtpFormat, TELEPHONE_EVENT,
    TELEPHONE_EVENT_PAYLOAD_TYPE, static_format,
};
use crate::media::{MediaDescription, MediaKind};
use crate::negotiate::LocalAudio;
use crate::session::{Host, Origin, SessionDescription, Timing};

/// The events we understand: the digits, `*`, `#` and A to D (RFC 4733 section 3.2).
const EVENTS: &str = "0-15";

/// Writes the first offer of a call: one audio stream, plain RTP.
///
/// Codecs without a fixed payload type get one from 96 up. telephone-event is offered with each clock rate among the
/// codecs (RFC 4733 section 2.1), that of 8000 Hz as payload type 101, or as an entry `telephone-event` of
/// [`LocalAudio::formats`] says. Codecs there is no payload type left for are left out.
pub fn offer(local: &LocalAudio) -> SessionDescription {
    let (formats, events) = payload_types(local, &[]);
    let mut description = session(local);
    description.media.push(audio_section(
        local.port,
        "RTP/AVP",
        &formats,
        &events,
        local.ptime,
        local.direction,
    ));
    description
}

/// Writes a later offer of the same call, after `previous`, the description we last sent, offer or answer.
///
/// The sections keep their order, the refused ones stay refused, codecs keep their payload types, the session id stays
/// that of `previous`, and the version is one higher if anything differs, else the same.
pub fn re_offer(previous: &SessionDescription, local: &LocalAudio) -> SessionDescription {
    let is_audio = |media: &&MediaDescription| media.kind == MediaKind::Audio;
    let open = previous
        .media
        .iter()
        .position(|m| is_audio(&m) && !m.is_rejected());
    let index = open.or_else(|| previous.media.iter().position(|m| is_audio(&m)));
    let known = index
        .and_then(|i| previous.media.get(i))
        .map(MediaDescription::rtpmaps)
        .unwrap_or_default();
    let protocol = index
        .and_then(|i| previous.media.get(i))
        .filter(|media| media.is_plain_rtp())
        .map_or("RTP/AVP", |media| media.protocol.as_str());
    let (formats, events) = payload_types(local, &known);
    let section = audio_section(
        local.port,
        protocol,
        &formats,
        &events,
        local.ptime,
        local.direction,
    );
    let mut description = session(local);
    description.times = previous.times.clone();
    description.media = previous.media.clone();
    match index.and_then(|i| description.media.get_mut(i)) {
        Some(slot) => *slot = section,
        None => description.media.push(section),
    }
    next_version(previous, &mut description);
    description
}

/// Gives a description the session id of the one before it, and the version that follows (RFC 3264 section 8).
pub(crate) fn next_version(previous: &SessionDescription, description: &mut SessionDescription) {
    description
        .origin
        .session_id
        .clone_from(&previous.origin.session_id);
    description.origin.version = previous.origin.version;
    if description != previous {
        description.origin.version = previous.origin.version.wrapping_add(1);
    }
}

/// Everything above the first `m=`.
pub(crate) fn session(local: &LocalAudio) -> SessionDescription {
    let visible: String = local
        .username
        .chars()
        .map(|c| {
            if c.is_whitespace() || c.is_control() {
                '-'
            } else {
                c
            }
        })
        .collect();
    let username = if visible.is_empty() {
        "-".to_owned()
    } else {
        visible
    };
    SessionDescription {
        origin: Origin {
            username: username.clone(),
            session_id: local.session_id.to_string(),
            version: local.version,
            address: Host::Ip(local.origin_address),
        },
        name: username,
        information: None,
        connection: Some(local.address.into()),
        bandwidth: Vec::new(),
        times: vec![Timing::default()],
        attributes: Vec::new(),
        media: Vec::new(),
    }
}

/// One audio section with its `rtpmap`, `fmtp`, packet time and direction lines.
pub(crate) fn audio_section(
    port: u16,
    protocol: &str,
    formats: &[RtpFormat],
    events: &[RtpFormat],
    ptime: u32,
    direction: Direction,
) -> MediaDescription {
    let listed = formats
        .iter()
        .chain(events)
        .map(|format| format.payload_type.to_string())
        .collect();
    let mut media = MediaDescription::new(MediaKind::Audio, port, protocol, listed);
    media
        .attributes
        .extend(formats.iter().flat_map(RtpFormat::attributes));
    for event in events {
        let ours = RtpFormat {
            fmtp: Some(EVENTS.to_owned()),
            ..event.clone()
        };
        media.attributes.extend(ours.attributes());
    }
    media
        .attributes
        .push(Attribute::with_value("ptime", ptime.to_string()));
    media.attributes.push(Attribute::flag(direction.as_str()));
    media
}

/// Gives every codec and telephone-event a payload type: the known one of before, else the fixed one, else a free one.
fn payload_types(local: &LocalAudio, known: &[RtpFormat]) -> (Vec<RtpFormat>, Vec<RtpFormat>) {
    let mut free = FreeTypes::new(known);
    let (event_entries, codecs): (Vec<&OfferedFormat>, Vec<&OfferedFormat>) = local
        .formats
        .iter()
        .partition(|format| format.is_telephone_event());
    let event_type = event_entries
        .iter()
        .find_map(|entry| entry.payload_type)
        .filter(|number| (FIRST_DYNAMIC..=LAST_PAYLOAD_TYPE).contains(number))
        .unwrap_or(TELEPHONE_EVENT_PAYLOAD_TYPE);
    if local.telephone_event {
        free.reserve(event_type);
    }

    let mut formats: Vec<RtpFormat> = Vec::new();
    for codec in &codecs {
        let wanted = codec.with_payload_type(0);
        if formats
            .iter()
            .any(|format| format.same_codec(&wanted) && format.fmtp == wanted.fmtp)
        {
            continue;
        }
        let before = known
            .iter()
            .find(|format| format.same_codec(&wanted))
            .map(|format| format.payload_type);
        // A number below 96 is fixed and must mean this codec; any other is only a wish.
        let fixed = codec
            .payload_type
            .filter(|&number| static_format(number).is_some_and(|fixed| fixed.same_codec(&wanted)));
        let wish = codec
            .payload_type
            .filter(|&number| number >= FIRST_DYNAMIC && free.is_free(number));
        let is_used = |number: &u8| formats.iter().any(|format| format.payload_type == *number);
        let chosen = before
            .or(fixed)
            .filter(|number| !is_used(number))
            .or(wish)
            .or_else(|| free.next());
        if let Some(payload_type) = chosen {
            free.reserve(payload_type);
            formats.push(RtpFormat {
                payload_type,
                ..wanted
            });
        }
    }

    let mut events: Vec<RtpFormat> = Vec::new();
    if local.telephone_event {
        let mut rates: Vec<u32> = Vec::new();
        for rate in formats.iter().map(|format| format.clock_rate) {
            if !rates.contains(&rate) {
                rates.push(rate);
            }
        }
        // 8000 Hz first, as that is the one every phone understands.
        rates.sort_by_key(|rate| *rate != 8000);
        for clock_rate in rates {
            let before = known
                .iter()
                .find(|f| f.is_telephone_event() && f.clock_rate == clock_rate);
            let is_taken = |number: u8| {
                formats
                    .iter()
                    .chain(&events)
                    .any(|f| f.payload_type == number)
            };
            let default = Some(event_type).filter(|&number| {
                !is_taken(number)
                    && !known
                        .iter()
                        .any(|f| f.payload_type == number && f.clock_rate != clock_rate)
            });
            let chosen = before
                .map(|f| f.payload_type)
                .or(default)
                .or_else(|| free.next());
            if let Some(payload_type) = chosen {
                free.reserve(payload_type);
                let name = TELEPHONE_EVENT.to_owned();
                events.push(RtpFormat {
                    payload_type,
                    name,
                    clock_rate,
                    channels: 1,
                    fmtp: None,
                });
            }
        }
    }
    (formats, events)
}

/// The payload types from 96 up that mean nothing yet.
struct FreeTypes([bool; LAST_PAYLOAD_TYPE as usize + 1]);

impl FreeTypes {
    /// What was known before is not reused for something else (RFC 3264 section 8.3.2).
    fn new(known: &[RtpFormat]) -> Self {
        let mut free = FreeTypes([true; LAST_PAYLOAD_TYPE as usize + 1]);
        known
            .iter()
            .for_each(|format| free.reserve(format.payload_type));
        free
    }

    fn reserve(&mut self, payload_type: u8) {
        if let Some(slot) = self.0.get_mut(usize::from(payload_type)) {
            *slot = false;
        }
    }

    fn is_free(&self, payload_type: u8) -> bool {
        self.0
            .get(usize::from(payload_type))
            .copied()
            .unwrap_or(false)
    }

    fn next(&mut self) -> Option<u8> {
        (FIRST_DYNAMIC..=LAST_PAYLOAD_TYPE).find(|&number| self.is_free(number))
    }
}

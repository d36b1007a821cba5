//! Payload formats: `rtpmap` and `fmtp`, the static types of RFC 3551, and when two formats are the same codec.

use crate::attribute::Attribute;

/// Name of the DTMF payload format (RFC 4733) as [`RtpFormat::name`] holds it.
pub const TELEPHONE_EVENT: &str = "TELEPHONE-EVENT";

/// Payload type we offer telephone-event with unless told otherwise; what nearly every phone uses.
pub const TELEPHONE_EVENT_PAYLOAD_TYPE: u8 = 101;

/// First payload type without a fixed meaning (RFC 3551 section 3).
pub(crate) const FIRST_DYNAMIC: u8 = 96;

/// Last payload type RTP has room for (seven bits).
pub(crate) const LAST_PAYLOAD_TYPE: u8 = 127;

/// One payload format of a media section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtpFormat {
    /// RTP payload type, 0 to 127.
    pub payload_type: u8,
    /// Encoding name in upper case (`PCMU`, `OPUS`, `TELEPHONE-EVENT`).
    pub name: String,
    /// RTP clock rate in Hz (8000 for G.722, whatever its sample rate: RFC 3551 section 4.5.2).
    pub clock_rate: u32,
    /// Channels; 1 where none is written.
    pub channels: u8,
    /// Format parameters (`a=fmtp`), as written.
    pub fmtp: Option<String>,
}

impl RtpFormat {
    /// Whether this is DTMF (RFC 4733) rather than speech.
    pub fn is_telephone_event(&self) -> bool {
        self.name == TELEPHONE_EVENT
    }

    /// Whether this carries speech: neither DTMF, comfort noise nor redundancy.
    pub(crate) fn is_speech(&self) -> bool {
        !matches!(
            self.name.as_str(),
            TELEPHONE_EVENT | "CN" | "RED" | "ULPFEC" | "RTX" | "TONE" | "FLEXFEC"
        )
    }

    /// Same codec: name, clock rate and channels agree.
    pub(crate) fn same_codec(&self, other: &RtpFormat) -> bool {
        self.name == other.name
            && self.clock_rate == other.clock_rate
            && self.channels == other.channels
    }

    /// The `a=rtpmap` and `a=fmtp` lines of this format.
    pub(crate) fn attributes(&self) -> Vec<Attribute> {
        let mut map = format!(
            "{} {}/{}",
            self.payload_type,
            wire_name(&self.name),
            self.clock_rate
        );
        if self.channels > 1 {
            map.push_str(&format!("/{}", self.channels));
        }
        let mut lines = vec![Attribute::with_value("rtpmap", map)];
        if let Some(fmtp) = &self.fmtp {
            lines.push(Attribute::with_value(
                "fmtp",
                format!("{} {fmtp}", self.payload_type),
            ));
        }
        lines
    }
}

/// One codec we are willing to speak, as configuration names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedFormat {
    /// Payload type, for codecs that have a fixed one; `None` lets the offer choose from 96 up.
    pub payload_type: Option<u8>,
    /// Encoding name, in any letter case. An entry `telephone-event` is no codec: it sets the payload type DTMF is
    /// offered with.
    pub name: String,
    /// RTP clock rate in Hz.
    pub clock_rate: u32,
    /// Channels as `rtpmap` counts them (2 for Opus, always).
    pub channels: u8,
    /// Our format parameters, for `a=fmtp`.
    pub fmtp: Option<String>,
    /// Packet time in ms asked for this codec (`PCMU@30i`); `None` takes any.
    pub ptime: Option<u32>,
}

impl OfferedFormat {
    /// Encoding name in upper case, as [`RtpFormat::name`] holds it.
    pub(crate) fn upper_name(&self) -> String {
        self.name.trim().to_ascii_uppercase()
    }

    pub(crate) fn is_telephone_event(&self) -> bool {
        self.name.trim().eq_ignore_ascii_case(TELEPHONE_EVENT)
    }

    /// This codec under a payload type.
    pub(crate) fn with_payload_type(&self, payload_type: u8) -> RtpFormat {
        RtpFormat {
            payload_type,
            name: self.upper_name(),
            clock_rate: self.clock_rate,
            channels: self.channels.max(1),
            fmtp: self.fmtp.clone(),
        }
    }

    /// Same name, and same bit rate where both sides name one (G.722.1 and the like).
    pub(crate) fn same_name(&self, theirs: &RtpFormat) -> bool {
        let bit_rates_agree = match (
            fmtp_value(self.fmtp.as_deref(), "bitrate"),
            fmtp_value(theirs.fmtp.as_deref(), "bitrate"),
        ) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        };
        self.name.trim().eq_ignore_ascii_case(&theirs.name)
            && self.channels.max(1) == theirs.channels
            && bit_rates_agree
    }
}

/// The payload types RFC 3551 fixes: (type, name, clock rate, channels).
const STATIC_TYPES: [(u8, &str, u32, u8); 24] = [
    (0, "PCMU", 8000, 1),
    (3, "GSM", 8000, 1),
    (4, "G723", 8000, 1),
    (5, "DVI4", 8000, 1),
    (6, "DVI4", 16000, 1),
    (7, "LPC", 8000, 1),
    (8, "PCMA", 8000, 1),
    (9, "G722", 8000, 1),
    (10, "L16", 44100, 2),
    (11, "L16", 44100, 1),
    (12, "QCELP", 8000, 1),
    (13, "CN", 8000, 1),
    (14, "MPA", 90000, 1),
    (15, "G728", 8000, 1),
    (16, "DVI4", 11025, 1),
    (17, "DVI4", 22050, 1),
    (18, "G729", 8000, 1),
    (25, "CELB", 90000, 1),
    (26, "JPEG", 90000, 1),
    (28, "NV", 90000, 1),
    (31, "H261", 90000, 1),
    (32, "MPV", 90000, 1),
    (33, "MP2T", 90000, 1),
    (34, "H263", 90000, 1),
];

/// The format RFC 3551 gives a payload type.
pub(crate) fn static_format(payload_type: u8) -> Option<RtpFormat> {
    STATIC_TYPES
        .iter()
        .find(|entry| entry.0 == payload_type)
        .map(|&(payload_type, name, clock_rate, channels)| RtpFormat {
            payload_type,
            name: name.to_owned(),
            clock_rate,
            channels,
            fmtp: None,
        })
}

/// Reads the value of `a=rtpmap` (`111 opus/48000/2`); `None` when the payload type, name or clock rate is missing or
/// out of range.
pub(crate) fn parse_rtpmap(value: &str) -> Option<RtpFormat> {
    let (payload_type, encoding) = value.trim().split_once(char::is_whitespace)?;
    let payload_type = payload_type
        .parse()
        .ok()
        .filter(|number| *number <= LAST_PAYLOAD_TYPE)?;
    let mut parts = encoding.trim().split('/').map(str::trim);
    let name = parts
        .next()
        .filter(|name| is_token(name))?
        .to_ascii_uppercase();
    let clock_rate = parts.next()?.parse().ok().filter(|rate| *rate > 0)?;
    let channels = match parts.next() {
        None | Some("") => 1,
        // Some peers write encoding parameters other than a channel count here; one channel is what they mean.
        Some(text) => text
            .parse()
            .ok()
            .filter(|channels| *channels > 0)
            .unwrap_or(1),
    };
    Some(RtpFormat {
        payload_type,
        name,
        clock_rate,
        channels,
        fmtp: None,
    })
}

/// Splits the value of `a=fmtp` into payload type and parameters.
pub(crate) fn parse_fmtp(value: &str) -> Option<(u8, &str)> {
    let (payload_type, parameters) = value.trim().split_once(char::is_whitespace)?;
    let parameters = parameters.trim();
    Some((payload_type.parse().ok()?, parameters)).filter(|_| !parameters.is_empty())
}

/// The value of one parameter in `name=value;name=value` format parameters.
pub(crate) fn fmtp_value<'a>(fmtp: Option<&'a str>, name: &str) -> Option<&'a str> {
    fmtp?.split(';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// The parameters to answer with: our own, save where a codec's parameters are agreed rather than declared.
pub(crate) fn answer_fmtp(theirs: &RtpFormat, ours: Option<&str>) -> Option<String> {
    let offered = theirs.fmtp.as_deref();
    match theirs.name.as_str() {
        // RFC 7261: annex B is used only where both sides take it.
        "G729"
            if fmtp_value(offered, "annexb")
                .is_some_and(|value| value.eq_ignore_ascii_case("no")) =>
        {
            Some("annexb=no".to_owned())
        }
        // RFC 3952 section 5: the longer frame wins, and its absence means 30 ms.
        "ILBC" => {
            let mode = |fmtp| fmtp_value(fmtp, "mode").unwrap_or("30") == "20";
            Some(
                if mode(offered) && mode(ours) {
                    "mode=20"
                } else {
                    "mode=30"
                }
                .to_owned(),
            )
        }
        _ => ours.map(str::to_owned),
    }
}

/// The spelling a name is usually written with; names compare without regard to case (RFC 8866 section 6.6).
fn wire_name(upper: &str) -> &str {
    match upper {
        TELEPHONE_EVENT => "telephone-event",
        "OPUS" => "opus",
        "SPEEX" => "speex",
        "ILBC" => "iLBC",
        other => other,
    }
}

/// Whether the text is a token (RFC 8866 section 9): visible ASCII without separators.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]".contains(&b))
}

/// Codecs for a message, such as `PCMU/8000, OPUS/48000/2`.
pub(crate) fn names(formats: &[RtpFormat]) -> String {
    let listed: Vec<String> = formats
        .iter()
        .map(|f| match f.channels {
            0 | 1 => format!("{}/{}", f.name, f.clock_rate),
            channels => format!("{}/{}/{channels}", f.name, f.clock_rate),
        })
        .collect();
    if listed.is_empty() {
        "nothing known".to_owned()
    } else {
        listed.join(", ")
    }
}

//! The codecs that this exchange speaks, and finding them by name, rtpmap or static payload type.

use super::g711::{G711, Law};
use super::l16::L16;
use super::{Codec, PayloadFormat};
use crate::rate::SampleRate;
use std::sync::Arc;

/// A codec as preference lists write it: `NAME[@8000h][@20i][@64000b][@1c]`, modifiers in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecName {
    /// Encoding name as written.
    pub name: String,
    /// Clock rate in Hz (`h`).
    pub clock_rate: Option<u32>,
    /// Packet length in ms (`i`).
    pub ptime_ms: Option<u32>,
    /// Bits per second (`b`).
    pub bit_rate: Option<u32>,
    /// Channels (`c`).
    pub channels: Option<u8>,
}

impl CodecName {
    /// Reads one entry of a preference list; `None` when a modifier is unknown or no number.
    pub fn parse(text: &str) -> Option<CodecName> {
        let mut parts = text.trim().split('@');
        let name = parts.next().filter(|name| !name.is_empty())?.to_owned();
        let mut parsed = CodecName {
            name,
            clock_rate: None,
            ptime_ms: None,
            bit_rate: None,
            channels: None,
        };
        for part in parts {
            let kind = part.chars().next_back()?;
            let number: u32 = part[..part.len() - kind.len_utf8()].parse().ok()?;
            match kind.to_ascii_lowercase() {
                'h' | 'k' => parsed.clock_rate = Some(number),
                'i' => parsed.ptime_ms = Some(number),
                'b' => parsed.bit_rate = Some(number),
                'c' => parsed.channels = Some(u8::try_from(number).ok()?),
                _ => return None,
            }
        }
        Some(parsed)
    }
}

/// A set of codecs in order of preference.
#[derive(Clone)]
pub struct Codecs {
    all: Vec<Arc<dyn Codec>>,
}

impl Codecs {
    /// PCMU, PCMA, and L16 at 8, 16, 32 and 48 kHz.
    pub fn builtin() -> Codecs {
        let mut all: Vec<Arc<dyn Codec>> =
            vec![Arc::new(G711::new(Law::Mu)), Arc::new(G711::new(Law::A))];
        for rate in [
            SampleRate::NARROW,
            SampleRate::WIDE,
            SampleRate::ULTRA_WIDE,
            SampleRate::FULL,
        ] {
            all.push(Arc::new(L16::new(rate)));
        }
        Codecs { all }
    }

    /// This set with one more codec, found after those already there.
    #[must_use]
    pub fn with(mut self, codec: Arc<dyn Codec>) -> Codecs {
        self.all.push(codec);
        self
    }

    /// The codec of an rtpmap: name without case, clock rate in Hz, channels.
    pub fn find(&self, name: &str, clock_rate: u32, channels: u8) -> Option<Arc<dyn Codec>> {
        let fits = |format: &PayloadFormat| {
            format.name.eq_ignore_ascii_case(name)
                && format.clock_rate == clock_rate
                && format.channels == channels
        };
        self.all.iter().find(|codec| fits(codec.format())).cloned()
    }

    /// The codec of a static payload type of RFC 3551.
    pub fn by_static_type(&self, payload_type: u8) -> Option<Arc<dyn Codec>> {
        self.all
            .iter()
            .find(|codec| codec.static_payload_type() == Some(payload_type))
            .cloned()
    }

    /// The first codec that fits an entry of a preference list, such as `PCMU`, `pcmu@8000h@20i` or
    /// `L16@16000h`. The packet length does not choose a codec; read it with [`CodecName::parse`].
    pub fn named(&self, name: &str) -> Option<Arc<dyn Codec>> {
        let wanted = CodecName::parse(name)?;
        let fits = |format: &PayloadFormat| {
            format.name.eq_ignore_ascii_case(&wanted.name)
                && wanted
                    .clock_rate
                    .is_none_or(|rate| rate == format.clock_rate)
                && wanted
                    .channels
                    .is_none_or(|channels| channels == format.channels)
        };
        self.all.iter().find(|codec| fits(codec.format())).cloned()
    }

    /// All codecs, in order of preference.
    pub fn all(&self) -> &[Arc<dyn Codec>] {
        &self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(codec: Option<Arc<dyn Codec>>) -> Option<(String, u32)> {
        codec.map(|codec| (codec.format().name.clone(), codec.format().clock_rate))
    }

    #[test]
    fn codecs_are_found_by_name_rtpmap_and_static_type() {
        let codecs = Codecs::builtin();
        let pcmu = Some(("PCMU".to_owned(), 8_000));
        assert_eq!(found(codecs.named("PCMU")), pcmu);
        assert_eq!(found(codecs.named("pcmu@8000h@20i")), pcmu);
        assert_eq!(found(codecs.named(" PCMU@30i@64000b ")), pcmu);
        assert_eq!(
            found(codecs.named("L16@16000h")),
            Some(("L16".to_owned(), 16_000))
        );
        assert_eq!(found(codecs.named("L16")), Some(("L16".to_owned(), 8_000)));
        assert_eq!(
            found(codecs.find("pcma", 8_000, 1)),
            Some(("PCMA".to_owned(), 8_000))
        );
        assert_eq!(
            found(codecs.by_static_type(8)),
            Some(("PCMA".to_owned(), 8_000))
        );
        assert_eq!(found(codecs.by_static_type(0)), pcmu);
        assert_eq!(codecs.all().len(), 6);
    }

    #[test]
    fn what_does_not_fit_is_not_found() {
        let codecs = Codecs::builtin();
        for name in [
            "",
            "@8000h",
            "OPUS",
            "PCMU@16000h",
            "PCMU@20x",
            "PCMU@",
            "PCMU@h",
            "L16@2c",
            "PCMU@é",
        ] {
            assert!(codecs.named(name).is_none(), "{name}");
        }
        assert!(codecs.find("PCMU", 8_000, 2).is_none());
        assert!(codecs.find("L16", 44_100, 1).is_none());
        assert!(codecs.by_static_type(9).is_none());
    }

    #[test]
    fn a_codec_agrees_only_to_its_own_rtpmap() {
        let pcmu = Codecs::builtin().named("PCMU").expect("built in");
        let mut offered = pcmu.format().clone();
        offered.name = "pcmu".to_owned();
        offered.fmtp = "x=1".to_owned();
        let agreed = pcmu.agree(&offered).expect("same rtpmap");
        assert_eq!((agreed.name.as_str(), agreed.fmtp.as_str()), ("PCMU", ""));
        offered.clock_rate = 16_000;
        assert!(pcmu.agree(&offered).is_none());
        offered.clock_rate = 8_000;
        offered.channels = 2;
        assert!(pcmu.agree(&offered).is_none());
    }
}

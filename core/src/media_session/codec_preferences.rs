//! From codec names in the configuration to formats in an offer.

use super::MediaFailure;
use std::sync::Arc;
use strowger_media::codec::Codec;
use strowger_media::codec::registry::Codecs;
use strowger_sdp::OfferedFormat;

/// The codecs that these names mean, in order, each once.
pub(crate) fn codecs_named(
    names: &[String],
    known: &Codecs,
) -> Result<Vec<Arc<dyn Codec>>, MediaFailure> {
    let mut list: Vec<Arc<dyn Codec>> = Vec::new();
    for name in names {
        if let Some(codec) = known.named(name)
            && !list.iter().any(|other| other.format() == codec.format())
        {
            list.push(codec);
        }
    }
    if list.is_empty() {
        Err(MediaFailure::NoCodecs(names.join(", ")))
    } else {
        Ok(list)
    }
}

/// A codec as an offer names it.
pub(crate) fn offered(codec: &Arc<dyn Codec>) -> OfferedFormat {
    let format = codec.format();
    OfferedFormat {
        payload_type: codec.static_payload_type(),
        name: format.name.clone(),
        clock_rate: format.clock_rate,
        channels: format.channels,
        fmtp: (!format.fmtp.is_empty()).then(|| format.fmtp.clone()),
        ptime: None,
    }
}

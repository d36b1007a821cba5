//! L16 (RFC 3551 §4.5.11): 16-bit linear samples, most significant octet first, mono.

use super::{Codec, CodecError, Decoder, Encoder, PayloadFormat};
use crate::rate::SampleRate;

const NAME: &str = "L16";

/// Uncompressed audio at one of the rates of [`SampleRate`].
pub struct L16 {
    format: PayloadFormat,
}

impl L16 {
    /// L16 mono at `rate`. It has no static payload type: those of RFC 3551 are 44.1 kHz only.
    pub fn new(rate: SampleRate) -> L16 {
        let format = PayloadFormat {
            name: NAME.to_owned(),
            clock_rate: rate.hz(),
            sample_rate: rate,
            channels: 1,
            fmtp: String::new(),
        };
        L16 { format }
    }
}

impl Codec for L16 {
    fn format(&self) -> &PayloadFormat {
        &self.format
    }

    fn static_payload_type(&self) -> Option<u8> {
        None
    }

    fn agree(&self, offered: &PayloadFormat) -> Option<PayloadFormat> {
        super::same_rtpmap(&self.format, offered).then(|| self.format.clone())
    }

    fn decoder(&self, _agreed: &PayloadFormat) -> Box<dyn Decoder> {
        Box::new(L16Coder)
    }

    fn encoder(&self, _agreed: &PayloadFormat) -> Box<dyn Encoder> {
        Box::new(L16Coder)
    }
}

struct L16Coder;

impl Decoder for L16Coder {
    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        if !payload.len().is_multiple_of(2) {
            return Err(CodecError::BadPayload {
                codec: NAME,
                octets: payload.len(),
            });
        }
        let needed = payload.len() / 2;
        let room = out.len();
        let out = out.get_mut(..needed).ok_or(CodecError::NoRoom {
            codec: NAME,
            needed,
            room,
        })?;
        for (sample, pair) in out.iter_mut().zip(payload.chunks_exact(2)) {
            *sample = i16::from_be_bytes([pair[0], pair[1]]);
        }
        Ok(needed)
    }

    fn samples_in(&self, payload: &[u8]) -> usize {
        payload.len() / 2
    }
}

impl Encoder for L16Coder {
    fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, CodecError> {
        let needed = pcm.len() * 2;
        let room = out.len();
        let out = out.get_mut(..needed).ok_or(CodecError::NoRoom {
            codec: NAME,
            needed,
            room,
        })?;
        for (pair, sample) in out.chunks_exact_mut(2).zip(pcm) {
            pair.copy_from_slice(&sample.to_be_bytes());
        }
        Ok(needed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_travel_most_significant_octet_first() {
        let codec = L16::new(SampleRate::WIDE);
        let format = codec.format().clone();
        let mut octets = [0u8; 6];
        let pcm = [0x0102, -2, i16::MIN];
        assert_eq!(codec.encoder(&format).encode(&pcm, &mut octets), Ok(6));
        assert_eq!(octets, [1, 2, 0xff, 0xfe, 0x80, 0]);
        let mut back = [0i16; 3];
        assert_eq!(codec.decoder(&format).decode(&octets, &mut back), Ok(3));
        assert_eq!(back, pcm);
    }

    #[test]
    fn half_a_sample_and_a_small_buffer_are_errors() {
        let codec = L16::new(SampleRate::NARROW);
        let format = codec.format().clone();
        let mut decoder = codec.decoder(&format);
        let mut out = [0i16; 2];
        let bad = CodecError::BadPayload {
            codec: "L16",
            octets: 3,
        };
        assert_eq!(decoder.decode(&[0; 3], &mut out), Err(bad));
        assert!(decoder.decode(&[0; 6], &mut out).is_err());
        assert!(codec.encoder(&format).encode(&[0; 2], &mut [0; 3]).is_err());
        assert_eq!(decoder.samples_in(&[0; 4]), 2);
    }
}

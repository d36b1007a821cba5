//! ITU-T G.711: PCMU (µ-law) and PCMA (A-law), 8 kHz, one octet a sample.

use super::{Codec, CodecError, Decoder, Encoder, PayloadFormat};
use crate::rate::SampleRate;

#[cfg(test)]
mod tests;

/// Added to the magnitude before the segment is found (µ-law, 14-bit scale).
const MU_BIAS: i32 = 33;

/// Largest biased µ-law magnitude; anything above is clipped to it.
const MU_MAX: i32 = 0x1fff;

/// The µ-law code of one sample.
pub const fn linear_to_mulaw(sample: i16) -> u8 {
    let sample = sample as i32;
    let (magnitude, sign) = if sample < 0 {
        (!sample >> 2, 0x7f)
    } else {
        (sample >> 2, 0xff)
    };
    let mut biased = magnitude + MU_BIAS;
    if biased > MU_MAX {
        biased = MU_MAX;
    }
    // The bias makes bit 5 the lowest leading one, so the segment is 0..=7.
    let segment = 26 - biased.leading_zeros() as i32;
    let step = (biased >> (segment + 1)) & 0x0f;
    (sign ^ ((segment << 4) | step)) as u8
}

/// The sample that a µ-law code stands for.
pub const fn mulaw_to_linear(code: u8) -> i16 {
    let inverted = !code as i32;
    let segment = (inverted >> 4) & 0x07;
    let step = inverted & 0x0f;
    let magnitude = ((((step << 1) + MU_BIAS) << segment) - MU_BIAS) << 2;
    (if code & 0x80 == 0 {
        -magnitude
    } else {
        magnitude
    }) as i16
}

/// The A-law code of one sample.
pub const fn linear_to_alaw(sample: i16) -> u8 {
    let sample = sample as i32;
    let (magnitude, sign) = if sample < 0 {
        (!sample >> 4, 0x00)
    } else {
        (sample >> 4, 0x80)
    };
    let code = if magnitude < 16 {
        magnitude
    } else {
        let segment = 28 - magnitude.leading_zeros() as i32;
        (segment << 4) | ((magnitude >> (segment - 1)) & 0x0f)
    };
    ((code | sign) ^ 0x55) as u8
}

/// The sample that an A-law code stands for.
pub const fn alaw_to_linear(code: u8) -> i16 {
    let code = code ^ 0x55;
    let segment = (code as i32 >> 4) & 0x07;
    let step = (code as i32 & 0x0f) << 4;
    let magnitude = if segment == 0 {
        step + 8
    } else {
        (step + 0x108) << (segment - 1)
    };
    (if code & 0x80 == 0 {
        -magnitude
    } else {
        magnitude
    }) as i16
}

const fn decode_table(alaw: bool) -> [i16; 256] {
    let mut table = [0i16; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = if alaw {
            alaw_to_linear(code as u8)
        } else {
            mulaw_to_linear(code as u8)
        };
        code += 1;
    }
    table
}

static MULAW: [i16; 256] = decode_table(false);
static ALAW: [i16; 256] = decode_table(true);

/// Which of the two laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// µ-law, payload type 0.
    Mu,
    /// A-law, payload type 8.
    A,
}

impl Law {
    fn name(self) -> &'static str {
        match self {
            Law::Mu => "PCMU",
            Law::A => "PCMA",
        }
    }

    /// The samples of all 256 codes.
    pub(crate) fn table(self) -> &'static [i16; 256] {
        match self {
            Law::Mu => &MULAW,
            Law::A => &ALAW,
        }
    }
}

/// One of the two G.711 codecs.
pub struct G711 {
    law: Law,
    format: PayloadFormat,
}

impl G711 {
    /// The codec of `law`.
    pub fn new(law: Law) -> G711 {
        let format = PayloadFormat {
            name: law.name().to_owned(),
            clock_rate: 8_000,
            sample_rate: SampleRate::NARROW,
            channels: 1,
            fmtp: String::new(),
        };
        G711 { law, format }
    }
}

impl Codec for G711 {
    fn format(&self) -> &PayloadFormat {
        &self.format
    }

    fn static_payload_type(&self) -> Option<u8> {
        Some(match self.law {
            Law::Mu => 0,
            Law::A => 8,
        })
    }

    fn agree(&self, offered: &PayloadFormat) -> Option<PayloadFormat> {
        super::same_rtpmap(&self.format, offered).then(|| self.format.clone())
    }

    fn decoder(&self, _agreed: &PayloadFormat) -> Box<dyn Decoder> {
        Box::new(G711Coder { law: self.law })
    }

    fn encoder(&self, _agreed: &PayloadFormat) -> Box<dyn Encoder> {
        Box::new(G711Coder { law: self.law })
    }
}

/// G.711 keeps no state between frames: one type does both ways.
struct G711Coder {
    law: Law,
}

impl Decoder for G711Coder {
    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        let room = out.len();
        let needed = payload.len();
        let out = out.get_mut(..needed).ok_or(CodecError::NoRoom {
            codec: self.law.name(),
            needed,
            room,
        })?;
        let table = self.law.table();
        for (sample, code) in out.iter_mut().zip(payload) {
            *sample = table[usize::from(*code)];
        }
        Ok(needed)
    }

    fn samples_in(&self, payload: &[u8]) -> usize {
        payload.len()
    }
}

impl Encoder for G711Coder {
    fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, CodecError> {
        let room = out.len();
        let needed = pcm.len();
        let out = out.get_mut(..needed).ok_or(CodecError::NoRoom {
            codec: self.law.name(),
            needed,
            room,
        })?;
        match self.law {
            Law::Mu => {
                for (code, sample) in out.iter_mut().zip(pcm) {
                    *code = linear_to_mulaw(*sample);
                }
            }
            Law::A => {
                for (code, sample) in out.iter_mut().zip(pcm) {
                    *code = linear_to_alaw(*sample);
                }
            }
        }
        Ok(needed)
    }
}

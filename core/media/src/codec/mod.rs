//! Codecs: what a payload format is, and how frames are encoded and decoded.

use crate::rate::SampleRate;

pub mod g711;
pub mod l16;
pub mod registry;

/// A payload format as SDP names it (`a=rtpmap`), with the facts that the media plane needs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PayloadFormat {
    /// Encoding name, upper case (`PCMU`, `PCMA`, `L16`, …); compared without case.
    pub name: String,
    /// RTP clock rate in Hz (for G.722 this is 8000 although the audio is 16 kHz, RFC 3551 §4.5.2).
    pub clock_rate: u32,
    /// Rate of the audio in Hz.
    pub sample_rate: SampleRate,
    /// Audio channels in a frame (1 or 2).
    pub channels: u8,
    /// The `a=fmtp` parameters agreed, empty when there are none.
    pub fmtp: String,
}

/// Why a payload cannot be decoded or encoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The payload is not a whole frame of this codec.
    #[error("{codec} payload of {octets} octets is not a whole frame")]
    BadPayload {
        /// Encoding name.
        codec: &'static str,
        /// Octets received.
        octets: usize,
    },
    /// The output buffer is too small for the frame.
    #[error("{codec} frame needs room for {needed} but has {room}")]
    NoRoom {
        /// Encoding name.
        codec: &'static str,
        /// Samples or octets needed.
        needed: usize,
        /// Samples or octets available.
        room: usize,
    },
}

/// A codec: makes decoders and encoders for a format that it can agree to.
pub trait Codec: Send + Sync + 'static {
    /// The format as we offer it.
    fn format(&self) -> &PayloadFormat;

    /// The static payload type of RFC 3551, when there is one.
    fn static_payload_type(&self) -> Option<u8>;

    /// The format to use with a peer that offers `offered`, or `None` when they do not fit
    /// (name without case, clock rate and channels; `fmtp` by the rules of the codec's RFC).
    fn agree(&self, offered: &PayloadFormat) -> Option<PayloadFormat>;

    /// A fresh decoder.
    fn decoder(&self, agreed: &PayloadFormat) -> Box<dyn Decoder>;

    /// A fresh encoder.
    fn encoder(&self, agreed: &PayloadFormat) -> Box<dyn Encoder>;
}

/// Turns payloads into PCM. One per received stream; keeps the codec's state.
pub trait Decoder: Send {
    /// Decodes `payload` into `out`; returns the samples written (per channel mixed to mono).
    /// Must neither allocate nor panic, whatever the payload holds.
    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError>;

    /// The samples that `payload` would decode to, without decoding it.
    fn samples_in(&self, payload: &[u8]) -> usize;
}

/// Turns PCM into payloads. One per sent stream.
pub trait Encoder: Send {
    /// Encodes all of `pcm` into `out`; returns the octets written. Must not allocate.
    fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, CodecError>;
}

/// Whether two formats have the same rtpmap: name without case, clock rate, channels.
pub fn same_rtpmap(ours: &PayloadFormat, theirs: &PayloadFormat) -> bool {
    ours.name.eq_ignore_ascii_case(&theirs.name)
        && ours.clock_rate == theirs.clock_rate
        && ours.channels == theirs.channels
}

//! Packets to frames: one quantum of what the phone says, decoded only when somebody wants the samples.

use crate::codec::Decoder;
use crate::frame::PcmBlock;
use crate::jitter::buffer::{Due, JitterBuffer};
use crate::jitter::conceal::Concealer;
use crate::leg::config::NegotiatedFormat;
use crate::leg::prepared::Prepared;
use crate::rate::{QUANTUM_MS, SampleRate};
use crate::resample::Resampler;
use crate::rtp::packet::MAX_PAYLOAD;
use crate::rtp::sequence::SourceTracker;
use crate::rtp::telephone_event::EventReceiver;
use std::time::Instant;

/// The most samples that one payload may decode to (120 ms at 48 kHz); more is cut off.
const MAX_DECODED: usize = 5_760;
/// Room for what was decoded and not yet heard: packets of other lengths than a quantum.
const FIFO_SAMPLES: usize = 2 * MAX_DECODED;

/// What there is for this quantum.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    /// Nothing was said.
    Silent,
    /// A payload that lasts exactly a quantum, of this format, not decoded.
    Encoded { format: usize, len: usize },
    /// `pcm` holds it; `encoded` is where it came from, if it was one payload.
    Pcm { encoded: Option<(usize, usize)> },
}

/// The receiving half of a leg.
pub(crate) struct ReadSide {
    pub(crate) tracker: SourceTracker,
    pub(crate) events: EventReceiver,
    pub(crate) last_audio: Option<Instant>,
    /// Length of the last audio packet, in milliseconds.
    pub(crate) packet_ms: u32,
    pub(crate) concealed_ms: u64,
    concealer: Concealer,
    frame: Frame,
    payload: Box<[u8; MAX_PAYLOAD]>,
    pcm: PcmBlock,
    decoded: Box<[i16; MAX_DECODED]>,
    fifo: Vec<i16>,
    fifo_rate: SampleRate,
    resampler: Option<(SampleRate, SampleRate, Resampler)>,
}

/// Samples at the format's audio rate in `units` of its clock.
fn samples_of(format: &NegotiatedFormat, units: u32) -> usize {
    (u64::from(units) * u64::from(format.format.sample_rate.hz())
        / u64::from(format.format.clock_rate.max(1))) as usize
}

/// Units of the format's clock in `samples` of its audio.
pub(crate) fn units_of(format: &NegotiatedFormat, samples: usize) -> u32 {
    (samples as u64 * u64::from(format.format.clock_rate)
        / u64::from(format.format.sample_rate.hz())) as u32
}

impl ReadSide {
    pub(crate) fn new(rate: SampleRate) -> ReadSide {
        ReadSide {
            tracker: SourceTracker::default(),
            events: EventReceiver::default(),
            last_audio: None,
            packet_ms: 0,
            concealed_ms: 0,
            concealer: Concealer::new(rate),
            frame: Frame::Silent,
            payload: Box::new([0; MAX_PAYLOAD]),
            pcm: PcmBlock::new(rate),
            decoded: Box::new([0; MAX_DECODED]),
            fifo: Vec::with_capacity(FIFO_SAMPLES),
            fifo_rate: rate,
            resampler: None,
        }
    }

    /// The configuration was replaced: what was decoded by its codecs goes with them.
    pub(crate) fn reconfigured(&mut self) {
        self.frame = Frame::Silent;
        self.fifo.clear();
    }

    /// Whether whole packets, nothing else, make up what is heard.
    pub(crate) fn is_aligned(&self) -> bool {
        self.fifo.is_empty()
    }

    /// Nothing is heard in this quantum.
    pub(crate) fn be_silent(&mut self) {
        self.frame = Frame::Silent;
    }

    /// Takes this quantum out of the jitter buffer.
    pub(crate) fn read_frame(&mut self, prepared: &mut Prepared) {
        // A frame that nobody wanted decoded may be what a lost one after it is made of.
        let undecoded = match self.frame {
            Frame::Encoded { format, len } => Some((format, len)),
            _ => None,
        };
        self.frame = Frame::Silent;
        let Prepared {
            jitter,
            decoders,
            config,
            ..
        } = prepared;
        jitter.begin_quantum();
        self.fill(jitter, decoders, &config.receive, undecoded);
        jitter.end_quantum();
    }

    fn fill(
        &mut self,
        jitter: &mut JitterBuffer,
        decoders: &mut [Box<dyn Decoder>],
        formats: &[NegotiatedFormat],
        mut undecoded: Option<(usize, usize)>,
    ) {
        let quantum_units = jitter.clock_rate() * QUANTUM_MS / 1_000;
        loop {
            let quantum = self.fifo_rate.quantum_samples();
            if self.fifo.len() >= quantum {
                return self.take_from_fifo(quantum);
            }
            let squeeze = jitter.too_long();
            match jitter.due(quantum_units) {
                Due::Packet(packet) => {
                    let (Some(format), Some(decoder)) =
                        (formats.get(packet.format), decoders.get_mut(packet.format))
                    else {
                        continue;
                    };
                    if self.fifo_rate != format.format.sample_rate {
                        self.fifo.clear();
                        self.fifo_rate = format.format.sample_rate;
                    }
                    let len = packet.payload.len().min(MAX_PAYLOAD);
                    if packet.units == quantum_units
                        && self.fifo.is_empty()
                        && !squeeze
                        && !self.concealer.is_inventing()
                    {
                        self.payload[..len].copy_from_slice(&packet.payload[..len]);
                        self.frame = Frame::Encoded {
                            format: packet.format,
                            len,
                        };
                        return;
                    }
                    let count = decoder
                        .decode(&packet.payload[..len], &mut self.decoded[..])
                        .unwrap_or(0);
                    self.concealer
                        .heard(self.fifo_rate, &mut self.decoded[..count]);
                    let before = self.fifo.len();
                    let room = FIFO_SAMPLES - before;
                    self.fifo
                        .extend_from_slice(&self.decoded[..count.min(room)]);
                    undecoded = None;
                    if squeeze {
                        self.squeeze(jitter, decoders, formats, before);
                    }
                }
                Due::Missing(units) => {
                    let Some(format) = formats.first() else {
                        return;
                    };
                    if self.events.is_pressed() {
                        // While a key is held the phone sends no audio: nothing is missing.
                        return;
                    }
                    if let Some((index, len)) = undecoded.take()
                        && let Some(decoder) = decoders.get_mut(index)
                    {
                        let count = decoder
                            .decode(&self.payload[..len], &mut self.decoded[..])
                            .unwrap_or(0);
                        self.concealer
                            .heard(self.fifo_rate, &mut self.decoded[..count]);
                    }
                    let count = (samples_of(format, units))
                        .min(self.decoded.len())
                        .min(FIFO_SAMPLES - self.fifo.len());
                    if count == 0
                        || !self.concealer.invent(&mut self.decoded[..count])
                            && self.fifo.is_empty()
                    {
                        return;
                    }
                    self.concealed_ms += u64::from(units) * 1_000 / u64::from(jitter.clock_rate());
                    self.fifo.extend_from_slice(&self.decoded[..count]);
                }
                Due::Nothing => {
                    if self.fifo.is_empty() {
                        return;
                    }
                    let quantum = self.fifo_rate.quantum_samples();
                    self.fifo.resize(quantum, 0);
                }
            }
        }
    }

    /// Blends the packet after the one at `before` in the fifo into it: one packet less of delay.
    fn squeeze(
        &mut self,
        jitter: &mut JitterBuffer,
        decoders: &mut [Box<dyn Decoder>],
        formats: &[NegotiatedFormat],
        before: usize,
    ) {
        let Due::Packet(packet) = jitter.due(0) else {
            return;
        };
        let Some(decoder) = decoders.get_mut(packet.format) else {
            return;
        };
        if formats
            .get(packet.format)
            .is_none_or(|f| f.format.sample_rate != self.fifo_rate)
        {
            return;
        }
        let count = decoder
            .decode(packet.payload, &mut self.decoded[..])
            .unwrap_or(0);
        let first = &mut self.fifo[before..];
        let len = first.len().min(count);
        for (i, (a, &b)) in first.iter_mut().zip(&self.decoded[..len]).enumerate() {
            *a = ((i32::from(*a) * (len - i) as i32 + i32::from(b) * i as i32) / len as i32) as i16;
        }
        let mut tail = [0i16; crate::rate::MAX_QUANTUM_SAMPLES];
        let keep = len.min(tail.len());
        tail[..keep].copy_from_slice(&self.fifo[before + len - keep..before + len]);
        self.concealer.heard(self.fifo_rate, &mut tail[..keep]);
    }

    fn take_from_fifo(&mut self, quantum: usize) {
        let rate = self.fifo_rate;
        self.pcm
            .fill_with_silence(rate)
            .copy_from_slice(&self.fifo[..quantum]);
        self.fifo.drain(..quantum);
        self.frame = Frame::Pcm { encoded: None };
    }

    /// The payload of this quantum, when it is one in a format equal to `wanted`.
    pub(crate) fn passthrough(
        &self,
        prepared: &Prepared,
        wanted: &NegotiatedFormat,
    ) -> Option<&[u8]> {
        let (index, len) = match self.frame {
            Frame::Encoded { format, len } => (format, len),
            Frame::Pcm { encoded } => encoded?,
            Frame::Silent => return None,
        };
        let format = prepared.config.receive.get(index)?;
        (format.format == wanted.format).then(|| &self.payload[..len])
    }

    /// The samples of this quantum at `rate` (the leg's); `None` when nothing was said.
    pub(crate) fn pcm(&mut self, prepared: &mut Prepared, rate: SampleRate) -> Option<&PcmBlock> {
        match self.frame {
            Frame::Silent => return None,
            Frame::Pcm { .. } => {}
            Frame::Encoded { format, len } => {
                let decoder = prepared.decoders.get_mut(format)?;
                let count = decoder
                    .decode(&self.payload[..len], &mut self.decoded[..])
                    .unwrap_or(0);
                self.concealer
                    .heard(self.fifo_rate, &mut self.decoded[..count]);
                let samples = self.pcm.fill_with_silence(self.fifo_rate);
                let count = count.min(samples.len());
                samples[..count].copy_from_slice(&self.decoded[..count]);
                self.frame = Frame::Pcm {
                    encoded: Some((format, len)),
                };
            }
        }
        if self.pcm.rate() != rate {
            convert(&mut self.resampler, &mut self.pcm, rate);
        }
        Some(&self.pcm)
    }
}

/// Makes `block` one at `rate`, by a resampler kept in `cache`.
pub(crate) fn convert(
    cache: &mut Option<(SampleRate, SampleRate, Resampler)>,
    block: &mut PcmBlock,
    rate: SampleRate,
) {
    let from = block.rate();
    let mut converted = [0i16; crate::rate::MAX_QUANTUM_SAMPLES];
    let count = resample(cache, block.samples(), from, rate, &mut converted);
    block.fill_with_silence(rate)[..count].copy_from_slice(&converted[..count]);
}

/// Resamples one quantum into `out`; returns the samples written (a quantum's worth at most).
pub(crate) fn resample(
    cache: &mut Option<(SampleRate, SampleRate, Resampler)>,
    samples: &[i16],
    from: SampleRate,
    to: SampleRate,
    out: &mut [i16],
) -> usize {
    let resampler = match cache {
        Some((f, t, resampler)) if (*f, *t) == (from, to) => resampler,
        // The rates meet for the first time: the only place where a tick allocates after its warm-up.
        _ => &mut cache.insert((from, to, Resampler::new(from, to))).2,
    };
    resampler.process(samples, out).min(to.quantum_samples())
}

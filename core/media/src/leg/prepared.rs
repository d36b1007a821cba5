//! What is made ready on the caller's thread, so that the worker only swaps it in.

use crate::codec::{Decoder, Encoder};
use crate::handle::{LegId, PlayerId};
use crate::jitter::buffer::JitterBuffer;
use crate::leg::config::{LegConfig, supported_ptime};
use crate::leg::write_list::{MAX_SOURCES, WriteList};
use crate::rate::SampleRate;
use crate::resample::Resampler;
use crate::worker::link::LinkReader;

/// A configuration with the codecs and buffers that it needs.
pub(crate) struct Prepared {
    pub(crate) config: LegConfig,
    pub(crate) rate: Option<SampleRate>,
    /// One for each of `config.receive`.
    pub(crate) decoders: Vec<Box<dyn Decoder>>,
    pub(crate) encoder: Option<Box<dyn Encoder>>,
    pub(crate) jitter: JitterBuffer,
}

impl Prepared {
    pub(crate) fn new(mut config: LegConfig) -> Prepared {
        config.ptime_ms = supported_ptime(config.ptime_ms);
        // An address that media must not go to is no address: see `RemoteMedia::check`.
        config.remote = config.remote.filter(|r| r.check().is_ok());
        let decoders = config
            .receive
            .iter()
            .map(|f| f.codec.decoder(&f.format))
            .collect();
        let encoder = config.send.as_ref().map(|f| f.codec.encoder(&f.format));
        let clock_rate = config
            .receive
            .first()
            .map_or(8_000, |f| f.format.clock_rate);
        // Uncompressed is the most that a payload of 60 ms can hold, whatever the codec.
        let payload = config
            .receive
            .iter()
            .map(|f| {
                f.format.sample_rate.samples_in_ms(60) as usize
                    * 2
                    * usize::from(f.format.channels.max(1))
            })
            .max()
            .unwrap_or(0);
        let jitter = JitterBuffer::new(config.jitter, clock_rate, payload);
        Prepared {
            rate: config.rate(),
            decoders,
            encoder,
            jitter,
            config,
        }
    }
}

/// A write list whose sources are found.
pub(crate) struct ResolvedWrites {
    pub(crate) list: WriteList,
    pub(crate) inputs: [Option<Input>; MAX_SOURCES],
}

/// One source, as the worker reads it.
pub(crate) struct Input {
    pub(crate) from: InputFrom,
    /// Q12.
    pub(crate) gain: i32,
    /// Made when source and leg are first found to differ in rate.
    pub(crate) resampler: Option<(SampleRate, SampleRate, Resampler)>,
}

/// Where an input is.
pub(crate) enum InputFrom {
    /// `slot` is where the leg is in this tick.
    Leg {
        id: LegId,
        slot: Option<usize>,
    },
    /// What the leg in `slot` is sent.
    Written {
        id: LegId,
        slot: Option<usize>,
    },
    Player(PlayerId),
    Linked(LinkReader),
}

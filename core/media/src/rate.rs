//! Sample rates and the 20 ms quantum in which every worker moves audio.

use std::time::Duration;

/// Length of one step of the media clock, in milliseconds.
pub const QUANTUM_MS: u32 = 20;

/// Length of one step of the media clock.
pub const QUANTUM: Duration = Duration::from_millis(QUANTUM_MS as u64);

/// The most samples that one quantum can hold (48 kHz, mono).
pub const MAX_QUANTUM_SAMPLES: usize = 960;

/// A sample rate in Hz that a leg, player or recorder may run at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SampleRate(u32);

impl SampleRate {
    /// 8 kHz, the telephone network's rate.
    pub const NARROW: SampleRate = SampleRate(8_000);
    /// 16 kHz.
    pub const WIDE: SampleRate = SampleRate(16_000);
    /// 32 kHz.
    pub const ULTRA_WIDE: SampleRate = SampleRate(32_000);
    /// 48 kHz.
    pub const FULL: SampleRate = SampleRate(48_000);

    /// The rate of `hz` hertz when it is one of the four that legs run at (8, 16, 32 or 48 kHz).
    pub fn new(hz: u32) -> Option<SampleRate> {
        matches!(hz, 8_000 | 16_000 | 32_000 | 48_000).then_some(SampleRate(hz))
    }

    /// The rate in Hz.
    pub fn hz(self) -> u32 {
        self.0
    }

    /// Samples of one channel in one 20 ms quantum.
    pub fn quantum_samples(self) -> usize {
        (self.0 * QUANTUM_MS / 1_000) as usize
    }

    /// Samples of one channel in `ms` milliseconds.
    pub fn samples_in_ms(self, ms: u64) -> u64 {
        u64::from(self.0) * ms / 1_000
    }

    /// Milliseconds that `samples` samples of one channel last.
    pub fn ms_of_samples(self, samples: u64) -> u64 {
        samples * 1_000 / u64::from(self.0)
    }
}

//! Blocks of PCM: one quantum of samples at a rate, in place.

use crate::rate::{MAX_QUANTUM_SAMPLES, SampleRate};

/// One quantum (20 ms) of mono PCM.
#[derive(Clone)]
pub struct PcmBlock {
    rate: SampleRate,
    samples: [i16; MAX_QUANTUM_SAMPLES],
}

impl PcmBlock {
    /// A block of silence.
    pub fn new(rate: SampleRate) -> PcmBlock {
        PcmBlock {
            rate,
            samples: [0; MAX_QUANTUM_SAMPLES],
        }
    }

    /// The samples' rate.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// The samples of the quantum.
    pub fn samples(&self) -> &[i16] {
        &self.samples[..self.rate.quantum_samples()]
    }

    /// The samples, to be changed.
    pub fn samples_mut(&mut self) -> &mut [i16] {
        &mut self.samples[..self.rate.quantum_samples()]
    }

    /// Makes this a block of silence at `rate` and returns its samples, to be filled.
    pub fn fill_with_silence(&mut self, rate: SampleRate) -> &mut [i16] {
        self.rate = rate;
        let samples = self.samples_mut();
        samples.fill(0);
        samples
    }
}

/// A sum of sources, wider than a sample so that nothing wraps before the end.
pub(crate) struct Sum([i32; MAX_QUANTUM_SAMPLES]);

impl Sum {
    pub(crate) fn new() -> Sum {
        Sum([0; MAX_QUANTUM_SAMPLES])
    }

    pub(crate) fn clear(&mut self) {
        self.0.fill(0);
    }

    /// Adds `samples` times `gain` (Q12: 4096 is unity).
    pub(crate) fn add(&mut self, samples: &[i16], gain: i32) {
        if gain == UNITY_GAIN {
            self.0
                .iter_mut()
                .zip(samples)
                .for_each(|(sum, &s)| *sum += i32::from(s));
        } else {
            self.0
                .iter_mut()
                .zip(samples)
                .for_each(|(sum, &s)| *sum += (i32::from(s) * gain) >> 12);
        }
    }

    /// Writes the sum, saturated, into `out`.
    pub(crate) fn write(&self, out: &mut [i16]) {
        for (to, &sum) in out.iter_mut().zip(&self.0) {
            *to = sum.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16;
        }
    }
}

/// Unity in Q12.
pub(crate) const UNITY_GAIN: i32 = 4_096;

/// The Q12 factor of a gain in dB (−60…+20).
pub(crate) fn gain_factor(db: i8) -> i32 {
    if db == 0 {
        UNITY_GAIN
    } else {
        (f64::from(UNITY_GAIN) * 10f64.powf(f64::from(db) / 20.0)) as i32
    }
}

//! Changing the sample rate: a polyphase filter for running audio, a Fourier resampler for whole files.

use crate::rate::{MAX_QUANTUM_SAMPLES, SampleRate};
use rubato::Resampler as _;
use std::f64::consts::PI;

#[cfg(test)]
mod tests;

/// Taps of each phase at the lower of the two rates; the delay is half of them (1.5 ms at 8 kHz).
const TAPS_PER_PHASE: usize = 24;

/// Middle of the transition band, as a share of the lower rate's Nyquist frequency.
const CUTOFF: f64 = 0.95;

/// Shape of the Kaiser window: about 65 dB stop band.
const KAISER_BETA: f64 = 6.2;

/// Samples whose products are summed side by side, so that the compiler uses vector registers.
const LANES: usize = 8;

/// Converts running mono audio between any two of the rates of [`SampleRate`]. Whole quanta give whole
/// quanta. Allocates only in `new`.
pub struct Resampler {
    /// Output samples per `down` input samples.
    up: usize,
    down: usize,
    taps: usize,
    /// One row of `taps` coefficients for each of the `up` phases, oldest sample first.
    rows: Vec<f32>,
    /// The last `taps - 1` input samples, then room for the current chunk.
    history: Vec<f32>,
    /// Position of the next output sample after the first new input sample, in 1/`up` samples.
    next: usize,
}

impl Resampler {
    /// A resampler with silence behind it.
    pub fn new(from: SampleRate, to: SampleRate) -> Resampler {
        let divisor = gcd(from.hz(), to.hz());
        let up = (to.hz() / divisor) as usize;
        let down = (from.hz() / divisor) as usize;
        if up == down {
            return Resampler {
                up,
                down,
                taps: 1,
                rows: vec![],
                history: vec![],
                next: 0,
            };
        }
        let widest = up.max(down);
        let length = TAPS_PER_PHASE * widest;
        let taps = length.div_ceil(up).next_multiple_of(LANES);
        let filter = prototype(length, widest);
        let mut rows = vec![0.0; up * taps];
        for phase in 0..up {
            for back in 0..taps {
                if let Some(coefficient) = filter.get(phase + back * up) {
                    rows[phase * taps + taps - 1 - back] = (*coefficient * up as f64) as f32;
                }
            }
        }
        let history = vec![0.0; taps - 1 + MAX_QUANTUM_SAMPLES];
        Resampler {
            up,
            down,
            taps,
            rows,
            history,
            next: 0,
        }
    }

    /// The most samples that `input` samples can become.
    pub fn output_len(&self, input: usize) -> usize {
        (input * self.up).div_ceil(self.down)
    }

    /// Forgets what went before, as if new.
    pub fn reset(&mut self) {
        self.history.fill(0.0);
        self.next = 0;
    }

    /// Converts all of `input` into `out`; returns the samples written. What does not fit into `out`
    /// (see [`Resampler::output_len`]) is lost.
    pub fn process(&mut self, input: &[i16], out: &mut [i16]) -> usize {
        if self.up == self.down {
            let count = input.len().min(out.len());
            out[..count].copy_from_slice(&input[..count]);
            return count;
        }
        let mut written = 0;
        for chunk in input.chunks(MAX_QUANTUM_SAMPLES) {
            written += self.chunk(chunk, &mut out[written..]);
        }
        written
    }

    fn chunk(&mut self, input: &[i16], out: &mut [i16]) -> usize {
        let kept = self.taps - 1;
        for (slot, sample) in self.history[kept..].iter_mut().zip(input) {
            *slot = f32::from(*sample);
        }
        let end = input.len() * self.up;
        let mut written = 0;
        while self.next < end {
            let first = self.next / self.up;
            let phase = self.next % self.up;
            let row = &self.rows[phase * self.taps..][..self.taps];
            let sum = dot(row, &self.history[first..first + self.taps]);
            if let Some(slot) = out.get_mut(written) {
                *slot = (sum + 0.5f32.copysign(sum)) as i16;
                written += 1;
            }
            self.next += self.down;
        }
        self.next -= end;
        self.history.copy_within(input.len()..input.len() + kept, 0);
        written
    }
}

/// Sum of products; both slices have the same length, a multiple of [`LANES`].
fn dot(left: &[f32], right: &[f32]) -> f32 {
    let mut sums = [0.0f32; LANES];
    for (a, b) in left.chunks_exact(LANES).zip(right.chunks_exact(LANES)) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}

/// Kaiser-windowed sinc of `length` taps that sum to 1, with its cut-off at [`CUTOFF`]/`widest` of its own
/// Nyquist frequency.
fn prototype(length: usize, widest: usize) -> Vec<f64> {
    let middle = (length - 1) as f64 / 2.0;
    let cutoff = CUTOFF / widest as f64;
    let mut taps: Vec<f64> = (0..length)
        .map(|n| {
            let x = n as f64 - middle;
            let sinc = if x == 0.0 {
                cutoff
            } else {
                (PI * cutoff * x).sin() / (PI * x)
            };
            let arc = (1.0 - (x / (middle + 0.5)).powi(2)).max(0.0).sqrt();
            sinc * bessel(KAISER_BETA * arc) / bessel(KAISER_BETA)
        })
        .collect();
    let sum: f64 = taps.iter().sum();
    for tap in &mut taps {
        *tap /= sum;
    }
    taps
}

/// Modified Bessel function of the first kind, order 0.
fn bessel(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut k = 1.0;
    while term > sum * 1e-12 {
        term *= (x / (2.0 * k)).powi(2);
        sum += term;
        k += 1.0;
    }
    sum
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Slowest and fastest rates that [`resample_all`] converts; others are read as the nearest of them.
const FILE_RATES: std::ops::RangeInclusive<u32> = 1_000..=384_000;

/// Converts a whole sound from one rate to another, any rates from 1 to 384 kHz, without delay.
pub fn resample_all(samples: &[i16], from_hz: u32, to_hz: u32) -> Vec<i16> {
    let from = from_hz.clamp(*FILE_RATES.start(), *FILE_RATES.end());
    let to = to_hz.clamp(*FILE_RATES.start(), *FILE_RATES.end());
    if from == to || samples.is_empty() {
        return samples.to_vec();
    }
    let input: Vec<f32> = samples.iter().map(|sample| f32::from(*sample)).collect();
    let expected = (samples.len() as u64 * u64::from(to)).div_ceil(u64::from(from)) as usize;
    let chunk = 1_024;
    let mut resampler = rubato::Fft::<f32>::new(
        from as usize,
        to as usize,
        chunk,
        1,
        rubato::FixedSync::Input,
    )
    .expect("rates are within 1 to 384 kHz, the chunk and the channel count are not zero");
    let frames = input.len();
    let adapter = rubato::audioadapter_buffers::direct::InterleavedSlice::new(&input, 1, frames)
        .expect("one channel of exactly the slice's length");
    let output = resampler
        .process_all(&adapter, frames, None)
        .expect("the buffers are sized by the resampler itself");
    let mut out: Vec<i16> = output
        .take_data()
        .into_iter()
        .map(|x| x.round() as i16)
        .collect();
    out.resize(expected, 0);
    out
}

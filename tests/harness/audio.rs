//! Tones that phones speak, and what of them is heard.

use strowger_media::dsp::goertzel::{dominant_tones, mean_magnitude};
use strowger_media::rate::SampleRate;

/// Amplitude of a spoken tone.
const AMPLITUDE: f64 = 8_000.0;

/// Quieter than this counts as silence.
const SILENCE: u32 = 100;

/// The next 20 ms of a tone at 8 kHz; `phase` counts samples.
pub(crate) fn tone(hz: f32, phase: &mut u64) -> [i16; 160] {
    let mut out = [0i16; 160];
    for sample in &mut out {
        let angle = std::f64::consts::TAU * f64::from(hz) * (*phase as f64) / 8_000.0;
        *sample = (angle.sin() * AMPLITUDE) as i16;
        *phase += 1;
    }
    out
}

/// Which of the candidate tones (Hz) are in what was heard at 8 kHz.
pub fn tones_heard(samples: &[i16], candidates: &[f32]) -> Vec<f32> {
    if loudness(samples) < SILENCE {
        return Vec::new();
    }
    dominant_tones(samples, SampleRate::NARROW, candidates)
}

/// How loud something is: the mean of its samples' magnitudes.
pub fn loudness(samples: &[i16]) -> u32 {
    mean_magnitude(samples)
}

//! How much of a block of audio is at one frequency, and which tones it holds.

use crate::rate::SampleRate;
use std::f64::consts::TAU;

/// Share of the whole energy from which [`dominant_tones`] names a frequency.
const DOMINANT_SHARE: f64 = 0.05;

/// The share (0 to 1) of the energy of `samples` that is at `hz`: about 1 for a pure tone, 0.5 for one of
/// two equal tones, near 0 for silence, noise or other tones. The band is as wide as the block is short:
/// about `rate / samples.len()` Hz.
pub fn tone_power(samples: &[i16], rate: SampleRate, hz: f32) -> f32 {
    let total: f64 = samples
        .iter()
        .map(|sample| f64::from(*sample).powi(2))
        .sum();
    if total == 0.0 {
        return 0.0;
    }
    let signal: Vec<f64> = samples.iter().map(|sample| f64::from(*sample)).collect();
    let (cosine, sine) = fit(&signal, rate, f64::from(hz));
    (explained(&signal, rate, f64::from(hz), cosine, sine) / total).clamp(0.0, 1.0) as f32
}

/// Those of `candidates` (Hz) that hold at least a twentieth of the energy, loudest first. Every tone found
/// is taken out before the next is sought, so a neighbour of a loud tone is not named for its leakage.
pub fn dominant_tones(samples: &[i16], rate: SampleRate, candidates: &[f32]) -> Vec<f32> {
    let mut signal: Vec<f64> = samples.iter().map(|sample| f64::from(*sample)).collect();
    let total: f64 = signal.iter().map(|sample| sample * sample).sum();
    let mut left: Vec<f32> = candidates.to_vec();
    let mut found = Vec::new();
    if total == 0.0 {
        return found;
    }
    while !left.is_empty() {
        let mut best = (0, 0.0, (0.0, 0.0));
        for (index, hz) in left.iter().enumerate() {
            let (cosine, sine) = fit(&signal, rate, f64::from(*hz));
            let share = explained(&signal, rate, f64::from(*hz), cosine, sine) / total;
            if share > best.1 {
                best = (index, share, (cosine, sine));
            }
        }
        let (index, share, (cosine, sine)) = best;
        if share < DOMINANT_SHARE {
            break;
        }
        let hz = left.swap_remove(index);
        let step = TAU * f64::from(hz) / f64::from(rate.hz());
        for (n, sample) in signal.iter_mut().enumerate() {
            let phase = step * n as f64;
            *sample -= cosine * phase.cos() + sine * phase.sin();
        }
        found.push(hz);
    }
    found
}

/// Mean square of the samples relative to full scale: 0 for silence, 0.5 for the loudest sine, 1 for the
/// loudest square wave.
pub fn energy(samples: &[i16]) -> f32 {
    if samples.is_empty() {
        return 0.0;
    }
    let sum: f64 = samples
        .iter()
        .map(|sample| (f64::from(*sample) / 32_768.0).powi(2))
        .sum();
    (sum / samples.len() as f64) as f32
}

/// Mean of the samples' magnitudes (0 to 32768), the measure that silence thresholds are compared with.
pub fn mean_magnitude(samples: &[i16]) -> u32 {
    if samples.is_empty() {
        return 0;
    }
    let sum: u64 = samples
        .iter()
        .map(|sample| u64::from(sample.unsigned_abs()))
        .sum();
    (sum / samples.len() as u64) as u32
}

/// Least-squares amplitudes of cosine and sine at `hz`.
fn fit(signal: &[f64], rate: SampleRate, hz: f64) -> (f64, f64) {
    let step = TAU * hz / f64::from(rate.hz());
    let (mut xc, mut xs, mut cc, mut ss, mut cs) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (n, x) in signal.iter().enumerate() {
        let (s, c) = (step * n as f64).sin_cos();
        xc += x * c;
        xs += x * s;
        cc += c * c;
        ss += s * s;
        cs += c * s;
    }
    let determinant = cc * ss - cs * cs;
    if determinant.abs() < 1e-9 * (cc * ss).max(1.0) {
        // 0 Hz or the Nyquist frequency: only the cosine is there.
        return (if cc > 0.0 { xc / cc } else { 0.0 }, 0.0);
    }
    (
        (xc * ss - xs * cs) / determinant,
        (xs * cc - xc * cs) / determinant,
    )
}

/// Energy that taking the fitted tone out of the signal removes.
fn explained(signal: &[f64], rate: SampleRate, hz: f64, cosine: f64, sine: f64) -> f64 {
    let step = TAU * hz / f64::from(rate.hz());
    let mut sum = 0.0;
    for (n, x) in signal.iter().enumerate() {
        let (s, c) = (step * n as f64).sin_cos();
        sum += x * (cosine * c + sine * s);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tones(rate: SampleRate, ms: u64, parts: &[(f64, f64)]) -> Vec<i16> {
        let hz = f64::from(rate.hz());
        (0..rate.samples_in_ms(ms))
            .map(|n| {
                let at = |(f, a): &(f64, f64)| a * (TAU * f * n as f64 / hz).sin();
                parts.iter().map(at).sum::<f64>() as i16
            })
            .collect()
    }

    #[test]
    fn a_pure_tone_holds_all_the_energy_and_two_share_it() {
        let rate = SampleRate::NARROW;
        let pure = tones(rate, 100, &[(440.0, 8_000.0)]);
        assert!(tone_power(&pure, rate, 440.0) > 0.99);
        assert!(tone_power(&pure, rate, 1_000.0) < 0.01);
        let pair = tones(rate, 100, &[(440.0, 8_000.0), (480.0, 8_000.0)]);
        assert!((tone_power(&pair, rate, 480.0) - 0.5).abs() < 0.05);
        assert_eq!(tone_power(&[0; 160], rate, 440.0), 0.0);
        assert_eq!(tone_power(&[], rate, 440.0), 0.0);
        assert!((energy(&pure) - (8_000.0f32 / 32_768.0).powi(2) / 2.0).abs() < 1e-3);
    }

    #[test]
    fn dominant_tones_are_named_without_their_neighbours() {
        let rate = SampleRate::FULL;
        let pair = tones(rate, 100, &[(440.0, 8_000.0), (480.0, 6_000.0)]);
        let candidates = [350.0, 400.0, 425.0, 440.0, 480.0, 620.0];
        assert_eq!(dominant_tones(&pair, rate, &candidates), vec![440.0, 480.0]);
        assert!(dominant_tones(&[0; 960], rate, &candidates).is_empty());
    }
}

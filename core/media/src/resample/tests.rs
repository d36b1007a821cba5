//! Pass band, aliases, delay and continuity of the resamplers.

use super::*;
use crate::dsp::goertzel::{energy, tone_power};

const RATES: [SampleRate; 4] = [
    SampleRate::NARROW,
    SampleRate::WIDE,
    SampleRate::ULTRA_WIDE,
    SampleRate::FULL,
];

fn sine(rate: SampleRate, hz: f64, ms: u64) -> Vec<i16> {
    let step = 2.0 * PI * hz / f64::from(rate.hz());
    (0..rate.samples_in_ms(ms))
        .map(|n| (16_000.0 * (step * n as f64).sin()) as i16)
        .collect()
}

/// Runs quantum by quantum, asserting that each gives exactly one quantum.
fn run(from: SampleRate, to: SampleRate, input: &[i16]) -> Vec<i16> {
    let mut resampler = Resampler::new(from, to);
    let mut all = Vec::new();
    for quantum in input.chunks_exact(from.quantum_samples()) {
        let mut out = vec![0; to.quantum_samples()];
        assert_eq!(resampler.process(quantum, &mut out), to.quantum_samples());
        all.extend(out);
    }
    all
}

fn decibels(ratio: f32) -> f32 {
    10.0 * ratio.log10()
}

#[test]
fn speech_passes_unchanged_between_all_rates() {
    for from in RATES {
        for to in RATES {
            let narrower = from.min(to);
            for share in [0.1, 0.3, 0.5, 0.7] {
                let hz = f64::from(narrower.hz()) / 2.0 * share;
                let input = sine(from, hz, 200);
                let output = run(from, to, &input);
                let steady = &output[output.len() / 4..];
                let gain = decibels(energy(steady) / energy(&input));
                assert!(gain.abs() < 0.3, "{hz} Hz {from:?}->{to:?}: {gain} dB");
                assert!(
                    tone_power(steady, to, hz as f32) > 0.999,
                    "{hz} Hz {from:?}->{to:?}"
                );
            }
        }
    }
}

#[test]
fn near_the_band_edge_at_most_two_decibels_are_lost() {
    let input = sine(SampleRate::FULL, 3_400.0, 200);
    let output = run(SampleRate::FULL, SampleRate::NARROW, &input);
    let gain = decibels(energy(&output[400..]) / energy(&input));
    assert!((-2.0..0.3).contains(&gain), "{gain} dB");
}

#[test]
fn what_is_above_the_narrower_band_does_not_alias() {
    for (from, to) in [
        (SampleRate::FULL, SampleRate::NARROW),
        (SampleRate::WIDE, SampleRate::NARROW),
        (SampleRate::FULL, SampleRate::WIDE),
        (SampleRate::FULL, SampleRate::ULTRA_WIDE),
    ] {
        let nyquist = f64::from(to.hz()) / 2.0;
        for times in [1.15, 1.3, 1.45] {
            let hz = nyquist * times;
            if hz * 2.0 >= f64::from(from.hz()) {
                continue;
            }
            let input = sine(from, hz, 200);
            let output = run(from, to, &input);
            let gain = decibels((energy(&output[output.len() / 4..]) / energy(&input)).max(1e-9));
            assert!(gain < -58.0, "{hz} Hz {from:?}->{to:?}: {gain} dB");
        }
    }
}

#[test]
fn no_images_appear_when_going_up() {
    let input = sine(SampleRate::NARROW, 3_000.0, 200);
    let output = run(SampleRate::NARROW, SampleRate::FULL, &input);
    let steady = &output[2_400..];
    for image in [5_000.0, 11_000.0, 13_000.0, 19_000.0, 21_000.0] {
        let share = decibels(tone_power(steady, SampleRate::FULL, image).max(1e-9));
        assert!(share < -58.0, "{image} Hz at {share} dB");
    }
}

#[test]
fn the_delay_is_half_the_filter() {
    for (from, to, expected_ms) in [
        (SampleRate::NARROW, SampleRate::FULL, 1.5),
        (SampleRate::FULL, SampleRate::NARROW, 1.5),
        (SampleRate::WIDE, SampleRate::FULL, 0.75),
        (SampleRate::NARROW, SampleRate::WIDE, 1.5),
    ] {
        let mut input = vec![0i16; from.samples_in_ms(40) as usize];
        // 10 ms in, a burst short enough to find its middle.
        let middle = from.samples_in_ms(10) as usize;
        input[middle - 3..=middle + 3].fill(10_000);
        let output = run(from, to, &input);
        let weight: f64 = output.iter().map(|x| f64::from(*x).powi(2)).sum();
        let moment: f64 = output
            .iter()
            .enumerate()
            .map(|(n, x)| n as f64 * f64::from(*x).powi(2))
            .sum();
        let delay = moment / weight * 1_000.0 / f64::from(to.hz()) - 10.0;
        assert!(
            (delay - expected_ms).abs() < 0.15,
            "{from:?}->{to:?}: {delay} ms"
        );
    }
}

#[test]
fn odd_pieces_give_the_same_samples_as_quanta() {
    let input = sine(SampleRate::FULL, 900.0, 60);
    let whole = run(SampleRate::FULL, SampleRate::NARROW, &input);
    let mut resampler = Resampler::new(SampleRate::FULL, SampleRate::NARROW);
    let mut pieces = Vec::new();
    for piece in input.chunks(97) {
        let mut out = vec![0; resampler.output_len(piece.len()) + 1];
        let count = resampler.process(piece, &mut out);
        pieces.extend_from_slice(&out[..count]);
    }
    assert_eq!(pieces, whole);
    resampler.reset();
    let mut out = vec![0; whole.len()];
    assert_eq!(resampler.process(&input, &mut out), whole.len());
    assert_eq!(out, whole);
}

#[test]
fn a_small_output_buffer_loses_samples_but_nothing_else() {
    let mut resampler = Resampler::new(SampleRate::NARROW, SampleRate::FULL);
    let mut out = [0i16; 10];
    assert_eq!(resampler.process(&[1_000; 160], &mut out), 10);
    assert_eq!(resampler.process(&[], &mut out), 0);
    let mut all = vec![0; 960];
    assert_eq!(resampler.process(&[1_000; 160], &mut all), 960);
    assert!(all[200..].iter().all(|x| (x - 1_000).abs() < 5));
}

#[test]
fn the_loudest_signals_are_clipped_not_wrapped() {
    let square: Vec<i16> = (0..800)
        .map(|n| if n / 20 % 2 == 0 { i16::MAX } else { i16::MIN })
        .collect();
    for to in RATES {
        let output = run(SampleRate::NARROW, to, &square);
        let half = 20 * to.hz() as usize / 8_000;
        let delay = to.samples_in_ms(1) as usize + to.hz() as usize / 2_000;
        for (n, sample) in output.iter().enumerate().skip(half + delay) {
            let into = (n - delay) % half;
            if to != SampleRate::NARROW && (half / 4..half * 3 / 4).contains(&into) {
                let high = ((n - delay) / half).is_multiple_of(2);
                assert_eq!(*sample > 0, high, "sample {n} at {to:?} is {sample}");
            }
        }
    }
}

#[test]
fn whole_files_keep_length_pitch_and_level() {
    for (from, to) in [
        (44_100, 8_000),
        (8_000, 48_000),
        (11_025, 16_000),
        (22_050, 8_000),
        (48_000, 8_000),
    ] {
        let step = 2.0 * PI * 440.0 / f64::from(from);
        let input: Vec<i16> = (0..from / 2)
            .map(|n| (16_000.0 * (step * f64::from(n)).sin()) as i16)
            .collect();
        let output = resample_all(&input, from, to);
        assert_eq!(
            output.len(),
            (input.len() * to as usize).div_ceil(from as usize)
        );
        let middle = &output[output.len() / 4..output.len() * 3 / 4];
        let rate = SampleRate::new(to).expect("a leg's rate");
        assert!(tone_power(middle, rate, 440.0) > 0.999, "{from}->{to}");
        assert!(
            decibels(energy(middle) / energy(&input)).abs() < 0.1,
            "{from}->{to}"
        );
    }
    assert_eq!(resample_all(&[1, 2, 3], 8_000, 8_000), vec![1, 2, 3]);
    assert!(resample_all(&[], 8_000, 16_000).is_empty());
}

#[test]
fn the_running_resampler_agrees_with_the_whole_file_one() {
    let input = sine(SampleRate::NARROW, 1_000.0, 200);
    let whole = resample_all(&input, 8_000, 16_000);
    let running = run(SampleRate::NARROW, SampleRate::WIDE, &input);
    // 1.5 ms later, less half a sample at the filter's rate.
    let delay = 24;
    let mut error = 0f64;
    let mut signal = 0f64;
    for n in 800..2_400 {
        // The even-length filter's centre lies between two samples: compare with their mean.
        let expected = (f64::from(whole[n - delay]) + f64::from(whole[n - delay + 1])) / 2.0;
        error += (f64::from(running[n]) - expected).powi(2);
        signal += expected.powi(2);
    }
    assert!(error / signal < 1e-3, "difference {}", error / signal);
}

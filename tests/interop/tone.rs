//! What a recording holds: which tones, for how long, and whether there is anything at all.

use std::path::Path;
use strowger_media::dsp::goertzel::{energy, tone_power};
use strowger_media::rate::SampleRate;

/// All phones of these tests speak at this rate (Hz).
pub const RATE: usize = 8_000;
/// Samples judged at a time: 50 ms tell tones 40 Hz apart.
const WINDOW: usize = RATE / 20;
/// A window belongs to a tone that holds this share of its energy.
const SHARE: f32 = 0.6;
/// Mean square below which a window is silence (about -50 dB).
const SILENCE: f32 = 0.000_01;
/// Octets of a WAV header as the recorders of the phones write it.
const WAV_HEADER: usize = 44;

/// The samples of a 16 bit mono recording at 8 kHz, also one that is still being written.
pub fn read(path: &Path) -> Vec<i16> {
    let complete = hound::WavReader::open(path)
        .ok()
        .filter(|reader| reader.duration() > 0)
        .and_then(|reader| {
            reader
                .into_samples::<i16>()
                .collect::<Result<Vec<_>, _>>()
                .ok()
        });
    complete.unwrap_or_else(|| {
        let octets = std::fs::read(path).unwrap_or_default();
        octets
            .get(WAV_HEADER..)
            .unwrap_or_default()
            .chunks_exact(2)
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
            .collect()
    })
}

/// Writes a tone of that many seconds as a WAV file at 8 kHz.
pub fn write(path: &Path, hz: f32, seconds: f32) {
    let specification = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, specification).expect("the file can be made");
    for sample in sine(hz, (seconds * RATE as f32) as usize, 0) {
        file.write_sample(sample).expect("the file can be written");
    }
    file.finalize().expect("the file can be written");
}

/// `count` samples of a tone at half of full scale, from sample number `start` of it.
pub fn sine(hz: f32, count: usize, start: usize) -> Vec<i16> {
    (start..start + count)
        .map(|n| {
            let phase = n as f64 * f64::from(hz) * std::f64::consts::TAU / RATE as f64;
            (phase.sin() * 16_000.0) as i16
        })
        .collect()
}

fn windows(samples: &[i16]) -> impl Iterator<Item = &[i16]> {
    samples.chunks_exact(WINDOW)
}

/// For how many seconds the tone was what one heard most.
pub fn seconds_of(samples: &[i16], hz: f32) -> f32 {
    let count = windows(samples)
        .filter(|window| {
            energy(window) > SILENCE && tone_power(window, SampleRate::NARROW, hz) > SHARE
        })
        .count();
    count as f32 * WINDOW as f32 / RATE as f32
}

/// For how many seconds there was any sound.
pub fn seconds_of_sound(samples: &[i16]) -> f32 {
    let count = windows(samples)
        .filter(|window| energy(window) > SILENCE)
        .count();
    count as f32 * WINDOW as f32 / RATE as f32
}

/// Fails unless the tone was heard for at least `seconds`.
pub fn assert_heard(who: &str, samples: &[i16], hz: f32, seconds: f32) {
    let heard = seconds_of(samples, hz);
    assert!(
        heard >= seconds,
        "{who} should hear {hz} Hz for {seconds} s, but heard it for {heard} s; any sound at all {} s of {} s",
        seconds_of_sound(samples),
        samples.len() as f32 / RATE as f32,
    );
}

/// Fails when the tone was heard for longer than `seconds`.
pub fn assert_not_heard(who: &str, samples: &[i16], hz: f32, seconds: f32) {
    let heard = seconds_of(samples, hz);
    assert!(
        heard <= seconds,
        "{who} should not hear {hz} Hz, but heard it for {heard} s"
    );
}

/// G.711 mu-law of one sample (ITU-T G.711).
pub fn to_ulaw(sample: i16) -> u8 {
    const BIAS: i32 = 0x84;
    const CLIP: i32 = 32_635;
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = i32::from(sample).abs().min(CLIP) + BIAS;
    let exponent = 24 - (magnitude as u32).leading_zeros();
    let mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    !(sign | (exponent << 4) as u8 | mantissa as u8)
}

/// The sample of a G.711 mu-law octet.
pub fn from_ulaw(octet: u8) -> i16 {
    let octet = !octet;
    let exponent = (octet >> 4) & 7;
    let magnitude = (((i32::from(octet & 0x0f) << 3) + 0x84) << exponent) - 0x84;
    let signed = if octet & 0x80 == 0 {
        magnitude
    } else {
        -magnitude
    };
    signed as i16
}

#[test]
fn mu_law_there_and_back_keeps_a_tone() {
    let tone = sine(440.0, RATE, 0);
    let back: Vec<i16> = tone
        .iter()
        .map(|sample| from_ulaw(to_ulaw(*sample)))
        .collect();
    assert_heard("the test", &back, 440.0, 1.0);
    assert_not_heard("the test", &back, 600.0, 0.0);
    assert!(seconds_of_sound(&[0; RATE]) < 0.01);
}

//! In-band keypad digits: the two frequencies of each key (ITU-T Q.23).

use crate::player::{Player, tone_player};
use crate::rate::SampleRate;
use crate::tone::ToneScript;
use crate::tone::script::{Length, Step};

const LOW: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const HIGH: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
const KEYS: &str = "123A456B789C*0#D";

/// The low and the high frequency of a key (`0-9 * # A-D`, small letters too), in Hz.
pub fn frequencies(key: char) -> Option<(f32, f32)> {
    let place = KEYS.find(key.to_ascii_uppercase())?;
    Some((*LOW.get(place / 4)?, *HIGH.get(place % 4)?))
}

/// Sounds `digits` one after another, each for `on_ms` with `off_ms` of silence behind it, at −7 dBm0 a
/// frequency. `w` and `W` are pauses of half a second and a second; other characters are passed over.
pub fn dtmf_player(digits: &str, on_ms: u32, off_ms: u32, rate: SampleRate) -> Box<dyn Player> {
    let step = |digit: char| {
        let (on, off, hertz) = match digit {
            'w' => (0, 500, vec![]),
            'W' => (0, 1_000, vec![]),
            key => {
                let (low, high) = frequencies(key)?;
                (on_ms, off_ms, vec![low, high])
            }
        };
        let length = |ms: u32| Length::Ms(f64::from(ms));
        Some(Step::Tone {
            on: length(on),
            off: length(off),
            hertz,
            times: Some(1),
        })
    };
    let script = ToneScript {
        steps: digits.chars().filter_map(step).collect(),
        repeats: Some(1),
        own_rate: None,
    };
    tone_player(&script, rate, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::goertzel::dominant_tones;
    use crate::player::PlayerState;
    use std::time::Instant;

    #[test]
    fn every_key_sounds_its_two_frequencies() {
        let all: Vec<f32> = LOW.iter().chain(&HIGH).copied().collect();
        for (place, key) in KEYS.chars().enumerate() {
            let mut player = dtmf_player(&key.to_string(), 60, 40, SampleRate::NARROW);
            let mut heard = vec![0i16; 480];
            assert_eq!(
                player.fill(Instant::now(), &mut heard),
                PlayerState::Playing
            );
            let mut tones = dominant_tones(&heard, SampleRate::NARROW, &all);
            tones.sort_by(f32::total_cmp);
            assert_eq!(tones, vec![LOW[place / 4], HIGH[place % 4]], "key {key}");
            let mut pause = vec![1i16; 320];
            assert_eq!(player.fill(Instant::now(), &mut pause), PlayerState::Ended);
            assert!(pause.iter().all(|sample| *sample == 0));
        }
        assert_eq!(frequencies('a'), frequencies('A'));
        assert_eq!(frequencies('E'), None);
        assert_eq!(frequencies('é'), None);
    }

    #[test]
    fn pauses_last_and_other_characters_do_not() {
        let mut player = dtmf_player("w x", 60, 40, SampleRate::NARROW);
        let mut heard = vec![0i16; 4_000];
        assert_eq!(player.fill(Instant::now(), &mut heard), PlayerState::Ended);
        assert_eq!(player.position(), 4_000);
    }
}

//! What a caller hears of each player: length, content, repetition, pause, seek.

use super::*;
use crate::file::DecodedSound;
use std::sync::Arc;
use std::time::Duration;

const NARROW: SampleRate = SampleRate::NARROW;

/// A sound whose samples count from 1.
fn counting(length: usize, rate: SampleRate) -> Arc<DecodedSound> {
    let samples = (0..length).map(|n| (n % 30_000 + 1) as i16).collect();
    Arc::new(DecodedSound::from_samples(rate, samples))
}

/// One quantum of `player`.
fn quantum(player: &mut dyn Player) -> (PlayerState, Vec<i16>) {
    let mut out = vec![i16::MIN; player.rate().quantum_samples()];
    let state = player.fill(Instant::now(), &mut out);
    (state, out)
}

/// Plays to the end (at most 200 quanta); the samples and the last state.
fn all(player: &mut dyn Player) -> (PlayerState, Vec<i16>) {
    let mut heard = Vec::new();
    for _ in 0..200 {
        let (state, out) = quantum(player);
        heard.extend(out);
        if state != PlayerState::Playing {
            return (state, heard);
        }
    }
    (PlayerState::Playing, heard)
}

#[test]
fn a_file_is_played_to_its_last_sample_then_silence() {
    let (state, heard) = all(&mut *file_player(counting(400, NARROW), 0, 1));
    assert_eq!(state, PlayerState::Ended);
    assert_eq!(heard.len(), 480);
    assert_eq!((heard[0], heard[399], heard[400]), (1, 400, 0));
    // A sound of whole quanta ends with its last quantum, not after an empty one.
    let (_, heard) = all(&mut *file_player(counting(320, NARROW), 0, 0));
    assert_eq!(heard.len(), 320);
}

#[test]
fn a_file_repeats_without_a_gap() {
    let mut player = file_player(counting(100, NARROW), 50, 3);
    let (state, heard) = all(&mut *player);
    assert_eq!(state, PlayerState::Ended);
    assert_eq!(
        (heard[0], heard[49], heard[50], heard[149], heard[150]),
        (51, 100, 1, 100, 1)
    );
    assert_eq!((heard[249], heard[250]), (100, 0));
    let (state, _) = all(&mut *file_player(counting(100, NARROW), 0, -1));
    assert_eq!(state, PlayerState::Playing);
    for loops in [-1, 0, 5] {
        let (state, heard) = all(&mut *file_player(counting(0, NARROW), 9, loops));
        assert_eq!((state, heard.len()), (PlayerState::Ended, 160));
    }
}

#[test]
fn a_file_pauses_seeks_and_restarts() {
    let mut player = file_player(counting(8_000, NARROW), 0, 1);
    quantum(&mut *player);
    player.control(PlayerControl::Pause);
    assert_eq!(quantum(&mut *player), (PlayerState::Playing, vec![0; 160]));
    player.control(PlayerControl::TogglePause);
    assert_eq!(quantum(&mut *player).1[0], 161);
    player.control(PlayerControl::SeekBy(500));
    assert_eq!(player.position(), 4_320);
    assert_eq!(quantum(&mut *player).1[0], 4_321);
    player.control(PlayerControl::SeekBy(-10_000));
    assert_eq!(quantum(&mut *player).1[0], 1);
    player.control(PlayerControl::SeekBy(i64::MAX));
    assert_eq!(quantum(&mut *player).0, PlayerState::Ended);
    player.control(PlayerControl::Restart);
    assert_eq!(quantum(&mut *player).1[0], 1);
    player.control(PlayerControl::SeekBy(i64::MIN));
    assert_eq!(player.position(), 0);
}

#[test]
fn silence_lasts_as_long_as_asked() {
    let (state, heard) = all(&mut *silence_player(50, 0, NARROW));
    assert_eq!((state, heard), (PlayerState::Ended, vec![0; 480]));
    assert_eq!(
        all(&mut *silence_player(-1, 0, NARROW)).0,
        PlayerState::Playing
    );
    assert_eq!(all(&mut *silence_player(0, 0, NARROW)).1.len(), 160);
    let mut endless = silence_player(i64::MAX, 0, SampleRate::FULL);
    assert_eq!(quantum(&mut *endless).0, PlayerState::Playing);
}

#[test]
fn comfort_noise_is_faint_even_and_within_its_level() {
    let (_, heard) = all(&mut *silence_player(1_000, 400, NARROW));
    let peak = heard.iter().map(|sample| sample.unsigned_abs()).max();
    assert!(
        peak.is_some_and(|peak| (70..=83).contains(&peak)),
        "{peak:?}"
    );
    let mean: i64 = heard.iter().map(|sample| i64::from(*sample)).sum::<i64>() / 8_000;
    assert!(mean.abs() < 3, "{mean}");
    assert!(heard[..4_000] != heard[4_000..8_000]);
}

#[test]
fn all_listeners_of_a_stream_hear_the_same_place() {
    let stream = SharedStream::new("moh", vec![counting(1_000, NARROW), counting(600, NARROW)]);
    assert_eq!((stream.duration_ms(), stream.name()), (200, "moh"));
    let start = Instant::now();
    let mut early = stream_player(stream.clone(), NARROW);
    let mut late = stream_player(stream.clone(), NARROW);
    let mut one = vec![0; 160];
    let mut two = vec![0; 160];
    for tick in 0..50u64 {
        // Ticks come up to 7 ms late; nobody may hear it.
        let now = start + Duration::from_millis(tick * 20 + tick % 8);
        early.fill(now, &mut one);
        if tick >= 7 {
            late.fill(now, &mut two);
            assert_eq!(one, two, "tick {tick}");
        }
        if tick > 0 {
            let place = (tick * 160) % 1_600;
            let expected = if place < 1_000 {
                place + 1
            } else {
                place - 999
            };
            assert_eq!(one[0], expected as i16, "tick {tick}");
        }
    }
    // After half a second without ticks the listener catches up with the programme.
    let now = start + Duration::from_millis(50 * 20 + 500);
    early.fill(now, &mut one);
    stream_player(stream, NARROW).fill(now, &mut two);
    assert_eq!(one, two);
}

#[test]
fn a_stream_goes_on_while_paused_and_plays_at_any_rate() {
    let stream = SharedStream::new("moh", vec![counting(8_000, NARROW)]);
    let start = Instant::now();
    let mut player = stream_player(stream.clone(), NARROW);
    let mut out = vec![0; 160];
    player.fill(start, &mut out);
    player.control(PlayerControl::Pause);
    player.fill(start + Duration::from_millis(20), &mut out);
    assert_eq!(out, vec![0; 160]);
    player.control(PlayerControl::Resume);
    player.fill(start + Duration::from_millis(500), &mut out);
    assert!((3_900..4_200).contains(&out[0]), "{}", out[0]);
    let mut wide = stream_player(stream, SampleRate::FULL);
    assert_eq!(wide.rate(), SampleRate::FULL);
    let mut out = vec![0; 960];
    for tick in 0..5 {
        wide.fill(start + Duration::from_millis(400 + tick * 20), &mut out);
    }
    assert!((3_600..4_200).contains(&out[900]), "{}", out[900]);
}

#[test]
fn an_empty_stream_is_silent_and_mixed_rates_become_one() {
    let empty = SharedStream::new("none", vec![counting(0, NARROW)]);
    let mut player = stream_player(empty, NARROW);
    assert_eq!(quantum(&mut *player), (PlayerState::Playing, vec![0; 160]));
    let mixed = SharedStream::new(
        "mixed",
        vec![counting(800, NARROW), counting(1_600, SampleRate::WIDE)],
    );
    assert_eq!((mixed.rate(), mixed.duration_ms()), (NARROW, 200));
}

/// A player whose file was there and then was not.
struct Broken;

impl Player for Broken {
    fn rate(&self) -> SampleRate {
        NARROW
    }

    fn fill(&mut self, _now: Instant, out: &mut [i16]) -> PlayerState {
        out.fill(0);
        PlayerState::Failed
    }

    fn control(&mut self, _control: PlayerControl) {}

    fn position(&self) -> u64 {
        0
    }
}

#[test]
fn a_sequence_plays_its_parts_with_gaps_and_skips_failures() {
    let part = |length| file_player(counting(length, NARROW), 0, 1);
    let parts: Vec<Box<dyn Player>> =
        vec![Box::new(Broken), part(160), Box::new(Broken), part(320)];
    let mut player = sequence_player(parts, 40);
    let (state, heard) = all(&mut *player);
    assert_eq!(state, PlayerState::Ended);
    assert_eq!(heard.len(), 160 + 320 + 320);
    assert_eq!(
        (heard[159], heard[160], heard[479], heard[480]),
        (160, 0, 0, 1)
    );
    assert_eq!((heard[799], player.position()), (320, 800));
    player.control(PlayerControl::Restart);
    assert_eq!(all(&mut *player).1, heard);
}

#[test]
fn a_sequence_of_failures_fails_and_an_empty_one_ends() {
    let parts: Vec<Box<dyn Player>> = vec![Box::new(Broken), Box::new(Broken)];
    assert_eq!(
        all(&mut *sequence_player(parts, 0)),
        (PlayerState::Failed, vec![0; 160])
    );
    assert_eq!(
        all(&mut *sequence_player(vec![], 0)),
        (PlayerState::Ended, vec![0; 160])
    );
}

#[test]
fn a_sequence_has_the_rate_of_its_first_part() {
    let parts = vec![
        file_player(counting(320, SampleRate::WIDE), 0, 1),
        file_player(counting(160, NARROW), 0, 1),
    ];
    let mut player = sequence_player(parts, 0);
    assert_eq!(player.rate(), SampleRate::WIDE);
    let (state, heard) = all(&mut *player);
    assert_eq!((state, heard.len()), (PlayerState::Ended, 640));
    assert!((heard[600] - 128).abs() < 4, "{}", heard[600]);
}

//! Every format is heard as it was made; damaged files are errors or short sounds, nothing worse.

use super::decode::{decode, fuzz};
use super::*;
use crate::codec::g711::{linear_to_alaw, linear_to_mulaw};
use crate::dsp::goertzel::{energy, tone_power};
use crate::player::PlayerState;
use crate::rate::SampleRate;
use proptest::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

mod forge;

const NARROW: SampleRate = SampleRate::NARROW;

/// Files of our own making, 0.3 s of 440 Hz at half scale; these formats are too complex to forge here.
const OGG: &[u8] = include_bytes!("tests/tone.ogg");
const MP3: &[u8] = include_bytes!("tests/tone.mp3");

fn dir() -> TempDir {
    TempDir::new().expect("a directory")
}

fn file(dir: &TempDir, name: &str, octets: &[u8]) -> PathBuf {
    let path = dir.path().join(name);
    std::fs::write(&path, octets).expect("writable");
    path
}

fn mulaw(samples: &[i16]) -> Vec<u8> {
    samples
        .iter()
        .map(|sample| linear_to_mulaw(*sample))
        .collect()
}

fn alaw(samples: &[i16]) -> Vec<u8> {
    samples
        .iter()
        .map(|sample| linear_to_alaw(*sample))
        .collect()
}

fn little(samples: &[i16]) -> Vec<u8> {
    samples
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect()
}

fn big(samples: &[i16]) -> Vec<u8> {
    samples
        .iter()
        .flat_map(|sample| sample.to_be_bytes())
        .collect()
}

/// One file of each format with 300 ms of 440 Hz: name, contents.
fn formats() -> Vec<(&'static str, Vec<u8>)> {
    let narrow = forge::sine(8_000, 300);
    let wide = forge::sine(16_000, 300);
    let full = forge::sine(48_000, 300);
    let disc = forge::sine(44_100, 300);
    let bytes8: Vec<u8> = narrow.iter().map(|x| ((x >> 8) + 128) as u8).collect();
    let signed8: Vec<u8> = narrow.iter().map(|x| (x >> 8) as u8).collect();
    let bytes24: Vec<u8> = narrow
        .iter()
        .flat_map(|x| {
            let [a, b] = x.to_le_bytes();
            [0, a, b]
        })
        .collect();
    let bytes32: Vec<u8> = narrow
        .iter()
        .flat_map(|x| (i32::from(*x) << 16).to_le_bytes())
        .collect();
    let floats: Vec<u8> = narrow
        .iter()
        .flat_map(|x| (f32::from(*x) / 32_768.0).to_le_bytes())
        .collect();
    let double: Vec<i16> = full.iter().flat_map(|x| [*x, *x]).collect();
    vec![
        ("pcm16.wav", forge::wav16(8_000, &narrow)),
        ("wide.wav", forge::wav16(16_000, &wide)),
        ("disc.wav", forge::wav16(44_100, &disc)),
        (
            "stereo.wav",
            forge::wav(1, 2, 48_000, 4, 16, &[], &little(&double)),
        ),
        ("pcm8.wav", forge::wav(1, 1, 8_000, 1, 8, &[], &bytes8)),
        ("pcm24.wav", forge::wav(1, 1, 8_000, 3, 24, &[], &bytes24)),
        ("pcm32.wav", forge::wav(1, 1, 8_000, 4, 32, &[], &bytes32)),
        ("float.wav", forge::wav(3, 1, 8_000, 4, 32, &[], &floats)),
        (
            "alaw.wav",
            forge::wav(6, 1, 8_000, 1, 8, &[], &alaw(&narrow)),
        ),
        (
            "mulaw.wav",
            forge::wav(7, 1, 8_000, 1, 8, &[], &mulaw(&narrow)),
        ),
        ("ima.wav", forge::wav_ima(8_000, &forge::sine(8_000, 320))),
        (
            "sound.flac",
            forge::flac(SampleRate::WIDE, &forge::sine(16_000, 310)),
        ),
        ("sound.aiff", forge::aiff(8_000, &narrow)),
        (
            "mulaw.au",
            forge::au(1, 1, 8_000, u32::MAX, &mulaw(&narrow)),
        ),
        ("alaw.au", forge::au(27, 1, 8_000, 2_400, &alaw(&narrow))),
        ("linear8.au", forge::au(2, 1, 8_000, 2_400, &signed8)),
        (
            "linear16.au",
            forge::au(3, 2, 48_000, 57_600, &big(&double)),
        ),
        ("sound.PCMU", mulaw(&narrow)),
        ("sound.ulaw", mulaw(&narrow)),
        ("sound.ul", mulaw(&narrow)),
        ("sound.PCMA", alaw(&narrow)),
        ("sound.alaw", alaw(&narrow)),
        ("sound.al", alaw(&narrow)),
        ("sound.raw", little(&narrow)),
        ("sound.r8", little(&narrow)),
        ("sound.r16", little(&wide)),
        ("sound.r24", little(&forge::sine(24_000, 300))),
        ("sound.r32", little(&forge::sine(32_000, 300))),
        ("sound.r48", little(&full)),
        ("sound.ogg", OGG.to_vec()),
        ("sound.mp3", MP3.to_vec()),
    ]
}

#[test]
fn every_format_is_heard_as_it_was_made_at_every_rate() {
    let dir = dir();
    for (name, octets) in formats() {
        let path = file(&dir, name, &octets);
        for rate in [NARROW, SampleRate::FULL] {
            let sound = decode(&path, rate).unwrap_or_else(|error| panic!("{error}"));
            let length = sound.duration_ms();
            // Compressed formats come in blocks; MP3 has a lead of 140 ms, and padding.
            let lead = if name.ends_with("mp3") { 150 } else { 50 };
            let range = if name.ends_with("mp3") {
                290..560
            } else {
                285..325
            };
            assert!(range.contains(&length), "{name}: {length} ms");
            let start = rate.samples_in_ms(lead) as usize;
            let middle = &sound.samples()[start..start + rate.samples_in_ms(150) as usize];
            assert!(tone_power(middle, rate, 440.0) > 0.98, "{name} at {rate:?}");
            let expected = (16_000.0f32 / 32_768.0).powi(2) / 2.0;
            let level = energy(middle) / expected;
            assert!((0.85..1.15).contains(&level), "{name} at {rate:?}: {level}");
        }
    }
}

#[test]
fn a_name_without_extension_is_read_by_its_contents() {
    let dir = dir();
    let path = file(
        &dir,
        "sound",
        &forge::wav16(8_000, &forge::sine(8_000, 300)),
    );
    assert_eq!(
        decode(&path, NARROW).expect("a WAV file").samples().len(),
        2_400
    );
    let path = file(
        &dir,
        "wrong.mp3",
        &forge::wav16(8_000, &forge::sine(8_000, 300)),
    );
    assert_eq!(
        decode(&path, NARROW).expect("a WAV file").samples().len(),
        2_400
    );
}

#[test]
fn errors_name_the_file_and_the_reason() {
    let dir = dir();
    let missing = dir.path().join("missing.wav");
    let error = decode(&missing, NARROW).expect_err("missing");
    assert_eq!(
        error,
        SoundError::NotFound {
            path: missing.clone()
        }
    );
    assert!(error.to_string().contains("missing.wav"));
    assert!(matches!(
        decode(dir.path(), NARROW),
        Err(SoundError::Unreadable { .. })
    ));
    for (name, octets) in [
        (
            "text.wav",
            &b"this is no sound, only text that goes on for a while"[..],
        ),
        ("empty.wav", b""),
        ("old.gsm", b"\xd0\x00"),
        ("dialogic.vox", b"\x00"),
    ] {
        let error = decode(&file(&dir, name, octets), NARROW).expect_err(name);
        assert!(matches!(error, SoundError::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
    assert!(matches!(
        decode(std::path::Path::new("/dev/zero"), NARROW),
        Err(SoundError::Unreadable { .. })
    ));
    // Empty raw files are empty sounds.
    assert_eq!(
        decode(&file(&dir, "empty.raw", b""), NARROW)
            .expect("empty")
            .samples()
            .len(),
        0
    );
    let hours = file(&dir, "hours.ul", b"");
    std::fs::File::options()
        .write(true)
        .open(&hours)
        .and_then(|file| file.set_len(8_000 * 3_600))
        .expect("a sparse file");
    assert!(matches!(
        decode(&hours, NARROW),
        Err(SoundError::Unsupported { .. })
    ));
}

#[test]
fn wav_headers_that_lie_neither_hang_nor_allocate_nor_panic() {
    let dir = dir();
    let good = forge::wav16(8_000, &forge::sine(8_000, 300));
    let with = |at: usize, octets: &[u8]| {
        let mut file = good.clone();
        file[at..at + octets.len()].copy_from_slice(octets);
        file
    };
    let mut huge_list = good[..12].to_vec();
    huge_list.extend(b"LIST\xf0\xff\xff\xffINFOINAM\xe0\xff\xff\xff");
    huge_list.extend(&good[12..]);
    let lies = [
        ("channels 0", with(22, &[0, 0])),
        ("channels 65535", with(22, &[0xff, 0xff])),
        ("rate 0", with(24, &[0; 4])),
        ("rate 4 GHz", with(24, &[0xff; 4])),
        ("block 0", with(32, &[0, 0])),
        ("bits 0", with(34, &[0, 0])),
        ("bits 255", with(34, &[0xff, 0])),
        ("huge list", huge_list),
        ("huge format", with(16, &[0xff, 0xff, 0xff, 0x7f])),
        ("ADPCM of nothing", with(20, &[0x11, 0])),
    ];
    for (name, octets) in lies {
        fuzz(&file(&dir, "lie.wav", &octets));
        let began = Instant::now();
        let result = decode(&file(&dir, "lie.wav", &octets), NARROW);
        assert!(began.elapsed() < Duration::from_secs(5), "{name}");
        if let Ok(sound) = result {
            assert!(
                sound.samples().len() <= 20_000,
                "{name}: {}",
                sound.samples().len()
            );
        }
    }
    // Lengths that are wrong, as dead writers and pipes leave them, still play what is there.
    for octets in [
        with(40, &[0xff; 4]),
        with(4, &[0; 4]),
        with(40, &[0xff, 0xff, 0xff, 0x7f]),
    ] {
        let sound = decode(&file(&dir, "length.wav", &octets), NARROW).expect("plays");
        assert!(
            (2_300..=2_400).contains(&sound.samples().len()),
            "{}",
            sound.samples().len()
        );
    }
    let sound = decode(&file(&dir, "cut.wav", &good[..2_045]), NARROW).expect("plays");
    assert!(
        (900..=1_000).contains(&sound.samples().len()),
        "{}",
        sound.samples().len()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn damaged_files_never_panic_or_loop(
        format in 0..31usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        early in any::<bool>(),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let dir = dir();
        let all = formats();
        let (name, mut octets) = all[format % all.len()].clone();
        for (index, octet) in changes {
            let range = if early { octets.len().min(64) } else { octets.len() };
            octets[index.index(range)] = octet;
        }
        if let Some(cut) = cut {
            let length = cut.index(octets.len());
            octets.truncate(length);
        }
        let path = file(&dir, name, &octets);
        let began = Instant::now();
        fuzz(&path);
        prop_assert!(began.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn the_cache_decodes_once_and_again_when_the_file_changed() {
    let dir = dir();
    let cache = SoundCache::new(1 << 20);
    let path = file(
        &dir,
        "prompt.wav",
        &forge::wav16(8_000, &forge::sine(8_000, 300)),
    );
    let first = cache.load(&path, NARROW).expect("plays");
    assert!(Arc::ptr_eq(
        &first,
        &cache.load(&path, NARROW).expect("plays")
    ));
    let wide = cache.load(&path, SampleRate::WIDE).expect("plays");
    assert_eq!(
        (wide.rate(), wide.samples().len()),
        (SampleRate::WIDE, 4_800)
    );
    assert_eq!(cache.octets(), 4_800 + 9_600);
    file(
        &dir,
        "prompt.wav",
        &forge::wav16(8_000, &forge::sine(8_000, 500)),
    );
    let changed = cache.load(&path, NARROW).expect("plays");
    assert_eq!(changed.duration_ms(), 500);
    // The same length, but another time of change.
    std::fs::File::options()
        .write(true)
        .open(&path)
        .and_then(|file| file.set_modified(SystemTime::UNIX_EPOCH))
        .expect("ours");
    assert!(!Arc::ptr_eq(
        &changed,
        &cache.load(&path, NARROW).expect("plays")
    ));
    assert_eq!(cache.octets(), 8_000 + 9_600);
    std::fs::remove_file(&path).expect("ours");
    assert_eq!(
        cache.load(&path, NARROW),
        Err(SoundError::NotFound { path })
    );
}

#[test]
fn the_cache_forgets_what_was_used_least_recently() {
    let dir = dir();
    let path = |number: usize| {
        file(
            &dir,
            &format!("{number}.wav"),
            &forge::wav16(8_000, &forge::sine(8_000, 300)),
        )
    };
    let paths: Vec<PathBuf> = (0..4).map(path).collect();
    let cache = SoundCache::new(3 * 4_800);
    let load = |number: usize| cache.load(&paths[number], NARROW).expect("plays");
    let (zero, one, two) = (load(0), load(1), load(2));
    load(0);
    load(3);
    assert_eq!(cache.octets(), 3 * 4_800);
    assert!(Arc::ptr_eq(&zero, &load(0)));
    assert!(Arc::ptr_eq(&two, &load(2)));
    assert!(!Arc::ptr_eq(&one, &load(1)));
    let none = SoundCache::new(100);
    assert!(none.load(&paths[0], NARROW).is_ok());
    assert_eq!(none.octets(), 0);
}

#[test]
fn short_files_play_from_memory_and_long_ones_from_the_disk() {
    let dir = dir();
    let cache = SoundCache::new(1 << 24);
    let short = file(&dir, "short.ul", &mulaw(&forge::sine(8_000, 300)));
    let mut player = open_player(&cache, &short, NARROW, 80, 1).expect("plays");
    assert_eq!(cache.octets(), 4_800);
    let mut out = vec![0; 2_400];
    assert_eq!(player.fill(Instant::now(), &mut out), PlayerState::Ended);
    assert_eq!(player.position(), 2_400);
    // Two minutes and a second.
    let long = file(&dir, "long.ul", &mulaw(&forge::sine(8_000, 121_000)));
    let mut player = open_player(&cache, &long, NARROW, 0, 1).expect("plays");
    assert_eq!(cache.octets(), 4_800);
    let mut out = vec![0; 4_000];
    assert_eq!(player.fill(Instant::now(), &mut out), PlayerState::Playing);
    assert!(tone_power(&out, NARROW, 440.0) > 0.99);
    assert!(open_player(&cache, &dir.path().join("none.wav"), NARROW, 0, 1).is_err());
    drop(player);
    assert_eq!(cache.late_samples(), 0);
}

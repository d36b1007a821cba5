//! The tone language: what is read, what is heard, and what is refused.

use super::*;
use crate::dsp::goertzel::{dominant_tones, energy};
use crate::player::{PlayerState, tone_player};
use crate::tone::generate::FULL_SCALE_DBM0;
use proptest::prelude::*;
use std::time::Instant;

/// Ring tones of the countries and the other tones of the vanilla configuration.
const RINGS: &[(&str, u64, &[f32])] = &[
    (
        "%(400,200,383,417);%(400,2000,383,417)",
        3_000,
        &[383.0, 417.0],
    ),
    ("%(1000,3000,425)", 4_000, &[425.0]),
    ("%(2000,4000,440,480)", 6_000, &[440.0, 480.0]),
    ("%(1000,4000,450)", 5_000, &[450.0]),
    ("%(1500,3000,425)", 4_500, &[425.0]),
    ("%(1500,3500,440)", 5_000, &[440.0]),
    ("%(1000,4000,425)", 5_000, &[425.0]),
    ("%(1500,3500,425)", 5_000, &[425.0]),
    ("%(2000,1000,475,375)", 3_000, &[375.0, 475.0]),
    (
        "%(400,200,440,480);%(400,3000,440,480)",
        4_000,
        &[440.0, 480.0],
    ),
    ("%(1250,3750,425)", 5_000, &[425.0]),
    ("%(1000,3000,400)", 4_000, &[400.0]),
    (
        "%(400,200,425,375);%(400,2000,425,375)",
        3_000,
        &[375.0, 425.0],
    ),
    ("%(1000,2000,420,380)", 3_000, &[380.0, 420.0]),
    ("%(1000,2000,440,480)", 3_000, &[440.0, 480.0]),
    ("%(1000,2000,400)", 3_000, &[400.0]),
    ("%(1850,4150,475,425)", 6_000, &[425.0, 475.0]),
    ("%(800,3200,425)", 4_000, &[425.0]),
    ("%(1200,4600,425)", 5_800, &[425.0]),
    ("%(2000,4000,450)", 6_000, &[450.0]),
    (
        "%(400,200,400,450);%(400,2000,400,450)",
        3_000,
        &[400.0, 450.0],
    ),
    (
        "v=-7;%(100,0,941.0,1477.0);v=-7;>=2;+=.1;%(1400,0,350,440)",
        1_500,
        &[941.0, 1_477.0],
    ),
    ("%(1000,0,640)", 1_000, &[640.0]),
    (
        "%(274,0,913.8);%(274,0,1370.6);%(380,0,1776.7)",
        928,
        &[913.8],
    ),
    ("%(1000, 0, 640)", 1_000, &[640.0]),
    ("%(10000,0,350,440)", 10_000, &[350.0, 440.0]),
    ("%(275,10,600);%(275,100,300)", 660, &[600.0]),
    ("%(200,0,500,600,700)", 200, &[500.0, 600.0, 700.0]),
    (
        "%(500,0,300,200,100,50,25)",
        500,
        &[25.0, 50.0, 100.0, 200.0, 300.0],
    ),
];

fn script(text: &str) -> ToneScript {
    ToneScript::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The first `ms` of a script, and whether it ended within.
fn heard(text: &str, rate: SampleRate, ms: u64) -> (Vec<i16>, PlayerState) {
    let mut player = tone_player(&script(text), rate, 1);
    let mut out = vec![0; rate.samples_in_ms(ms) as usize];
    let state = player.fill(Instant::now(), &mut out);
    (out, state)
}

/// Level of a sine in dBm0 from its mean square.
fn dbm0(samples: &[i16]) -> f32 {
    10.0 * (energy(samples) / 0.5).log10() + FULL_SCALE_DBM0 as f32
}

#[test]
fn ring_tones_have_their_lengths_and_frequencies_at_every_rate() {
    let candidates: Vec<f32> = RINGS.iter().flat_map(|ring| ring.2).copied().collect();
    for (text, ms, hertz) in RINGS {
        assert_eq!(script(text).duration_ms(), Some(*ms), "{text}");
        for rate in [SampleRate::NARROW, SampleRate::FULL] {
            let (out, _) = heard(text, rate, 100);
            let mut own: Vec<f32> = hertz.to_vec();
            own.extend(
                candidates
                    .iter()
                    .filter(|hz| hertz.iter().all(|own| (*hz - own).abs() > 20.0)),
            );
            let mut tones = dominant_tones(&out, rate, &own);
            tones.sort_by(f32::total_cmp);
            assert_eq!(&tones, hertz, "{text} at {rate:?}");
        }
    }
}

#[test]
fn a_tone_is_at_minus_seven_unless_told_otherwise() {
    for rate in [SampleRate::NARROW, SampleRate::FULL] {
        assert!((dbm0(&heard("%(1000,0,1000)", rate, 500).0) + 7.0).abs() < 0.05);
        assert!((dbm0(&heard("v=0;%(1000,0,1000)", rate, 500).0)).abs() < 0.05);
        assert!((dbm0(&heard("v=-30.5;%(1000,0,1000)", rate, 500).0) + 30.5).abs() < 0.1);
        assert!((dbm0(&heard("v=12;%(1000,0,1000)", rate, 500).0)).abs() < 0.05);
    }
}

#[test]
fn cadence_is_exact_to_the_sample() {
    let (out, state) = heard(
        "%(400,200,400,450);%(400,2000,400,450)",
        SampleRate::NARROW,
        3_000,
    );
    assert_eq!(state, PlayerState::Ended);
    let loud = |from: usize, to: usize| energy(&out[from * 8..to * 8]) > 0.01;
    assert!(loud(0, 100) && loud(300, 400) && loud(600, 700) && loud(900, 1_000));
    assert!(out[3_200..4_800].iter().all(|sample| *sample == 0));
    assert!(out[8_000..].iter().all(|sample| *sample == 0));
}

#[test]
fn keys_use_the_current_lengths_and_may_have_their_own() {
    assert_eq!(script("d=100;w=50;1#").duration_ms(), Some(300));
    assert_eq!(script("1(100,20) A(30,0)").duration_ms(), Some(150));
    // 2000 + 500 samples at 8 kHz, or at the rate that the script names.
    assert_eq!(script("5").duration_ms(), Some(312));
    assert_eq!(script("r=16000;5").duration_ms(), Some(156));
    let mut player = tone_player(&script("5"), SampleRate::FULL, 1);
    let mut out = vec![0; 2_500];
    assert_eq!(player.fill(Instant::now(), &mut out), PlayerState::Ended);
    let (out, _) = heard("d=100;w=100;5", SampleRate::NARROW, 100);
    assert_eq!(
        dominant_tones(&out, SampleRate::NARROW, &[770.0, 852.0, 1_336.0, 1_209.0]).len(),
        2
    );
}

#[test]
fn tones_and_scripts_repeat() {
    assert_eq!(script("l=3;%(100,50,440)").duration_ms(), Some(450));
    assert_eq!(
        script("l=3;%(100,50,440);l=1;%(100,0,440)").duration_ms(),
        Some(550)
    );
    assert_eq!(script("L=4;%(100,50,440)").duration_ms(), Some(600));
    assert_eq!(script("%(100,50,440);loops=2").duration_ms(), Some(300));
    assert_eq!(script("%(100,50,440);loops=-1").duration_ms(), None);
    assert_eq!(script("l=-1;%(100,50,440)").duration_ms(), None);
    assert_eq!(script("L=0;%(100,50,440)").duration_ms(), Some(150));
    let (out, state) = heard("l=2;%(10,10,440);l=1;%(10,0,880)", SampleRate::NARROW, 50);
    assert_eq!(state, PlayerState::Ended);
    assert!(energy(&out[160..240]) > 0.01 && energy(&out[320..400]) > 0.01);
    assert_eq!(
        heard("l=-1;%(10,10,440)", SampleRate::NARROW, 5_000).1,
        PlayerState::Playing
    );
    assert_eq!(
        heard("L=-1;%(10,10,440)", SampleRate::NARROW, 5_000).1,
        PlayerState::Playing
    );
    let mut twice = tone_player(&script("L=2;%(100,0,440)"), SampleRate::NARROW, 3);
    let mut out = vec![0; 4_800];
    assert_eq!(
        twice.fill(Instant::now(), &mut out[..4_799]),
        PlayerState::Playing
    );
    assert_eq!(
        twice.fill(Instant::now(), &mut out[..160]),
        PlayerState::Ended
    );
    assert_eq!(twice.position(), 4_800);
}

#[test]
fn scripts_of_nothing_end_at_once() {
    for text in [
        "",
        " ;; ",
        "v=-3",
        "L=-1",
        "L=-1;%(0,0,440)",
        "l=-1;%(0,0,440)",
        "c=2;r=8000",
    ] {
        assert_eq!(script(text).duration_ms(), Some(0), "{text}");
        let (out, state) = heard(text, SampleRate::NARROW, 20);
        assert_eq!(state, PlayerState::Ended, "{text}");
        assert!(out.iter().all(|sample| *sample == 0));
    }
}

#[test]
fn volume_decays_and_grows() {
    let bong = "v=-7;>=2;+=.1;%(1400,0,350)";
    let (out, _) = heard(bong, SampleRate::NARROW, 1_400);
    // A tenth of a dB every 2 ms: 25 dB less after half a second.
    let early = dbm0(&out[0..400]);
    let late = dbm0(&out[4_000..4_400]);
    assert!((early - late - 25.0).abs() < 0.5, "{early} {late}");
    // It stops at −63 dB.
    let (out, _) = heard("v=-60;>=1;%(1000,0,350)", SampleRate::NARROW, 1_000);
    assert!(dbm0(&out[4_000..]) > -66.0);
    let (out, _) = heard("v=-40;<=10;+=1;%(1000,0,350)", SampleRate::NARROW, 1_000);
    assert!((dbm0(&out[7_000..7_080]) - 0.0).abs() < 1.0);
    // The volume reached stays for the next tone until it is set again.
    let (out, _) = heard(
        "v=-7;>=10;%(100,0,500);>=0;%(100,0,500);v=-7;%(100,0,500)",
        SampleRate::NARROW,
        300,
    );
    assert!(
        (dbm0(&out[800..1_600]) + 17.0).abs() < 1.0,
        "{}",
        dbm0(&out[800..1_600])
    );
    assert!((dbm0(&out[1_600..2_400]) + 7.0).abs() < 0.1);
}

#[test]
fn frequencies_that_a_rate_cannot_carry_are_silent() {
    assert_eq!(
        energy(&heard("%(100,0,5000)", SampleRate::NARROW, 100).0),
        0.0
    );
    assert!(energy(&heard("%(100,0,5000)", SampleRate::WIDE, 100).0) > 0.01);
    assert_eq!(energy(&heard("%(100,0,0)", SampleRate::NARROW, 100).0), 0.0);
    let eighteen = format!("%(100,0{})", ",100".repeat(18));
    let loud = heard(&format!("v=0;{eighteen}"), SampleRate::NARROW, 100).0;
    assert!(loud.contains(&i16::MAX) && loud.contains(&i16::MIN));
}

#[test]
fn mistakes_say_where_and_why() {
    for (text, at, part) in [
        ("%2000,4000,440)", 2, "followed by"),
        ("%(2000,4000,440", 16, "`)`"),
        ("%(x,1,2)", 3, "a number"),
        ("%(100,-5,2)", 7, "length"),
        ("%(100,0,99999)", 14, "frequency"),
        ("q=1", 1, "no setting"),
        ("%(1,1,1);hello", 10, "expected a tone"),
        ("1(1,2,3)", 7, "only"),
        ("c=0", 4, "channels"),
        ("r=1", 4, "rate"),
        ("+=100", 6, "decay"),
        ("é", 1, "expected a tone"),
    ] {
        let error = ToneScript::parse(text).expect_err(text);
        assert_eq!(error.at, at, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(ToneScript::parse(&format!("%(100,0{})", ",100".repeat(19))).is_err());
    assert!(ToneScript::parse(&"1".repeat(MAX_TEXT + 1)).is_err());
}

#[test]
fn songs_of_the_vanilla_configuration_are_read() {
    let root = std::env::var_os("STROWGER_FIXTURES").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
        std::path::PathBuf::from,
    );
    for (name, ms) in [
        ("tetris.ttml", 15_000..30_000),
        ("fur_elise.ttml", 12_000..25_000),
    ] {
        let path = root.join("freeswitch-vanilla").join(name);
        let Ok(text) = std::fs::read_to_string(&path) else {
            println!("skipped: the fixture {} is not there", path.display());
            continue;
        };
        let script = script(&text);
        assert!(
            script
                .duration_ms()
                .is_some_and(|length| ms.contains(&length)),
            "{name}: {:?}",
            script.duration_ms()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        fuzz(&text);
    }

    #[test]
    fn anything_like_a_script_is_read_or_refused(
        text in "([%(),;=+<>dwvlLcr0-9A-D.*# -]|%\\([0-9]{1,3},[0-9]{1,2},[0-9]{1,4}\\)|[dwvlL<>]=-?[0-9]{1,3}){0,20}"
    ) {
        fuzz(&text);
    }
}

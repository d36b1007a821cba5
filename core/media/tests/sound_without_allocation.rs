//! What runs on a media worker allocates nothing: codecs, resamplers, players and recorders, once made.
#![allow(unsafe_code)] // an allocator that counts has to be one

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};
use strowger_media::codec::registry::Codecs;
use strowger_media::dtmf::generate::dtmf_player;
use strowger_media::file::{DecodedSound, SoundCache, open_player};
use strowger_media::leg::bug::Side;
use strowger_media::player::{
    Player, PlayerControl, SharedStream, file_player, sequence_player, silence_player,
    stream_player, tone_player,
};
use strowger_media::rate::SampleRate;
use strowger_media::recorder::{RecordSides, RecordSpec, SilenceRule, record};
use strowger_media::resample::Resampler;
use strowger_media::tone::ToneScript;

thread_local! {
    /// Calls of the allocator by this thread.
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is passed to the system's allocator unchanged; counting touches only a thread-local
// integer without destructor, which never allocates.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.with(|calls| calls.set(calls.get() + 1));
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        CALLS.with(|calls| calls.set(calls.get() + 1));
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs `work` and asserts that it neither allocated nor freed.
fn quiet(what: &str, mut work: impl FnMut()) {
    let before = CALLS.with(Cell::get);
    work();
    let calls = CALLS.with(Cell::get) - before;
    assert_eq!(calls, 0, "{what} called the allocator");
}

fn sound(rate: SampleRate) -> Arc<DecodedSound> {
    Arc::new(DecodedSound::from_samples(
        rate,
        (0..20_000).map(|n| n as i16).collect(),
    ))
}

#[test]
fn players_allocate_nothing() {
    let narrow = SampleRate::NARROW;
    let script = ToneScript::parse("v=-7;>=2;+=.1;%(100,20,350,440);1234;L=-1").expect("a script");
    let dir = tempfile::TempDir::new().expect("a directory");
    let long = dir.path().join("long.ul");
    std::fs::write(&long, vec![0x55; 8_000 * 121]).expect("writable");
    let cache = SoundCache::new(1 << 20);
    let stream = SharedStream::new("moh", vec![sound(narrow), sound(SampleRate::WIDE)]);
    let players: Vec<(&str, Box<dyn Player>)> = vec![
        ("file", file_player(sound(narrow), 0, -1)),
        ("tone", tone_player(&script, SampleRate::FULL, -1)),
        ("digits", dtmf_player("123ABC", 100, 50, narrow)),
        ("silence", silence_player(-1, 400, narrow)),
        ("stream", stream_player(stream.clone(), narrow)),
        (
            "stream at another rate",
            stream_player(stream, SampleRate::FULL),
        ),
        (
            "sequence",
            sequence_player(
                vec![
                    file_player(sound(narrow), 0, 1),
                    file_player(sound(SampleRate::FULL), 0, 1),
                    tone_player(&script, narrow, 1),
                ],
                100,
            ),
        ),
        (
            "long file",
            open_player(&cache, &long, narrow, 0, 1).expect("plays"),
        ),
    ];
    let start = Instant::now();
    for (name, mut player) in players {
        let mut out = vec![0i16; player.rate().quantum_samples()];
        quiet(name, || {
            for tick in 0..300 {
                match tick {
                    100 => player.control(PlayerControl::SeekBy(-500)),
                    200 => player.control(PlayerControl::Restart),
                    _ => {}
                }
                player.fill(start + Duration::from_millis(20 * tick), &mut out);
            }
        });
    }
}

#[test]
fn codecs_and_resamplers_allocate_nothing() {
    for codec in Codecs::builtin().all() {
        let format = codec.format().clone();
        let mut encoder = codec.encoder(&format);
        let mut decoder = codec.decoder(&format);
        let pcm = vec![1_000i16; format.sample_rate.quantum_samples()];
        let mut octets = vec![0u8; 2_000];
        let mut back = vec![0i16; 960];
        quiet(&format.name, || {
            let count = encoder.encode(&pcm, &mut octets).expect("there is room");
            decoder
                .decode(&octets[..count], &mut back)
                .expect("a whole frame");
        });
    }
    let rates =
        [8_000, 16_000, 32_000, 48_000].map(|hz| SampleRate::new(hz).expect("a leg's rate"));
    for from in rates {
        for to in rates {
            let mut resampler = Resampler::new(from, to);
            let input = vec![1_000i16; from.quantum_samples()];
            let mut out = vec![0i16; to.quantum_samples()];
            quiet("resampler", || {
                for _ in 0..10 {
                    resampler.process(&input, &mut out);
                }
            });
        }
    }
}

#[test]
fn recorders_allocate_nothing_on_the_worker() {
    let dir = tempfile::TempDir::new().expect("a directory");
    let spec = RecordSpec {
        path: dir.path().join("call.wav"),
        rate: SampleRate::WIDE,
        stereo: true,
        sides: RecordSides::Both,
        append: false,
        limit_ms: Some(3_600_000),
        silence: Some(SilenceRule {
            threshold: 10,
            ms: 60_000,
        }),
        min_ms: 0,
        mode: 0o600,
    };
    let (mut bug, control) = record(spec, Box::new(|_| {})).expect("can be created");
    let narrow = [500i16; 160];
    let full = [500i16; 960];
    quiet("recorder", || {
        // More than the ring holds, and a change of rate.
        for _ in 0..400 {
            bug.observe(Side::Read, SampleRate::NARROW, &narrow);
            bug.observe(Side::Write, SampleRate::NARROW, &narrow);
        }
        control.mask(true);
        for _ in 0..400 {
            bug.observe(Side::Read, SampleRate::FULL, &full);
            bug.observe(Side::Write, SampleRate::FULL, &full);
        }
        control.stop();
        bug.observe(Side::Read, SampleRate::FULL, &full);
    });
}

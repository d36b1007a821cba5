//! What is in the file after, and during, a recording.

use super::*;
use crate::dsp::goertzel::{energy, tone_power};
use crate::file::decode::decode;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tempfile::TempDir;

const NARROW: SampleRate = SampleRate::NARROW;

fn spec(path: PathBuf) -> RecordSpec {
    RecordSpec {
        path,
        rate: NARROW,
        stereo: false,
        sides: RecordSides::Both,
        append: false,
        limit_ms: None,
        silence: None,
        min_ms: 0,
        mode: 0o600,
    }
}

fn tone(rate: SampleRate, hz: f64, quantum: usize, amplitude: f64) -> Vec<i16> {
    let step = std::f64::consts::TAU * hz / f64::from(rate.hz());
    let length = rate.quantum_samples();
    (quantum * length..(quantum + 1) * length)
        .map(|n| (amplitude * (step * n as f64).sin()) as i16)
        .collect()
}

/// A recording whose writer is driven by the test.
struct Bench {
    bug: Option<Recorder>,
    control: RecordingControl,
    job: writer::Job,
    outcome: Receiver<RecordOutcome>,
    quantum: usize,
}

impl Bench {
    fn new(spec: RecordSpec) -> Bench {
        let (sender, outcome) = channel();
        let done = Box::new(move |outcome| {
            let _ = sender.send(outcome);
        });
        let (bug, control, job) = prepare(spec, done).expect("the file can be created");
        Bench {
            bug: Some(bug),
            control,
            job,
            outcome,
            quantum: 0,
        }
    }

    /// Both sides of one quantum: 440 Hz said, 1000 Hz heard.
    fn quantum(&mut self, rate: SampleRate) -> Keep {
        self.level(rate, 8_000.0)
    }

    fn level(&mut self, rate: SampleRate, amplitude: f64) -> Keep {
        let read = tone(rate, 440.0, self.quantum, amplitude);
        let write = tone(rate, 1_000.0, self.quantum, amplitude);
        self.quantum += 1;
        let bug = self.bug.as_mut().expect("attached");
        if bug.observe(Side::Read, rate, &read) == Keep::Done {
            return Keep::Done;
        }
        bug.observe(Side::Write, rate, &write)
    }

    fn run(&mut self, ms: u64) -> Keep {
        for _ in 0..ms / 20 {
            if self.quantum(NARROW) == Keep::Done {
                return Keep::Done;
            }
            self.job.serve();
        }
        Keep::Going
    }

    /// Drops the bug and lets the writer finish.
    fn end(mut self) -> RecordOutcome {
        self.bug = None;
        assert!(!self.job.serve());
        self.outcome.try_recv().expect("done was called")
    }
}

fn samples(path: &Path) -> Vec<i16> {
    decode(path, NARROW)
        .expect("a recording plays")
        .samples()
        .to_vec()
}

/// Left and right of a stereo WAV file.
fn stereo(path: &Path) -> (Vec<i16>, Vec<i16>) {
    let mut reader = hound::WavReader::open(path).expect("a WAV file");
    assert_eq!(reader.spec().channels, 2);
    let all: Vec<i16> = reader
        .samples()
        .map(|sample| sample.expect("whole"))
        .collect();
    (
        all.iter().step_by(2).copied().collect(),
        all.iter().skip(1).step_by(2).copied().collect(),
    )
}

#[test]
fn both_sides_are_mixed_into_a_private_file_in_new_directories() {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("a/b/call.wav");
    let mut bench = Bench::new(spec(path.clone()));
    assert_eq!(bench.run(1_000), Keep::Going);
    assert_eq!(bench.control.elapsed_ms(), 1_000);
    let outcome = bench.end();
    assert_eq!(
        outcome,
        RecordOutcome {
            path: path.clone(),
            end: RecordEnd::Stopped,
            ms: 1_000,
            samples: 8_000,
            discarded: false,
            dropped_ms: 0
        }
    );
    let heard = samples(&path);
    assert_eq!(heard.len(), 8_000);
    assert!((tone_power(&heard, NARROW, 440.0) - 0.5).abs() < 0.01);
    assert!((tone_power(&heard, NARROW, 1_000.0) - 0.5).abs() < 0.01);
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(&path)
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn stereo_has_the_phone_left_and_what_it_hears_right() {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("stereo.wav");
    let mut bench = Bench::new(RecordSpec {
        stereo: true,
        ..spec(path.clone())
    });
    bench.run(500);
    assert_eq!(bench.end().samples, 4_000);
    let (left, right) = stereo(&path);
    assert!(tone_power(&left, NARROW, 440.0) > 0.99);
    assert!(tone_power(&right, NARROW, 1_000.0) > 0.99);
}

#[test]
fn one_side_alone_is_recorded_when_asked() {
    let dir = TempDir::new().expect("a directory");
    for (sides, hz) in [(RecordSides::Read, 440.0), (RecordSides::Write, 1_000.0)] {
        let path = dir.path().join(format!("{sides:?}.wav"));
        let mut bench = Bench::new(RecordSpec {
            sides,
            ..spec(path.clone())
        });
        bench.run(200);
        assert_eq!(bench.end().ms, 200);
        assert!(tone_power(&samples(&path), NARROW, hz) > 0.99);
        let path = dir.path().join(format!("{sides:?}-stereo.wav"));
        let mut bench = Bench::new(RecordSpec {
            sides,
            stereo: true,
            ..spec(path.clone())
        });
        bench.run(200);
        bench.end();
        let (left, right) = stereo(&path);
        let (loud, silent) = if sides == RecordSides::Read {
            (left, right)
        } else {
            (right, left)
        };
        assert!(tone_power(&loud, NARROW, hz) > 0.99);
        assert_eq!(energy(&silent), 0.0);
    }
}

#[test]
fn the_limit_is_exact_and_ends_the_bug() {
    let dir = TempDir::new().expect("a directory");
    for limit in [300, 310, 0] {
        let path = dir.path().join(format!("{limit}.wav"));
        let mut bench = Bench::new(RecordSpec {
            limit_ms: Some(limit),
            ..spec(path.clone())
        });
        assert_eq!(bench.run(1_000), Keep::Done);
        assert_eq!(bench.quantum(NARROW), Keep::Done);
        let outcome = bench.end();
        assert_eq!((outcome.end, outcome.ms), (RecordEnd::Limit, limit));
    }
}

#[test]
fn silence_ends_the_recording_and_speech_defers_it() {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("silence.wav");
    let silence = Some(SilenceRule {
        threshold: 200,
        ms: 200,
    });
    let mut bench = Bench::new(RecordSpec {
        silence,
        ..spec(path)
    });
    for quantum in 0..100 {
        // Silence of 180 ms at a time, then a word.
        let loud = quantum % 10 == 9;
        assert_eq!(
            bench.level(NARROW, if loud { 4_000.0 } else { 50.0 }),
            Keep::Going
        );
        bench.job.serve();
    }
    for quantum in 0..10 {
        let expected = if quantum == 9 {
            Keep::Done
        } else {
            Keep::Going
        };
        assert_eq!(bench.level(NARROW, 50.0), expected, "{quantum}");
    }
    let outcome = bench.end();
    assert_eq!((outcome.end, outcome.ms), (RecordEnd::Silence, 2_200));
}

#[test]
fn pauses_are_left_out_and_masked_parts_are_silent() {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("masked.wav");
    let mut bench = Bench::new(spec(path.clone()));
    bench.run(200);
    bench.control.pause();
    bench.run(400);
    assert_eq!(bench.control.elapsed_ms(), 200);
    bench.control.resume();
    bench.control.mask(true);
    bench.run(200);
    bench.control.mask(false);
    bench.run(200);
    assert_eq!(bench.end().ms, 600);
    let heard = samples(&path);
    assert!(energy(&heard[..1_600]) > 0.01 && energy(&heard[3_200..]) > 0.01);
    assert_eq!(energy(&heard[1_600..3_200]), 0.0);
}

#[test]
fn appending_goes_on_behind_what_is_there() {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("append.wav");
    let again = RecordSpec {
        append: true,
        min_ms: 1_000,
        ..spec(path.clone())
    };
    let mut bench = Bench::new(RecordSpec {
        min_ms: 0,
        ..again.clone()
    });
    bench.run(400);
    bench.end();
    let mut bench = Bench::new(again.clone());
    bench.run(200);
    let outcome = bench.end();
    assert_eq!((outcome.ms, outcome.discarded), (200, false));
    assert_eq!(samples(&path).len(), 4_800);
    // A file cut in mid-sample, or with a header from before the last write, is gone on with all the same.
    let octets = std::fs::read(&path).expect("there");
    std::fs::write(&path, &octets[..octets.len() - 801]).expect("writable");
    let mut bench = Bench::new(again.clone());
    bench.run(100);
    bench.end();
    assert_eq!(samples(&path).len(), 4_800 - 401 + 800);
    // Another rate, or another kind of file, is not spoilt.
    let other = RecordSpec {
        rate: SampleRate::WIDE,
        ..again.clone()
    };
    let refused = prepare(other, Box::new(|_| {}))
        .err()
        .expect("refused")
        .to_string();
    assert!(refused.contains("16000 Hz"), "{refused}");
    std::fs::write(&path, b"this is text").expect("writable");
    assert!(prepare(again, Box::new(|_| {})).is_err());
    assert_eq!(std::fs::read(&path).expect("there"), b"this is text");
}

#[test]
fn short_recordings_are_deleted() {
    let dir = TempDir::new().expect("a directory");
    for (ms, kept) in [(2_980, false), (3_000, true)] {
        let path = dir.path().join("short.wav");
        let mut bench = Bench::new(RecordSpec {
            min_ms: 3_000,
            ..spec(path.clone())
        });
        bench.run(ms);
        assert_eq!(bench.end().discarded, !kept);
        assert_eq!(path.exists(), kept);
    }
}

#[test]
fn a_file_whose_process_died_plays_to_its_last_half_second() {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("killed.wav");
    let mut bench = Bench::new(spec(path.clone()));
    for ms in [100, 1_000, 2_500] {
        bench.run(ms);
        // A copy, taken without any end of the recording, is what a dead process leaves behind.
        let copy = dir.path().join("copy.wav");
        std::fs::copy(&path, &copy).expect("readable while recording");
        let heard = samples(&copy);
        let recorded = bench.control.elapsed_ms();
        let played = heard.len() as u64 / 8;
        assert!(
            played <= recorded && played + 500 > recorded,
            "{played} of {recorded} ms"
        );
        if !heard.is_empty() {
            assert!((tone_power(&heard, NARROW, 440.0) - 0.5).abs() < 0.01);
        }
    }
}

#[test]
fn the_leg_may_change_its_rate_and_the_file_keeps_its_own() {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("rates.wav");
    let mut bench = Bench::new(RecordSpec {
        stereo: true,
        rate: SampleRate::WIDE,
        ..spec(path.clone())
    });
    for rate in [NARROW, SampleRate::FULL, SampleRate::WIDE] {
        bench.quantum = 0;
        for _ in 0..25 {
            bench.quantum(rate);
            bench.job.serve();
        }
    }
    assert_eq!(bench.end().ms, 1_500);
    let (left, right) = stereo(&path);
    for part in 0..3 {
        let range = part * 8_000 + 800..(part + 1) * 8_000 - 800;
        assert!(tone_power(&left[range.clone()], SampleRate::WIDE, 440.0) > 0.99);
        assert!(tone_power(&right[range], SampleRate::WIDE, 1_000.0) > 0.99);
    }
}

#[test]
fn a_writer_that_is_too_slow_loses_audio_but_not_time() {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("slow.wav");
    let mut bench = Bench::new(RecordSpec {
        rate: SampleRate::WIDE,
        ..spec(path.clone())
    });
    for _ in 0..200 {
        bench.quantum(SampleRate::WIDE);
    }
    bench.job.serve();
    for _ in 0..50 {
        bench.quantum(SampleRate::WIDE);
    }
    let outcome = bench.end();
    assert_eq!(outcome.ms, 5_000);
    assert!(
        (1_800..=2_000).contains(&outcome.dropped_ms),
        "{}",
        outcome.dropped_ms
    );
    let heard = samples(&path);
    assert!(energy(&heard[8_000..16_000]) > 0.01);
    assert_eq!(energy(&heard[17_000..31_000]), 0.0);
    assert!(energy(&heard[32_000..]) > 0.01);
}

#[test]
fn headerless_files_are_recorded_too() {
    let dir = TempDir::new().expect("a directory");
    for name in ["a.PCMU", "a.PCMA", "a.raw", "a.ul", "plain"] {
        let path = dir.path().join(name);
        let mut bench = Bench::new(RecordSpec {
            sides: RecordSides::Read,
            ..spec(path.clone())
        });
        bench.run(400);
        assert_eq!(bench.end().ms, 400, "{name}");
        assert!(tone_power(&samples(&path), NARROW, 440.0) > 0.99, "{name}");
    }
    for name in ["a.mp3", "a.ogg", "a.r16"] {
        let error = prepare(spec(dir.path().join(name)), Box::new(|_| {}))
            .err()
            .expect(name);
        assert!(matches!(error, SoundError::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains(".wav"), "{error}");
        assert!(!dir.path().join(name).exists());
    }
}

#[test]
fn a_file_that_cannot_be_created_is_an_error_at_once() {
    let dir = TempDir::new().expect("a directory");
    std::fs::write(dir.path().join("file"), b"").expect("writable");
    let path = dir.path().join("file/below.wav");
    let error = record(spec(path), Box::new(|_| {})).err().expect("refused");
    assert!(matches!(error, SoundError::Unwritable { .. }), "{error}");
    assert!(record(spec(dir.path().to_owned()), Box::new(|_| {})).is_err());
}

#[test]
fn a_full_disk_ends_the_recording_with_the_reason() {
    if !Path::new("/dev/full").exists() {
        println!("skipped: there is no /dev/full");
        return;
    }
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("full.raw");
    std::os::unix::fs::symlink("/dev/full", &path).expect("a link");
    let mut bench = Bench::new(spec(path));
    for _ in 0..13 {
        bench.quantum(NARROW);
    }
    assert!(!bench.job.serve());
    assert_eq!(bench.quantum(NARROW), Keep::Done);
    let outcome = bench.outcome.try_recv().expect("done was called");
    let RecordEnd::Failed(why) = outcome.end else {
        panic!("{:?}", outcome.end)
    };
    assert!(why.contains("No space left"), "{why}");
}

/// A small file system, for as long as the test runs as a user who may mount one.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn new() -> Option<SmallDisk> {
        let dir = TempDir::new().ok()?;
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
            .arg(dir.path())
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then_some(SmallDisk(dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount")
            .arg(self.0.path())
            .output();
    }
}

#[test]
fn what_fitted_on_the_disk_is_kept_and_plays() {
    let Some(disk) = SmallDisk::new() else {
        println!("skipped: this user may not mount a file system");
        return;
    };
    let path = disk.0.path().join("full.wav");
    let mut bench = Bench::new(spec(path.clone()));
    // 64 KB are four seconds.
    for _ in 0..500 {
        if bench.quantum(NARROW) == Keep::Done || !bench.job.serve() {
            break;
        }
    }
    let outcome = bench.outcome.try_recv().expect("done was called");
    assert!(
        matches!(outcome.end, RecordEnd::Failed(_)),
        "{:?}",
        outcome.end
    );
    assert!((3_000..4_200).contains(&outcome.ms), "{}", outcome.ms);
    assert_eq!(samples(&path).len() as u64, outcome.samples);
}

#[test]
fn the_writer_threads_call_done_after_stop_and_after_the_bug_is_gone() {
    let dir = TempDir::new().expect("a directory");
    for stop in [true, false] {
        let (sender, outcome) = channel();
        let done = Box::new(move |outcome| {
            let _ = sender.send(outcome);
        });
        let path = dir.path().join(format!("{stop}.wav"));
        let (mut bug, control) = record(spec(path.clone()), done).expect("can be created");
        for quantum in 0..20 {
            bug.observe(Side::Read, NARROW, &tone(NARROW, 440.0, quantum, 8_000.0));
            bug.observe(Side::Write, NARROW, &[0; 160]);
        }
        let bug = if stop {
            control.stop();
            assert_eq!(bug.observe(Side::Read, NARROW, &[0; 160]), Keep::Done);
            Some(bug)
        } else {
            drop(bug);
            None
        };
        let outcome = outcome
            .recv_timeout(Duration::from_secs(20))
            .expect("done is called");
        assert_eq!((outcome.end, outcome.ms), (RecordEnd::Stopped, 400));
        assert_eq!(samples(&path).len(), 3_200);
        drop(bug);
    }
}

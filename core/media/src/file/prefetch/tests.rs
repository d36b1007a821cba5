//! Streaming from the disk, with the reader's turns taken by the test.

use super::*;
use tempfile::TempDir;

const NARROW: SampleRate = SampleRate::NARROW;

/// A `.r8` file whose samples count from 1 (and round at 30000).
fn counting(dir: &TempDir, length: usize) -> PathBuf {
    let path = dir.path().join("counting.r8");
    let octets: Vec<u8> = (0..length)
        .flat_map(|n| ((n % 30_000 + 1) as i16).to_le_bytes())
        .collect();
    std::fs::write(&path, octets).expect("writable");
    path
}

struct Bench {
    _dir: TempDir,
    path: PathBuf,
    player: StreamingPlayer,
    job: Job,
}

impl Bench {
    fn new(length: usize, start: u64, loops: i32) -> Bench {
        let dir = TempDir::new().expect("a directory");
        let path = counting(&dir, length);
        let (player, mut job) =
            pair(&path, NARROW, start, loops, Arc::default()).expect("the file is there");
        assert!(job.serve());
        Bench {
            _dir: dir,
            path,
            player,
            job,
        }
    }

    fn quantum(&mut self) -> (PlayerState, Vec<i16>) {
        let mut out = vec![i16::MIN; 160];
        let state = self.player.fill(Instant::now(), &mut out);
        (state, out)
    }

    /// The next `count` quanta with the reader served after each.
    fn play(&mut self, count: usize) -> (PlayerState, Vec<i16>) {
        let mut heard = Vec::new();
        for _ in 0..count {
            let (state, out) = self.quantum();
            heard.extend(out);
            self.job.serve();
            if state != PlayerState::Playing {
                return (state, heard);
            }
        }
        (PlayerState::Playing, heard)
    }
}

#[test]
fn the_whole_file_is_heard_in_order_and_ends() {
    let mut bench = Bench::new(20_100, 0, 1);
    let (state, heard) = bench.play(1_000);
    assert_eq!(state, PlayerState::Ended);
    assert_eq!(heard.len(), 20_160);
    assert!(
        heard[..20_100]
            .iter()
            .enumerate()
            .all(|(n, sample)| *sample as usize == n + 1)
    );
    assert!(heard[20_100..].iter().all(|sample| *sample == 0));
    assert_eq!(bench.player.position(), 20_100);
    assert_eq!(bench.player.late.load(Ordering::Relaxed), 0);
}

#[test]
fn it_begins_where_told_and_repeats() {
    let mut bench = Bench::new(10_000, 9_000, 3);
    let (state, heard) = bench.play(1_000);
    assert_eq!(state, PlayerState::Ended);
    assert_eq!(
        (heard[0], heard[999], heard[1_000], heard[10_999]),
        (9_001, 10_000, 1, 10_000)
    );
    assert_eq!((heard[20_999], heard.len()), (10_000, 21_120));
    let mut endless = Bench::new(1_000, 0, -1);
    let (state, heard) = endless.play(100);
    assert_eq!(state, PlayerState::Playing);
    assert!(
        heard
            .iter()
            .enumerate()
            .all(|(n, sample)| *sample as usize == n % 1_000 + 1)
    );
    // A start behind the end is the end; nothing repeated for ever is nothing.
    assert_eq!(Bench::new(1_000, 5_000, 1).play(3).0, PlayerState::Ended);
    assert_eq!(Bench::new(0, 0, -1).play(3).0, PlayerState::Ended);
}

#[test]
fn a_reader_that_is_late_is_heard_as_silence_and_counted() {
    let mut bench = Bench::new(20_000, 0, 1);
    for _ in 0..25 {
        bench.quantum();
    }
    let (state, heard) = bench.quantum();
    assert_eq!((state, heard), (PlayerState::Playing, vec![0; 160]));
    assert_eq!(bench.player.late.load(Ordering::Relaxed), 160);
    bench.job.serve();
    assert_eq!(bench.quantum().1[0], 4_001);
}

#[test]
fn seeking_is_heard_from_the_first_sample_of_the_new_place() {
    let mut bench = Bench::new(29_000, 0, 1);
    bench.play(10);
    bench.player.control(PlayerControl::SeekBy(1_000));
    assert_eq!(bench.player.position(), 9_600);
    // Until the reader has gone there, silence.
    assert_eq!(bench.quantum(), (PlayerState::Playing, vec![0; 160]));
    bench.job.serve();
    let (_, heard) = bench.play(3);
    assert!(
        heard
            .iter()
            .enumerate()
            .all(|(n, sample)| *sample as usize == 9_601 + n)
    );
    assert_eq!(bench.player.position(), 10_080);
    bench.player.control(PlayerControl::SeekBy(-60_000));
    bench.job.serve();
    assert_eq!(bench.quantum().1[0], 1);
    // After the end, too.
    assert_eq!(bench.play(1_000).0, PlayerState::Ended);
    bench.player.control(PlayerControl::Restart);
    bench.job.serve();
    assert_eq!(bench.quantum().1[0], 1);
    bench.player.control(PlayerControl::SeekBy(1_000_000));
    bench.job.serve();
    assert_eq!(bench.play(2).0, PlayerState::Ended);
}

#[test]
fn a_pause_keeps_the_place() {
    let mut bench = Bench::new(20_000, 0, 1);
    bench.play(2);
    bench.player.control(PlayerControl::TogglePause);
    assert_eq!(bench.quantum().1, vec![0; 160]);
    bench.player.control(PlayerControl::Resume);
    assert_eq!(bench.quantum().1[0], 321);
}

#[test]
fn a_file_that_is_gone_when_it_repeats_fails() {
    let mut bench = Bench::new(10_000, 0, 2);
    std::fs::remove_file(&bench.path).expect("ours");
    let (state, heard) = bench.play(1_000);
    assert_eq!(state, PlayerState::Failed);
    assert_eq!((heard[9_999], heard[10_000]), (10_000, 0));
}

#[test]
fn the_reader_is_done_when_the_player_is_gone() {
    let mut bench = Bench::new(20_000, 0, 1);
    assert!(bench.job.serve());
    drop(bench.player);
    assert!(!bench.job.serve());
}

#[test]
fn other_rates_are_converted_without_delay_or_loss() {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("disc.wav");
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 44_100,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).expect("writable");
    for n in 0..88_200u32 {
        // A second of tone, then a second of silence.
        let x = std::f64::consts::TAU * 440.0 * f64::from(n) / 44_100.0;
        let sample = if n < 44_100 {
            (10_000.0 * x.sin()) as i16
        } else {
            0
        };
        writer.write_sample(sample).expect("writable");
        writer.write_sample(sample).expect("writable");
    }
    writer.finalize().expect("writable");
    let (player, job) = pair(&path, NARROW, 0, 1, Arc::default()).expect("plays");
    let mut bench = Bench {
        _dir: dir,
        path,
        player,
        job,
    };
    bench.job.serve();
    let (state, heard) = bench.play(1_000);
    assert_eq!(state, PlayerState::Ended);
    assert!((15_950..=16_320).contains(&heard.len()), "{}", heard.len());
    assert!(crate::dsp::goertzel::tone_power(&heard[100..7_900], NARROW, 440.0) > 0.999);
    assert!(
        heard[..40].iter().any(|sample| sample.abs() > 5_000),
        "it begins at once"
    );
    assert!(
        heard[8_100..].iter().all(|sample| sample.abs() < 50),
        "it ends in time"
    );
}

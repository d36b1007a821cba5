//! Playing long files from the disk: a reader thread keeps half a second ahead of each player.

use super::decode::SoundReader;
use super::sound::SoundError;
use crate::player::{Player, PlayerControl, PlayerState};
use crate::rate::SampleRate;
use rtrb::{Consumer, Producer, RingBuffer};
use rubato::Resampler as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// How far the reader is ahead.
const AHEAD_MS: u64 = 500;

/// How often the reader looks after its players: five times within what is ahead.
const POLL: Duration = Duration::from_millis(100);

/// Players waiting to be taken over by the reader; more are refused.
const MAX_WAITING: usize = 256;

/// Frames that the resampler takes at a time.
const RESAMPLE_FRAMES: usize = 1_024;

/// Blocks that one player may take from the disk before the next one's turn, so that a long way to skip
/// does not starve the others.
const BLOCKS_A_TURN: usize = 256;

/// The reader thread of a cache; started with the first long file, ended with the cache and its last player.
pub(crate) struct Prefetch {
    jobs: Mutex<Option<SyncSender<Job>>>,
    late: Arc<AtomicU64>,
}

impl Prefetch {
    pub(crate) fn new() -> Prefetch {
        Prefetch {
            jobs: Mutex::new(None),
            late: Arc::default(),
        }
    }

    /// Samples played as silence because they came too late.
    pub(crate) fn late_samples(&self) -> u64 {
        self.late.load(Ordering::Relaxed)
    }

    /// Opens `path`, reads its first half second, and hands it to the reader thread.
    pub(crate) fn open(
        &self,
        path: &Path,
        rate: SampleRate,
        start: u64,
        loops: i32,
    ) -> Result<Box<dyn Player>, SoundError> {
        let (player, mut job) = pair(path, rate, start, loops, self.late.clone())?;
        job.serve();
        self.hand_over(job)
            .map_err(|why| SoundError::damaged(path, why))?;
        Ok(Box::new(player))
    }

    fn hand_over(&self, job: Job) -> Result<(), String> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = match &*jobs {
            Some(sender) => sender,
            None => {
                let (sender, receiver) = sync_channel(MAX_WAITING);
                std::thread::Builder::new()
                    .name("sound-reader".to_owned())
                    .spawn(move || run(&receiver))
                    .map_err(|error| format!("no thread to read it: {error}"))?;
                jobs.insert(sender)
            }
        };
        sender
            .try_send(job)
            .map_err(|_| "too many long files are being opened".to_owned())
    }
}

fn run(jobs: &Receiver<Job>) {
    let mut serving: Vec<Job> = Vec::new();
    let mut open = true;
    while open || !serving.is_empty() {
        let idle = serving.is_empty();
        let next = if idle {
            jobs.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            jobs.recv_timeout(POLL)
        };
        match next {
            Ok(job) => serving.push(job),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                open = false;
                if !serving.is_empty() {
                    std::thread::sleep(POLL);
                }
            }
        }
        serving.extend(jobs.try_iter());
        serving.retain_mut(|job| job.serve());
    }
}

/// What player and reader tell each other.
#[derive(Default)]
struct Shared {
    /// The player asks for a place: counts its requests, and the place in samples.
    asked: AtomicU64,
    place: AtomicU64,
    /// The reader has gone there: the request it answers, and the samples pushed before.
    answered: AtomicU64,
    discard: AtomicU64,
    /// Samples pushed when the latest repetition began.
    round: AtomicU64,
    /// Nothing more will come (unless the player asks for another place).
    ended: AtomicBool,
    failed: AtomicBool,
}

/// The reader's half of one player.
struct Job {
    path: PathBuf,
    rate: SampleRate,
    shared: Arc<Shared>,
    ring: Producer<i16>,
    source: Option<Rated>,
    loops: Option<u32>,
    left: Option<u32>,
    /// Samples at `rate` to pass over before the next push.
    skip: u64,
    ready: Vec<i16>,
    pushed: u64,
    answered: u64,
    /// Whether anything came since the last (re)opening: an endless loop of nothing ends.
    any: bool,
}

impl Job {
    /// Fills the ring; `false` when the player is gone.
    fn serve(&mut self) -> bool {
        if self.ring.is_abandoned() {
            return false;
        }
        let asked = self.shared.asked.load(Ordering::Acquire);
        if asked != self.answered {
            self.go_to(self.shared.place.load(Ordering::Relaxed));
            self.left = self.loops;
            self.answered = asked;
            self.shared.discard.store(self.pushed, Ordering::Relaxed);
            self.shared.round.store(self.pushed, Ordering::Relaxed);
            self.shared.answered.store(asked, Ordering::Release);
        }
        for _ in 0..BLOCKS_A_TURN {
            if !self.push() || self.shared.ended.load(Ordering::Relaxed) {
                break;
            }
            self.more();
        }
        true
    }

    fn go_to(&mut self, place: u64) {
        self.shared.ended.store(false, Ordering::Relaxed);
        self.skip = place;
        self.ready.clear();
        self.reopen();
    }

    fn reopen(&mut self) {
        self.any = false;
        match SoundReader::open(&self.path).map(|reader| Rated::new(reader, self.rate)) {
            Ok(source) => self.source = Some(source),
            Err(_) => self.fail(),
        }
    }

    fn fail(&mut self) {
        self.source = None;
        self.shared.failed.store(true, Ordering::Relaxed);
        self.shared.ended.store(true, Ordering::Release);
    }

    /// Moves what is ready into the ring; `false` when the ring is full.
    fn push(&mut self) -> bool {
        let skipped = self.skip.min(self.ready.len() as u64) as usize;
        self.skip -= skipped as u64;
        let room = self.ring.slots();
        let take = room.min(self.ready.len() - skipped);
        let (_, rest) = self
            .ring
            .push_partial_slice(&self.ready[skipped..skipped + take]);
        debug_assert!(rest.is_empty(), "the free slots were counted");
        self.pushed += take as u64;
        self.ready.drain(..skipped + take);
        self.ready.is_empty()
    }

    fn more(&mut self) {
        let Some(source) = &mut self.source else {
            return;
        };
        match source.read(&mut self.ready) {
            Ok(true) => self.any |= !self.ready.is_empty(),
            Ok(false) => self.end_of_file(),
            Err(_) => self.fail(),
        }
    }

    fn end_of_file(&mut self) {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
        }
        if self.left == Some(0) || !self.any {
            self.source = None;
            self.shared.ended.store(true, Ordering::Release);
            return;
        }
        self.skip = 0;
        self.shared
            .round
            .store(self.pushed + self.ready.len() as u64, Ordering::Relaxed);
        self.reopen();
    }
}

/// A file read at another rate than its own.
struct Rated {
    reader: SoundReader,
    resampler: Option<rubato::Fft<f32>>,
    pending: Vec<i16>,
    delay: usize,
    ended: bool,
}

impl Rated {
    fn new(reader: SoundReader, rate: SampleRate) -> Rated {
        let resampler = (reader.hz() != rate.hz()).then(|| {
            rubato::Fft::new(
                reader.hz() as usize,
                rate.hz() as usize,
                RESAMPLE_FRAMES,
                1,
                rubato::FixedSync::Input,
            )
            .expect("the rate of an open file is within 1 to 384 kHz")
        });
        let delay = resampler
            .as_ref()
            .map_or(0, |resampler| resampler.output_delay());
        Rated {
            reader,
            resampler,
            pending: Vec::new(),
            delay,
            ended: false,
        }
    }

    /// Appends a block to `out`; `false` at the end.
    fn read(&mut self, out: &mut Vec<i16>) -> Result<bool, SoundError> {
        let Some(resampler) = &mut self.resampler else {
            return self.reader.read(out);
        };
        if self.ended {
            return Ok(false);
        }
        let frames = resampler.input_frames_next();
        while self.pending.len() < frames && !self.ended {
            if !self.reader.read(&mut self.pending)? {
                self.ended = true;
                // Silence pushes the last samples out of the filter.
                let tail = resampler.output_delay() as f64 / resampler.resample_ratio();
                self.pending
                    .resize(self.pending.len() + tail.ceil() as usize, 0);
            }
        }
        loop {
            let frames = resampler.input_frames_next();
            let take = frames.min(self.pending.len());
            if take == 0 || (take < frames && !self.ended) {
                break;
            }
            let mut input: Vec<f32> = self.pending.drain(..take).map(f32::from).collect();
            input.resize(frames, 0.0);
            let adapter =
                rubato::audioadapter_buffers::direct::InterleavedSlice::new(&input, 1, frames)
                    .expect("one channel of exactly the slice's length");
            let mut result = rubato::audioadapter_buffers::owned::InterleavedOwned::new(
                0.0f32,
                1,
                resampler.output_frames_max(),
            );
            let (_, written) = resampler
                .process_into_buffer(&adapter, &mut result, None)
                .expect("the buffers have the sizes that the resampler asks for");
            // Of a last, padded chunk only the part that the input fills is sound.
            let whole = (written * take).div_ceil(frames);
            let result = result.take_data();
            let skip = self.delay.min(whole);
            self.delay -= skip;
            out.extend(
                result[skip..whole]
                    .iter()
                    .map(|sample| sample.round() as i16),
            );
        }
        Ok(true)
    }
}

/// The player's half.
struct StreamingPlayer {
    shared: Arc<Shared>,
    ring: Consumer<i16>,
    rate: SampleRate,
    paused: bool,
    /// Requests made, and the last of which the answer has been seen.
    asked: u64,
    arrived: u64,
    popped: u64,
    /// Place of the sound at `round` pops, and the place asked for last.
    base: u64,
    round: u64,
    late: Arc<AtomicU64>,
}

/// Both halves for one player of `path`.
fn pair(
    path: &Path,
    rate: SampleRate,
    start: u64,
    loops: i32,
    late: Arc<AtomicU64>,
) -> Result<(StreamingPlayer, Job), SoundError> {
    let source = Rated::new(SoundReader::open(path)?, rate);
    let (producer, consumer) = RingBuffer::new(rate.samples_in_ms(AHEAD_MS) as usize);
    let shared: Arc<Shared> = Arc::default();
    let loops = u32::try_from(loops).ok().map(|loops| loops.max(1));
    let job = Job {
        path: path.to_owned(),
        rate,
        shared: shared.clone(),
        ring: producer,
        source: Some(source),
        loops,
        left: loops,
        skip: start,
        ready: Vec::new(),
        pushed: 0,
        answered: 0,
        any: false,
    };
    let player = StreamingPlayer {
        shared,
        ring: consumer,
        rate,
        paused: false,
        asked: 0,
        arrived: 0,
        popped: 0,
        base: start,
        round: 0,
        late,
    };
    Ok((player, job))
}

impl StreamingPlayer {
    fn go_to(&mut self, place: u64) {
        self.asked += 1;
        self.base = place;
        // The reader finds the ring empty, and the new place begins without delay.
        self.discard(self.ring.slots());
        self.shared.place.store(place, Ordering::Relaxed);
        self.shared.asked.store(self.asked, Ordering::Release);
    }

    fn discard(&mut self, count: usize) {
        if let Ok(chunk) = self.ring.read_chunk(count) {
            chunk.commit_all();
            self.popped += count as u64;
        }
    }
}

impl Player for StreamingPlayer {
    fn rate(&self) -> SampleRate {
        self.rate
    }

    fn fill(&mut self, _now: Instant, out: &mut [i16]) -> PlayerState {
        let answered = self.shared.answered.load(Ordering::Acquire);
        if answered != self.asked {
            // The reader has not gone to the new place yet: what is in the ring is of the old one.
            self.discard(self.ring.slots());
            out.fill(0);
            return PlayerState::Playing;
        }
        if answered != self.arrived {
            // What was pushed before the reader went there is of the old place as well.
            let discard = self.shared.discard.load(Ordering::Relaxed);
            self.discard(discard.saturating_sub(self.popped) as usize);
            self.round = discard;
            self.arrived = answered;
        }
        if self.paused {
            out.fill(0);
            return PlayerState::Playing;
        }
        // Asked before looking into the ring: whatever came before the end is then seen.
        let ended = self.shared.ended.load(Ordering::Acquire);
        let before = out.len();
        let (got, rest) = self.ring.pop_partial_slice(out);
        let got = got.len();
        rest.fill(0);
        self.popped += got as u64;
        let round = self.shared.round.load(Ordering::Relaxed);
        if round > self.round && self.popped >= round {
            self.round = round;
            self.base = 0;
        }
        if ended && self.ring.is_empty() {
            let failed = self.shared.failed.load(Ordering::Relaxed);
            return if failed {
                PlayerState::Failed
            } else {
                PlayerState::Ended
            };
        }
        if got < before {
            self.late
                .fetch_add((before - got) as u64, Ordering::Relaxed);
        }
        PlayerState::Playing
    }

    fn control(&mut self, control: PlayerControl) {
        match control {
            PlayerControl::Pause => self.paused = true,
            PlayerControl::Resume => self.paused = false,
            PlayerControl::TogglePause => self.paused = !self.paused,
            PlayerControl::Restart => self.go_to(0),
            PlayerControl::SeekBy(ms) => {
                self.go_to(crate::player::moved(self.position(), ms, self.rate));
            }
        }
    }

    fn position(&self) -> u64 {
        if self.arrived == self.asked {
            self.base + self.popped.saturating_sub(self.round)
        } else {
            self.base
        }
    }
}

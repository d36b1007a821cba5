//! Recording a leg: a media bug that copies blocks into a ring, and a writer thread that puts them on disk.
//!
//! The worker never waits: when the disk is slower than two seconds, blocks are lost, counted, and replaced
//! by silence in the file. The file's header is right after every write, so that a file whose process died
//! plays up to its last quarter of a second.

use crate::dsp::goertzel::mean_magnitude;
use crate::file::SoundError;
use crate::leg::bug::{Keep, MediaBug, Side};
use crate::rate::{MAX_QUANTUM_SAMPLES, SampleRate};
use rtrb::{Producer, RingBuffer};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

mod writer;

pub(crate) use writer::{serve_here, write_here};

#[cfg(test)]
mod tests;

/// What the ring between worker and writer holds, in ms at the file's rate.
const RING_MS: u64 = 2_000;

/// Words before the samples of a block in the ring.
const BLOCK_HEADER: usize = 4;

/// Time is counted in samples of this rate, of which every rate is a divisor.
const CLOCK: u64 = 48_000;

/// Which sides of a leg are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordSides {
    /// What the phone says.
    Read,
    /// What the phone hears.
    Write,
    /// Both: mixed, or read left and write right in a stereo file.
    Both,
}

/// Ends a recording when nobody speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SilenceRule {
    /// A block is silent when the mean magnitude of its samples (0 to 32768) is below this on every side.
    pub threshold: u32,
    /// So much silence without a break ends the recording, ms.
    pub ms: u64,
}

/// What to record, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordSpec {
    /// The file; `.wav`, or a headerless kind (`.raw`, `.r8` to `.r48`, `.PCMU`, `.PCMA`).
    pub path: PathBuf,
    /// The rate of the file.
    pub rate: SampleRate,
    /// Two channels: the read side left, the write side right.
    pub stereo: bool,
    /// The sides recorded.
    pub sides: RecordSides,
    /// Go on behind what the file holds, instead of replacing it.
    pub append: bool,
    /// End after so many ms of recording.
    pub limit_ms: Option<u64>,
    /// End when nobody speaks.
    pub silence: Option<SilenceRule>,
    /// A recording shorter than this is deleted (0: kept). Never deletes what was there before.
    pub min_ms: u64,
    /// Permissions of a new file, such as `0o600`.
    pub mode: u32,
}

/// Why a recording ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordEnd {
    /// It was stopped, or the leg ended.
    Stopped,
    /// It reached its limit.
    Limit,
    /// Nobody spoke.
    Silence,
    /// It could not be written: what and why. What was written before is kept.
    Failed(String),
}

/// How a recording went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordOutcome {
    /// The file.
    pub path: PathBuf,
    /// Why it ended.
    pub end: RecordEnd,
    /// Length of this recording (not of what it was appended to), ms.
    pub ms: u64,
    /// The same in samples of one channel.
    pub samples: u64,
    /// The file was deleted because the recording was too short.
    pub discarded: bool,
    /// Audio lost because the disk was too slow, replaced by silence, ms.
    pub dropped_ms: u64,
}

/// Called once, on the writer thread, when the file is complete.
pub type RecordDone = Box<dyn FnOnce(RecordOutcome) + Send>;

/// Begins a recording; what it records is what the bug observes.
///
/// Fails at once when the file cannot be created; missing directories are made. `done` is called after
/// limit or silence (then `observe` has returned [`Keep::Done`]), when the bug is dropped, after
/// [`RecordingControl::stop`], or when the disk fails.
pub fn record(
    spec: RecordSpec,
    done: RecordDone,
) -> Result<(Box<dyn MediaBug>, RecordingControl), SoundError> {
    let path = spec.path.clone();
    let (bug, control, job) = prepare(spec, done)?;
    writer::hand_over(job).map_err(|why| SoundError::Unwritable { path, why })?;
    Ok((Box::new(bug), control))
}

/// The three parts of a recording: on the worker, with the application, and on the writer thread.
fn prepare(
    spec: RecordSpec,
    done: RecordDone,
) -> Result<(Recorder, RecordingControl, writer::Job), SoundError> {
    let sides = if spec.sides == RecordSides::Both {
        2
    } else {
        1
    };
    let rate = spec.rate.max(SampleRate::WIDE);
    let samples = rate.samples_in_ms(RING_MS) as usize * sides;
    let headers = RING_MS as usize / 10 * BLOCK_HEADER;
    let (ring, consumer) = RingBuffer::new(samples + headers);
    let shared: Arc<Shared> = Arc::default();
    let bug = Recorder {
        shared: shared.clone(),
        ring,
        sides: spec.sides,
        limit: spec.limit_ms.map(|ms| ms.saturating_mul(CLOCK / 1_000)),
        silence: spec.silence,
        elapsed: 0,
        silent: 0,
        lost: 0,
        block: [0; BLOCK_HEADER + 2 * MAX_QUANTUM_SAMPLES],
        held: 0,
        held_rate: spec.rate,
    };
    let control = RecordingControl {
        shared: shared.clone(),
    };
    let job = writer::Job::new(spec, shared, consumer, done)?;
    Ok((bug, control, job))
}

const RUNNING: u8 = 0;
const STOPPED: u8 = 1;
const LIMIT: u8 = 2;
const SILENCE: u8 = 3;
const FAILED: u8 = 4;

/// What the three parts tell each other.
#[derive(Default)]
struct Shared {
    /// `RUNNING`, or why it ended; the first reason stays.
    end: AtomicU8,
    paused: AtomicBool,
    masked: AtomicBool,
    /// Recorded so far, ms.
    elapsed: AtomicU64,
    /// Lost so far, ms.
    dropped: AtomicU64,
}

impl Shared {
    fn end(&self, why: u8) {
        let _ = self
            .end
            .compare_exchange(RUNNING, why, Ordering::AcqRel, Ordering::Acquire);
    }

    fn ended(&self) -> Option<u8> {
        Some(self.end.load(Ordering::Acquire)).filter(|end| *end != RUNNING)
    }
}

/// Acts on a running recording from any thread.
#[derive(Clone)]
pub struct RecordingControl {
    shared: Arc<Shared>,
}

impl RecordingControl {
    /// Writes nothing until [`RecordingControl::resume`]; the time does not count.
    pub fn pause(&self) {
        self.shared.paused.store(true, Ordering::Relaxed);
    }

    /// Goes on after a pause.
    pub fn resume(&self) {
        self.shared.paused.store(false, Ordering::Relaxed);
    }

    /// Writes silence instead of what is said (a card number, say) while `on`.
    pub fn mask(&self, on: bool) {
        self.shared.masked.store(on, Ordering::Relaxed);
    }

    /// Ends the recording.
    pub fn stop(&self) {
        self.shared.end(STOPPED);
    }

    /// How much has been recorded, ms, without pauses.
    pub fn elapsed_ms(&self) -> u64 {
        self.shared.elapsed.load(Ordering::Relaxed)
    }
}

/// The part on the worker.
struct Recorder {
    shared: Arc<Shared>,
    ring: Producer<i16>,
    sides: RecordSides,
    /// Of time, in 1/48000 s, as are the next three.
    limit: Option<u64>,
    silence: Option<SilenceRule>,
    elapsed: u64,
    silent: u64,
    /// Blocks that found no room since the last that did.
    lost: u64,
    /// The block being put together: header, read side, write side.
    block: [i16; BLOCK_HEADER + 2 * MAX_QUANTUM_SAMPLES],
    /// Samples of the read side waiting in it for the write side, and their rate.
    held: usize,
    held_rate: SampleRate,
}

impl MediaBug for Recorder {
    fn wants(&self, side: Side) -> bool {
        match self.sides {
            RecordSides::Both => true,
            RecordSides::Read => side == Side::Read,
            RecordSides::Write => side == Side::Write,
        }
    }

    fn observe(&mut self, side: Side, rate: SampleRate, pcm: &[i16]) -> Keep {
        if self.shared.ended().is_some() {
            return Keep::Done;
        }
        if !self.wants(side) {
            return Keep::Going;
        }
        if self.shared.paused.load(Ordering::Relaxed) {
            self.held = 0;
            self.silent = 0;
            return Keep::Going;
        }
        let pcm = &pcm[..pcm.len().min(MAX_QUANTUM_SAMPLES)];
        match (self.sides, side) {
            (RecordSides::Both, Side::Read) => {
                // A read block that never met its write block goes alone.
                if self.held > 0 && self.push(self.held_rate, self.held, 0) == Keep::Done {
                    return Keep::Done;
                }
                self.block[BLOCK_HEADER..BLOCK_HEADER + pcm.len()].copy_from_slice(pcm);
                self.held = pcm.len();
                self.held_rate = rate;
                Keep::Going
            }
            (RecordSides::Both, Side::Write) => {
                let mut read = self.held;
                if read > 0 && self.held_rate != rate {
                    if self.push(self.held_rate, read, 0) == Keep::Done {
                        return Keep::Done;
                    }
                    read = 0;
                }
                let at = BLOCK_HEADER + read;
                self.block[at..at + pcm.len()].copy_from_slice(pcm);
                self.push(rate, read, pcm.len())
            }
            (_, Side::Read) => {
                self.block[BLOCK_HEADER..BLOCK_HEADER + pcm.len()].copy_from_slice(pcm);
                self.push(rate, pcm.len(), 0)
            }
            (_, Side::Write) => {
                self.block[BLOCK_HEADER..BLOCK_HEADER + pcm.len()].copy_from_slice(pcm);
                self.push(rate, 0, pcm.len())
            }
        }
    }
}

impl Recorder {
    /// Sends the block that was put together, `read` samples of one side and `write` of the other.
    fn push(&mut self, rate: SampleRate, read: usize, write: usize) -> Keep {
        self.held = 0;
        let per_sample = CLOCK / u64::from(rate.hz());
        let mut frames = read.max(write) as u64;
        if let Some(limit) = self.limit {
            frames = frames.min(limit.saturating_sub(self.elapsed) / per_sample);
        }
        let time = frames * per_sample;
        let samples = BLOCK_HEADER..BLOCK_HEADER + read + write;
        if self.shared.masked.load(Ordering::Relaxed) {
            self.block[samples.clone()].fill(0);
            self.silent = 0;
        } else if let Some(rule) = self.silence {
            let (left, right) = self.block[samples.clone()].split_at(read);
            let level = mean_magnitude(left).max(mean_magnitude(right));
            self.silent = if level < rule.threshold {
                self.silent + time
            } else {
                0
            };
        }
        // Lost time that a word cannot hold waits for the next block.
        let lost_ms = (self.lost * 1_000 / CLOCK).min(i16::MAX as u64);
        self.block[0] = (rate.hz() / 1_000) as i16;
        self.block[1] = read as i16;
        self.block[2] = write as i16;
        self.block[3] = lost_ms as i16;
        if frames > 0 {
            self.elapsed += time;
            if self
                .ring
                .push_entire_slice(&self.block[..samples.end])
                .is_ok()
            {
                self.lost -= lost_ms * CLOCK / 1_000;
            } else {
                self.lost += time;
                self.shared
                    .dropped
                    .fetch_add(time * 1_000 / CLOCK, Ordering::Relaxed);
            }
            self.shared
                .elapsed
                .store(self.elapsed * 1_000 / CLOCK, Ordering::Relaxed);
        }
        let over = if self
            .limit
            .is_some_and(|limit| self.elapsed + per_sample > limit)
        {
            Some(LIMIT)
        } else {
            let long = |rule: SilenceRule| self.silent >= rule.ms.saturating_mul(CLOCK / 1_000);
            self.silence.is_some_and(long).then_some(SILENCE)
        };
        match over {
            Some(why) => {
                self.shared.end(why);
                Keep::Done
            }
            None => Keep::Going,
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if self.held > 0 && self.shared.ended().is_none() {
            self.push(self.held_rate, self.held, 0);
        }
        self.shared.end(STOPPED);
    }
}

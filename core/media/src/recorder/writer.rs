//! The writer threads, shared by all recordings of the process.

use super::{
    BLOCK_HEADER, FAILED, LIMIT, RecordDone, RecordEnd, RecordOutcome, RecordSpec, SILENCE, Shared,
};
use crate::file::SoundError;
use crate::file::encode::SoundWriter;
use crate::rate::{MAX_QUANTUM_SAMPLES, SampleRate};
use crate::resample::Resampler;
use rtrb::Consumer;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Threads: two, so that one slow disk does not hold up the recordings on another.
const THREADS: usize = 2;

/// How often rings are emptied and ends noticed.
const POLL: Duration = Duration::from_millis(20);

/// Audio collected before it is written, ms: what is lost at most when the process dies.
const WRITE_MS: u64 = 250;

/// Recordings waiting for a thread to take them over; more are refused.
const MAX_WAITING: usize = 1_024;

/// The threads of this process. They hold no state but the recordings handed to them, and no recording can
/// outlive or be started without them, so nothing is gained by passing them around.
static WRITERS: OnceLock<Vec<SyncSender<Job>>> = OnceLock::new();

thread_local! {
    /// Recordings that this thread writes itself, because it drives its media by hand in virtual time.
    static HERE: RefCell<Option<Vec<Job>>> = const { RefCell::new(None) };
}

/// From now on recordings begun on this thread are written by [`serve_here`], in step with its media.
pub(crate) fn write_here() {
    HERE.with_borrow_mut(|here| {
        here.get_or_insert_default();
    });
}

/// Writes what the recordings of this thread hold.
pub(crate) fn serve_here() {
    HERE.with_borrow_mut(|here| {
        if let Some(jobs) = here {
            jobs.retain_mut(Job::serve_guarded);
        }
    });
}

/// Gives a recording to one of the threads.
pub(super) fn hand_over(job: Job) -> Result<(), String> {
    let job = HERE.with_borrow_mut(|here| match here {
        Some(jobs) => {
            jobs.push(job);
            None
        }
        None => Some(job),
    });
    let Some(job) = job else { return Ok(()) };
    let writers = WRITERS.get_or_init(|| (0..THREADS).filter_map(spawn).collect());
    let mut job = job;
    // Recordings spread by where they lie in memory; any spreading will do.
    let first = Arc::as_ptr(&job.shared) as usize / 64;
    for turn in 0..writers.len() {
        match writers[(first + turn) % writers.len()].try_send(job) {
            Ok(()) => return Ok(()),
            Err(error) => match error {
                std::sync::mpsc::TrySendError::Full(back)
                | std::sync::mpsc::TrySendError::Disconnected(back) => job = back,
            },
        }
    }
    Err(if writers.is_empty() {
        "the system gives no thread to write it".to_owned()
    } else {
        "too many recordings are being started at once".to_owned()
    })
}

fn spawn(number: usize) -> Option<SyncSender<Job>> {
    let (sender, receiver) = sync_channel(MAX_WAITING);
    let thread = std::thread::Builder::new().name(format!("recorder-{number}"));
    thread.spawn(move || run(&receiver)).ok().map(|_| sender)
}

fn run(jobs: &Receiver<Job>) {
    let mut writing: Vec<Job> = Vec::new();
    loop {
        let next = if writing.is_empty() {
            jobs.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            jobs.recv_timeout(POLL)
        };
        match next {
            Ok(job) => writing.push(job),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        writing.extend(jobs.try_iter());
        writing.retain_mut(Job::serve_guarded);
    }
}

/// One recording on its writer thread.
pub(super) struct Job {
    spec: RecordSpec,
    pub(super) shared: Arc<Shared>,
    ring: Consumer<i16>,
    writer: SoundWriter,
    done: Option<RecordDone>,
    failure: Option<String>,
    /// Converters from the leg's rate, for the read and the write side.
    resamplers: [Option<(SampleRate, Resampler)>; 2],
    /// Interleaved samples waiting to be written.
    pending: Vec<i16>,
    /// Frames that may still be taken: the limit may lie within a block.
    room: u64,
}

impl Job {
    pub(super) fn new(
        spec: RecordSpec,
        shared: Arc<Shared>,
        ring: Consumer<i16>,
        done: RecordDone,
    ) -> Result<Job, SoundError> {
        let channels = if spec.stereo { 2 } else { 1 };
        let writer = SoundWriter::open(&spec.path, spec.rate, channels, spec.append, spec.mode)?;
        let room = spec
            .limit_ms
            .map_or(u64::MAX, |ms| spec.rate.samples_in_ms(ms));
        Ok(Job {
            room,
            spec,
            shared,
            ring,
            writer,
            done: Some(done),
            failure: None,
            resamplers: [None, None],
            pending: Vec::new(),
        })
    }

    /// [`Job::serve`]; a panic ends this recording, not the thread and the recordings of others.
    fn serve_guarded(&mut self) -> bool {
        catch_unwind(AssertUnwindSafe(|| self.serve())).unwrap_or_else(|_| {
            self.failure = Some(format!(
                "{}: the writer stopped on an internal error",
                self.spec.path.display()
            ));
            self.shared.end(FAILED);
            // Should this panic too, the bug has been told all the same.
            let _ = catch_unwind(AssertUnwindSafe(|| self.finish()));
            false
        })
    }

    /// Takes what is in the ring, writes it when it is enough, and ends the recording when it is over;
    /// `false` then.
    pub(super) fn serve(&mut self) -> bool {
        // Looked at before the ring: whatever was said before the end is then taken.
        let over = self.shared.ended().is_some() || self.ring.is_abandoned();
        self.take();
        let channels = if self.spec.stereo { 2 } else { 1 };
        let enough = self.spec.rate.samples_in_ms(WRITE_MS) as usize * channels;
        if self.pending.len() >= enough || (over && !self.pending.is_empty()) {
            if let Err(error) = self.writer.write(&self.pending) {
                self.failure = Some(format!("{}: {error}", self.spec.path.display()));
                self.shared.end(FAILED);
            }
            self.pending.clear();
        }
        if over || self.failure.is_some() {
            self.finish();
            return false;
        }
        true
    }

    /// Moves whole blocks from the ring to `pending`.
    fn take(&mut self) {
        let mut header = [0i16; BLOCK_HEADER];
        let mut samples = [0i16; 2 * MAX_QUANTUM_SAMPLES];
        while self.ring.slots() >= BLOCK_HEADER {
            if self.ring.pop_entire_slice(&mut header).is_err() {
                return;
            }
            let [kilohertz, read, write, lost_ms] = header.map(|word| word.max(0) as usize);
            // Header and samples are pushed at once, so the samples are there.
            let Some(samples) = samples.get_mut(..read + write) else {
                return;
            };
            if self.ring.pop_entire_slice(samples).is_err() {
                return;
            }
            let Some(rate) = SampleRate::new(kilohertz as u32 * 1_000) else {
                return;
            };
            self.gap(lost_ms as u64);
            let (left, right) = samples.split_at(read);
            self.block(rate, left, right);
        }
    }

    /// Puts silence in the place of what was lost.
    fn gap(&mut self, ms: u64) {
        let channels = if self.spec.stereo { 2 } else { 1 };
        let frames = self.spec.rate.samples_in_ms(ms).min(self.room);
        self.room -= frames;
        self.pending
            .resize(self.pending.len() + frames as usize * channels, 0);
    }

    fn block(&mut self, rate: SampleRate, read: &[i16], write: &[i16]) {
        let mut left = [0i16; MAX_QUANTUM_SAMPLES];
        let mut right = [0i16; MAX_QUANTUM_SAMPLES];
        let left_len = self.convert(0, rate, read, &mut left);
        let right_len = self.convert(1, rate, write, &mut right);
        // A side that is missing or shorter is silent: both buffers are zero behind their samples.
        let frames = (left_len.max(right_len) as u64).min(self.room);
        self.room -= frames;
        let sides = left.iter().zip(&right).take(frames as usize);
        if self.spec.stereo {
            self.pending
                .extend(sides.flat_map(|(left, right)| [*left, *right]));
        } else {
            self.pending
                .extend(sides.map(|(left, right)| left.saturating_add(*right)));
        }
    }

    fn convert(
        &mut self,
        side: usize,
        rate: SampleRate,
        pcm: &[i16],
        out: &mut [i16; MAX_QUANTUM_SAMPLES],
    ) -> usize {
        if pcm.is_empty() {
            return 0;
        }
        let resampler = match &mut self.resamplers[side] {
            Some((from, resampler)) if *from == rate => resampler,
            slot => &mut slot.insert((rate, Resampler::new(rate, self.spec.rate))).1,
        };
        resampler.process(pcm, out)
    }

    fn finish(&mut self) {
        let samples = self.writer.frames();
        let ms = self.spec.rate.ms_of_samples(samples);
        let discarded = ms < self.spec.min_ms && !self.writer.appended();
        // The file may be gone already; then it is discarded as well.
        let _ = if discarded {
            std::fs::remove_file(&self.spec.path)
        } else {
            Ok(())
        };
        let end = match (self.failure.take(), self.shared.ended()) {
            (Some(why), _) => RecordEnd::Failed(why),
            (None, Some(LIMIT)) => RecordEnd::Limit,
            (None, Some(SILENCE)) => RecordEnd::Silence,
            (None, _) => RecordEnd::Stopped,
        };
        let outcome = RecordOutcome {
            path: self.spec.path.clone(),
            end,
            ms,
            samples,
            discarded,
            dropped_ms: self
                .shared
                .dropped
                .load(std::sync::atomic::Ordering::Relaxed),
        };
        if let Some(done) = self.done.take() {
            done(outcome);
        }
    }
}

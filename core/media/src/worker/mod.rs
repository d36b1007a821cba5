//! A worker: legs and players, moved on by one thread on one absolute 20 ms schedule.

pub(crate) mod clock;
pub mod command;
pub(crate) mod link;
mod obey;
mod tick;

use crate::frame::{PcmBlock, Sum};
use crate::handle::{LegId, PlayerId};
use crate::leg::Leg;
use crate::leg::event::LegEvent;
use crate::rate::{QUANTUM, SampleRate};
use crate::transport::PacketBatch;
use clock::Waiting;
use command::{Command, PlayerSlot, Retired};
use rtrb::Producer;
use std::any::Any;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// Legs and players for which a worker has room before its tables grow.
const TABLE_ROOM: usize = 1_024;
/// Ticks over which the longest is looked for (one second).
const LOAD_WINDOW: u64 = 50;
/// So far behind, a worker gives up catching up and joins the schedule where it is now.
const LATE_LIMIT: Duration = Duration::from_millis(100);

/// How busy a worker is; read by the pool.
#[derive(Default)]
pub(crate) struct WorkerLoad {
    pub(crate) legs: AtomicUsize,
    pub(crate) late_ticks: AtomicU64,
    busiest_ns: AtomicU64,
    mean_ns: AtomicU64,
}

impl WorkerLoad {
    pub(crate) fn busiest_tick(&self) -> Duration {
        Duration::from_nanos(self.busiest_ns.load(Ordering::Relaxed))
    }

    pub(crate) fn mean_tick(&self) -> Duration {
        Duration::from_nanos(self.mean_ns.load(Ordering::Relaxed))
    }
}

/// Hashes our own ids: their low bits are counted up, so spreading them is enough.
#[derive(Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        octets
            .iter()
            .for_each(|&o| self.write_u64(self.0.rotate_left(8) ^ u64::from(o)));
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

type IdMap<K> = HashMap<K, usize, BuildHasherDefault<IdHasher>>;

/// See the module.
pub(crate) struct Worker {
    commands: Receiver<Command>,
    retired: Producer<Retired>,
    load: Arc<WorkerLoad>,
    waiting: Waiting,
    legs: Vec<Option<Box<Leg>>>,
    leg_index: IdMap<LegId>,
    players: Vec<Option<Box<PlayerSlot>>>,
    player_index: IdMap<PlayerId>,
    ticks: u64,
    /// The time of the last tick.
    now: Instant,
    longest: Duration,
    /// Time of all ticks since the mean was last told.
    worked: Duration,
    batch: PacketBatch,
    sum: Box<Sum>,
    mixed: Box<PcmBlock>,
    linked: Box<PcmBlock>,
}

impl Worker {
    pub(crate) fn new(
        commands: Receiver<Command>,
        retired: Producer<Retired>,
        load: Arc<WorkerLoad>,
    ) -> Worker {
        let index = || HashMap::with_capacity_and_hasher(TABLE_ROOM, BuildHasherDefault::default());
        let block = || Box::new(PcmBlock::new(SampleRate::NARROW));
        Worker {
            commands,
            retired,
            load,
            waiting: Waiting::new(),
            legs: Vec::with_capacity(TABLE_ROOM),
            leg_index: index(),
            players: Vec::with_capacity(TABLE_ROOM),
            player_index: HashMap::with_capacity_and_hasher(
                TABLE_ROOM,
                BuildHasherDefault::default(),
            ),
            ticks: 0,
            now: Instant::now(),
            longest: Duration::ZERO,
            worked: Duration::ZERO,
            batch: PacketBatch::new(),
            sum: Box::new(Sum::new()),
            mixed: block(),
            linked: block(),
        }
    }

    /// The thread's life: ticks on the schedule `epoch + n × 20 ms` until told to stop.
    pub(crate) fn run(&mut self, epoch: Instant, stopping: &AtomicBool) {
        let mut next = epoch + QUANTUM;
        let mut ready = Waiting::room();
        while !stopping.load(Ordering::Acquire) {
            let now = Instant::now();
            if now < next {
                let count = self.waiting.wait(next, &mut ready);
                for &slot in &ready[..count] {
                    self.receive(Instant::now(), slot, false);
                }
                continue;
            }
            let behind = now - next;
            if behind >= QUANTUM {
                self.load.late_ticks.fetch_add(1, Ordering::Relaxed);
            }
            if behind >= LATE_LIMIT {
                next += QUANTUM * (behind.as_millis() / QUANTUM.as_millis()) as u32;
            }
            self.tick(next);
            self.measure(now.elapsed());
            next += QUANTUM;
        }
        self.end();
    }

    fn measure(&mut self, took: Duration) {
        self.longest = self.longest.max(took);
        self.worked += took;
        if self.ticks.is_multiple_of(LOAD_WINDOW) {
            self.load
                .busiest_ns
                .store(self.longest.as_nanos() as u64, Ordering::Relaxed);
            self.longest = Duration::ZERO;
            let mean = self.worked.as_nanos() as u64 / LOAD_WINDOW;
            self.load.mean_ns.store(mean, Ordering::Relaxed);
            self.worked = Duration::ZERO;
        }
    }

    /// Runs `step` on the leg in `slot`, which is out of the table meanwhile. A panic ends that leg alone.
    fn with_leg(&mut self, slot: usize, step: impl FnOnce(&mut Worker, &mut Leg)) {
        let Some(mut leg) = self.legs.get_mut(slot).and_then(Option::take) else {
            return;
        };
        let result = catch_unwind(AssertUnwindSafe(|| step(self, &mut leg)));
        self.legs[slot] = Some(leg);
        if let Err(panic) = result {
            self.remove_leg(slot, LegEvent::Failed(said(&*panic)));
        }
    }

    fn remove_leg(&mut self, slot: usize, last: LegEvent) {
        let Some(leg) = self.legs[slot].take() else {
            return;
        };
        let id = leg.id();
        // What this leg was relayed to is fed by the clock again.
        if let Some((to, relayed)) = leg.relay_to
            && let Some(to) = self.legs[to].as_mut().filter(|to| to.id() == relayed)
        {
            to.set_relayed(false, self.now);
        }
        self.leg_index.remove(&id);
        self.load.legs.fetch_sub(1, Ordering::Relaxed);
        if leg.relay_to.is_some()
            && let Some(fd) = leg.transport.readable()
        {
            self.waiting.forget(fd);
        }
        // A listener that panics must not take the worker with it.
        let _ = catch_unwind(AssertUnwindSafe(|| leg.tell(last)));
        self.retire(Retired::Leg(leg));
    }

    fn retire(&mut self, object: Retired) {
        retire(&mut self.retired, object);
    }

    /// The pool stops: every leg ends.
    fn end(&mut self) {
        let now = Instant::now();
        // Legs that were opened and never ticked end like the others.
        while let Ok(command) = self.commands.try_recv() {
            self.obey(command, now);
        }
        for slot in 0..self.legs.len() {
            self.with_leg(slot, |_, leg| leg.report(now, true));
            self.remove_leg(slot, LegEvent::Closed);
        }
    }
}

/// Hands `object` to the janitor.
fn retire(queue: &mut Producer<Retired>, object: Retired) {
    // With the janitor 8 192 objects behind, dropping here is the lesser evil.
    if let Err(rtrb::PushError::Full(object)) = queue.push(object) {
        drop(object);
    }
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!(
        "a step of the leg panicked: {}",
        text.unwrap_or("it did not say why")
    )
}

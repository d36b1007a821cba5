//! A worker: legs and players, moved on by one thread on one absolute 20 ms schedule.

pub mod command;
pub(crate) mod link;

use crate::handle::{LegId, PlayerId};
use crate::leg::bug::Side;
use crate::leg::event::LegEvent;
use crate::leg::{Leg, MAX_BUGS};
use crate::rate::QUANTUM;
use command::{COMMANDS_PER_TICK, Command, PlayerSlot, Retired};
use rtrb::Producer;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// Legs and players for which a worker has room before its tables grow.
const TABLE_ROOM: usize = 1_024;
/// Ticks over which the longest is looked for (one second).
const LOAD_WINDOW: u64 = 50;
/// So far behind, a worker gives up catching up and begins a new schedule.
const LATE_LIMIT: Duration = Duration::from_millis(100);

/// How busy a worker is; read by the pool.
#[derive(Default)]
pub(crate) struct WorkerLoad {
    pub(crate) legs: AtomicUsize,
    pub(crate) late_ticks: AtomicU64,
    busiest_ns: AtomicU64,
}

impl WorkerLoad {
    pub(crate) fn busiest_tick(&self) -> Duration {
        Duration::from_nanos(self.busiest_ns.load(Ordering::Relaxed))
    }
}

/// See the module.
pub(crate) struct Worker {
    commands: Receiver<Command>,
    retired: Producer<Retired>,
    load: Arc<WorkerLoad>,
    legs: Vec<Option<Box<Leg>>>,
    leg_index: HashMap<LegId, usize>,
    players: Vec<Option<Box<PlayerSlot>>>,
    player_index: HashMap<PlayerId, usize>,
    ticks: u64,
    longest: Duration,
}

impl Worker {
    pub(crate) fn new(
        commands: Receiver<Command>,
        retired: Producer<Retired>,
        load: Arc<WorkerLoad>,
    ) -> Worker {
        Worker {
            commands,
            retired,
            load,
            legs: Vec::with_capacity(TABLE_ROOM),
            leg_index: HashMap::with_capacity(TABLE_ROOM),
            players: Vec::with_capacity(TABLE_ROOM),
            player_index: HashMap::with_capacity(TABLE_ROOM),
            ticks: 0,
            longest: Duration::ZERO,
        }
    }

    /// The thread's life: ticks on the schedule `epoch + n × 20 ms` until told to stop.
    pub(crate) fn run(&mut self, epoch: Instant, stopping: &AtomicBool) {
        let mut next = epoch + QUANTUM;
        while !stopping.load(Ordering::Acquire) {
            let now = Instant::now();
            if now < next {
                std::thread::sleep(next - now);
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
        if self.ticks.is_multiple_of(LOAD_WINDOW) {
            self.load
                .busiest_ns
                .store(self.longest.as_nanos() as u64, Ordering::Relaxed);
            self.longest = Duration::ZERO;
        }
    }

    /// One quantum as of `now`.
    pub(crate) fn tick(&mut self, now: Instant) {
        self.ticks += 1;
        for _ in 0..COMMANDS_PER_TICK {
            let Ok(command) = self.commands.try_recv() else {
                break;
            };
            self.obey(command, now);
        }
        for index in 0..self.legs.len() {
            if self.legs[index]
                .as_ref()
                .is_some_and(|l| l.shared.closing.load(Ordering::Acquire))
            {
                self.remove_leg(index, LegEvent::Closed);
            }
        }
    }

    /// Relays what has arrived since the tick.
    pub(crate) fn arrivals(&mut self, _now: Instant) {}

    fn obey(&mut self, command: Command, _now: Instant) {
        match command {
            Command::Open(leg) => {
                let id = leg.shared.id;
                let index = self
                    .legs
                    .iter()
                    .position(Option::is_none)
                    .unwrap_or_else(|| {
                        self.legs.push(None);
                        self.legs.len() - 1
                    });
                self.legs[index] = Some(leg);
                self.leg_index.insert(id, index);
            }
            Command::Configure(id, prepared) => {
                let old = match self.leg(id) {
                    Some(leg) => {
                        leg.rate = prepared.rate.unwrap_or(leg.rate);
                        leg.prepared.replace(prepared)
                    }
                    None => Some(prepared),
                };
                old.into_iter()
                    .for_each(|p| self.retire(Retired::Prepared(p)));
            }
            Command::Write(id, writes) => {
                let old = match self.leg(id) {
                    Some(leg) => leg.writes.replace(writes),
                    None => Some(writes),
                };
                old.into_iter()
                    .for_each(|w| self.retire(Retired::Writes(w)));
            }
            Command::Attach(id, bug) => {
                let refused = match self.leg(id) {
                    Some(leg) if leg.bugs.len() < MAX_BUGS => {
                        leg.bugs.push(bug);
                        None
                    }
                    Some(leg) => {
                        leg.listener
                            .leg_event(id, LegEvent::BugEnded { bug: bug.id });
                        Some(bug)
                    }
                    None => Some(bug),
                };
                refused
                    .into_iter()
                    .for_each(|b| self.retire(Retired::Bug(b)));
            }
            Command::Mute(id, side, muted) => {
                if let Some(leg) = self.leg(id) {
                    match side {
                        Side::Read => leg.muted_read = muted,
                        Side::Write => leg.muted_write = muted,
                    }
                }
            }
            Command::Play(player) => {
                let id = player.id;
                let index = self
                    .players
                    .iter()
                    .position(Option::is_none)
                    .unwrap_or_else(|| {
                        self.players.push(None);
                        self.players.len() - 1
                    });
                self.players[index] = Some(player);
                self.player_index.insert(id, index);
            }
            Command::Control(id, control) => {
                let player = self
                    .player_index
                    .get(&id)
                    .and_then(|&i| self.players[i].as_mut());
                if let Some(slot) = player {
                    slot.player.control(control);
                }
            }
            digits @ Command::Digits(..) => self.retire(Retired::Command(digits)),
        }
    }

    fn leg(&mut self, id: LegId) -> Option<&mut Box<Leg>> {
        self.leg_index.get(&id).and_then(|&i| self.legs[i].as_mut())
    }

    fn remove_leg(&mut self, index: usize, last: LegEvent) {
        let Some(leg) = self.legs[index].take() else {
            return;
        };
        let id = leg.shared.id;
        self.leg_index.remove(&id);
        self.load.legs.fetch_sub(1, Ordering::Relaxed);
        leg.listener.leg_event(id, last);
        self.retire(Retired::Leg(leg));
    }

    fn retire(&mut self, object: Retired) {
        // With the janitor 8 192 objects behind, dropping here is the lesser evil.
        if let Err(rtrb::PushError::Full(object)) = self.retired.push(object) {
            drop(object);
        }
    }

    /// The pool stops: every leg ends.
    fn end(&mut self) {
        for index in 0..self.legs.len() {
            self.remove_leg(index, LegEvent::Closed);
        }
    }
}

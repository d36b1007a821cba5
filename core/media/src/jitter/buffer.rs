//! Packets of one stream, put in order and given out in time: late, duplicate and missing ones are told apart.
//!
//! The buffer works in media time (units of the RTP clock). It never stretches or shrinks sound itself: it says
//! `Missing` when something must be invented, and `too_long` when one packet should be squeezed into its neighbour.

use crate::jitter::adapt::DelayEstimator;
use crate::leg::config::JitterSettings;
use crate::rate::QUANTUM_MS;
use std::time::Instant;

/// The least packet time expected, which decides how many packets `max_ms` is.
const SHORTEST_PACKET_MS: u32 = 10;
/// Empty for so long, the buffer fills up to its target again before playing on.
const UNDERRUN_LIMIT_MS: u32 = 200;
/// A hole longer than this is jumped over: the sender's clock moved.
const LONGEST_HOLE_MS: u32 = 100;
/// How often the buffer asks to be shortened by one packet, in quanta (one second).
const SHRINK_PERIOD: u32 = 50;

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It waits for its turn.
    Stored,
    /// Its turn is over.
    Late,
    /// It is there already.
    Duplicate,
    /// It is longer than any payload of the negotiated formats.
    TooLong,
}

/// A packet in its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Index of its format in the leg's configuration.
    pub format: usize,
    /// Its payload.
    pub payload: &'a [u8],
    /// Its length in units of the RTP clock.
    pub units: u32,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due<'a> {
    /// This packet.
    Packet(Packet<'a>),
    /// A packet that is not there: so many units of the RTP clock have to be invented.
    Missing(u32),
    /// Nothing; the stream has not begun or is paused.
    Nothing,
}

#[derive(Clone, Copy)]
struct Slot {
    sequence: i64,
    timestamp: i64,
    units: u32,
    format: usize,
    len: usize,
    full: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// No packet yet.
    Fresh,
    /// Filling up; counts the quanta spent so.
    Priming(u32),
    Playing,
}

/// Counters of a buffer since they were last taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BufferCounts {
    /// Came too late.
    pub late: u64,
    /// Came twice.
    pub duplicate: u64,
    /// Dropped for want of room or to shorten the delay.
    pub overflow: u64,
}

/// See the module.
pub struct JitterBuffer {
    settings: JitterSettings,
    clock_rate: u32,
    slots: Vec<Slot>,
    octets: Vec<u8>,
    slot_octets: usize,
    delay: DelayEstimator,
    state: State,
    /// The lowest sequence number that may still be played.
    next: i64,
    /// Whether anything was given out since the start: until then, earlier packets may come in.
    begun: bool,
    highest: i64,
    /// Media time of the next unit to be played.
    position: i64,
    /// Units invented without moving `position`: the stream's delay grew, unless a hole explains them.
    debt: i64,
    stored_units: i64,
    idle_quanta: u32,
    lowest_level: i64,
    level_quanta: u32,
    shrink: bool,
    counts: BufferCounts,
}

impl JitterBuffer {
    /// A buffer for packets of at most `slot_octets` payload octets at `clock_rate`.
    pub fn new(settings: JitterSettings, clock_rate: u32, slot_octets: usize) -> JitterBuffer {
        let settings = JitterSettings {
            initial_ms: settings.initial_ms.min(settings.max_ms),
            ..settings
        };
        // Twice the most that may wait, so that a burst after a stall is sorted out by age, not by luck.
        let count = (settings.max_ms / SHORTEST_PACKET_MS * 2).clamp(16, 512) as usize;
        let slot_octets = slot_octets.min(crate::rtp::packet::MAX_PAYLOAD);
        let empty = Slot {
            sequence: 0,
            timestamp: 0,
            units: 0,
            format: 0,
            len: 0,
            full: false,
        };
        JitterBuffer {
            settings,
            clock_rate: clock_rate.max(1),
            slots: vec![empty; count],
            octets: vec![0; count * slot_octets],
            slot_octets,
            delay: DelayEstimator::new(settings.initial_ms, settings.max_ms),
            state: State::Fresh,
            next: 0,
            begun: false,
            highest: 0,
            position: 0,
            debt: 0,
            stored_units: 0,
            idle_quanta: 0,
            lowest_level: i64::MAX,
            level_quanta: 0,
            shrink: false,
            counts: BufferCounts::default(),
        }
    }

    /// The settings it was made with.
    pub fn settings(&self) -> JitterSettings {
        self.settings
    }

    /// The RTP clock rate that it counts in.
    pub fn clock_rate(&self) -> u32 {
        self.clock_rate
    }

    /// The delay it aims for, in milliseconds.
    pub fn target_ms(&self) -> u32 {
        self.delay.target_ms()
    }

    /// The counters since the last call.
    pub fn take_counts(&mut self) -> BufferCounts {
        std::mem::take(&mut self.counts)
    }

    /// Forgets all packets; the next one begins the stream anew. What is known of the jitter stays.
    pub fn reset(&mut self, clock_rate: u32) {
        self.clear();
        self.clock_rate = clock_rate.max(1);
        self.state = State::Fresh;
        self.begun = false;
        self.delay.restart();
    }

    fn clear(&mut self) {
        self.slots.iter_mut().for_each(|s| s.full = false);
        self.stored_units = 0;
        self.debt = 0;
        self.idle_quanta = 0;
        self.lowest_level = i64::MAX;
        self.level_quanta = 0;
        self.shrink = false;
    }

    fn units(&self, ms: u32) -> i64 {
        i64::from(ms) * i64::from(self.clock_rate) / 1_000
    }

    fn slot_of(&self, sequence: i64) -> usize {
        sequence.rem_euclid(self.slots.len() as i64) as usize
    }

    /// Takes in a packet with extended sequence number and timestamp that lasts `units`.
    pub fn insert(
        &mut self,
        now: Instant,
        sequence: i64,
        timestamp: i64,
        units: u32,
        format: usize,
        payload: &[u8],
    ) -> Inserted {
        if payload.len() > self.slot_octets {
            return Inserted::TooLong;
        }
        if self.state == State::Fresh {
            self.state = State::Priming(0);
            (self.next, self.highest, self.position) = (sequence, sequence, timestamp);
        }
        let room = self.slots.len() as i64;
        if sequence < self.next {
            if self.begun || self.highest - sequence >= room {
                self.counts.late += 1;
                return Inserted::Late;
            }
            (self.next, self.position) = (sequence, timestamp);
        } else if sequence >= self.next + room {
            self.counts.overflow += self.slots.iter().filter(|s| s.full).count() as u64;
            self.clear();
            (self.next, self.highest, self.position) = (sequence, sequence, timestamp);
            self.delay.restart();
        }
        let index = self.slot_of(sequence);
        if self.slots[index].full {
            // Within the window, one sequence number has one slot.
            self.counts.duplicate += 1;
            return Inserted::Duplicate;
        }
        self.delay.arrived(now, timestamp, self.clock_rate);
        self.octets[index * self.slot_octets..][..payload.len()].copy_from_slice(payload);
        self.slots[index] = Slot {
            sequence,
            timestamp,
            units,
            format,
            len: payload.len(),
            full: true,
        };
        self.stored_units += i64::from(units);
        self.highest = self.highest.max(sequence);
        Inserted::Stored
    }

    /// Call once per quantum, before the first [`due`](Self::due): keeps the delay within bounds.
    pub fn begin_quantum(&mut self) {
        if let State::Priming(quanta) = &mut self.state {
            *quanta += 1;
            let waited = *quanta * QUANTUM_MS;
            if self.stored_units > 0
                && (self.stored_units >= self.units(self.target_ms()) || waited > self.target_ms())
            {
                self.state = State::Playing;
                if let Some(head) = self.head() {
                    self.position = self.slots[head].timestamp;
                    self.next = self.slots[head].sequence;
                }
                self.debt = 0;
                self.idle_quanta = 0;
            }
            return;
        }
        if self.stored_units
            > self.units(self.settings.max_ms.max(self.target_ms() + 2 * QUANTUM_MS))
        {
            while self.stored_units > self.units(self.target_ms()) {
                let Some(head) = self.head() else { break };
                self.take(head);
                self.counts.overflow += 1;
            }
            self.lowest_level = i64::MAX;
        }
    }

    /// What is due now. Ask again until the quantum is full.
    pub fn due(&mut self, quantum_units: u32) -> Due<'_> {
        if self.state != State::Playing {
            return Due::Nothing;
        }
        loop {
            let Some(head) = self.head() else {
                return self.underrun(quantum_units);
            };
            let slot = self.slots[head];
            if self.begun && slot.timestamp + i64::from(slot.units) <= self.position {
                // Its time was filled in already. (Of a sender that sets its clock back, the first packet is lost to
                // this; taking it sets ours back, too.)
                self.take(head);
                self.counts.late += 1;
                continue;
            }
            let mut hole = slot.timestamp - self.position;
            if slot.sequence > self.next {
                hole -= hole.min(self.debt).max(0);
                if hole > 0 && hole <= self.units(LONGEST_HOLE_MS) {
                    let invent = hole.min(i64::from(quantum_units));
                    self.position = slot.timestamp - hole + invent;
                    self.debt = 0;
                    return Due::Missing(invent as u32);
                }
            }
            self.take(head);
            self.begun = true;
            self.debt = 0;
            self.idle_quanta = 0;
            let payload = &self.octets[head * self.slot_octets..][..slot.len];
            return Due::Packet(Packet {
                format: slot.format,
                payload,
                units: slot.units,
            });
        }
    }

    fn underrun(&mut self, quantum_units: u32) -> Due<'_> {
        self.idle_quanta += 1;
        if self.idle_quanta * QUANTUM_MS > UNDERRUN_LIMIT_MS {
            self.state = State::Priming(0);
            return Due::Nothing;
        }
        self.debt += i64::from(quantum_units);
        Due::Missing(quantum_units)
    }

    /// Call once per quantum, after the last [`due`](Self::due).
    pub fn end_quantum(&mut self) {
        if self.state != State::Playing {
            return;
        }
        self.lowest_level = self.lowest_level.min(self.stored_units);
        self.level_quanta += 1;
        if self.level_quanta >= SHRINK_PERIOD {
            // Right after a packet was taken, a buffer at its target holds the target less one quantum. If it held
            // half a quantum more at the worst moment of a whole second, it is too long.
            let enough = self.units(self.target_ms().saturating_sub(QUANTUM_MS / 2));
            self.shrink = self.lowest_level > enough;
            self.lowest_level = i64::MAX;
            self.level_quanta = 0;
        }
    }

    /// Whether the next two packets should be squeezed into one; asked once, answered once.
    pub fn too_long(&mut self) -> bool {
        self.state == State::Playing && std::mem::take(&mut self.shrink)
    }

    /// Takes the oldest packet regardless of time, in order: for handing the buffer's content on.
    pub fn drain(&mut self) -> Option<(i64, i64, Packet<'_>)> {
        let head = self.head()?;
        self.take(head);
        self.begun = true;
        let slot = self.slots[head];
        let payload = &self.octets[head * self.slot_octets..][..slot.len];
        Some((
            slot.sequence,
            slot.timestamp,
            Packet {
                format: slot.format,
                payload,
                units: slot.units,
            },
        ))
    }

    /// Milliseconds of sound waiting.
    pub fn level_ms(&self) -> u32 {
        (self.stored_units * 1_000 / i64::from(self.clock_rate)) as u32
    }

    /// The slot of the lowest sequence number.
    fn head(&self) -> Option<usize> {
        if self.stored_units == 0 {
            return None;
        }
        (self.next..=self.highest)
            .map(|s| self.slot_of(s))
            .find(|&i| self.slots[i].full)
    }

    fn take(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        slot.full = false;
        self.stored_units -= i64::from(slot.units);
        self.next = slot.sequence + 1;
        self.position = self.position.max(slot.timestamp + i64::from(slot.units));
        if self.position - slot.timestamp > i64::from(slot.units) * 4 {
            // The sender set its clock back.
            self.position = slot.timestamp + i64::from(slot.units);
        }
    }
}

#[cfg(test)]
mod tests;

//! One quantum, in order: commands, receive, read, write, players, links, reports.

use crate::frame::{PcmBlock, UNITY_GAIN};
use crate::handle::PlayerId;
use crate::leg::Leg;
use crate::leg::bug::Side;
use crate::leg::event::LegEvent;
use crate::leg::prepared::{Input, InputFrom};
use crate::leg::read::resample;
use crate::leg::relay::may_relay;
use crate::player::PlayerState;
use crate::rate::MAX_QUANTUM_SAMPLES;
use crate::worker::command::{PlayerSlot, Retired};
use crate::worker::{IdMap, Worker, retire, said};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Batches taken from one leg's transport in one go: a flood on one leg does not stop the others.
const BATCHES_AT_ONCE: usize = 8;
/// RTCP sockets are looked at every so many ticks (200 ms).
const REPORTS_EVERY: u64 = 10;

impl Worker {
    /// One quantum as of `now`.
    pub(crate) fn tick(&mut self, now: Instant) {
        self.ticks += 1;
        self.now = now;
        self.obey_all(now);
        self.close_legs(now);
        self.derive_relays(now);
        for slot in 0..self.legs.len() {
            // Spread over the ticks, so that not all legs look at their RTCP sockets in the same one.
            let reports = (self.ticks + slot as u64).is_multiple_of(REPORTS_EVERY);
            self.receive(now, slot, reports);
        }
        for slot in 0..self.legs.len() {
            self.with_leg(slot, |worker, leg| {
                let queue = &mut worker.retired;
                leg.read_frame(now, &mut |object| retire(queue, object));
            });
        }
        for slot in 0..self.legs.len() {
            if self.legs[slot]
                .as_ref()
                .is_some_and(|l| !l.fresh_digits.is_empty())
            {
                self.pass_digits_on(slot);
            }
        }
        for slot in 0..self.legs.len() {
            self.with_leg(slot, |worker, leg| worker.write_leg(now, slot, leg));
        }
        self.publish_links(now);
        self.sweep_players();
        for slot in 0..self.legs.len() {
            self.with_leg(slot, |_, leg| leg.finish_tick(now));
            if let Some(reason) = self.legs[slot].as_mut().and_then(|l| l.poisoned.take()) {
                self.remove_leg(slot, LegEvent::Failed(reason));
            }
        }
    }

    /// Forwards what has arrived for relayed legs since the tick.
    pub(crate) fn arrivals(&mut self, now: Instant) {
        for slot in 0..self.legs.len() {
            if self.legs[slot]
                .as_ref()
                .is_some_and(|l| l.relay_to.is_some())
            {
                self.receive(now, slot, false);
            }
        }
    }

    fn close_legs(&mut self, now: Instant) {
        for slot in 0..self.legs.len() {
            if self.legs[slot]
                .as_ref()
                .is_some_and(|l| l.shared.closing.load(Ordering::Acquire))
            {
                self.with_leg(slot, |_, leg| {
                    leg.report(now, true);
                    leg.finish_tick(now);
                });
                self.remove_leg(slot, LegEvent::Closed);
            }
        }
    }

    /// Takes in what has arrived for the leg in `slot`; forwards it if the leg is relayed.
    pub(super) fn receive(&mut self, now: Instant, slot: usize, reports: bool) {
        self.with_leg(slot, |worker, leg| {
            for _ in 0..BATCHES_AT_ONCE {
                worker.batch.clear();
                leg.transport.receive(&mut worker.batch, reports);
                for index in 0..worker.batch.len() {
                    let Some((arrival, octets)) = worker.batch.get(index) else {
                        break;
                    };
                    let Some(passed) = leg.accept(now, arrival, octets) else {
                        continue;
                    };
                    let to = leg
                        .relay_to
                        .and_then(|(to, id)| worker.legs[to].as_mut().filter(|l| l.id() == id));
                    if let Some(to) = to {
                        to.forward(now, leg, &passed);
                    }
                }
                if !worker.batch.is_full() {
                    break;
                }
            }
        });
    }

    /// Finds the sources of every list, counts who is heard by whom, and says who is relayed.
    fn derive_relays(&mut self, now: Instant) {
        for leg in self.legs.iter_mut().flatten() {
            (leg.hearers, leg.write_hearers) = (0, 0);
        }
        for own in 0..self.legs.len() {
            let Some(mut leg) = self.legs[own].take() else {
                continue;
            };
            let (mut heard_itself, mut overheard_itself) = (0, 0);
            let inputs = leg.writes.as_mut().map(|w| &mut w.inputs);
            for input in inputs.into_iter().flatten().flatten() {
                let (id, slot, said) = match &mut input.from {
                    InputFrom::Leg { id, slot } => (*id, slot, true),
                    InputFrom::Written { id, slot } => (*id, slot, false),
                    InputFrom::Player(_) | InputFrom::Linked(_) => continue,
                };
                *slot = self.leg_index.get(&id).copied();
                let Some(place) = *slot else { continue };
                let count = match self.legs[place].as_mut() {
                    Some(source) if said => &mut source.hearers,
                    Some(source) => &mut source.write_hearers,
                    None if said => &mut heard_itself,
                    None => &mut overheard_itself,
                };
                *count += 1;
            }
            leg.hearers += heard_itself;
            leg.write_hearers += overheard_itself;
            self.legs[own] = Some(leg);
        }
        for slot in 0..self.legs.len() {
            self.derive_relay(now, slot);
        }
    }

    /// Goes into relay or out of it for what arrives at the leg in `slot`.
    fn derive_relay(&mut self, now: Instant, slot: usize) {
        let Some(from) = self.legs[slot].as_ref() else {
            return;
        };
        let peer = from.writes.as_ref().and_then(|w| w.list.only_read());
        let to = peer.and_then(|id| self.leg_index.get(&id)).copied();
        let wanted = to.and_then(|to| {
            let leg = self.legs[to]
                .as_ref()
                .filter(|leg| may_relay(now, from, leg))?;
            Some((to, leg.id()))
        });
        if wanted == from.relay_to {
            return;
        }
        let old = from.relay_to;
        if let Some((to, id)) = old
            && let Some(to) = self.legs[to].as_mut().filter(|l| l.id() == id)
        {
            to.set_relayed(false, now);
        }
        self.with_leg(slot, |worker, from| {
            from.relay_to = wanted;
            if let Some(to) = wanted.and_then(|(to, _)| worker.legs[to].as_mut()) {
                to.set_relayed(true, now);
                from.drain_to(to, now);
            } else if let Some(prepared) = &mut from.prepared {
                prepared.jitter.reset(prepared.jitter.clock_rate());
            }
            if let Some(fd) = from.transport.readable() {
                match (old, wanted) {
                    (None, Some(_)) => worker.waiting.watch(fd, slot),
                    (Some(_), None) => worker.waiting.forget(fd),
                    _ => {}
                }
            }
        });
    }

    /// Sends the digits that ended at the leg in `slot` to those that hear only it and pass digits on.
    fn pass_digits_on(&mut self, slot: usize) {
        let Some(mut from) = self.legs[slot].take() else {
            return;
        };
        let id = from.id();
        // Relayed legs have forwarded the packets themselves.
        let forwarded = from.relay_to.is_some();
        for leg in self.legs.iter_mut().flatten().filter(|_| !forwarded) {
            let hears = leg
                .writes
                .as_ref()
                .is_some_and(|w| w.list.only_read() == Some(id) && w.list.passes_digits());
            if !hears {
                continue;
            }
            for &digit in &from.fresh_digits {
                if leg.write.events.push(digit) {
                    leg.shared.digits_queued.fetch_add(1, Ordering::AcqRel);
                }
            }
        }
        from.fresh_digits.clear();
        self.legs[slot] = Some(from);
    }

    /// Sums what `leg` (taken from `own`) is to hear and sends it.
    fn write_leg(&mut self, now: Instant, own: usize, leg: &mut Leg) {
        if leg.write.relayed {
            return leg.write_relayed(now);
        }
        if leg.prepared.is_none() {
            return;
        }
        let Worker {
            legs,
            players,
            player_index,
            sum,
            mixed,
            linked,
            retired,
            ticks,
            ..
        } = self;
        let mut retire = |object: Retired| retire(retired, object);
        if let Some(payload) = passthrough(legs, own, leg) {
            let mut copy = [0u8; crate::rtp::packet::MAX_PAYLOAD];
            let len = payload.len();
            copy[..len].copy_from_slice(payload);
            return leg.write_frame(now, Some(&copy[..len]), None, &mut retire);
        }
        let Some(mut writes) = leg.writes.take() else {
            return leg.write_frame(now, None, None, &mut retire);
        };
        sum.clear();
        let mut heard = false;
        let rate = leg.rate;
        for input in writes.inputs.iter_mut().flatten() {
            let Input {
                from,
                gain,
                resampler,
            } = input;
            let block = match from {
                InputFrom::Leg {
                    slot: Some(slot), ..
                } if *slot == own => leg.pcm(),
                InputFrom::Leg {
                    slot: Some(slot), ..
                } => legs[*slot].as_mut().and_then(|source| pcm_of(source)),
                InputFrom::Written {
                    slot: Some(slot), ..
                } if *slot == own => leg.written(),
                InputFrom::Written {
                    slot: Some(slot), ..
                } => legs[*slot].as_ref().and_then(|l| l.written()),
                InputFrom::Leg { slot: None, .. } | InputFrom::Written { slot: None, .. } => None,
                InputFrom::Player(id) => {
                    player(players, player_index, *id).and_then(|p| play(p, now, *ticks))
                }
                InputFrom::Linked(reader) => reader.next(linked).then_some(&**linked),
            };
            let Some(block) = block else { continue };
            heard = true;
            if block.rate() == rate {
                sum.add(block.samples(), *gain);
            } else {
                let mut converted = [0i16; MAX_QUANTUM_SAMPLES];
                let count = resample(
                    resampler,
                    block.samples(),
                    block.rate(),
                    rate,
                    &mut converted,
                );
                sum.add(&converted[..count], *gain);
            }
        }
        leg.writes = Some(writes);
        let pcm = heard.then(|| {
            let samples = mixed.fill_with_silence(rate);
            sum.write(samples);
            &*samples
        });
        leg.write_frame(now, None, pcm, &mut retire);
    }

    /// Publishes what legs and players with listeners on other workers say in this quantum.
    fn publish_links(&mut self, now: Instant) {
        let tick = self.ticks;
        for leg in self.legs.iter_mut().flatten() {
            if let Some(link) = leg.shared.write_link.get().filter(|l| l.has_readers()) {
                link.publish(tick, leg.written());
            }
            if let Some(link) = leg.shared.link.get().filter(|l| l.has_readers()).cloned() {
                link.publish(tick, pcm_of(leg));
            }
        }
        for slot in self.players.iter_mut().flatten() {
            let Some(link) = slot.shared.link.get().filter(|l| l.has_readers()).cloned() else {
                continue;
            };
            link.publish(tick, play(slot, now, tick));
        }
    }

    /// Removes players that have ended or whose handles are gone.
    fn sweep_players(&mut self) {
        for index in 0..self.players.len() {
            let Some(slot) = &self.players[index] else {
                continue;
            };
            let removed = slot.shared.removed.load(Ordering::Acquire);
            if !removed && slot.ended.is_none() {
                continue;
            }
            if let (false, Some(failed)) = (removed, slot.ended) {
                let owner = self
                    .leg_index
                    .get(&slot.owner)
                    .and_then(|&o| self.legs[o].as_ref());
                if let Some(owner) = owner {
                    owner.tell(LegEvent::PlayerEnded {
                        player: slot.id,
                        played_ms: slot.played_ms,
                        failed,
                    });
                }
            }
            if let Some(slot) = self.players[index].take() {
                self.player_index.remove(&slot.id);
                self.retire(Retired::Player(slot));
            }
        }
    }
}

/// The payload that `leg` can send on as it is: it hears one leg only, in the format that it sends.
fn passthrough<'a>(legs: &'a [Option<Box<Leg>>], own: usize, leg: &'a Leg) -> Option<&'a [u8]> {
    let writes = leg.writes.as_ref()?;
    writes.list.only_read()?;
    let Some(Input {
        from: InputFrom::Leg {
            slot: Some(slot), ..
        },
        gain: UNITY_GAIN,
        ..
    }) = &writes.inputs[0]
    else {
        return None;
    };
    let config = &leg.prepared.as_ref()?.config;
    let send = config.send.as_ref()?;
    let untouched = !leg.is_overheard()
        && !leg.muted_write
        && !leg.bugs.iter().any(|b| b.bug.wants(Side::Write));
    if !untouched || !leg.write.takes_payload(config.ptime_ms) {
        return None;
    }
    let source = if *slot == own {
        leg
    } else {
        legs[*slot].as_deref()?
    };
    source.read.passthrough(source.prepared.as_ref()?, send)
}

/// What `source` says in this quantum; a panic of its decoder is its own failure, not the listener's.
fn pcm_of(source: &mut Leg) -> Option<&PcmBlock> {
    if source.poisoned.is_some() {
        return None;
    }
    match catch_unwind(AssertUnwindSafe(|| source.pcm().is_some())) {
        // Decoded now, and only borrowed the second time.
        Ok(true) => source.pcm(),
        Ok(false) => None,
        Err(panic) => {
            source.poisoned = Some(said(&*panic));
            None
        }
    }
}

fn player<'a>(
    players: &'a mut [Option<Box<PlayerSlot>>],
    index: &IdMap<PlayerId>,
    id: PlayerId,
) -> Option<&'a mut PlayerSlot> {
    players.get_mut(*index.get(&id)?)?.as_deref_mut()
}

/// What the player plays in this quantum; asked by several, it plays once.
fn play(slot: &mut PlayerSlot, now: Instant, tick: u64) -> Option<&PcmBlock> {
    if slot.filled_at == tick {
        return Some(&slot.block);
    }
    if slot.ended.is_some() {
        return None;
    }
    let PlayerSlot { player, block, .. } = slot;
    let filled = catch_unwind(AssertUnwindSafe(|| {
        let rate = player.rate();
        let state = player.fill(now, block.fill_with_silence(rate));
        (state, rate.ms_of_samples(player.position()))
    }));
    slot.filled_at = tick;
    let (state, played_ms) = filled.unwrap_or((PlayerState::Failed, slot.played_ms));
    slot.played_ms = played_ms;
    slot.ended = match state {
        PlayerState::Playing => None,
        PlayerState::Ended => Some(false),
        PlayerState::Failed => Some(true),
    };
    Some(&slot.block)
}

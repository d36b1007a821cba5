//! Commands, obeyed at the beginning of a tick.

use crate::handle::LegId;
use crate::leg::bug::Side;
use crate::leg::event::LegEvent;
use crate::leg::{Leg, MAX_BUGS};
use crate::worker::Worker;
use crate::worker::command::{COMMANDS_PER_TICK, Command, Retired};
use std::sync::atomic::Ordering;
use std::time::Instant;

impl Worker {
    /// Obeys what waits, at most [`COMMANDS_PER_TICK`].
    pub(super) fn obey_all(&mut self, now: Instant) {
        for _ in 0..COMMANDS_PER_TICK {
            let Ok(command) = self.commands.try_recv() else {
                return;
            };
            self.obey(command, now);
        }
    }

    fn leg(&mut self, id: LegId) -> Option<&mut Box<Leg>> {
        self.leg_index.get(&id).and_then(|&i| self.legs[i].as_mut())
    }

    pub(super) fn obey(&mut self, command: Command, now: Instant) {
        let left = match command {
            Command::Open(leg) => {
                let slot = free_slot(&mut self.legs);
                self.leg_index.insert(leg.id(), slot);
                self.legs[slot] = Some(leg);
                None
            }
            Command::Play(player) => {
                let slot = free_slot(&mut self.players);
                self.player_index.insert(player.id, slot);
                self.players[slot] = Some(player);
                None
            }
            Command::Configure(id, prepared) => match self.leg(id) {
                Some(leg) => leg.configure(prepared, now).map(Retired::Prepared),
                None => Some(Retired::Prepared(prepared)),
            },
            Command::Write(id, writes) => match self.leg(id) {
                Some(leg) => leg.writes.replace(writes).map(Retired::Writes),
                None => Some(Retired::Writes(writes)),
            },
            Command::Attach(id, bug) => match self.leg(id) {
                Some(leg) if leg.bugs.len() < MAX_BUGS => {
                    leg.bugs.push(bug);
                    None
                }
                Some(leg) => {
                    leg.tell(LegEvent::BugEnded { bug: bug.id });
                    Some(Retired::Bug(bug))
                }
                None => Some(Retired::Bug(bug)),
            },
            Command::Mute(id, side, muted) => {
                if let Some(leg) = self.leg(id) {
                    match side {
                        Side::Read => leg.muted_read = muted,
                        Side::Write => leg.muted_write = muted,
                    }
                }
                None
            }
            Command::Control(id, control) => {
                if let Some(slot) = self
                    .player_index
                    .get(&id)
                    .and_then(|&i| self.players[i].as_mut())
                {
                    slot.player.control(control);
                }
                None
            }
            Command::Digits(id, digits) => {
                if let Some(leg) = self.leg(id) {
                    for &digit in &digits {
                        if !leg.write.events.push(digit) {
                            leg.shared.digits_queued.fetch_sub(1, Ordering::AcqRel);
                        }
                    }
                }
                Some(Retired::Command(Command::Digits(id, digits)))
            }
        };
        if let Some(object) = left {
            self.retire(object);
        }
    }
}

fn free_slot<T>(table: &mut Vec<Option<T>>) -> usize {
    table.iter().position(Option::is_none).unwrap_or_else(|| {
        table.push(None);
        table.len() - 1
    })
}

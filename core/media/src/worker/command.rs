//! What workers are told, and what they hand back to be dropped elsewhere.

use crate::frame::PcmBlock;
use crate::handle::{BugId, LegId, PlayerId, PlayerShared, SendDigit};
use crate::leg::Leg;
use crate::leg::bug::{MediaBug, Side};
use crate::leg::prepared::{Prepared, ResolvedWrites};
use crate::player::{Player, PlayerControl};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Commands that may wait for one worker.
pub const COMMAND_QUEUE: usize = 4_096;

/// Commands that a worker obeys in one tick; the rest wait for the next.
pub(crate) const COMMANDS_PER_TICK: usize = 256;

/// What a worker is told.
pub(crate) enum Command {
    Open(Box<Leg>),
    Configure(LegId, Box<Prepared>),
    Write(LegId, Box<ResolvedWrites>),
    Play(Box<PlayerSlot>),
    Control(PlayerId, PlayerControl),
    Attach(LegId, BugSlot),
    Digits(LegId, Box<[SendDigit]>),
    Mute(LegId, Side, bool),
}

/// What a worker no longer needs; the janitor drops it (its sole purpose is to own).
pub(crate) enum Retired {
    Leg(#[allow(dead_code)] Box<Leg>),
    Player(#[allow(dead_code)] Box<PlayerSlot>),
    Bug(#[allow(dead_code)] BugSlot),
    Prepared(#[allow(dead_code)] Box<Prepared>),
    Writes(#[allow(dead_code)] Box<ResolvedWrites>),
    Command(#[allow(dead_code)] Command),
}

/// A bug on a leg.
pub(crate) struct BugSlot {
    pub(crate) id: BugId,
    pub(crate) bug: Box<dyn MediaBug>,
    /// The guard is gone.
    pub(crate) detached: Arc<AtomicBool>,
}

/// A player on a worker.
pub(crate) struct PlayerSlot {
    pub(crate) id: PlayerId,
    /// The leg whose listener hears of its end.
    pub(crate) owner: LegId,
    pub(crate) player: Box<dyn Player>,
    pub(crate) shared: Arc<PlayerShared>,
    /// The quantum of `filled_at`.
    pub(crate) block: PcmBlock,
    /// The tick for which `block` was filled, so that all listeners hear the same.
    pub(crate) filled_at: u64,
    /// It has ended, or failed (`true`); from the next tick on it is silent.
    pub(crate) ended: Option<bool>,
    /// How much of it was played.
    pub(crate) played_ms: u64,
}

impl PlayerSlot {
    pub(crate) fn new(
        id: PlayerId,
        owner: LegId,
        player: Box<dyn Player>,
        shared: Arc<PlayerShared>,
    ) -> PlayerSlot {
        let block = PcmBlock::new(player.rate());
        PlayerSlot {
            id,
            owner,
            player,
            shared,
            block,
            filled_at: 0,
            ended: None,
            played_ms: 0,
        }
    }
}

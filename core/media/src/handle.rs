//! Handles through which the rest of the exchange drives legs, players and bugs. Every call is a message to a
//! worker's bounded queue and returns at once; nothing here waits.

use crate::leg::bug::{MediaBug, Side};
use crate::leg::config::LegConfig;
use crate::leg::event::LegListener;
use crate::leg::prepared::Prepared;
use crate::leg::write_list::WriteList;
use crate::player::{Player, PlayerControl};
use crate::pool::PoolShared;
use crate::statistics::{LegStatistics, SharedStatistics};
use crate::worker::command::{BugSlot, Command, PlayerSlot};
use crate::worker::link::Link;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// The queue of the leg's worker is full (or the worker is gone): the exchange is overloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the media worker does not keep up with its commands; admit fewer calls or add workers")]
pub struct Overloaded;

/// Identifies a leg; unique in the process.
// pool (24 random bits) | worker (8 bits) | number (32 bits): sources find their worker without a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegId(pub(crate) u64);

/// Identifies a player; unique in the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlayerId(pub(crate) u64);

/// Identifies an attached bug; unique in the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BugId(pub(crate) u64);

/// Bits of an id below the worker's index.
pub(crate) const ID_WORKER_SHIFT: u32 = 32;

pub(crate) fn worker_of(id: u64) -> usize {
    ((id >> ID_WORKER_SHIFT) & 0xff) as usize
}

/// A digit to send as a telephone-event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendDigit {
    /// `0`–`9`, `*`, `#`, `A`–`D`, `F` (flash), `w` (500 ms pause) or `W` (1 s pause).
    pub digit: char,
    /// How long, in samples at 8 kHz; clamped to 400–192 000.
    pub duration: u32,
}

/// Digits that may wait to be sent on one leg.
pub const MAX_QUEUED_DIGITS: usize = 128;

/// What a leg's handles and its worker share.
pub(crate) struct LegShared {
    pub(crate) id: LegId,
    pub(crate) statistics: SharedStatistics,
    /// Set once: the leg ends at its next tick. A flag, so that closing never fails for a full queue.
    pub(crate) closing: AtomicBool,
    pub(crate) digits_queued: AtomicUsize,
    /// Made when a leg of another worker first hears this one.
    pub(crate) link: OnceLock<Arc<Link>>,
    /// The same for what this leg is sent.
    pub(crate) write_link: OnceLock<Arc<Link>>,
}

impl LegShared {
    pub(crate) fn new(id: LegId) -> LegShared {
        LegShared {
            id,
            statistics: SharedStatistics::new(),
            closing: AtomicBool::new(false),
            digits_queued: AtomicUsize::new(0),
            link: OnceLock::new(),
            write_link: OnceLock::new(),
        }
    }
}

/// What a player's handle and its worker share.
pub(crate) struct PlayerShared {
    pub(crate) removed: AtomicBool,
    pub(crate) link: OnceLock<Arc<Link>>,
}

/// Drives one leg. Clones drive the same leg; it is closed by [`close`](LegHandle::close) or when the last is dropped.
#[derive(Clone)]
pub struct LegHandle {
    inner: Arc<HandleInner>,
}

struct HandleInner {
    shared: Arc<LegShared>,
    pool: Arc<PoolShared>,
}

impl Drop for HandleInner {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
        self.pool.forget_leg(self.shared.id);
    }
}

impl fmt::Debug for LegHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LegHandle").field(&self.id()).finish()
    }
}

impl LegHandle {
    pub(crate) fn new(shared: Arc<LegShared>, pool: Arc<PoolShared>) -> LegHandle {
        LegHandle {
            inner: Arc::new(HandleInner { shared, pool }),
        }
    }

    fn send(&self, command: Command) -> Result<(), Overloaded> {
        self.inner
            .pool
            .send(worker_of(self.inner.shared.id.0), command)
    }

    /// The leg's id.
    pub fn id(&self) -> LegId {
        self.inner.shared.id
    }

    /// Sets the whole configuration; may be called again at any time (re-INVITE). What does not change goes on
    /// without a break: SSRC, sequence numbers and timestamps of what is sent always do.
    pub fn configure(&self, config: LegConfig) -> Result<(), Overloaded> {
        self.send(Command::Configure(
            self.id(),
            Box::new(Prepared::new(config)),
        ))
    }

    /// Sets what this leg sends; replaces the list. Sources that no longer exist are silent.
    pub fn write(&self, sources: WriteList) -> Result<(), Overloaded> {
        let resolved = self.inner.pool.resolve(self.id(), sources);
        self.send(Command::Write(self.id(), Box::new(resolved)))
    }

    /// Registers a player on this leg's worker. It is heard (and advances) while a write list names it.
    pub fn play(&self, player: Box<dyn Player>) -> Result<PlayerHandle, Overloaded> {
        let pool = &self.inner.pool;
        let id = PlayerId(pool.next_id(worker_of(self.id().0)));
        let shared = Arc::new(PlayerShared {
            removed: AtomicBool::new(false),
            link: OnceLock::new(),
        });
        let slot = PlayerSlot::new(id, self.id(), player, Arc::clone(&shared));
        self.send(Command::Play(Box::new(slot)))?;
        pool.remember_player(id, &shared);
        Ok(PlayerHandle {
            id,
            shared,
            pool: Arc::clone(pool),
        })
    }

    /// Attaches a bug: it observes from the next tick on, until it is done or the guard is dropped.
    pub fn attach(&self, bug: Box<dyn MediaBug>) -> Result<BugGuard, Overloaded> {
        let id = BugId(self.inner.pool.next_id(worker_of(self.id().0)));
        let detached = Arc::new(AtomicBool::new(false));
        let slot = BugSlot {
            id,
            bug,
            detached: Arc::clone(&detached),
        };
        self.send(Command::Attach(self.id(), slot))?;
        Ok(BugGuard { id, detached })
    }

    /// Sends digits as telephone-events, after those still queued. At most [`MAX_QUEUED_DIGITS`] wait.
    /// Characters that are no digits are skipped.
    pub fn send_digits(&self, digits: &[SendDigit]) -> Result<(), Overloaded> {
        let queued = &self.inner.shared.digits_queued;
        if queued.fetch_add(digits.len(), Ordering::AcqRel) + digits.len() > MAX_QUEUED_DIGITS {
            queued.fetch_sub(digits.len(), Ordering::AcqRel);
            return Err(Overloaded);
        }
        self.send(Command::Digits(self.id(), digits.into()))
            .inspect_err(|_| {
                queued.fetch_sub(digits.len(), Ordering::AcqRel);
            })
    }

    /// The counters as of the last tick; also after the leg is closed.
    pub fn statistics(&self) -> LegStatistics {
        self.inner.shared.statistics.read()
    }

    /// Replaces what the phone says (`Read`) or hears (`Write`) by silence, or no longer.
    pub fn set_mute(&self, side: Side, muted: bool) -> Result<(), Overloaded> {
        self.send(Command::Mute(self.id(), side, muted))
    }

    /// Ends the leg at the next tick. Never fails; the handle stays good for [`statistics`](LegHandle::statistics).
    pub fn close(&self) {
        self.inner.shared.closing.store(true, Ordering::Release);
    }
}

/// A registered player; dropping it removes the player.
pub struct PlayerHandle {
    id: PlayerId,
    shared: Arc<PlayerShared>,
    pool: Arc<PoolShared>,
}

impl PlayerHandle {
    /// The player's id, to be named in write lists.
    pub fn id(&self) -> PlayerId {
        self.id
    }

    /// Tells the player to pause, seek and so on; obeyed at the next tick, ignored after its end.
    pub fn control(&self, control: PlayerControl) {
        // A worker that does not take 4 096 commands in 20 ms is beyond help; a lost pause is the least of it.
        let _ = self
            .pool
            .send(worker_of(self.id.0), Command::Control(self.id, control));
    }
}

impl Drop for PlayerHandle {
    fn drop(&mut self) {
        self.shared.removed.store(true, Ordering::Release);
        self.pool.forget_player(self.id);
    }
}

impl fmt::Debug for PlayerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PlayerHandle").field(&self.id).finish()
    }
}

/// An attached bug; dropping it detaches the bug.
#[derive(Debug)]
pub struct BugGuard {
    id: BugId,
    detached: Arc<AtomicBool>,
}

impl BugGuard {
    /// The bug's id, as `LegEvent::BugEnded` names it.
    pub fn id(&self) -> BugId {
        self.id
    }
}

impl Drop for BugGuard {
    fn drop(&mut self) {
        self.detached.store(true, Ordering::Release);
    }
}

/// The listener of a leg, for the worker.
pub(crate) type Listener = Arc<dyn LegListener>;

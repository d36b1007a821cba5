//! What a leg tells its owner.

use crate::handle::{BugId, LegId, PlayerId};
use std::net::SocketAddr;

/// Hears of a leg. Called on the worker thread within a tick: must not block, lock for long or allocate much.
pub trait LegListener: Send + Sync + 'static {
    /// `event` happened on `leg`.
    fn leg_event(&self, leg: LegId, event: LegEvent);
}

/// Something that happened on a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LegEvent {
    /// The far end pressed a key (RFC 4733): 0–9, `*`, `#`, A–D, or `F` for flash. Reported when the key is released.
    /// A bridge peer does not hear of it by itself unless its write list says `WriteList::with_digits`.
    Digit {
        /// The key.
        digit: char,
        /// How long it was held, in samples at 8 kHz.
        duration: u32,
    },
    /// The first packet was accepted.
    MediaStarted,
    /// Nothing was received for the configured time.
    MediaTimeout,
    /// The far end sends from this address, not from the negotiated one; we now send there.
    RemoteLearnt(SocketAddr),
    /// A player registered on this leg is over (it ended or failed; not when its handle was dropped).
    PlayerEnded {
        /// Which one.
        player: PlayerId,
        /// How much of it was played, in milliseconds.
        played_ms: u64,
        /// Whether it ended because its audio could not be had.
        failed: bool,
    },
    /// A bug said it is done (or panicked); it is detached.
    BugEnded {
        /// Which one.
        bug: BugId,
    },
    /// The leg's step panicked or its socket died; the leg is gone.
    Failed(String),
    /// The leg was closed; the last event of a leg.
    Closed,
}

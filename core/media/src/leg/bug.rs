//! Media bugs: observers of what a leg hears and says.

use crate::rate::SampleRate;

/// Which direction of a leg a block belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What the phone says (received).
    Read,
    /// What the phone hears (sent).
    Write,
}

/// Whether a bug wants to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Call again next quantum.
    Going,
    /// Detach; the leg raises `LegEvent::BugEnded`.
    Done,
}

/// An observer attached to a leg. While attached, both sides are decoded and `observe` is called once a
/// quantum for each side that it wants, read before write; a quantum without audio is observed as silence,
/// so that recordings keep time. Must neither block, lock nor allocate.
pub trait MediaBug: Send {
    /// Whether this bug wants blocks of `side`.
    fn wants(&self, side: Side) -> bool;

    /// Sees one quantum of PCM at `rate` (the leg's rate; it may change when a codec is renegotiated).
    fn observe(&mut self, side: Side, rate: SampleRate, pcm: &[i16]) -> Keep;
}

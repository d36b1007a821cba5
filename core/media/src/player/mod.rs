//! Players: sources of audio that are not a caller (files, tones, silence, music on hold).

use crate::rate::SampleRate;
use std::time::Instant;

pub mod file;
pub mod rated;
pub mod sequence;
pub mod silence;
pub mod stream;
pub mod tone;

pub use file::file_player;
pub use rated::at_rate;
pub use sequence::sequence_player;
pub use silence::silence_player;
pub use stream::{SharedStream, stream_player};
pub use tone::tone_player;

#[cfg(test)]
mod tests;

/// Whether a player has more to play after the block that it just filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlayerState {
    /// There is more.
    Playing,
    /// The last sample was in this block (the rest of the block is silence).
    Ended,
    /// The audio could not be had in time or at all; playing ends here.
    Failed,
}

/// What an operator or a caller's key may do to a running player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlayerControl {
    /// Stop advancing; silence is heard.
    Pause,
    /// Go on after a pause.
    Resume,
    /// Pause or resume, whichever it is not.
    TogglePause,
    /// Move by this many milliseconds, backwards when negative; clamped to the sound.
    SeekBy(i64),
    /// Play from the start again.
    Restart,
}

/// A source of audio, driven once every quantum by a worker. Must neither block, lock nor allocate.
pub trait Player: Send {
    /// The rate of the samples that `fill` writes; constant for the life of the player.
    fn rate(&self) -> SampleRate;

    /// Fills the whole of `out` (one quantum at `rate`), with silence after the end.
    /// `now` is the tick's time: shared streams derive their position from it.
    fn fill(&mut self, now: Instant, out: &mut [i16]) -> PlayerState;

    /// Obeys a control; one that makes no sense for this player is ignored.
    fn control(&mut self, control: PlayerControl);

    /// Samples played so far, at `rate` (position within the sound after seeks).
    fn position(&self) -> u64;
}

/// A position in samples moved by `ms` milliseconds, not before the start.
pub(crate) fn moved(position: u64, ms: i64, rate: SampleRate) -> u64 {
    let samples = u64::from(rate.hz()).saturating_mul(ms.unsigned_abs()) / 1_000;
    if ms < 0 {
        position.saturating_sub(samples)
    } else {
        position.saturating_add(samples)
    }
}

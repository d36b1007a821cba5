//! Sound files: reading every format that is played, writing those that are recorded, and keeping decoded
//! prompts in memory.

pub mod cache;
pub mod decode;
pub(crate) mod encode;
pub(crate) mod header;
pub(crate) mod prefetch;
pub(crate) mod raw;
pub mod sound;

pub use cache::{SoundCache, open_player};
pub use sound::{DecodedSound, SoundError};

#[cfg(test)]
mod tests;

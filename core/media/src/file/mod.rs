//! Sound files: reading every format that is played, writing those that are recorded, and keeping decoded
//! prompts in memory.

pub mod sound;

pub use sound::{DecodedSound, SoundError};

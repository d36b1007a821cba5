//! Tones from a script: ring-back, busy, beeps, keypad digits.

pub mod generate;
pub mod script;

pub use script::{ToneError, ToneScript};

//! Keypad digits as audio.

pub mod generate;

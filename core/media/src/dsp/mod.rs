//! Measuring and making signals, sample by sample.

pub mod goertzel;
pub mod noise;

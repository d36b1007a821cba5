//! Measuring and making signals, sample by sample.

pub mod goertzel;

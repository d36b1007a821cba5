//! The jitter buffer: puts packets back in order and in time.

pub mod adapt;
pub mod buffer;
pub mod conceal;

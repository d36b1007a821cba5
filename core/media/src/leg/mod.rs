//! The media half of a call leg.

pub mod bug;

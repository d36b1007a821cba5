//! RTP (RFC 3550) and telephone-events (RFC 4733): pure parsing, ordering and counting.

pub mod packet;
pub mod sequence;
pub mod telephone_event;

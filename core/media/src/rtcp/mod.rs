//! RTCP (RFC 3550 §6): what we report, what we learn, when.

pub mod interval;
pub mod packet;
pub mod reports;

//! Real phones and real attackers against the real program: baresip, SIPp and plain sockets.

mod attacks;
mod audio_attacks;
mod baresip;
mod calls;
#[allow(dead_code, reason = "the load test uses the rest")]
mod exchange;
mod life_cycle;
mod phone;
mod ports;
mod rtp;
mod scenarios;
mod seeds;
mod sip_wire;
#[allow(dead_code, reason = "the load test uses the rest")]
mod sipp;
mod tone;
mod tools;
mod torture;
mod voicemail;

/// These tests measure nothing, so the program may be a debug build.
const OPTIMISED: bool = false;

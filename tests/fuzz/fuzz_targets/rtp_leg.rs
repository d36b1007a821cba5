//! Fuzz target `rtp_leg`: see `strowger_fuzz::rtp_leg`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::rtp_leg(data));

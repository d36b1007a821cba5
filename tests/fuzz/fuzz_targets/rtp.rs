//! Fuzz target `rtp`: see `strowger_fuzz::rtp`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::rtp(data));

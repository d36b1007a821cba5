//! Fuzz target `stun`: see `strowger_fuzz::stun`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::stun(data));

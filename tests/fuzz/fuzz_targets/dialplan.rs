//! Fuzz target `dialplan`: see `strowger_fuzz::dialplan`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::dialplan(data));

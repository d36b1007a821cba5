//! Fuzz target `pattern`: see `strowger_fuzz::pattern`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::pattern(data));

//! Fuzz target `percent`: see `strowger_fuzz::percent`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::percent(data));

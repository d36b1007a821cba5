//! Fuzz target `digest`: see `strowger_fuzz::digest`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::digest(data));

//! Fuzz target `configuration`: see `strowger_fuzz::configuration`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::configuration(data));

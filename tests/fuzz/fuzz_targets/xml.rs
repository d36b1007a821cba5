//! Fuzz target `xml`: see `strowger_fuzz::xml`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::xml(data));

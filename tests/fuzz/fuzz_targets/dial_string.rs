//! Fuzz target `dial_string`: see `strowger_fuzz::dial_string`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::dial_string(data));

//! Fuzz target `arguments`: see `strowger_fuzz::arguments`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::arguments(data));

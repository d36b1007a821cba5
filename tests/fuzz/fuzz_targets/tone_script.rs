//! Fuzz target `tone_script`: see `strowger_fuzz::tone_script`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::tone_script(data));

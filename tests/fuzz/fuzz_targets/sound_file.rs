//! Fuzz target `sound_file`: see `strowger_fuzz::sound_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::sound_file(data));

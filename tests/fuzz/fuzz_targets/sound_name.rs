//! Fuzz target `sound_name`: see `strowger_fuzz::sound_name`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::sound_name(data));

//! Fuzz target `template`: see `strowger_fuzz::template`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::template(data));

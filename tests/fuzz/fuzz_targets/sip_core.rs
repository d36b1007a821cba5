//! Fuzz target `sip_core`: see `strowger_fuzz::sip_core`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::sip_core(data));

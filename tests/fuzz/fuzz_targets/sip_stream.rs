//! Fuzz target `sip_stream`: see `strowger_fuzz::sip_stream`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::sip_stream(data));

//! Fuzz target `sip_uri`: see `strowger_fuzz::sip_uri`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::sip_uri(data));

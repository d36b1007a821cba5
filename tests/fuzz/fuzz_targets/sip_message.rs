//! Fuzz target `sip_message`: see `strowger_fuzz::sip_message`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::sip_message(data));

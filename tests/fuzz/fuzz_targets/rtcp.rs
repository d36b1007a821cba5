//! Fuzz target `rtcp`: see `strowger_fuzz::rtcp`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::rtcp(data));

//! Fuzz target `inline_dialplan`: see `strowger_fuzz::inline_dialplan`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::inline_dialplan(data));

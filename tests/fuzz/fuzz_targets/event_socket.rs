//! Fuzz target `event_socket`: see `strowger_fuzz::event_socket`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| strowger_fuzz::event_socket(data));

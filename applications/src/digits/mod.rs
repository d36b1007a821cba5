//! Digits: asked for, sent, forgotten.

pub mod entry;
pub mod play_and_get_digits;
pub mod read;
pub mod send;

use crate::Nothing;
use strowger_core::application;
use strowger_core::application::Application;

/// The applications of this folder.
pub fn applications() -> Vec<Box<dyn Application>> {
    vec![
        application!("read", read::read, read::Read, "Ask for digits", media: Required),
        application!("play_and_get_digits", play_and_get_digits::play_and_get_digits, play_and_get_digits::PlayAndGetDigits, "Ask for digits until they are what is expected", media: Required),
        application!("send_dtmf", send::send_dtmf, send::SendDtmf, "Send digits to the phone", media: NotNeeded),
        application!("flush_dtmf", send::flush_dtmf, Nothing, "Forget digits that nobody has used yet", media: NotNeeded),
    ]
}

//! Digits: asked for, sent, forgotten.

pub mod send;

use crate::Nothing;
use strowger_core::application;
use strowger_core::application::Application;

/// The applications of this folder.
pub fn applications() -> Vec<Box<dyn Application>> {
    vec![
        application!("send_dtmf", send::send_dtmf, send::SendDtmf, "Send digits to the phone", media: NotNeeded),
        application!("flush_dtmf", send::flush_dtmf, Nothing, "Forget digits that nobody has used yet", media: NotNeeded),
    ]
}

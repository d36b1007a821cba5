//! What happens to the call itself: answer it, end it, move it, let it wait.

pub mod access;
pub mod answer;
pub mod display;
pub mod end;
pub mod interrupt;
pub mod park;
pub mod redirect;
pub mod sleep;
pub mod transfer;

use crate::Nothing;
use strowger_core::application;
use strowger_core::application::Application;

/// The applications of this folder.
pub fn applications() -> Vec<Box<dyn Application>> {
    vec![
        application!("answer", answer::answer, answer::Answer, "Answer the call", media: NotNeeded),
        application!("pre_answer", answer::pre_answer, Nothing, "Send audio before the call is answered (183)", media: NotNeeded),
        application!("ring_ready", answer::ring_ready, Nothing, "Tell the caller that it rings (180)", media: NotNeeded),
        application!("acknowledge_call", answer::acknowledge_call, Nothing, "Tell the caller that the call is being worked on (100)", media: NotNeeded),
        application!("send_display", display::send_display, display::SendDisplay, "Change what the phone shows of the other party", media: NotNeeded),
        application!("hangup", end::hangup, end::Hangup, "End the call with a cause", media: NotNeeded),
        application!("respond", end::respond, end::Respond, "Give the call this SIP response", media: NotNeeded),
        application!("redirect", redirect::redirect, redirect::Redirect, "Send the caller to other addresses (302, or REFER once answered)", media: NotNeeded),
        application!("deflect", redirect::deflect, redirect::Redirect, "Send the caller to another address and wait for the outcome", media: NotNeeded),
        application!("transfer", transfer::transfer, transfer::Transfer, "Go on in another extension", media: NotNeeded),
        application!("execute_extension", transfer::execute_extension, transfer::ExecuteExtension, "Run another extension and come back", media: NotNeeded),
        application!("park", park::park, Nothing, "Wait until somebody moves the call on", media: NotNeeded),
        application!("sleep", sleep::sleep, sleep::Sleep, "Wait for a time", media: NotNeeded),
        application!("break", interrupt::break_, Nothing, "Cut short the next sound or wait of this call", media: NotNeeded),
        application!("check_acl", access::check_acl, access::CheckAcl, "End the call unless an address is on a list", media: NotNeeded),
    ]
}

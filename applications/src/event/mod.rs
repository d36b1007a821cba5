//! Telling others: log lines and events.

pub mod fire;
pub mod log;

use strowger_core::application;
use strowger_core::application::Application;

/// The applications of this folder.
pub fn applications() -> Vec<Box<dyn Application>> {
    vec![
        application!("log", log::log, log::Log, "Write a line to the log", media: NotNeeded, after_hangup, inline: log::log_inline),
        application!("info", log::info, log::Info, "Write everything known about the call to the log", media: NotNeeded, after_hangup, inline: log::info_inline),
        application!("event", fire::event, fire::Fire, "Fire an event", media: NotNeeded, after_hangup, inline: fire::event_inline),
    ]
}

//! Recording the caller, or the whole conversation.

pub mod caller;
pub mod conversation;
pub mod path;

use strowger_core::application;
use strowger_core::application::Application;

/// The applications of this folder.
pub fn applications() -> Vec<Box<dyn Application>> {
    vec![
        application!("record", caller::record, caller::Record, "Record what the caller says", media: Required),
        application!("record_session", conversation::record_session, conversation::RecordSession, "Record the conversation in the background", media: Required),
        application!("stop_record_session", conversation::stop_record_session, conversation::StopRecordSession, "End recordings of the conversation", media: NotNeeded),
    ]
}

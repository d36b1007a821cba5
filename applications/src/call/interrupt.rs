//! `break`: cut short what the call does next.

use crate::Nothing;
use strowger_core::session::Command;
use strowger_core::{AppResult, Session};

/// Makes the next sound or wait of this call end at once.
pub async fn break_(session: &mut Session, _: Nothing) -> AppResult {
    session.handle().send_surely(Command::Break);
    Ok(())
}

//! `park`: the call waits until somebody moves it on.

use crate::Nothing;
use strowger_core::{AppResult, Session};

/// Waits; `park_timeout` (`seconds[:CAUSE]`) ends the call.
pub async fn park(session: &mut Session, _: Nothing) -> AppResult {
    session.park().await?;
    Ok(())
}

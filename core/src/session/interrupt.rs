//! What ends whatever a session is doing. Interrupts travel by `?` through applications.

use super::command::BridgeRole;
use super::handle::SessionHandle;
use strowger_model::{ArgumentError, Expanded, HangupCause};

/// Where a transfer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Extension (may be text from the network).
    pub extension: Expanded,
    /// Dialplan; `None`: as before.
    pub dialplan: Option<String>,
    /// Context; `None`: as before.
    pub context: Option<String>,
}

impl Destination {
    /// An extension in the current dialplan and context.
    pub fn extension(extension: impl Into<Expanded>) -> Destination {
        Destination {
            extension: extension.into(),
            dialplan: None,
            context: None,
        }
    }
}

/// Why the running application has to stop.
#[derive(Clone, Debug)]
pub enum Interrupt {
    /// The call ends.
    Hangup(HangupCause),
    /// Talk with this peer instead.
    Join {
        /// The other leg.
        peer: SessionHandle,
        /// Our half.
        role: BridgeRole,
    },
    /// Go to another extension.
    Transfer(Destination),
    /// Be parked.
    Park,
}

/// How an application ended when it did not end well.
#[derive(Debug)]
pub enum AppError {
    /// It failed; its result variables are set and the extension goes on.
    Failed(HangupCause, String),
    /// Something else takes over.
    Interrupt(Interrupt),
}

/// What an application returns.
pub type AppResult = Result<(), AppError>;

impl From<Interrupt> for AppError {
    fn from(interrupt: Interrupt) -> Self {
        AppError::Interrupt(interrupt)
    }
}

impl From<ArgumentError> for AppError {
    fn from(error: ArgumentError) -> Self {
        AppError::Failed(HangupCause::InvalidIeContents, error.to_string())
    }
}

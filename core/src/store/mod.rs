//! What survives a restart, behind one trait per kind of record. SQL lives in `core/storage`; the in-memory
//! implementations here serve tests and exchanges that need no persistence.

mod mailboxes;
mod registrations;

pub use mailboxes::{
    Mailboxes, MemoryMailboxes, Message, MessageCounts, MessageState, Preferences, Urgency,
    count as count_messages,
};
pub use registrations::{Registration, RegistrationJournal, RegistrationKey, Registrations};

use std::sync::Arc;

/// A record could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}")]
pub struct StoreError {
    /// What was attempted.
    pub what: String,
    /// What the store said.
    pub why: String,
}

/// All stores of one switch.
#[derive(Clone)]
pub struct Store {
    /// Who is reachable where.
    pub registrations: Arc<Registrations>,
    /// Voicemail.
    pub mailboxes: Arc<dyn Mailboxes>,
}

impl Store {
    /// Stores that forget everything when the process ends.
    pub fn in_memory() -> Store {
        Store {
            registrations: Arc::new(Registrations::new(None)),
            mailboxes: Arc::new(MemoryMailboxes::default()),
        }
    }
}

//! Core's stores in SQLite: one file, one connection, one thread that alone uses it.

mod sqlite;

#[cfg(test)]
mod contract;

use sqlite::writer::Writer;
use sqlite::{journal::Journal, mailboxes::SqliteMailboxes};
use std::path::Path;
use std::sync::Arc;
use strowger_core::store::{Registrations, Store, StoreError};

/// An open database.
pub struct Database {
    writer: Writer,
}

impl Database {
    /// Opens the database, or makes it. A damaged one is put aside under another name, and a fresh one begun.
    pub fn open(path: &Path) -> Result<Database, StoreError> {
        let connection = sqlite::open(path)?;
        Ok(Database {
            writer: Writer::start(connection)?,
        })
    }

    /// The stores in it. Call it once: registrations are kept in memory and only written here.
    pub fn store(&self) -> Store {
        let journal = Journal(self.writer.clone());
        Store {
            registrations: Arc::new(Registrations::new(Some(Arc::new(journal)))),
            mailboxes: Arc::new(SqliteMailboxes(self.writer.clone())),
        }
    }

    /// Waits until everything queued is in the file. Blocking.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.writer.flush()
    }
}

/// Opens the stores in a database file.
pub fn open(path: &Path) -> Result<Store, StoreError> {
    Ok(Database::open(path)?.store())
}

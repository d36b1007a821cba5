//! The connection: pragmas, migrations, and what happens to a damaged file.

pub mod journal;
pub mod mailboxes;
pub mod writer;

use rusqlite::{Connection, ErrorCode};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use strowger_core::store::StoreError;

/// How long another program (a backup) may hold the file.
const BUSY: Duration = Duration::from_secs(5);
/// Numbered from 1; never changed once published.
const MIGRATIONS: &[&str] = &[include_str!("../../migrations/sqlite/0001.sql")];

/// Opens or makes the file; a damaged one is renamed first.
pub fn open(path: &Path) -> Result<Connection, StoreError> {
    match try_open(path) {
        Err(Failed::Damaged(why)) => {
            let aside = put_aside(path)?;
            tracing::error!(
                "the database {} is damaged ({why}): it is kept as {}, and a new one is begun; \
                 registrations come back by themselves, voicemail messages do not",
                path.display(),
                aside.display()
            );
            try_open(path).map_err(|failed| failed.into_error(path))
        }
        other => other.map_err(|failed| failed.into_error(path)),
    }
}

enum Failed {
    Damaged(String),
    Other(String),
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Failed {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Failed::Damaged(error.to_string())
            }
            _ => Failed::Other(error.to_string()),
        }
    }
}

impl Failed {
    fn into_error(self, path: &Path) -> StoreError {
        let (Failed::Damaged(why) | Failed::Other(why)) = self;
        StoreError {
            what: format!("the database {} cannot be opened", path.display()),
            why,
        }
    }
}

fn try_open(path: &Path) -> Result<Connection, Failed> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "normal")?;
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(Failed::Damaged(found));
    }
    migrate(&mut connection)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<(), Failed> {
    let version: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let done = version as usize;
    if done > MIGRATIONS.len() {
        return Err(Failed::Other(format!(
            "it was made by a newer version of this program (schema {done}, known up to {}); use that version",
            MIGRATIONS.len()
        )));
    }
    for (number, sql) in (1u32..).zip(MIGRATIONS).skip(done) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Renames a damaged file and what belongs to it.
fn put_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let aside = with_suffix(path, &format!(".damaged-{seconds}"));
    std::fs::rename(path, &aside).map_err(|error| StoreError {
        what: format!(
            "the damaged database {} cannot be put aside as {}",
            path.display(),
            aside.display()
        ),
        why: error.to_string(),
    })?;
    for suffix in ["-wal", "-shm"] {
        // Often there is none.
        let _ = std::fs::rename(with_suffix(path, suffix), with_suffix(&aside, suffix));
    }
    Ok(aside)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests;

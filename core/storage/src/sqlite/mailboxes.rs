//! Voicemail: messages and preferences. Each call is complete, on disk, when its future is.

use super::writer::Writer;
use rusqlite::{Connection, OptionalExtension, Row, params};
use strowger_core::store::{
    Mailboxes, Message, MessageCounts, MessageState, Preferences, StoreError, Urgency,
    count_messages,
};
use strowger_model::BoxFuture;

/// Mailboxes in SQLite.
pub struct SqliteMailboxes(pub Writer);

const COLUMNS: &str = "uuid, user, domain, created, read, caller_name, caller_number, folder, path, seconds, state, \
                       urgent, forwarded_by, cut";

const STATES: [(MessageState, &str); 4] = [
    (MessageState::Recording, "recording"),
    (MessageState::Kept, "kept"),
    (MessageState::Saved, "saved"),
    (MessageState::Deleted, "deleted"),
];

fn state_name(state: MessageState) -> &'static str {
    STATES
        .iter()
        .find(|(known, _)| *known == state)
        .map_or("kept", |(_, name)| name)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Message> {
    let state: String = row.get("state")?;
    let seconds: i64 = row.get("seconds")?;
    Ok(Message {
        uuid: row.get("uuid")?,
        user: row.get("user")?,
        domain: row.get("domain")?,
        created: row.get("created")?,
        read: row.get("read")?,
        caller_name: row.get("caller_name")?,
        caller_number: row.get("caller_number")?,
        folder: row.get("folder")?,
        path: row.get("path")?,
        seconds: seconds.unsigned_abs(),
        state: STATES
            .iter()
            .find(|(_, name)| *name == state)
            .map_or(MessageState::Kept, |(state, _)| *state),
        urgency: if row.get("urgent")? {
            Urgency::Urgent
        } else {
            Urgency::Normal
        },
        forwarded_by: row.get("forwarded_by")?,
        cut: row.get("cut")?,
    })
}

fn of_box(connection: &Connection, domain: &str, user: &str) -> rusqlite::Result<Vec<Message>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM message WHERE domain = ? AND user = ? AND state <> 'recording'
             ORDER BY urgent DESC, created, id"
        ))?
        .query_map(params![domain, user], read)?
        .collect()
}

impl Mailboxes for SqliteMailboxes {
    fn insert<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), StoreError>> {
        let m = message.clone();
        Box::pin(self.0.ask("a message cannot be kept", move |connection| {
            connection
                .prepare_cached(&format!(
                    "INSERT OR REPLACE INTO message ({COLUMNS})
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                ))?
                .execute(params![
                    m.uuid,
                    m.user,
                    m.domain,
                    m.created,
                    m.read,
                    m.caller_name,
                    m.caller_number,
                    m.folder,
                    m.path,
                    i64::try_from(m.seconds).unwrap_or(i64::MAX),
                    state_name(m.state),
                    m.urgency == Urgency::Urgent,
                    m.forwarded_by,
                    m.cut,
                ])
                .map(|_| ())
        }))
    }

    fn messages<'a>(
        &'a self,
        domain: &'a str,
        user: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Message>, StoreError>> {
        let (domain, user) = (domain.to_owned(), user.to_owned());
        Box::pin(self.0.ask("messages cannot be read", move |connection| {
            of_box(connection, &domain, &user)
        }))
    }

    fn unfinished(&self) -> BoxFuture<'_, Result<Vec<Message>, StoreError>> {
        Box::pin(self.0.ask("messages cannot be read", |connection| {
            connection
                .prepare(&format!(
                    "SELECT {COLUMNS} FROM message WHERE state = 'recording' ORDER BY id"
                ))?
                .query_map([], read)?
                .collect()
        }))
    }

    fn mark<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), StoreError>> {
        let m = message.clone();
        Box::pin(
            self.0
                .ask("a message cannot be changed", move |connection| {
                    connection
                        .prepare_cached(
                            "UPDATE message SET state = ?, read = ?, urgent = ?
                             WHERE domain = ? AND user = ? AND uuid = ?",
                        )?
                        .execute(params![
                            state_name(m.state),
                            m.read,
                            m.urgency == Urgency::Urgent,
                            m.domain,
                            m.user,
                            m.uuid,
                        ])
                        .map(|_| ())
                }),
        )
    }

    fn remove<'a>(
        &'a self,
        domain: &'a str,
        user: &'a str,
        uuid: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let (domain, user, uuid) = (domain.to_owned(), user.to_owned(), uuid.to_owned());
        Box::pin(
            self.0
                .ask("a message cannot be removed", move |connection| {
                    connection
                        .prepare_cached(
                            "DELETE FROM message WHERE domain = ? AND user = ? AND uuid = ?",
                        )?
                        .execute(params![domain, user, uuid])
                        .map(|_| ())
                }),
        )
    }

    fn counts<'a>(
        &'a self,
        domain: &'a str,
        user: &'a str,
    ) -> BoxFuture<'a, Result<MessageCounts, StoreError>> {
        let (domain, user) = (domain.to_owned(), user.to_owned());
        Box::pin(self.0.ask("messages cannot be counted", move |connection| {
            Ok(count_messages(&of_box(connection, &domain, &user)?))
        }))
    }

    fn preferences<'a>(
        &'a self,
        domain: &'a str,
        user: &'a str,
    ) -> BoxFuture<'a, Result<Preferences, StoreError>> {
        let (domain, user) = (domain.to_owned(), user.to_owned());
        Box::pin(self.0.ask("preferences cannot be read", move |connection| {
            let found = connection
                .prepare_cached(
                    "SELECT name_path, greeting_path, password FROM preferences
                             WHERE domain = ? AND user = ?",
                )?
                .query_row(params![domain, user], |row| {
                    Ok(Preferences {
                        name_path: row.get(0)?,
                        greeting_path: row.get(1)?,
                        password: row.get(2)?,
                    })
                })
                .optional()?;
            Ok(found.unwrap_or_default())
        }))
    }

    fn set_preferences<'a>(
        &'a self,
        domain: &'a str,
        user: &'a str,
        preferences: &'a Preferences,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let (domain, user, chosen) = (domain.to_owned(), user.to_owned(), preferences.clone());
        Box::pin(
            self.0
                .ask("preferences cannot be kept", move |connection| {
                    connection
                        .prepare_cached(
                            "INSERT OR REPLACE INTO preferences
                             (user, domain, name_path, greeting_path, password) VALUES (?, ?, ?, ?, ?)",
                        )?
                        .execute(params![
                            user,
                            domain,
                            chosen.name_path,
                            chosen.greeting_path,
                            chosen.password,
                        ])
                        .map(|_| ())
                }),
        )
    }
}

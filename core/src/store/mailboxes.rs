//! Voicemail boxes: messages and the owner's preferences.

use super::StoreError;
use std::sync::{Mutex, PoisonError};
use strowger_model::BoxFuture;

/// Whether a message was marked urgent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// `A_URGENT`: sorted first.
    Urgent,
    /// `B_NORMAL`.
    #[default]
    Normal,
}

/// What has become of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MessageState {
    /// It is being recorded; after a crash it is completed from its file.
    Recording,
    /// Nobody has listened to it yet, or listened without deciding.
    #[default]
    Kept,
    /// Saved by the listener.
    Saved,
    /// To be deleted when the listener is done.
    Deleted,
}

/// One voicemail message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Its id (the depositing channel's uuid).
    pub uuid: String,
    /// Mailbox.
    pub user: String,
    /// Domain of the mailbox.
    pub domain: String,
    /// When it was left, seconds since 1970.
    pub created: i64,
    /// When it was first listened to; 0: new.
    pub read: i64,
    /// Who left it.
    pub caller_name: String,
    /// Number of who left it.
    pub caller_number: String,
    /// `inbox`.
    pub folder: String,
    /// The recording.
    pub path: String,
    /// Its length in seconds.
    pub seconds: u64,
    /// What has become of it.
    pub state: MessageState,
    /// Urgent or not.
    pub urgency: Urgency,
    /// Who forwarded it; empty: nobody.
    pub forwarded_by: String,
    /// The recording was cut off by a crash.
    pub cut: bool,
}

/// How many messages a box has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageCounts {
    /// Not listened to, urgent ones included.
    pub new: u32,
    /// Listened to.
    pub saved: u32,
    /// Not listened to and urgent.
    pub new_urgent: u32,
    /// Listened to and urgent.
    pub saved_urgent: u32,
    /// Seconds of audio in the box.
    pub seconds: u64,
}

/// What the owner of a box has chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// The recorded name.
    pub name_path: Option<String>,
    /// The greeting in use.
    pub greeting_path: Option<String>,
    /// A PIN chosen by phone, as a salted hash.
    pub password: Option<String>,
}

/// All mailboxes. Every call is complete when its future is: a message that `insert` accepted survives `kill -9`.
pub trait Mailboxes: Send + Sync + 'static {
    /// Adds a message, or replaces the one of its uuid in the box.
    fn insert<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), StoreError>>;
    /// The messages of a box, urgent first, then oldest first; those still being recorded are left out.
    fn messages<'a>(
        &'a self,
        domain: &'a str,
        user: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Message>, StoreError>>;
    /// Messages of all boxes that were being recorded when the process ended.
    fn unfinished(&self) -> BoxFuture<'_, Result<Vec<Message>, StoreError>>;
    /// Changes state, time of listening and urgency of a message.
    fn mark<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), StoreError>>;
    /// Removes a message (not its file).
    fn remove<'a>(
        &'a self,
        domain: &'a str,
        user: &'a str,
        uuid: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
    /// How many messages a box has.
    fn counts<'a>(
        &'a self,
        domain: &'a str,
        user: &'a str,
    ) -> BoxFuture<'a, Result<MessageCounts, StoreError>>;
    /// The owner's choices.
    fn preferences<'a>(
        &'a self,
        domain: &'a str,
        user: &'a str,
    ) -> BoxFuture<'a, Result<Preferences, StoreError>>;
    /// Replaces the owner's choices.
    fn set_preferences<'a>(
        &'a self,
        domain: &'a str,
        user: &'a str,
        preferences: &'a Preferences,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// Counts the messages of a box.
pub fn count(messages: &[Message]) -> MessageCounts {
    let mut counts = MessageCounts::default();
    for message in messages
        .iter()
        .filter(|message| message.state != MessageState::Deleted)
    {
        let urgent = message.urgency == Urgency::Urgent;
        if message.read == 0 {
            counts.new += 1;
            counts.new_urgent += u32::from(urgent);
        } else {
            counts.saved += 1;
            counts.saved_urgent += u32::from(urgent);
        }
        counts.seconds += message.seconds;
    }
    counts
}

/// Mailboxes in memory.
#[derive(Default)]
pub struct MemoryMailboxes {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    messages: Vec<Message>,
    preferences: Vec<((String, String), Preferences)>,
}

impl MemoryMailboxes {
    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn of_box(&self, domain: &str, user: &str) -> Vec<Message> {
        let mut messages: Vec<Message> = self.with(|state| {
            state
                .messages
                .iter()
                .filter(|m| is_in(m, domain, user) && m.state != MessageState::Recording)
                .cloned()
                .collect()
        });
        messages.sort_by_key(|message| (message.urgency, message.created));
        messages
    }
}

fn is_in(message: &Message, domain: &str, user: &str) -> bool {
    message.domain.eq_ignore_ascii_case(domain) && message.user.eq_ignore_ascii_case(user)
}

impl Mailboxes for MemoryMailboxes {
    fn insert<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), StoreError>> {
        self.with(|state| {
            state
                .messages
                .retain(|m| !(m.uuid == message.uuid && is_in(m, &message.domain, &message.user)));
            state.messages.push(message.clone());
        });
        Box::pin(async { Ok(()) })
    }

    fn messages<'a>(
        &'a self,
        domain: &'a str,
        user: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Message>, StoreError>> {
        let messages = self.of_box(domain, user);
        Box::pin(async move { Ok(messages) })
    }

    fn unfinished(&self) -> BoxFuture<'_, Result<Vec<Message>, StoreError>> {
        let messages = self.with(|state| {
            state
                .messages
                .iter()
                .filter(|m| m.state == MessageState::Recording)
                .cloned()
                .collect()
        });
        Box::pin(async move { Ok(messages) })
    }

    fn mark<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), StoreError>> {
        self.insert(message)
    }

    fn remove<'a>(
        &'a self,
        domain: &'a str,
        user: &'a str,
        uuid: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.with(|state| {
            state
                .messages
                .retain(|m| !(m.uuid == uuid && is_in(m, domain, user)))
        });
        Box::pin(async { Ok(()) })
    }

    fn counts<'a>(
        &'a self,
        domain: &'a str,
        user: &'a str,
    ) -> BoxFuture<'a, Result<MessageCounts, StoreError>> {
        let counts = count(&self.of_box(domain, user));
        Box::pin(async move { Ok(counts) })
    }

    fn preferences<'a>(
        &'a self,
        domain: &'a str,
        user: &'a str,
    ) -> BoxFuture<'a, Result<Preferences, StoreError>> {
        let key = (domain.to_ascii_lowercase(), user.to_ascii_lowercase());
        let preferences = self.with(|state| {
            state
                .preferences
                .iter()
                .find(|(owner, _)| *owner == key)
                .map(|(_, p)| p.clone())
                .unwrap_or_default()
        });
        Box::pin(async move { Ok(preferences) })
    }

    fn set_preferences<'a>(
        &'a self,
        domain: &'a str,
        user: &'a str,
        preferences: &'a Preferences,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let key = (domain.to_ascii_lowercase(), user.to_ascii_lowercase());
        self.with(|state| {
            state.preferences.retain(|(owner, _)| *owner != key);
            state.preferences.push((key, preferences.clone()));
        });
        Box::pin(async { Ok(()) })
    }
}

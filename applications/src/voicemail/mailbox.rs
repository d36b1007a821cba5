//! One person's box: where it is, what is in it, and whether it takes more.

use super::config::{Profile, VoicemailConf};
use super::paths::{self, BoxDirectory};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use strowger_core::config::ConfigSnapshot;
use strowger_core::store::{
    Mailboxes, Message, MessageCounts, MessageState, Preferences, StoreError, Urgency,
};
use strowger_core::{AppError, Switch};
use strowger_model::{HangupCause, User};

/// The time in which a caller's messages in a box are counted, seconds.
const HOUR: i64 = 3_600;

/// Why there is no box.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoMailbox {
    /// Nobody of that name.
    #[error("there is no user {0} in the directory")]
    Unknown(String),
    /// `vm-enabled` is false.
    #[error("voicemail is switched off for {0} (vm-enabled)")]
    Disabled(String),
    /// A name that cannot be part of a path.
    #[error("{0} cannot be a mailbox: its directory would have a name that is not allowed")]
    Unsafe(String),
}

/// Which messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Never listened to.
    New,
    /// Listened to.
    Saved,
}

impl Kind {
    /// What prompts call it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::New => "new",
            Kind::Saved => "saved",
        }
    }
}

/// Why a box takes no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// `vm-disk-quota` seconds are in it.
    Seconds,
    /// `max-messages` are in it.
    Messages,
    /// This caller has left `max-messages-per-caller` within an hour.
    Caller,
    /// The disk must keep some room.
    Disk,
}

/// A box.
#[derive(Clone)]
pub struct Mailbox {
    /// Its profile.
    pub profile: Arc<Profile>,
    /// Whose it is.
    pub user: Arc<User>,
    /// Its files.
    pub directory: BoxDirectory,
    switch: Switch,
    store: Arc<dyn Mailboxes>,
}

impl Mailbox {
    /// The box of a user by id or number alias.
    pub fn find(
        switch: &Switch,
        config: &ConfigSnapshot,
        profile: &Arc<Profile>,
        domain: &str,
        key: &str,
    ) -> Result<Mailbox, NoMailbox> {
        let name = || format!("{key}@{domain}");
        let user = config
            .directory()
            .user_by(domain, "id:number-alias", key)
            .ok_or_else(|| NoMailbox::Unknown(name()))?;
        if user
            .param("vm-enabled")
            .is_some_and(strowger_model::is_false)
        {
            return Err(NoMailbox::Disabled(name()));
        }
        let directory =
            directory_of(switch, profile, user).ok_or_else(|| NoMailbox::Unsafe(name()))?;
        Ok(Mailbox {
            profile: profile.clone(),
            user: user.clone(),
            directory,
            switch: switch.clone(),
            store: switch.store().mailboxes.clone(),
        })
    }

    /// The box in whichever profile, the one named `default` first.
    pub fn find_anywhere(
        switch: &Switch,
        config: &ConfigSnapshot,
        domain: &str,
        key: &str,
    ) -> Option<Mailbox> {
        let conf = config.get::<VoicemailConf>();
        let default = conf.profile("default").into_iter();
        default
            .chain(conf.profiles())
            .find_map(|profile| Mailbox::find(switch, config, profile, domain, key).ok())
    }

    /// Its number.
    pub fn id(&self) -> &str {
        &self.user.id
    }

    /// Its domain.
    pub fn domain(&self) -> &str {
        &self.user.domain
    }

    /// The exchange.
    pub fn switch(&self) -> &Switch {
        &self.switch
    }

    /// The store of messages.
    pub fn store(&self) -> &dyn Mailboxes {
        &*self.store
    }

    /// Seconds since 1970.
    pub fn now(&self) -> i64 {
        self.switch.clock().now().timestamp()
    }

    /// A user parameter that is not empty.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.user.param(name).filter(|text| !text.is_empty())
    }

    /// What is in it.
    pub async fn counts(&self) -> Result<MessageCounts, StoreError> {
        self.store.counts(self.domain(), self.id()).await
    }

    /// What its owner has chosen.
    pub async fn preferences(&self) -> Result<Preferences, StoreError> {
        self.store.preferences(self.domain(), self.id()).await
    }

    /// Keeps what its owner has chosen.
    pub async fn choose(&self, preferences: &Preferences) -> Result<(), StoreError> {
        self.store
            .set_preferences(self.domain(), self.id(), preferences)
            .await
    }

    /// All messages that are not deleted, urgent ones first, then oldest first.
    pub async fn messages(&self) -> Result<Vec<Message>, StoreError> {
        let mut messages = self.store.messages(self.domain(), self.id()).await?;
        messages.retain(|message| message.state != MessageState::Deleted);
        Ok(messages)
    }

    /// Removes what a listener has deleted in a call that a crash ended, with its files.
    pub async fn purge(&self) -> Result<(), StoreError> {
        let mut messages = self.store.messages(self.domain(), self.id()).await?;
        messages.retain(|message| message.state == MessageState::Deleted);
        for message in &messages {
            self.store
                .remove(&message.domain, &message.user, &message.uuid)
                .await?;
        }
        let files = messages.iter().map(|message| PathBuf::from(&message.path));
        self.remove_files(files.collect()).await;
        Ok(())
    }

    /// The messages of a kind in the order in which they are played.
    pub async fn to_play(&self, kind: Kind) -> Result<Vec<Message>, StoreError> {
        let mut messages = self.messages().await?;
        messages.retain(|message| (message.read == 0) == (kind == Kind::New));
        let latest_first = match kind {
            Kind::New => self.profile.new_latest_first,
            Kind::Saved => self.profile.saved_latest_first,
        };
        sort_for_playing(&mut messages, latest_first);
        Ok(messages)
    }

    /// A message about to be recorded.
    pub fn new_message(&self, uuid: String, name: String, number: String) -> Message {
        Message {
            uuid,
            user: self.id().to_owned(),
            domain: self.domain().to_owned(),
            created: self.now(),
            read: 0,
            caller_name: name,
            caller_number: number,
            folder: "inbox".to_owned(),
            path: self.new_path().display().to_string(),
            seconds: 0,
            state: MessageState::Recording,
            urgency: Urgency::Normal,
            forwarded_by: String::new(),
            cut: false,
        }
    }

    /// A file that does not exist yet.
    pub fn new_path(&self) -> PathBuf {
        self.directory
            .file(&format!("msg_{}.wav", self.switch.new_uuid()))
    }

    /// Makes its directory.
    pub async fn make_directory(&self) -> std::io::Result<()> {
        let directory = self.directory.clone();
        self.switch.blocking(move || directory.make()).await
    }

    /// Removes files of the box; others are left alone.
    pub async fn remove_files(&self, files: Vec<PathBuf>) {
        let directory = self.directory.clone();
        self.switch
            .blocking(move || {
                for file in files.iter().filter(|file| directory.holds(file)) {
                    paths::remove(file);
                }
            })
            .await;
    }

    /// Whether the box takes a message from a number; why not, otherwise.
    pub async fn room_for(&self, caller: &str) -> Result<Option<Full>, StoreError> {
        let messages = self.store.messages(self.domain(), self.id()).await?;
        let quota = self
            .param("vm-disk-quota")
            .and_then(|text| text.parse().ok());
        if let Some(full) = full_of(&messages, &self.profile, quota, caller, self.now()) {
            return Ok(Some(full));
        }
        let directory = self.directory.path();
        let room = self
            .switch
            .blocking(move || paths::has_room(&directory))
            .await;
        Ok((!room).then_some(Full::Disk))
    }
}

/// Urgent ones first, within them by time.
fn sort_for_playing(messages: &mut [Message], latest_first: bool) {
    messages.sort_by_key(|message| {
        let time = if latest_first {
            -message.created
        } else {
            message.created
        };
        (message.urgency, time)
    });
}

/// Whether the messages of a box leave no room. A quota of 0 seconds is none.
fn full_of(
    messages: &[Message],
    profile: &Profile,
    quota: Option<u64>,
    caller: &str,
    now: i64,
) -> Option<Full> {
    let seconds: u64 = messages.iter().map(|message| message.seconds).sum();
    if quota.is_some_and(|quota| quota > 0 && seconds >= quota) {
        return Some(Full::Seconds);
    }
    if messages.len() >= profile.max_messages {
        return Some(Full::Messages);
    }
    let recent = messages
        .iter()
        .filter(|m| m.caller_number == caller && m.created > now - HOUR)
        .count();
    (recent >= profile.max_per_caller).then_some(Full::Caller)
}

/// Where things that survive a restart are kept.
pub fn storage_root(switch: &Switch) -> PathBuf {
    match switch.global("storage_dir").filter(|text| !text.is_empty()) {
        Some(directory) => PathBuf::from(directory),
        // Beside the logs when the program has not said.
        None => switch
            .log_dir()
            .parent()
            .unwrap_or(switch.log_dir())
            .join("storage"),
    }
}

/// The directory of a box: the user's own, the domain's, the profile's, or the usual one.
fn directory_of(switch: &Switch, profile: &Profile, user: &User) -> Option<BoxDirectory> {
    let usual = storage_root(switch);
    let text = |name: &str| user.param(name).filter(|text| !text.is_empty());
    if let Some(own) = text("vm-storage-dir").or_else(|| text("storage-dir")) {
        return BoxDirectory::below(usual.join("voicemail").join(own), &[]);
    }
    if let Some(domain) = text("vm-domain-storage-dir") {
        return BoxDirectory::below(domain, &[&user.id]);
    }
    match &profile.storage_dir {
        Some(root) if profile.storage_dir_shared => {
            BoxDirectory::below(root, &[&user.domain, "voicemail", &user.id])
        }
        Some(root) => BoxDirectory::below(root, &[&user.domain, &user.id]),
        None => BoxDirectory::below(usual, &["voicemail", &profile.name, &user.domain, &user.id]),
    }
}

/// A failure of the store as a failure of the application.
pub fn stored<T>(result: Result<T, StoreError>) -> Result<T, AppError> {
    result.map_err(|error| failed(error.to_string()))
}

/// An application that cannot go on.
pub fn failed(why: impl Into<String>) -> AppError {
    AppError::Failed(HangupCause::NormalTemporaryFailure, why.into())
}

/// `HH:MM:SS`.
pub fn clock_text(length: Duration) -> String {
    let seconds = length.as_secs();
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests;

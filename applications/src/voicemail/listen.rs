//! Playing messages and deciding what becomes of them.

use super::config::{DateAnnouncement, Keys, Profile};
use super::login::Visitor;
use super::mailbox::{Kind, Mailbox, stored};
use super::waiting::{self, Reason};
use super::{AppError, AppResult, forward, pin, prompt, recording};
use std::path::{Path, PathBuf};
use strowger_core::Session;
use strowger_core::endpoint::{Identity, Indication};
use strowger_core::session::{Destination, Interrupt, StopOn};
use strowger_core::store::{Message, MessageState};
use strowger_model::Expanded;

/// Which calls a call back to the sender of a message may make: the number is whatever the caller claimed.
const CALLBACK_CLASS: &str = "local";

/// Longest number that is called back.
const LONGEST_NUMBER: usize = 20;

/// Which messages are played.
pub enum Choose<'a> {
    /// All of a kind.
    All(Kind),
    /// One, by its uuid.
    Only(&'a str),
}

/// Where a listener goes after a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Next,
    Previous,
    Again,
}

/// What a key after a message means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Go(Step),
    Listen,
    CallBack,
    Forward,
    Delete,
    Undelete,
    Save,
}

/// Plays messages; afterwards those saved count as heard and those deleted are gone, also after a hangup.
pub async fn listen(session: &mut Session, visitor: &Visitor, choose: Choose<'_>) -> AppResult {
    let mailbox = &visitor.mailbox;
    let mut messages = match choose {
        Choose::All(kind) => stored(session.during(mailbox.to_play(kind)).await?)?,
        Choose::Only(uuid) => {
            let mut all = stored(session.during(mailbox.messages()).await?)?;
            all.retain(|message| message.uuid == uuid);
            all
        }
    };
    let heard = walk(session, visitor, &mut messages).await;
    let settled = session.finish(settle(mailbox, &messages)).await;
    if settled.is_err() {
        tracing::error!(
            uuid = session.uuid(),
            "the messages of a box took too long to put in order"
        );
    }
    heard
}

async fn walk(session: &mut Session, visitor: &Visitor, messages: &mut [Message]) -> AppResult {
    let mut at = 0;
    while let Some(message) = messages.get_mut(at) {
        match hear(session, visitor, message, at + 1).await? {
            Step::Next => at += 1,
            Step::Previous => at = at.saturating_sub(1),
            Step::Again => {}
        }
    }
    Ok(())
}

/// Plays one message and obeys the listener.
async fn hear(
    session: &mut Session,
    visitor: &Visitor,
    message: &mut Message,
    number: usize,
) -> Result<Step, AppError> {
    let profile = visitor.mailbox.profile.clone();
    let mut key = announce(session, &profile, message, number).await?;
    if key.is_none() {
        key = play(session, &profile, message).await?;
    }
    loop {
        let pressed = match key.take() {
            Some(key) => Some(key),
            None => ask(session, &profile).await?,
        };
        match wish(&profile.keys, pressed, message.state) {
            Wish::Go(step) => return Ok(step),
            Wish::Listen => key = play(session, &profile, message).await?,
            Wish::CallBack => call_back(session, visitor, message).await?,
            Wish::Forward => forward::forward(session, &visitor.mailbox, message).await?,
            Wish::Delete => {
                decide(session, visitor, message, MessageState::Deleted, "deleted").await?;
                return Ok(Step::Next);
            }
            Wish::Undelete => {
                decide(session, visitor, message, MessageState::Kept, "undeleted").await?;
            }
            Wish::Save => {
                decide(session, visitor, message, MessageState::Saved, "saved").await?;
                return Ok(Step::Next);
            }
        }
    }
}

async fn decide(
    session: &mut Session,
    visitor: &Visitor,
    message: &mut Message,
    state: MessageState,
    said: &str,
) -> AppResult {
    message.state = state;
    match session.finish(visitor.mailbox.store().mark(message)).await {
        Ok(result) => stored(result)?,
        Err(overdue) => return Err(super::mailbox::failed(overdue.to_string())),
    }
    prompt::say(session, "voicemail_ack", said).await?;
    Ok(())
}

/// The menu after a message.
async fn ask(session: &mut Session, profile: &Profile) -> Result<Option<char>, Interrupt> {
    let keys = &profile.keys;
    let menu = format!(
        "{}:{}:{}:{}:{}:{}",
        keys.listen, keys.save, keys.delete, keys.email, keys.callback, keys.forward
    );
    prompt::ask_key(session, profile, "voicemail_listen_file_check", menu).await
}

/// The meaning of a key, in the order in which keys with two meanings are looked up.
fn wish(keys: &Keys, pressed: Option<char>, state: MessageState) -> Wish {
    let Some(pressed) = pressed else {
        return Wish::Save;
    };
    let table = [
        (keys.previous, Wish::Go(Step::Previous)),
        (keys.repeat, Wish::Go(Step::Again)),
        (keys.next, Wish::Go(Step::Next)),
        (keys.listen, Wish::Listen),
        (keys.callback, Wish::CallBack),
        (keys.forward, Wish::Forward),
        (keys.delete, Wish::Delete),
    ];
    // A deleted message can only be taken back; keys that mean something else for others do that here.
    if state == MessageState::Deleted && pressed == keys.undelete {
        return Wish::Undelete;
    }
    table
        .iter()
        .find(|(key, _)| *key == pressed)
        .map_or(Wish::Save, |(_, wish)| *wish)
}

/// Keys that act while a message is announced or played.
fn acting_keys(keys: &Keys) -> String {
    [
        keys.delete,
        keys.save,
        keys.previous,
        keys.next,
        keys.repeat,
        keys.terminator,
        keys.skip_info,
        keys.forward,
    ]
    .iter()
    .collect()
}

/// Whether a key only ends what is heard and means nothing else.
fn only_ends(keys: &Keys, key: char) -> bool {
    key == keys.terminator || key == keys.skip_info
}

/// What is said before a message; the key that has a meaning of its own.
async fn announce(
    session: &mut Session,
    profile: &Profile,
    message: &Message,
    number: usize,
) -> Result<Option<char>, AppError> {
    let identity = Identity {
        name: message.caller_name.clone(),
        number: message.caller_number.clone(),
    };
    session.indicate(Indication::Display(identity)).await?;
    let kind = if message.read == 0 {
        Kind::New
    } else {
        Kind::Saved
    };
    let mut parts = Vec::new();
    if session.is_true("vm_announce_cid") {
        let number = Expanded::network(message.caller_number.clone());
        parts.push(("voicemail_say_phone_number", number));
    }
    parts.push((
        "voicemail_say_message_number",
        Expanded::trusted(format!("{}:{number}", kind.word())),
    ));
    if profile.date == DateAnnouncement::First {
        parts.push((
            "voicemail_say_date",
            Expanded::trusted(message.created.to_string()),
        ));
    }
    for (phrase, data) in parts {
        let stop = StopOn::Digits(acting_keys(&profile.keys));
        if let Some(key) = prompt::say_until(session, phrase, data, stop).await? {
            return Ok(Some(key).filter(|key| !only_ends(&profile.keys, *key)));
        }
    }
    Ok(None)
}

/// Plays the message itself; the key that has a meaning of its own.
async fn play(
    session: &mut Session,
    profile: &Profile,
    message: &Message,
) -> Result<Option<char>, AppError> {
    let stop = recording::controls(profile, &acting_keys(&profile.keys));
    let sound = prompt::file(Path::new(&message.path));
    if let Some(key) = prompt::play_until(session, &sound, stop).await? {
        return Ok(Some(key).filter(|key| !only_ends(&profile.keys, *key)));
    }
    if profile.date == DateAnnouncement::Last {
        let stop = StopOn::Digits(acting_keys(&profile.keys));
        let date = message.created.to_string();
        let key = prompt::say_until(session, "voicemail_say_date", date, stop).await?;
        return Ok(key.filter(|key| !only_ends(&profile.keys, *key)));
    }
    Ok(None)
}

/// Calls the sender, where the configuration allows it at all: only for who knows a long PIN, only numbers, only into
/// the context for it, and only with the class of local calls.
async fn call_back(session: &mut Session, visitor: &Visitor, message: &Message) -> AppResult {
    let refusal = match &visitor.mailbox.profile.callback {
        None => Some("the profile has no callback-context"),
        Some(_) if visitor.pin_digits < pin::CALLBACK_PIN => {
            Some("only who opened the box with a PIN of six digits or more may call back")
        }
        Some(_) if !is_number(&message.caller_number) => Some("the sender has no number to call"),
        Some(_) => None,
    };
    if let Some(why) = refusal {
        tracing::warn!(
            uuid = session.uuid(),
            why,
            "the sender of a message is not called back"
        );
        prompt::say(session, "voicemail_invalid_extension", "").await?;
        return Ok(());
    }
    let configured = visitor.mailbox.profile.callback.clone();
    let dialplan = super::leave::trusted_text(session, "voicemail_callback_dialplan");
    let context = super::leave::trusted_text(session, "voicemail_callback_context");
    let to = Destination {
        extension: Expanded::network(message.caller_number.clone()),
        dialplan: dialplan.or_else(|| configured.as_ref().map(|c| c.dialplan.clone())),
        context: context.or_else(|| configured.map(|c| c.context)),
    };
    let class = session.own_variable("toll_allow").cloned();
    session.set("toll_allow", CALLBACK_CLASS);
    let result = Box::pin(session.execute_extension(to)).await;
    // A call that goes on elsewhere keeps the class: the transfer is part of calling back.
    if !matches!(result, Err(AppError::Interrupt(_))) {
        match class {
            Some(class) => session.set("toll_allow", class),
            None => session.unset("toll_allow"),
        }
    }
    match result {
        Err(AppError::Failed(cause, why)) => {
            tracing::warn!(uuid = session.uuid(), %cause, why, "calling back failed");
            Ok(())
        }
        result => result,
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    !digits.is_empty()
        && digits.len() <= LONGEST_NUMBER
        && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Saved messages have been read now; deleted ones go, with their files.
async fn settle(mailbox: &Mailbox, messages: &[Message]) {
    let now = mailbox.now();
    let mut files = Vec::new();
    for message in messages {
        let result = match message.state {
            MessageState::Saved if message.read == 0 => {
                let read = Message {
                    read: now,
                    ..message.clone()
                };
                mailbox.store().mark(&read).await
            }
            MessageState::Deleted => {
                files.push(PathBuf::from(&message.path));
                mailbox
                    .store()
                    .remove(&message.domain, &message.user, &message.uuid)
                    .await
            }
            _ => Ok(()),
        };
        if let Err(error) = result {
            tracing::error!(%error, uuid = message.uuid, "what became of a message cannot be noted");
        }
    }
    mailbox.remove_files(files).await;
    waiting::tell(mailbox, Reason::Purge).await;
}

#[cfg(test)]
mod tests;

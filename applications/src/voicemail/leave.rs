//! Leaving a message: greet, beep, record, keep.

use super::check::{self, Visit};
use super::mailbox::{Full, Mailbox, clock_text, failed, stored};
use super::recording::{self, Take, Verdict};
use super::waiting::{self, Reason};
use super::{AppError, AppResult, inject, prompt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use strowger_core::Session;
use strowger_core::session::{Destination, Interrupt, StopOn};
use strowger_core::store::{Message, MessageState, Urgency};
use strowger_model::{Expanded, separate};

/// Between the answer and the greeting, so that its first word is heard.
const BEFORE_GREETING: Duration = Duration::from_millis(100);

/// Words of `extension dialplan context`.
const DESTINATION_WORDS: usize = 3;

/// Lets the caller leave a message in a box.
pub async fn leave_message(session: &mut Session, mailbox: &Mailbox) -> AppResult {
    session.rest(BEFORE_GREETING).await?;
    let instructions = greet(session, mailbox).await?;
    let (_, number) = caller(session);
    if let Some(full) = stored(session.during(mailbox.room_for(&number)).await?)? {
        refuse(session, mailbox, full).await?;
    } else {
        deposit(session, mailbox, instructions).await?;
    }
    if !session.is_true("voicemail_skip_goodbye") {
        prompt::say(session, "voicemail_goodbye", "").await?;
    }
    Ok(())
}

/// Plays the greeting and obeys the keys pressed meanwhile; whether instructions shall follow.
async fn greet(session: &mut Session, mailbox: &Mailbox) -> Result<bool, AppError> {
    let keys = &mailbox.profile.keys;
    if session.is_true("skip_greeting") {
        return Ok(true);
    }
    loop {
        let Some(key) = play_greeting(session, mailbox).await? else {
            return Ok(true);
        };
        if keys.login.contains(key) {
            let visit = Visit::of_owner(mailbox);
            Box::pin(check::check_messages(session, visit)).await?;
            return Ok(true);
        }
        if let Some(elsewhere) = elsewhere(session, mailbox, Some(key)) {
            return Err(elsewhere.into());
        }
        if key == keys.skip_greeting {
            return Ok(false);
        }
    }
}

/// The greeting, or the name and a standard sentence; the key that ended it.
async fn play_greeting(session: &mut Session, mailbox: &Mailbox) -> Result<Option<char>, AppError> {
    let preferences = stored(session.during(mailbox.preferences()).await?)?;
    let number = session.text("voicemail_greeting_number");
    let named = session
        .own_variable("voicemail_greeting_path")
        // A file named by a peer would be any file.
        .filter(|path| !path.has_network())
        .map(|path| PathBuf::from(path.as_str()));
    let greeting = match number.parse::<u8>() {
        Ok(number @ 1..=9) => Some(greeting_file(mailbox, number)),
        _ => named.or(preferences.greeting_path.map(PathBuf::from)),
    };
    if let Some(greeting) = greeting
        && exists(mailbox, &greeting).await
    {
        let greeting = prompt::file(&greeting);
        return Ok(prompt::play_until(session, &greeting, StopOn::AnyDigit).await?);
    }
    if let Some(name) = preferences.name_path.map(PathBuf::from)
        && exists(mailbox, &name).await
    {
        let key = prompt::play_until(session, &prompt::file(&name), StopOn::AnyDigit).await?;
        if key.is_some() {
            return Ok(key);
        }
    }
    let shown = mailbox
        .param("vm-alternate-greet-id")
        .map(Expanded::trusted)
        .or_else(|| session.variable("voicemail_alternate_greet_id"))
        .unwrap_or_else(|| Expanded::trusted(mailbox.id()));
    let key =
        prompt::say_until(session, "voicemail_play_greeting", shown, StopOn::AnyDigit).await?;
    Ok(key)
}

/// The file of a greeting.
pub fn greeting_file(mailbox: &Mailbox, number: u8) -> PathBuf {
    mailbox.directory.file(&format!("greeting_{number}.wav"))
}

/// Whether a file is there.
pub async fn exists(mailbox: &Mailbox, path: &Path) -> bool {
    let path = path.to_owned();
    mailbox.switch().blocking(move || path.is_file()).await
}

/// Where a key leads that gives up leaving a message: the operator or another mailbox.
fn elsewhere(session: &Session, mailbox: &Mailbox, key: Option<char>) -> Option<Interrupt> {
    let profile = &mailbox.profile;
    let key = key?;
    let to = if Some(key) == profile.keys.operator {
        session
            .own_variable("vm_operator_extension")
            .filter(|text| !text.has_network() && !text.is_empty())
            .map(|text| text.as_str().to_owned())
            .or_else(|| mailbox.param("vm-operator-extension").map(str::to_owned))
            .unwrap_or_else(|| profile.operator_extension.clone())
    } else if Some(key) == profile.keys.vmain {
        profile.vmain_extension.clone()
    } else {
        return None;
    };
    destination(&to).map(Interrupt::Transfer)
}

/// `extension [dialplan [context]]`.
fn destination(text: &str) -> Option<Destination> {
    let mut words = separate(&Expanded::trusted(text), ' ', DESTINATION_WORDS).into_iter();
    let extension = words.next().filter(|word| !word.is_empty())?;
    let mut word = || {
        words
            .next()
            .map(Expanded::into_string)
            .filter(|word| !word.is_empty())
    };
    Some(Destination {
        extension,
        dialplan: word(),
        context: word(),
    })
}

async fn refuse(session: &mut Session, mailbox: &Mailbox, full: Full) -> AppResult {
    let why = match full {
        Full::Seconds => "the seconds of vm-disk-quota are used up",
        Full::Messages => "it holds max-messages",
        Full::Caller => "this caller has left max-messages-per-caller within an hour",
        Full::Disk => "the disk is nearly full",
    };
    tracing::warn!(
        uuid = session.uuid(),
        mailbox = mailbox.user.address(),
        why,
        "no message is taken"
    );
    waiting::happened(
        session,
        mailbox,
        "mailbox-full",
        &[("VM-Reason", why.to_owned())],
    );
    prompt::say(session, "voicemail_disk_quota_exceeded", "").await?;
    Ok(())
}

/// Who calls, as messages remember it.
pub fn caller(session: &Session) -> (String, String) {
    let profile = &session.channel().profile;
    let own = |name: &str, otherwise: &str| {
        session
            .own_variable(name)
            .map(|value| value.as_str())
            .filter(|value| !value.is_empty())
            .unwrap_or(otherwise)
            .to_owned()
    };
    (
        own("effective_caller_id_name", &profile.caller_id_name),
        own("effective_caller_id_number", &profile.caller_id_number),
    )
}

/// A message under way: its row is in the store before the first sample, so that a crash loses nothing.
struct Draft<'m> {
    mailbox: &'m Mailbox,
    message: Message,
    /// The take to keep.
    good: Option<PathBuf>,
    length: Duration,
}

/// Records a message and keeps it, whatever way the call ends.
async fn deposit(session: &mut Session, mailbox: &Mailbox, instructions: bool) -> AppResult {
    if let Err(error) = mailbox.make_directory().await {
        waiting::happened(
            session,
            mailbox,
            "record-failed",
            &[("VM-Failure", error.to_string())],
        );
        prompt::say(session, "voicemail_disk_quota_exceeded", "").await?;
        return Err(failed(format!(
            "{} cannot be made, so no message can be left: {error}",
            mailbox.directory.path().display()
        )));
    }
    let mut draft = Draft::begin(session, mailbox).await?;
    let spoken = compose(session, &mut draft, instructions).await;
    settle(session, draft).await;
    spoken
}

impl<'m> Draft<'m> {
    async fn begin(session: &mut Session, mailbox: &'m Mailbox) -> Result<Draft<'m>, AppError> {
        let (name, number) = caller(session);
        let uuid = session.uuid().to_owned();
        let earlier = stored(session.during(mailbox.messages()).await?)?;
        // A second message of one call to one box needs another name.
        let uuid = if earlier.iter().any(|message| message.uuid == uuid) {
            mailbox.switch().new_uuid()
        } else {
            uuid
        };
        let message = mailbox.new_message(uuid, name, number);
        if let Ok(Err(error)) = session.finish(mailbox.store().insert(&message)).await {
            tracing::error!(%error, uuid = session.uuid(), "a message cannot be noted before it is recorded; a crash would lose it");
        }
        Ok(Draft {
            mailbox,
            message,
            good: None,
            length: Duration::ZERO,
        })
    }

    /// One more take. The one before is kept until this one is good.
    async fn take(&mut self, session: &mut Session, instructions: bool) -> Result<Take, Interrupt> {
        let mailbox = self.mailbox;
        let path = if self.good.is_none() {
            PathBuf::from(&self.message.path)
        } else {
            mailbox.new_path()
        };
        let instructions = instructions.then_some("voicemail_record_message");
        let profile = mailbox.profile.clone();
        let taken = recording::take(
            session,
            &profile,
            instructions,
            path.clone(),
            profile.shortest,
        )
        .await?;
        match &taken {
            Take::Good(length)
            | Take::Failed {
                kept: Some(length), ..
            } => {
                self.keep(path, *length).await;
            }
            Take::Short(_) | Take::Failed { kept: None, .. } => {
                mailbox.remove_files(vec![path]).await;
            }
        }
        Ok(taken)
    }

    async fn keep(&mut self, path: PathBuf, length: Duration) {
        self.length = length;
        self.message.path = path.display().to_string();
        let before = self.good.replace(path);
        if let Some(before) = before {
            if let Err(error) = self.mailbox.store().insert(&self.message).await {
                tracing::error!(%error, "a message recorded again cannot be noted before it is complete");
            }
            self.mailbox.remove_files(vec![before]).await;
        }
    }
}

/// The conversation about one message: record, review, urgent or not.
async fn compose(session: &mut Session, draft: &mut Draft<'_>, instructions: bool) -> AppResult {
    let mailbox = draft.mailbox;
    let profile = mailbox.profile.clone();
    let silent = session.is_true("skip_instructions")
        || mailbox
            .param("vm-skip-instructions")
            .is_some_and(strowger_model::is_true);
    let mut instructions = instructions;
    let mut short = 0;
    loop {
        match draft.take(session, instructions && !silent).await? {
            Take::Good(_) => {}
            Take::Short(key) => {
                if let Some(elsewhere) = elsewhere(session, mailbox, key) {
                    return Err(elsewhere.into());
                }
                prompt::say(session, "voicemail_ack", "too-small").await?;
                short += 1;
                if short >= profile.max_retries {
                    return Ok(());
                }
                instructions = true;
                continue;
            }
            Take::Failed { why, .. } => {
                tracing::error!(
                    uuid = session.uuid(),
                    why,
                    "a message could not be recorded to its end"
                );
                waiting::happened(session, mailbox, "record-failed", &[("VM-Failure", why)]);
                prompt::say(session, "voicemail_disk_quota_exceeded", "").await?;
                return Ok(());
            }
        }
        let Some(good) = draft.good.clone() else {
            return Ok(());
        };
        if session.is_true("skip_record_check")
            || recording::review(session, &profile, &good).await? == Verdict::Keep
        {
            break;
        }
        instructions = true;
    }
    if !session.is_true("skip_record_urgent_check") {
        ask_urgency(session, draft).await?;
    }
    Ok(())
}

async fn ask_urgency(session: &mut Session, draft: &mut Draft<'_>) -> Result<(), Interrupt> {
    let profile = draft.mailbox.profile.clone();
    let keys = &profile.keys;
    let menu = format!("{}:{}", keys.urgent, keys.terminator);
    let key = prompt::ask_key(session, &profile, "voicemail_record_urgent_check", menu).await?;
    if key == Some(keys.urgent) {
        draft.message.urgency = Urgency::Urgent;
        prompt::say(session, "voicemail_ack", "marked-urgent").await
    } else {
        prompt::say(session, "voicemail_ack", "saved").await
    }
}

/// Keeps the good take, or forgets the message; also after a hangup.
async fn settle(session: &mut Session, draft: Draft<'_>) {
    let Draft {
        mailbox,
        mut message,
        good,
        length,
    } = draft;
    let Some(good) = good else {
        let gone = mailbox
            .store()
            .remove(&message.domain, &message.user, &message.uuid);
        if !matches!(session.finish(gone).await, Ok(Ok(()))) {
            tracing::error!(
                uuid = session.uuid(),
                "a message that was not left cannot be forgotten"
            );
        }
        return;
    };
    message.seconds = length.as_secs();
    message.state = MessageState::Kept;
    match session.finish(mailbox.store().insert(&message)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return not_kept(session, error.to_string()),
        Err(overdue) => return not_kept(session, overdue.to_string()),
    }
    describe(session, mailbox, &message, length);
    waiting::happened(
        session,
        mailbox,
        "leave-message",
        &waiting::message_headers(&message),
    );
    let copies = mailbox
        .param("vm-cc")
        .map(str::to_owned)
        .or_else(|| trusted_text(session, "vm_cc"));
    let rest = async {
        waiting::tell(mailbox, Reason::New).await;
        if let Some(copies) = copies {
            inject::copy_to(mailbox, &copies, &good, &message).await;
        }
    };
    if session.finish(rest).await.is_err() {
        tracing::error!(
            uuid = session.uuid(),
            "the message is kept, but telling of it took too long"
        );
    }
}

fn not_kept(session: &Session, why: String) {
    // Its row still says that it is being recorded: the next start completes it.
    tracing::error!(
        uuid = session.uuid(),
        why,
        "a message is recorded but cannot be kept now"
    );
}

/// Sets what the rest of the dialplan may want to know.
fn describe(session: &mut Session, mailbox: &Mailbox, message: &Message, length: Duration) {
    let flags = match message.urgency {
        Urgency::Urgent => "A_URGENT",
        Urgency::Normal => "B_NORMAL",
    };
    session.set("voicemail_account", mailbox.id());
    session.set("voicemail_domain", mailbox.domain());
    session.set("voicemail_file_path", message.path.as_str());
    session.set("voicemail_read_flags", flags);
    session.set("voicemail_message_len", clock_text(length));
}

/// A channel variable that no peer has written.
pub fn trusted_text(session: &Session, name: &str) -> Option<String> {
    session
        .own_variable(name)
        .filter(|value| !value.has_network() && !value.is_empty())
        .map(|value| value.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::destination;

    #[test]
    fn an_operator_is_an_extension_with_dialplan_and_context() {
        let to = destination("operator XML default").expect("a destination");
        assert_eq!(to.extension.as_str(), "operator");
        assert_eq!(to.dialplan.as_deref(), Some("XML"));
        assert_eq!(to.context.as_deref(), Some("default"));
        assert_eq!(destination("9").expect("a destination").context, None);
        assert!(destination("").is_none());
    }
}

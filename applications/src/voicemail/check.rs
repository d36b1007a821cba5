//! Listening to one's messages: log in, hear what there is, menus.

use super::config::Profile;
use super::listen::{self, Choose};
use super::login::{self, Login, Visitor};
use super::mailbox::{Kind, Mailbox, stored};
use super::{AppError, AppResult, greeting, prompt, waiting};
use std::sync::Arc;
use strowger_core::Session;
use strowger_core::session::{Interrupt, StopOn};
use strowger_core::store::MessageCounts;
use strowger_model::{Expanded, HangupCause};

/// What a caller came for.
pub struct Visit {
    /// Profile.
    pub profile: Arc<Profile>,
    /// Domain.
    pub domain: String,
    /// The box; asked for without.
    pub id: Option<String>,
    /// Only this message.
    pub message: Option<String>,
    /// The dialplan vouches for the caller: no PIN is asked for.
    pub authorized: bool,
    /// Only the PIN is checked.
    pub only_authenticate: bool,
}

impl Visit {
    /// Whoever says during the greeting to be the owner.
    pub fn of_owner(mailbox: &Mailbox) -> Visit {
        Visit {
            profile: mailbox.profile.clone(),
            domain: mailbox.domain().to_owned(),
            id: Some(mailbox.id().to_owned()),
            message: None,
            authorized: false,
            only_authenticate: false,
        }
    }
}

/// Lets a caller log in and listen.
pub async fn check_messages(session: &mut Session, visit: Visit) -> AppResult {
    if !visit.only_authenticate {
        prompt::say(session, "voicemail_hello", "").await?;
    }
    match login::log_in(session, &visit).await? {
        Login::Open(visitor) if visit.only_authenticate => {
            return authenticated(session, &visitor.mailbox).await;
        }
        Login::Open(visitor) => inside(session, &visitor, &visit).await?,
        Login::Refused | Login::NoBox if visit.only_authenticate => {
            session.handle().hangup(HangupCause::UserChallenge);
            return Err(Interrupt::Hangup(HangupCause::UserChallenge).into());
        }
        Login::Refused => prompt::say(session, "voicemail_abort", "").await?,
        Login::NoBox => {}
    }
    prompt::say(session, "voicemail_goodbye", "").await?;
    Ok(())
}

/// `auth_only`: the channel is the user's from now on.
async fn authenticated(session: &mut Session, mailbox: &Mailbox) -> AppResult {
    let address = mailbox.user.address();
    session.set("user_pin_authenticated", "true");
    session.set("user_pin_authenticated_user", mailbox.id());
    if session
        .switch()
        .registry()
        .applications
        .find("set_user")
        .is_some()
    {
        session
            .execute("set_user", &Expanded::trusted(address), None)
            .await?;
    } else {
        tracing::warn!(
            uuid = session.uuid(),
            "there is no application set_user; the user's variables are not set"
        );
    }
    Ok(())
}

/// Where a visitor is.
enum Place {
    Summary,
    Menu(Option<char>),
    Messages(Kind),
    Options,
    Out,
}

async fn inside(session: &mut Session, visitor: &Visitor, visit: &Visit) -> AppResult {
    tracing::info!(
        uuid = session.uuid(),
        mailbox = visitor.mailbox.user.address(),
        by = if visit.authorized {
            "the dialplan"
        } else {
            "a PIN"
        },
        "a mailbox was opened"
    );
    stored(session.during(visitor.mailbox.purge()).await?)?;
    if let Some(zone) = visitor
        .mailbox
        .param("timezone")
        .or_else(|| visitor.mailbox.user.variable("timezone"))
    {
        session.set("timezone", zone);
    }
    if visitor.must_choose_pin && !greeting::change_pin(session, &visitor.mailbox).await? {
        return Ok(());
    }
    if let Some(uuid) = &visit.message {
        return listen::listen(session, visitor, Choose::Only(uuid)).await;
    }
    let profile = visitor.mailbox.profile.clone();
    let auto_play = !strowger_model::is_false(&session.text("vm_auto_play"));
    let mut first = true;
    let mut silent_rounds = 0;
    let mut place = Place::Summary;
    loop {
        place = match place {
            Place::Summary => {
                let (counts, key) = summary(session, &visitor.mailbox).await?;
                let play = std::mem::take(&mut first) && auto_play && counts.new > 0;
                match key.filter(|_| auto_play) {
                    Some(key) => Place::Menu(Some(key)),
                    None if play => Place::Messages(Kind::New),
                    None => Place::Menu(None),
                }
            }
            Place::Menu(key) => {
                let key = match key {
                    Some(key) => Some(key),
                    None => main_menu(session, &profile).await?,
                };
                let next = chosen(&profile, key);
                silent_rounds = if next.is_some() { 0 } else { silent_rounds + 1 };
                match next {
                    Some(next) => next,
                    None if silent_rounds >= profile.max_retries => {
                        prompt::say(session, "voicemail_abort", "").await?;
                        Place::Out
                    }
                    None => Place::Menu(None),
                }
            }
            Place::Messages(kind) => {
                listen::listen(session, visitor, Choose::All(kind)).await?;
                Place::Summary
            }
            Place::Options => {
                if greeting::options(session, &visitor.mailbox).await? {
                    Place::Menu(None)
                } else {
                    Place::Out
                }
            }
            Place::Out => return Ok(()),
        };
    }
}

async fn main_menu(session: &mut Session, profile: &Profile) -> Result<Option<char>, Interrupt> {
    let keys = &profile.keys;
    let menu = format!(
        "{}:{}:{}:{}",
        keys.play_new, keys.play_saved, keys.config_menu, keys.terminator
    );
    prompt::ask_key(session, profile, "voicemail_menu", menu).await
}

/// Where a key of the main menu leads.
fn chosen(profile: &Profile, key: Option<char>) -> Option<Place> {
    let (keys, key) = (&profile.keys, key?);
    if key == keys.play_new {
        Some(Place::Messages(Kind::New))
    } else if key == keys.play_saved {
        Some(Place::Messages(Kind::Saved))
    } else if key == keys.config_menu {
        Some(Place::Options)
    } else if key == keys.terminator {
        Some(Place::Out)
    } else {
        None
    }
}

/// Says how many messages there are; the key pressed meanwhile.
async fn summary(
    session: &mut Session,
    mailbox: &Mailbox,
) -> Result<(MessageCounts, Option<char>), AppError> {
    let counts = stored(session.during(mailbox.counts()).await?)?;
    let headers = [
        ("VM-Folder", "inbox".to_owned()),
        ("VM-Total-New-Messages", counts.new.to_string()),
        ("VM-Total-Saved-Messages", counts.saved.to_string()),
        (
            "VM-Total-New-Urgent-Messages",
            counts.new_urgent.to_string(),
        ),
        (
            "VM-Total-Saved-Urgent-Messages",
            counts.saved_urgent.to_string(),
        ),
    ];
    waiting::happened(session, mailbox, "folder-summary", &headers);
    for text in announcements(counts) {
        let key =
            prompt::say_until(session, "voicemail_message_count", text, StopOn::AnyDigit).await?;
        if key.is_some() {
            return Ok((counts, key));
        }
    }
    Ok((counts, None))
}

/// What is said about the contents of a box.
fn announcements(counts: MessageCounts) -> Vec<String> {
    let mut texts = Vec::new();
    if counts.new_urgent > 0 {
        texts.push(format!("{}:urgent-new", counts.new_urgent));
    }
    if counts.new > 0 && counts.new != counts.new_urgent {
        texts.push(format!("{}:new", counts.new));
    }
    if texts.is_empty() {
        texts.push("0:new".to_owned());
        texts.push(format!("{}:saved", counts.saved));
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(new: u32, new_urgent: u32, saved: u32) -> MessageCounts {
        MessageCounts {
            new,
            saved,
            new_urgent,
            saved_urgent: 0,
            seconds: 0,
        }
    }

    #[test]
    fn the_summary_names_urgent_messages_first_and_saved_ones_only_when_nothing_is_new() {
        assert_eq!(announcements(counts(3, 1, 2)), ["1:urgent-new", "3:new"]);
        assert_eq!(announcements(counts(1, 1, 2)), ["1:urgent-new"]);
        assert_eq!(announcements(counts(2, 0, 2)), ["2:new"]);
        assert_eq!(announcements(counts(0, 0, 2)), ["0:new", "2:saved"]);
    }
}

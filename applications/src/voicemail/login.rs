//! Who may enter a box: its number, its PIN, and what happens to those who guess.

use super::check::Visit;
use super::config::VoicemailConf;
use super::mailbox::{Mailbox, stored};
use super::pin::{self, DirectoryPin};
use super::state::{LOCKED_SECONDS, SharedState};
use super::{AppError, prompt, waiting};
use strowger_core::Session;

/// Longest number of a mailbox that is read.
const LONGEST_ID: usize = 64;

/// How logging in ended.
pub enum Login {
    /// The box is open.
    Open(Visitor),
    /// Every attempt was wrong.
    Refused,
    /// There is no such box.
    NoBox,
}

/// Somebody inside a box.
pub struct Visitor {
    /// The box.
    pub mailbox: Mailbox,
    /// Digits of the PIN that opened it; 0 when none was asked for.
    pub pin_digits: usize,
    /// The owner shall choose a PIN now.
    pub must_choose_pin: bool,
}

/// What became of one PIN.
enum Answer {
    Right(usize),
    Wrong,
}

/// Asks for number and PIN until a box opens or the attempts are used up.
pub async fn log_in(session: &mut Session, visit: &Visit) -> Result<Login, AppError> {
    for _ in 0..visit.profile.max_login_attempts {
        let id = match &visit.id {
            Some(id) => id.clone(),
            None => {
                prompt::ask_number(session, &visit.profile, "voicemail_enter_id", LONGEST_ID)
                    .await?
            }
        };
        if id.is_empty() {
            continue;
        }
        let config = session.switch().config();
        let found = Mailbox::find(
            session.switch(),
            &config,
            &visit.profile,
            &visit.domain,
            &id,
        );
        let mailbox = match found {
            Ok(mailbox) => mailbox,
            Err(why) => {
                tracing::warn!(uuid = session.uuid(), %why, "nobody can log in");
                return Ok(Login::NoBox);
            }
        };
        if visit.authorized {
            return Ok(open(mailbox, 0, false));
        }
        if owner_chooses(session, &mailbox).await? {
            return Ok(open(mailbox, 0, true));
        }
        let answer = ask_pin(session, &mailbox).await?;
        let result = match answer {
            Answer::Right(_) => "success",
            Answer::Wrong => "fail",
        };
        let headers = [("VM-Auth-Result", result.to_owned())];
        waiting::happened(session, &mailbox, "authentication", &headers);
        if let Answer::Right(digits) = answer {
            return Ok(open(mailbox, digits, false));
        }
        prompt::say(session, "voicemail_fail_auth", "").await?;
    }
    Ok(Login::Refused)
}

fn open(mailbox: Mailbox, pin_digits: usize, must_choose_pin: bool) -> Login {
    Login::Open(Visitor {
        mailbox,
        pin_digits,
        must_choose_pin,
    })
}

/// `vm-password` is `user-choose` and the owner has not chosen yet.
async fn owner_chooses(session: &mut Session, mailbox: &Mailbox) -> Result<bool, AppError> {
    if !mailbox.profile.allow_empty_pin || !DirectoryPin::of(&mailbox.user).owner_chooses {
        return Ok(false);
    }
    let preferences = stored(session.during(mailbox.preferences()).await?)?;
    Ok(preferences.password.is_none())
}

/// Asks for the PIN. A locked box asks like any other, but nothing opens it: who guesses learns nothing.
async fn ask_pin(session: &mut Session, mailbox: &Mailbox) -> Result<Answer, AppError> {
    let typed = prompt::ask_number(
        session,
        &mailbox.profile,
        "voicemail_enter_pass",
        pin::LONGEST_PIN,
    )
    .await?;
    let state = shared_state(session);
    let (domain, id, now) = (mailbox.domain(), mailbox.id(), mailbox.now());
    if state.is_locked(domain, id, now) {
        tracing::warn!(
            uuid = session.uuid(),
            mailbox = mailbox.user.address(),
            "a PIN was typed for a locked mailbox"
        );
        return Ok(Answer::Wrong);
    }
    if is_right(session, mailbox, &typed).await? {
        state.right_pin(domain, id);
        return Ok(Answer::Right(typed.len()));
    }
    if state.wrong_pin(domain, id, now) {
        let seconds = LOCKED_SECONDS.to_string();
        tracing::warn!(
            uuid = session.uuid(),
            mailbox = mailbox.user.address(),
            seconds,
            "too many wrong PINs: the mailbox is locked"
        );
        waiting::happened(
            session,
            mailbox,
            "mailbox-locked",
            &[("VM-Locked-Seconds", seconds)],
        );
    }
    Ok(Answer::Wrong)
}

async fn is_right(session: &mut Session, mailbox: &Mailbox, typed: &str) -> Result<bool, AppError> {
    let preferences = stored(session.during(mailbox.preferences()).await?)?;
    let directory = DirectoryPin::of(&mailbox.user);
    let Some(kept) = preferences.password else {
        if directory.is_empty() {
            return Ok(mailbox.profile.allow_empty_pin);
        }
        return Ok(directory.accepts(typed, mailbox.id(), mailbox.domain()));
    };
    let by_directory = !mailbox.profile.database_pin_only
        && directory.accepts(typed, mailbox.id(), mailbox.domain());
    if by_directory {
        return Ok(true);
    }
    let switch = session.switch().clone();
    let typed = typed.to_owned();
    let compared = async move {
        switch
            .blocking(move || pin::matches_kept(&typed, &kept))
            .await
    };
    Ok(session.during(compared).await?)
}

/// The state of this exchange's mailboxes.
pub fn shared_state(session: &Session) -> SharedState {
    session
        .switch()
        .config()
        .try_get::<SharedState>()
        .map(|state| (*state).clone())
        .unwrap_or_default()
}

/// The profile of that name.
pub fn profile(session: &Session, name: &str) -> Option<std::sync::Arc<super::config::Profile>> {
    let config = session.switch().config();
    config.get::<VoicemailConf>().profile(name).cloned()
}

//! The options of a box: greetings, the spoken name, the PIN.

use super::leave::{exists, greeting_file};
use super::mailbox::{Mailbox, failed, stored};
use super::{AppError, AppResult, pin, prompt, recording, waiting};
use std::time::Duration;
use strowger_core::Session;
use strowger_core::session::StopOn;
use strowger_core::store::Preferences;

/// The options menu. `false` when the caller has fallen silent.
pub async fn options(session: &mut Session, mailbox: &Mailbox) -> Result<bool, AppError> {
    let profile = mailbox.profile.clone();
    let keys = &profile.keys;
    let menu = format!(
        "{}:{}:{}:{}:{}",
        keys.record_greeting,
        keys.choose_greeting,
        keys.record_name,
        keys.change_pin,
        keys.main_menu
    );
    let mut idle = 0;
    while idle < profile.max_retries {
        let key =
            prompt::ask_key(session, &profile, "voicemail_config_menu", menu.as_str()).await?;
        idle = 0;
        match key {
            Some(key) if key == keys.main_menu => return Ok(true),
            Some(key) if key == keys.record_greeting => record_greeting(session, mailbox).await?,
            Some(key) if key == keys.choose_greeting => choose_greeting(session, mailbox).await?,
            Some(key) if key == keys.record_name => record_name(session, mailbox).await?,
            Some(key) if key == keys.change_pin => {
                change_pin(session, mailbox).await?;
            }
            _ => idle += 1,
        }
    }
    Ok(false)
}

/// Records greeting 1 to 9 and uses it from now on.
async fn record_greeting(session: &mut Session, mailbox: &Mailbox) -> AppResult {
    let profile = mailbox.profile.clone();
    let key = prompt::ask_key(session, &profile, "voicemail_choose_greeting", "").await?;
    let Some(number @ 1..=9) = number(key) else {
        prompt::say(session, "voicemail_choose_greeting_fail", "").await?;
        return Ok(());
    };
    let path = greeting_file(mailbox, number);
    let phrase = "voicemail_record_greeting";
    if !recording::record_own(session, mailbox, phrase, &path, profile.shortest).await? {
        return Ok(());
    }
    let path = path.display().to_string();
    let used = path.clone();
    change(session, mailbox, |own| own.greeting_path = Some(used)).await?;
    waiting::happened(
        session,
        mailbox,
        "record-greeting",
        &[("VM-Greeting-Path", path)],
    );
    Ok(())
}

/// Uses greeting 1 to 9 from now on; 0 none.
async fn choose_greeting(session: &mut Session, mailbox: &Mailbox) -> AppResult {
    let profile = mailbox.profile.clone();
    let key = prompt::ask_key(session, &profile, "voicemail_choose_greeting", "").await?;
    let number = match number(key) {
        Some(0) => {
            change(session, mailbox, |own| own.greeting_path = None).await?;
            waiting::happened(session, mailbox, "remove-greeting", &[]);
            prompt::say(session, "voicemail_greeting_selected", "0").await?;
            return Ok(());
        }
        Some(number) => number,
        None => {
            prompt::say(session, "voicemail_choose_greeting_fail", "").await?;
            return Ok(());
        }
    };
    let path = greeting_file(mailbox, number);
    if !exists(mailbox, &path).await {
        prompt::say(session, "voicemail_choose_greeting_fail", "").await?;
        return Ok(());
    }
    prompt::play_until(session, &prompt::file(&path), StopOn::AnyDigit).await?;
    let path = path.display().to_string();
    let used = path.clone();
    change(session, mailbox, |own| own.greeting_path = Some(used)).await?;
    waiting::happened(
        session,
        mailbox,
        "change-greeting",
        &[("VM-Greeting-Path", path)],
    );
    prompt::say(session, "voicemail_greeting_selected", number.to_string()).await?;
    Ok(())
}

fn number(key: Option<char>) -> Option<u8> {
    key.and_then(|key| key.to_digit(10))
        .and_then(|number| u8::try_from(number).ok())
}

async fn record_name(session: &mut Session, mailbox: &Mailbox) -> AppResult {
    let path = mailbox.directory.file("recorded_name.wav");
    let phrase = "voicemail_record_name";
    if !recording::record_own(session, mailbox, phrase, &path, Duration::ZERO).await? {
        return Ok(());
    }
    let path = path.display().to_string();
    let used = path.clone();
    change(session, mailbox, |own| own.name_path = Some(used)).await?;
    waiting::happened(session, mailbox, "record-name", &[("VM-Name-Path", path)]);
    Ok(())
}

/// Lets the owner choose a PIN that is not too easy; whether one was chosen.
pub async fn change_pin(session: &mut Session, mailbox: &Mailbox) -> Result<bool, AppError> {
    let profile = mailbox.profile.clone();
    for _ in 0..profile.max_retries {
        let typed =
            prompt::ask_number(session, &profile, "voicemail_enter_pass", pin::LONGEST_PIN).await?;
        let numbers: Vec<&str> = std::iter::once(mailbox.id())
            .chain(mailbox.user.number_alias.as_deref())
            .collect();
        if let Err(why) = pin::check_new(&typed, &numbers) {
            tracing::info!(uuid = session.uuid(), mailbox = mailbox.user.address(), %why, "a new PIN is refused");
            prompt::say(session, "voicemail_change_pass_fail", "").await?;
            continue;
        }
        let switch = session.switch().clone();
        let hashed = async move { switch.blocking(move || pin::hash(&typed)).await };
        let hashed = session.during(hashed).await?;
        change(session, mailbox, |own| own.password = Some(hashed)).await?;
        // The event says that it changed, not what it is: a PIN has no place in logs and event streams.
        waiting::happened(session, mailbox, "change-password", &[]);
        prompt::say(session, "voicemail_change_pass_success", "").await?;
        return Ok(true);
    }
    Ok(false)
}

/// Changes what the owner has chosen, to the end even when the call ends.
async fn change(
    session: &mut Session,
    mailbox: &Mailbox,
    change: impl FnOnce(&mut Preferences) + Send,
) -> AppResult {
    let work = async {
        let mut preferences = mailbox.preferences().await?;
        change(&mut preferences);
        mailbox.choose(&preferences).await
    };
    match session.finish(work).await {
        Ok(result) => stored(result),
        Err(overdue) => Err(failed(overdue.to_string())),
    }
}

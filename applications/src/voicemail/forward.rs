//! Sending a message on to another box, with words of one's own before it if wanted.

use super::mailbox::{Mailbox, failed};
use super::{AppError, AppResult, inject, paths, prompt, recording, wav};
use std::path::{Path, PathBuf};
use strowger_core::Session;
use strowger_core::media::{SampleRate, SoundCache};
use strowger_core::store::Message;

/// Longest number of a mailbox that is read.
const LONGEST_ID: usize = 64;

/// Lets the listener forward a message; it stays where it is.
pub async fn forward(session: &mut Session, mailbox: &Mailbox, message: &Message) -> AppResult {
    let profile = mailbox.profile.clone();
    let keys = &profile.keys;
    let menu = format!("{}:{}", keys.prepend, keys.forward);
    let key = prompt::ask_key(session, &profile, "voicemail_forward_prepend", menu).await?;
    let merged = if key == Some(keys.prepend) {
        with_introduction(session, mailbox, message).await?
    } else {
        None
    };
    let file = merged
        .clone()
        .unwrap_or_else(|| PathBuf::from(&message.path));
    let sent = send(session, mailbox, message, &file).await;
    if let Some(merged) = merged {
        mailbox.remove_files(vec![merged]).await;
    }
    sent
}

/// Asks for a box until there is one, and puts a copy there.
async fn send(
    session: &mut Session,
    mailbox: &Mailbox,
    message: &Message,
    file: &Path,
) -> AppResult {
    let profile = mailbox.profile.clone();
    for _ in 0..profile.max_retries {
        let phrase = "voicemail_forward_message_enter_extension";
        let number = prompt::ask_number(session, &profile, phrase, LONGEST_ID).await?;
        let config = session.switch().config();
        let switch = session.switch();
        let Ok(target) = Mailbox::find(switch, &config, &profile, mailbox.domain(), &number) else {
            prompt::say(session, "voicemail_invalid_extension", "").await?;
            continue;
        };
        let copy = inject::Copy {
            caller_name: message.caller_name.clone(),
            caller_number: message.caller_number.clone(),
            forwarded_by: mailbox.id().to_owned(),
            urgency: message.urgency,
        };
        match session.finish(inject::put(&target, file, copy)).await {
            Ok(Ok(_)) => prompt::say(session, "voicemail_ack", "saved").await?,
            Ok(Err(why)) => return Err(failed(why)),
            Err(overdue) => return Err(failed(overdue.to_string())),
        }
        return Ok(());
    }
    Ok(())
}

/// Records an introduction and joins the message to it; `None` when nothing was recorded.
async fn with_introduction(
    session: &mut Session,
    mailbox: &Mailbox,
    message: &Message,
) -> Result<Option<PathBuf>, AppError> {
    let uuid = mailbox.switch().new_uuid();
    let introduction = mailbox.directory.file(&format!("intro_{uuid}.wav"));
    let shortest = std::time::Duration::ZERO;
    let phrase = "voicemail_record_message";
    if !recording::record_own(session, mailbox, phrase, &introduction, shortest).await? {
        return Ok(None);
    }
    let merged = mailbox.directory.file(&format!("merged_{uuid}.wav"));
    let parts = [introduction, PathBuf::from(&message.path)];
    let target = merged.clone();
    let joined = mailbox.switch().blocking(move || {
        let joined = join(&parts, &target);
        paths::remove(&parts[0]);
        joined
    });
    match joined.await {
        Ok(()) => Ok(Some(merged)),
        Err(why) => Err(failed(format!(
            "an introduction cannot be joined to its message: {why}"
        ))),
    }
}

/// Writes two recordings one after the other, at the rate of the one that has the higher. Blocking.
fn join(parts: &[PathBuf; 2], target: &Path) -> Result<(), String> {
    let cache = SoundCache::new(0);
    let rate = if parts.iter().any(|part| is_wide(part)) {
        SampleRate::WIDE
    } else {
        SampleRate::NARROW
    };
    let mut samples = Vec::new();
    for part in parts {
        let sound = cache.load(part, rate).map_err(|error| error.to_string())?;
        samples.extend_from_slice(sound.samples());
    }
    paths::write_new(target, &wav::encode(&samples, rate.hz())).map_err(|error| error.to_string())
}

/// Whether a recording has more than the telephone's bandwidth.
fn is_wide(path: &Path) -> bool {
    const NARROW_OCTETS: u32 = 16_000;
    wav::measure(path).is_ok_and(|extent| extent.octets_per_second > NARROW_OCTETS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_introduction_comes_before_the_message() {
        let dir = tempfile::tempdir().expect("a directory");
        let parts = [dir.path().join("a.wav"), dir.path().join("b.wav")];
        for (part, level) in parts.iter().zip([1_000, -1_000]) {
            std::fs::write(part, wav::encode(&vec![level; 8_000], 8_000)).expect("written");
        }
        let target = dir.path().join("c.wav");
        join(&parts, &target).expect("joined");
        let sound = SoundCache::new(0)
            .load(&target, SampleRate::NARROW)
            .expect("decoded");
        assert_eq!(sound.samples().len(), 16_000);
        assert_eq!(
            (sound.samples()[100], sound.samples()[15_900]),
            (1_000, -1_000)
        );
    }
}

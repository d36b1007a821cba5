//! Recording a caller: instructions, tone, the recording itself, and "listen, keep or again".

use super::config::Profile;
use super::mailbox::Mailbox;
use super::prompt;
use super::{AppError, paths};
use std::path::{Path, PathBuf};
use std::time::Duration;
use strowger_core::Session;
use strowger_core::media::PlayerControl;
use strowger_core::session::{Interrupt, RecordLimits, Recorded, StopOn};
use strowger_model::Sound;

/// Every key ends a recording.
const ANY_KEY: &str = "0123456789*#ABCD";

/// How far forward a key moves, ms (24000 samples at 8 kHz).
const FORWARD_MS: i64 = 3_000;

/// How far back a key moves, ms (48000 samples at 8 kHz).
const BACK_MS: i64 = -6_000;

/// How one recording went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Take {
    /// Long enough.
    Good(Duration),
    /// Too short and thrown away; the key that ended it.
    Short(Option<char>),
    /// The disk or the media failed: why, and how much is kept if that is long enough.
    Failed {
        /// What was said about it.
        why: String,
        /// What is in the file.
        kept: Option<Duration>,
    },
}

/// What the caller wants done with a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Keep it.
    Keep,
    /// Record again.
    Again,
}

/// Instructions (if any), the tone, and one recording. A hangup ends the recording well; the next verb tells of it.
pub async fn take(
    session: &mut Session,
    profile: &Profile,
    instructions: Option<&str>,
    path: PathBuf,
    shortest: Duration,
) -> Result<Take, Interrupt> {
    if let Some(instructions) = instructions {
        prompt::say_until(session, instructions, "", StopOn::AnyDigit).await?;
    }
    session.flush_digits();
    session.play(&tone(profile), StopOn::Nothing).await?;
    session.flush_digits();
    let limits = RecordLimits {
        longest: Some(profile.longest),
        silence: profile.silence,
        shortest,
        terminators: ANY_KEY.to_owned(),
        append: false,
    };
    let recorded = session.record(path, limits).await?;
    Ok(judge(recorded, shortest))
}

fn judge(recorded: Recorded, shortest: Duration) -> Take {
    let long_enough = !recorded.discarded && recorded.length >= shortest && recorded.samples > 0;
    match recorded.failure {
        Some(why) => Take::Failed {
            why,
            kept: long_enough.then_some(recorded.length),
        },
        None if long_enough => Take::Good(recorded.length),
        None => Take::Short(recorded.digit),
    }
}

fn tone(profile: &Profile) -> Sound {
    let script = profile
        .tone
        .strip_prefix("tone_stream://")
        .unwrap_or(&profile.tone);
    Sound::Tone {
        script: script.to_owned(),
        loops: 1,
    }
}

/// Keys that move in what is played.
pub fn controls(profile: &Profile, ending: &str) -> StopOn {
    let keys = &profile.keys;
    StopOn::Keys(
        vec![
            (keys.pause, PlayerControl::TogglePause),
            (keys.restart, PlayerControl::Restart),
            (keys.fast_forward, PlayerControl::SeekBy(FORWARD_MS)),
            (keys.rewind, PlayerControl::SeekBy(BACK_MS)),
        ],
        ending.to_owned(),
    )
}

/// "To listen, to keep, to record again": until the caller decides or says nothing.
pub async fn review(
    session: &mut Session,
    profile: &Profile,
    path: &Path,
) -> Result<Verdict, Interrupt> {
    let keys = &profile.keys;
    let menu = format!("{}:{}:{}", keys.listen, keys.save, keys.record_file);
    let ending = keys.terminator.to_string();
    if profile.auto_playback {
        prompt::play_until(session, &prompt::file(path), controls(profile, &ending)).await?;
    }
    loop {
        let key = prompt::ask_key(
            session,
            profile,
            "voicemail_record_file_check",
            menu.as_str(),
        )
        .await?;
        if key == Some(keys.listen) {
            prompt::play_until(session, &prompt::file(path), controls(profile, &ending)).await?;
        } else if key == Some(keys.record_file) {
            return Ok(Verdict::Again);
        } else {
            prompt::say(session, "voicemail_ack", "saved").await?;
            return Ok(Verdict::Keep);
        }
    }
}

/// Lets the owner record something of the box (greeting, name, introduction) into `path`. The old file stays until
/// the new one is accepted. `false` when nothing was recorded.
pub async fn record_own(
    session: &mut Session,
    mailbox: &Mailbox,
    instructions: &str,
    path: &Path,
    shortest: Duration,
) -> Result<bool, AppError> {
    if let Err(error) = mailbox.make_directory().await {
        return Err(super::mailbox::failed(format!(
            "{} cannot be made: {error}",
            mailbox.directory.path().display()
        )));
    }
    let draft = mailbox
        .directory
        .file(&format!("draft_{}.wav", mailbox.switch().new_uuid()));
    let accepted = accept_own(session, mailbox, instructions, &draft, shortest).await;
    let (from, to) = (draft, path.to_owned());
    let accept = matches!(accepted, Ok(true));
    let moved = mailbox
        .switch()
        .blocking(move || {
            if accept {
                std::fs::rename(&from, &to)
            } else {
                paths::remove(&from);
                Ok(())
            }
        })
        .await;
    if let Err(error) = moved {
        return Err(super::mailbox::failed(format!(
            "{} cannot be written: {error}",
            path.display()
        )));
    }
    Ok(accepted?)
}

async fn accept_own(
    session: &mut Session,
    mailbox: &Mailbox,
    instructions: &str,
    draft: &Path,
    shortest: Duration,
) -> Result<bool, Interrupt> {
    let profile = mailbox.profile.clone();
    let mut short = 0;
    while short < profile.max_retries {
        let taken = take(
            session,
            &profile,
            Some(instructions),
            draft.to_owned(),
            shortest,
        )
        .await?;
        match taken {
            Take::Good(_) => {
                if review(session, &profile, draft).await? == Verdict::Keep {
                    return Ok(true);
                }
            }
            Take::Short(_) => {
                short += 1;
                prompt::say(session, "voicemail_ack", "too-small").await?;
            }
            Take::Failed { why, .. } => {
                tracing::error!(
                    uuid = session.uuid(),
                    why,
                    "a recording of a mailbox's owner failed"
                );
                return Ok(false);
            }
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(seconds: u64, failure: Option<&str>) -> Recorded {
        Recorded {
            path: PathBuf::from("/x"),
            length: Duration::from_secs(seconds),
            samples: seconds * 8_000,
            digit: Some('#'),
            silence: false,
            discarded: false,
            failure: failure.map(str::to_owned),
        }
    }

    #[test]
    fn a_full_disk_keeps_what_is_long_enough() {
        let three = Duration::from_secs(3);
        assert_eq!(
            judge(recorded(5, None), three),
            Take::Good(Duration::from_secs(5))
        );
        assert_eq!(judge(recorded(2, None), three), Take::Short(Some('#')));
        assert_eq!(
            judge(recorded(5, Some("no space")), three),
            Take::Failed {
                why: "no space".to_owned(),
                kept: Some(Duration::from_secs(5))
            }
        );
        assert_eq!(
            judge(recorded(1, Some("no space")), three),
            Take::Failed {
                why: "no space".to_owned(),
                kept: None
            }
        );
        assert_eq!(
            judge(recorded(0, None), Duration::ZERO),
            Take::Short(Some('#'))
        );
    }
}

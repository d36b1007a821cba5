//! Speaking to callers: phrases by name, single keys, numbers.

use super::config::Profile;
use std::path::Path;
use std::time::Duration;
use strowger_core::Session;
use strowger_core::session::{DigitPlan, Ended, Interrupt, StopOn};
use strowger_model::{Expanded, Sound};

/// A phrase macro with its data.
fn phrase(name: &str, data: impl Into<Expanded>) -> Sound {
    Sound::Phrase {
        name: name.to_owned(),
        data: data.into(),
    }
}

/// A file of the mailbox.
pub fn file(path: &Path) -> Sound {
    Sound::File {
        path: path.display().to_string(),
        parameters: Vec::new(),
        offset: 0,
    }
}

/// Speaks a phrase to its end; keys pressed meanwhile count for what is asked next.
pub async fn say(
    session: &mut Session,
    name: &str,
    data: impl Into<Expanded>,
) -> Result<(), Interrupt> {
    session.play(&phrase(name, data), StopOn::Nothing).await?;
    Ok(())
}

/// Speaks a phrase until a key of `stop`; the key.
pub async fn say_until(
    session: &mut Session,
    name: &str,
    data: impl Into<Expanded>,
    stop: StopOn,
) -> Result<Option<char>, Interrupt> {
    play_until(session, &phrase(name, data), stop).await
}

/// Plays a sound until a key of `stop`; the key.
pub async fn play_until(
    session: &mut Session,
    sound: &Sound,
    stop: StopOn,
) -> Result<Option<char>, Interrupt> {
    Ok(match session.play(sound, stop).await?.ended {
        Ended::Digit(digit) => Some(digit.digit),
        Ended::Complete | Ended::Break | Ended::Missing(_) => None,
    })
}

/// Speaks a menu and takes one key; `None` when none comes in time.
pub async fn ask_key(
    session: &mut Session,
    profile: &Profile,
    name: &str,
    data: impl Into<Expanded>,
) -> Result<Option<char>, Interrupt> {
    let plan = DigitPlan {
        min: 1,
        max: 1,
        prompt: Some(phrase(name, data)),
        first: profile.digit_timeout,
        between: profile.digit_timeout,
        terminators: String::new(),
    };
    let entry = session.read_digits(&plan).await?;
    Ok(entry.text.chars().next())
}

/// Speaks a prompt, which names the key that ends the entry, and takes digits.
pub async fn ask_number(
    session: &mut Session,
    profile: &Profile,
    name: &str,
    longest: usize,
) -> Result<String, Interrupt> {
    let terminator = profile.keys.terminator.to_string();
    let plan = DigitPlan {
        min: 0,
        max: longest,
        prompt: Some(phrase(name, terminator.as_str())),
        first: profile.digit_timeout,
        between: profile.digit_timeout.min(LONGEST_PAUSE),
        terminators: terminator,
    };
    Ok(session.read_digits(&plan).await?.text)
}

/// Pause between two digits of a number after which it is taken as complete.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

//! `play_and_get_digits`: ask for digits until they are what is expected, or the caller has had his tries.

use super::entry::{Entry, Outcome, ask, store};
use super::read::question;
use crate::audio::sound_text::SoundText;
use crate::call::transfer::destination;
use strowger_core::session::{Ended, StopOn};
use strowger_core::{AppResult, Interrupt, Session};
use strowger_model::{Arguments, Expanded, Milliseconds, separate};

/// Tries at most, whatever the dialplan says.
const MOST_TRIES: u32 = 128;

/// Arguments of `play_and_get_digits`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct PlayAndGetDigits {
    /// fewest digits; 0 allows an empty entry
    pub min: usize,
    /// most digits, at most 128
    pub max: usize,
    /// how often the caller is asked
    pub tries: u32,
    /// wait for the first digit
    pub timeout: Milliseconds,
    /// digits that end an entry
    #[argument(default = "#")]
    pub terminators: String,
    /// the prompt; `silence` for none
    #[argument(default = "silence")]
    pub file: SoundText,
    /// played after an entry that is not what is expected; `silence` for none
    #[argument(default = "silence")]
    pub invalid_file: SoundText,
    /// the variable that gets the digits
    pub variable: String,
    /// expression that the digits must match; empty for any
    #[argument(default = "")]
    pub regexp: String,
    /// wait between digits; as for the first without it
    pub digit_timeout: Option<Milliseconds>,
    /// `'extension [dialplan [context]]'` to go to when every try has failed
    pub transfer_on_failure: Option<Expanded>,
}

/// Asks for digits; the variable holds them when they are what is expected, and is unset otherwise.
pub async fn play_and_get_digits(session: &mut Session, args: PlayAndGetDigits) -> AppResult {
    let invalid = format!("{}_invalid", args.variable);
    session.unset(&args.variable);
    session.unset(&invalid);
    let question = question(
        (args.min, args.max),
        &args.file,
        args.timeout,
        &args.terminators,
        args.digit_timeout,
    );
    let mut last = Outcome::Failure;
    for _ in 0..args.tries.clamp(1, MOST_TRIES) {
        let entry = ask(session, &question).await?;
        last = entry.outcome;
        if accepted(session, &entry, &args) {
            store(session, &args.variable, &entry.digits);
            session.set("read_result", Outcome::Success.name());
            return Ok(());
        }
        if !entry.digits.is_empty() {
            store(session, &invalid, &entry.digits);
        }
        if entry.outcome == Outcome::Restart {
            continue;
        }
        if let Some(sound) = args.invalid_file.prompt() {
            let played = session.play(&sound, StopOn::Nothing).await?;
            if played.ended == Ended::Break {
                break;
            }
        }
    }
    session.set(
        "read_result",
        if last == Outcome::Success {
            Outcome::Failure.name()
        } else {
            last.name()
        },
    );
    if let Some(target) = &args.transfer_on_failure {
        let to = destination(separate(target, ' ', 3))?;
        return Err(Interrupt::Transfer(to).into());
    }
    Ok(())
}

fn accepted(session: &Session, entry: &Entry, args: &PlayAndGetDigits) -> bool {
    if entry.outcome != Outcome::Success {
        return false;
    }
    // Only a terminator where an empty entry is allowed: that is an answer, whatever the expression.
    if args.min == 0 && entry.digits.is_empty() && entry.terminator.is_some() {
        return true;
    }
    args.regexp.is_empty()
        || session
            .switch()
            .find_pattern(&args.regexp, &Expanded::network(entry.digits.as_str()))
            .is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eleven_arguments_of_which_two_may_be_left_out() {
        let text = "2 5 3 7000 # ivr/enter.wav ivr/wrong.wav pin \\d+ 2000 '1000 XML default'";
        let args = PlayAndGetDigits::parse(&Expanded::trusted(text)).expect("eleven arguments");
        assert_eq!((args.min, args.max, args.tries), (2, 5, 3));
        assert_eq!(args.regexp, "\\d+");
        assert_eq!(args.digit_timeout, Some(Milliseconds(2_000)));
        assert_eq!(
            args.transfer_on_failure.as_ref().map(Expanded::as_str),
            Some("1000 XML default")
        );
        let text = "1 1 3 5000 # ask.wav '' choice [1-3]";
        let args = PlayAndGetDigits::parse(&Expanded::trusted(text)).expect("nine arguments");
        assert_eq!(args.invalid_file.0.as_str(), "silence");
        assert_eq!(args.regexp, "[1-3]");
        assert_eq!(args.transfer_on_failure, None);
    }
}

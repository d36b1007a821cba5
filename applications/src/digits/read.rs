//! `read`: ask for digits once.

use super::entry::{MOST_DIGITS, Question, SHORTEST_WAIT, Terminators, ask, store};
use crate::audio::sound_text::SoundText;
use std::time::Duration;
use strowger_core::{AppResult, Session};
use strowger_model::{Arguments, Milliseconds};

/// Arguments of `read`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// fewest digits, at least 1
    pub min: usize,
    /// most digits, at most 128
    pub max: usize,
    /// the prompt; `silence` for none
    #[argument(default = "silence")]
    pub file: SoundText,
    /// the variable that gets the digits
    pub variable: String,
    /// wait for the first digit, at least 1000
    #[argument(default = "1000")]
    pub timeout: Milliseconds,
    /// digits that end the entry; `+#` keeps the digit, `x#` asks to begin again, `=#` must be pressed
    #[argument(default = "#")]
    pub terminators: String,
    /// wait between digits; as for the first without it
    pub digit_timeout: Option<Milliseconds>,
}

/// Times and numbers of digits within what makes sense.
pub(crate) fn question(
    (min, max): (usize, usize),
    file: &SoundText,
    timeout: Milliseconds,
    terminators: &str,
    digit_timeout: Option<Milliseconds>,
) -> Question {
    let max = max.clamp(min.max(1), MOST_DIGITS.max(min));
    let first = timeout.0.max(SHORTEST_WAIT);
    let between = digit_timeout
        .map(|time| time.0)
        .filter(|&ms| ms > 0)
        .unwrap_or(first);
    Question {
        min: min.min(MOST_DIGITS),
        max: max.min(MOST_DIGITS),
        prompt: file.prompt(),
        first: Duration::from_millis(first),
        between: Duration::from_millis(between),
        terminators: Terminators::parse(terminators),
    }
}

/// Asks for digits; the answer is in the variable, `read_result` and `read_terminator_used`.
pub async fn read(session: &mut Session, args: Read) -> AppResult {
    let question = question(
        (args.min.max(1), args.max),
        &args.file,
        args.timeout,
        &args.terminators,
        args.digit_timeout,
    );
    let entry = ask(session, &question).await?;
    store(session, &args.variable, &entry.digits);
    session.set("read_result", entry.outcome.name());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use strowger_model::Expanded;

    #[test]
    fn a_tone_may_be_quoted() {
        let text = "3 4 'tone_stream://%(10000,0,350,440)' digits 30000 #";
        let args = Read::parse(&Expanded::trusted(text)).expect("six arguments");
        assert_eq!(args.file.0.as_str(), "tone_stream://%(10000,0,350,440)");
        assert_eq!(args.terminators, "#");
        assert_eq!(args.digit_timeout, None);
        let args = Read::parse(&Expanded::trusted("1 1 silence key")).expect("four arguments");
        assert_eq!(args.timeout, Milliseconds(1_000));
        assert!(Read::parse(&Expanded::trusted("1")).is_err());
    }

    #[test]
    fn numbers_are_kept_within_sense() {
        let silence = SoundText(Expanded::trusted("silence"));
        let asked = question((4, 2), &silence, Milliseconds(10), "#", None);
        assert_eq!((asked.min, asked.max), (4, 4));
        assert_eq!(asked.first, Duration::from_secs(1));
        assert_eq!(asked.between, Duration::from_secs(1));
        let asked = question(
            (1, 9_999),
            &silence,
            Milliseconds(5_000),
            "#",
            Some(Milliseconds(700)),
        );
        assert_eq!(asked.max, MOST_DIGITS);
        assert_eq!(asked.between, Duration::from_millis(700));
    }
}

//! One entry of digits: a prompt, digits, and the rules that say when it is complete.

use std::time::Duration;
use strowger_core::session::{Collected, DigitPlan, Digits};
use strowger_core::{Interrupt, Session};
use strowger_model::{Expanded, Sound};

/// Digits of one entry at most, whatever the dialplan asks for.
pub const MOST_DIGITS: usize = 128;

/// Shortest time to wait for the first digit, ms.
pub const SHORTEST_WAIT: u64 = 1_000;

/// Which digits end an entry, and what becomes of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terminators {
    /// All digits that end an entry.
    pub ending: String,
    /// Those of them that stay part of the entry (`+#`).
    pub kept: String,
    /// Those of them that ask to begin again (`x#`).
    pub restart: String,
    /// Only a terminator ends the entry well (`=` in front).
    pub required: bool,
}

impl Terminators {
    /// Reads the notation of a dialplan: digits, `+d`, `xd`, `=` in front; `none` and `any`.
    pub fn parse(text: &str) -> Terminators {
        let mut found = Terminators::default();
        let text = match text {
            "none" => "",
            "any" => "0123456789*#ABCD",
            other => other,
        };
        let text = match text.strip_prefix('=') {
            Some(rest) => {
                found.required = true;
                rest
            }
            None => text,
        };
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            let (digit, kept, restart) = match c {
                '+' => (chars.next(), true, false),
                'x' | 'X' => (chars.next(), true, true),
                c => (Some(c), false, false),
            };
            let Some(digit) = digit else { break };
            found.ending.push(digit);
            if kept {
                found.kept.push(digit);
            }
            if restart {
                found.restart.push(digit);
            }
        }
        found
    }
}

/// How to ask for an entry.
#[derive(Clone, Debug)]
pub struct Question {
    /// Fewest digits.
    pub min: usize,
    /// Most digits.
    pub max: usize,
    /// What is played meanwhile.
    pub prompt: Option<Sound>,
    /// Wait for the first digit.
    pub first: Duration,
    /// Wait between digits.
    pub between: Duration,
    /// What ends it.
    pub terminators: Terminators,
}

/// How an entry turned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Enough digits.
    Success,
    /// Not enough digits in time.
    Timeout,
    /// Too few digits before a terminator, too many, or broken off.
    Failure,
    /// The caller wants to begin again.
    Restart,
}

impl Outcome {
    /// The word in `read_result`.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Success => "success",
            Outcome::Timeout => "timeout",
            Outcome::Failure => "failure",
            Outcome::Restart => "restart",
        }
    }
}

/// What the caller typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The digits.
    pub digits: String,
    /// How it turned out.
    pub outcome: Outcome,
    /// The terminator that ended it.
    pub terminator: Option<char>,
}

/// Asks once.
pub async fn ask(session: &mut Session, question: &Question) -> Result<Entry, Interrupt> {
    let max = if question.terminators.required {
        MOST_DIGITS
    } else {
        question.max
    };
    let digits = session
        .read_digits(&DigitPlan {
            min: question.min,
            max,
            prompt: question.prompt.clone(),
            first: question.first,
            between: question.between,
            terminators: question.terminators.ending.clone(),
        })
        .await?;
    let entry = judge(digits, question);
    match entry.terminator {
        Some(digit) => session.set("read_terminator_used", digit.to_string()),
        None => session.unset("read_terminator_used"),
    }
    Ok(entry)
}

/// What the digits mean by the rules of the question.
fn judge(collected: Digits, question: &Question) -> Entry {
    let Digits { mut text, end } = collected;
    let rules = &question.terminators;
    let count = text.chars().count();
    let enough = count >= question.min && count <= question.max;
    let (outcome, terminator) = match end {
        Collected::Full if rules.required => (Outcome::Failure, None),
        Collected::Full => (Outcome::Success, None),
        Collected::Terminated(digit) => {
            // Of a single digit the terminator alone is an (empty) answer.
            let empty_answer = question.max == 1 && count == 0;
            let outcome = if rules.restart.contains(digit) {
                Outcome::Restart
            } else if enough || empty_answer {
                Outcome::Success
            } else {
                Outcome::Failure
            };
            if rules.kept.contains(digit) {
                text.push(digit);
            }
            (outcome, Some(digit))
        }
        Collected::Timeout if enough && !rules.required => (Outcome::Success, None),
        Collected::Timeout => (Outcome::Timeout, None),
        Collected::Broken => (Outcome::Failure, None),
    };
    // Nothing typed at all is never a success by mere waiting, unless nothing was asked for.
    let outcome = if outcome == Outcome::Success
        && end == Collected::Timeout
        && text.is_empty()
        && question.min > 0
    {
        Outcome::Timeout
    } else {
        outcome
    };
    Entry {
        digits: text,
        outcome,
        terminator,
    }
}

/// Stores an entry in a variable, or deletes the variable when there is none.
pub fn store(session: &mut Session, variable: &str, digits: &str) {
    session.set(variable, Expanded::network(digits));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(min: usize, max: usize, terminators: &str) -> Question {
        Question {
            min,
            max,
            prompt: None,
            first: Duration::from_secs(1),
            between: Duration::from_secs(1),
            terminators: Terminators::parse(terminators),
        }
    }

    fn judged(text: &str, end: Collected, question: &Question) -> (String, Outcome, Option<char>) {
        let digits = Digits {
            text: text.to_owned(),
            end,
        };
        let entry = judge(digits, question);
        (entry.digits, entry.outcome, entry.terminator)
    }

    #[test]
    fn terminators_have_a_notation() {
        let plain = Terminators::parse("*#");
        assert_eq!((plain.ending.as_str(), plain.kept.as_str()), ("*#", ""));
        let kept = Terminators::parse("*+#");
        assert_eq!((kept.ending.as_str(), kept.kept.as_str()), ("*#", "#"));
        let restart = Terminators::parse("x#");
        assert_eq!(restart.restart, "#");
        assert_eq!(restart.kept, "#");
        assert!(Terminators::parse("=#").required);
        assert_eq!(Terminators::parse("none").ending, "");
        assert_eq!(Terminators::parse("+").ending, "");
    }

    #[test]
    fn an_entry_is_judged_by_length_and_end() {
        let three = question(3, 5, "#");
        let end = Collected::Terminated('#');
        assert_eq!(
            judged("123", end, &three),
            ("123".into(), Outcome::Success, Some('#'))
        );
        assert_eq!(judged("12", end, &three).1, Outcome::Failure);
        assert_eq!(judged("12345", Collected::Full, &three).1, Outcome::Success);
        assert_eq!(
            judged("123", Collected::Timeout, &three).1,
            Outcome::Success
        );
        assert_eq!(judged("12", Collected::Timeout, &three).1, Outcome::Timeout);
        assert_eq!(judged("123", Collected::Broken, &three).1, Outcome::Failure);
    }

    #[test]
    fn the_terminator_may_be_kept_ask_again_or_be_required() {
        let end = Collected::Terminated('#');
        assert_eq!(judged("12", end, &question(1, 5, "+#")).0, "12#");
        assert_eq!(
            judged("12", end, &question(1, 5, "x#")),
            ("12#".into(), Outcome::Restart, Some('#'))
        );
        let required = question(1, 5, "=#");
        assert_eq!(judged("12", end, &required).1, Outcome::Success);
        assert_eq!(
            judged("12", Collected::Timeout, &required).1,
            Outcome::Timeout
        );
        assert_eq!(judged("123456", end, &required).1, Outcome::Failure);
    }

    #[test]
    fn a_lone_terminator_is_an_empty_answer_to_a_single_digit() {
        let end = Collected::Terminated('#');
        assert_eq!(
            judged("", end, &question(1, 1, "#")),
            (String::new(), Outcome::Success, Some('#'))
        );
        assert_eq!(judged("", end, &question(0, 4, "#")).1, Outcome::Success);
        assert_eq!(
            judged("", Collected::Timeout, &question(0, 4, "#")).1,
            Outcome::Success
        );
        assert_eq!(judged("", end, &question(1, 4, "#")).1, Outcome::Failure);
    }
}

//! Digits that the caller has pressed and nobody has used yet, and the collection of numbers from them.

use super::interrupt::Interrupt;
use super::play::{Ended, StopOn};
use super::{Happening, Session};
use std::collections::VecDeque;
use std::time::Duration;
use strowger_model::Sound;
use tokio::time::Instant;

/// Digits that wait at most; the oldest is dropped when another comes.
pub const QUEUED_DIGITS: usize = 1_000;

/// A digit as it was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digit {
    /// `0-9 * # A-D F`.
    pub digit: char,
    /// Samples at 8 kHz.
    pub duration: u32,
}

/// The queue of unused digits.
#[derive(Debug, Default)]
pub(crate) struct DigitQueue {
    waiting: VecDeque<Digit>,
}

impl DigitQueue {
    pub(crate) fn push(&mut self, digit: Digit) {
        if self.waiting.len() == QUEUED_DIGITS {
            self.waiting.pop_front();
        }
        self.waiting.push_back(digit);
    }

    pub(crate) fn pop(&mut self) -> Option<Digit> {
        self.waiting.pop_front()
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }
}

/// How to collect digits.
#[derive(Clone, Debug)]
pub struct DigitPlan {
    /// Fewest digits that count as an entry.
    pub min: usize,
    /// Most digits; reaching it ends the entry.
    pub max: usize,
    /// What is played meanwhile; the first digit stops it.
    pub prompt: Option<Sound>,
    /// Wait for the first digit after the prompt.
    pub first: Duration,
    /// Wait between digits.
    pub between: Duration,
    /// Digits that end the entry and are not part of it.
    pub terminators: String,
}

/// How a collection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collected {
    /// `max` digits came.
    Full,
    /// A terminator came.
    Terminated(char),
    /// Time ran out.
    Timeout,
    /// Somebody broke the wait.
    Broken,
}

/// What was collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digits {
    /// The digits without the terminator.
    pub text: String,
    /// How it ended.
    pub end: Collected,
}

impl Session {
    /// Takes the oldest unused digit, if there is one.
    pub fn take_digit(&mut self) -> Option<Digit> {
        self.digits.pop()
    }

    /// Forgets all unused digits.
    pub fn flush_digits(&mut self) {
        self.digits.clear();
    }

    /// Plays the prompt and collects digits. Digits typed before count. Only the terminator rules of the plan end
    /// the entry; time is counted from the end of the prompt, then from each digit.
    pub async fn read_digits(&mut self, plan: &DigitPlan) -> Result<Digits, Interrupt> {
        let mut text = String::new();
        if let Some(digit) = self.prompt_for_digit(plan).await?
            && let Some(done) = take(&mut text, digit.digit, plan)
        {
            return Ok(Digits { text, end: done });
        }
        let mut deadline = Instant::now()
            + if text.is_empty() {
                plan.first
            } else {
                plan.between
            };
        loop {
            if let Some(digit) = self.take_digit() {
                if let Some(end) = take(&mut text, digit.digit, plan) {
                    return Ok(Digits { text, end });
                }
                deadline = Instant::now() + plan.between;
                continue;
            }
            match self.next_until(deadline).await? {
                None => {
                    return Ok(Digits {
                        text,
                        end: Collected::Timeout,
                    });
                }
                Some(Happening::Break) => {
                    return Ok(Digits {
                        text,
                        end: Collected::Broken,
                    });
                }
                Some(_) => {}
            }
        }
    }

    async fn prompt_for_digit(&mut self, plan: &DigitPlan) -> Result<Option<Digit>, Interrupt> {
        if let Some(digit) = self.take_digit() {
            return Ok(Some(digit));
        }
        if let Some(prompt) = &plan.prompt
            && let Ended::Digit(digit) = self.play(prompt, StopOn::AnyDigit).await?.ended
        {
            return Ok(Some(digit));
        }
        Ok(None)
    }
}

/// Adds a digit to an entry; `Some` when the entry is complete.
fn take(text: &mut String, digit: char, plan: &DigitPlan) -> Option<Collected> {
    if plan.terminators.contains(digit) {
        return Some(Collected::Terminated(digit));
    }
    text.push(digit);
    (text.chars().count() >= plan.max).then_some(Collected::Full)
}

//! Plays several players one after another: `file_string://`, phrases, spoken numbers.

use super::rated::at_rate;
use super::{Player, PlayerControl, PlayerState};
use crate::rate::SampleRate;
use std::time::Instant;

/// Plays `parts` in order with `gap_ms` of silence between them, at the rate of the first. A part that fails
/// is skipped; the whole has failed when all parts did. Each part begins with a quantum of its own.
pub fn sequence_player(parts: Vec<Box<dyn Player>>, gap_ms: u64) -> Box<dyn Player> {
    let rate = parts.first().map_or(SampleRate::NARROW, |part| part.rate());
    let parts: Vec<_> = parts.into_iter().map(|part| at_rate(part, rate)).collect();
    let gap = rate.samples_in_ms(gap_ms);
    Box::new(SequencePlayer {
        parts,
        rate,
        gap,
        part: 0,
        gap_left: 0,
        paused: false,
        played: 0,
        failures: 0,
    })
}

struct SequencePlayer {
    parts: Vec<Box<dyn Player>>,
    rate: SampleRate,
    gap: u64,
    part: usize,
    gap_left: u64,
    paused: bool,
    /// Samples of the parts that are over, and of the gaps.
    played: u64,
    failures: usize,
}

impl SequencePlayer {
    fn end(&self) -> PlayerState {
        if self.failures > 0 && self.failures == self.parts.len() {
            PlayerState::Failed
        } else {
            PlayerState::Ended
        }
    }
}

impl Player for SequencePlayer {
    fn rate(&self) -> SampleRate {
        self.rate
    }

    fn fill(&mut self, now: Instant, out: &mut [i16]) -> PlayerState {
        if self.paused {
            out.fill(0);
            return PlayerState::Playing;
        }
        if self.gap_left > 0 {
            out.fill(0);
            self.gap_left = self.gap_left.saturating_sub(out.len() as u64);
            self.played += out.len() as u64;
            return PlayerState::Playing;
        }
        while let Some(part) = self.parts.get_mut(self.part) {
            match part.fill(now, out) {
                PlayerState::Playing => return PlayerState::Playing,
                PlayerState::Ended => {
                    self.played += part.position();
                    self.part += 1;
                    if self.part == self.parts.len() {
                        return self.end();
                    }
                    self.gap_left = self.gap;
                    return PlayerState::Playing;
                }
                PlayerState::Failed => {
                    self.failures += 1;
                    self.part += 1;
                }
            }
        }
        out.fill(0);
        self.end()
    }

    fn control(&mut self, control: PlayerControl) {
        match control {
            PlayerControl::Pause => self.paused = true,
            PlayerControl::Resume => self.paused = false,
            PlayerControl::TogglePause => self.paused = !self.paused,
            PlayerControl::Restart => {
                for part in &mut self.parts {
                    part.control(PlayerControl::Restart);
                }
                self.part = 0;
                self.gap_left = 0;
                self.played = 0;
                self.failures = 0;
            }
            PlayerControl::SeekBy(_) => {
                if let Some(part) = self.parts.get_mut(self.part) {
                    part.control(control);
                }
            }
        }
    }

    fn position(&self) -> u64 {
        self.played + self.parts.get(self.part).map_or(0, |part| part.position())
    }
}

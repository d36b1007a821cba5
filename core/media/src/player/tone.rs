//! Plays a tone script.

use super::{Player, PlayerControl, PlayerState};
use crate::rate::SampleRate;
use crate::tone::ToneScript;
use crate::tone::generate::ToneGenerator;
use std::time::Instant;

/// Plays `script` `loops` times over (negative: for ever; 0 counts as once). It can be paused and restarted;
/// seeking within tones is ignored.
pub fn tone_player(script: &ToneScript, rate: SampleRate, loops: i32) -> Box<dyn Player> {
    let generator = ToneGenerator::new(script, rate, loops);
    Box::new(TonePlayer {
        generator,
        rate,
        paused: false,
        position: 0,
    })
}

struct TonePlayer {
    generator: ToneGenerator,
    rate: SampleRate,
    paused: bool,
    position: u64,
}

impl Player for TonePlayer {
    fn rate(&self) -> SampleRate {
        self.rate
    }

    fn fill(&mut self, _now: Instant, out: &mut [i16]) -> PlayerState {
        if self.paused {
            out.fill(0);
            return PlayerState::Playing;
        }
        self.position += self.generator.fill(out) as u64;
        if self.generator.ended() {
            PlayerState::Ended
        } else {
            PlayerState::Playing
        }
    }

    fn control(&mut self, control: PlayerControl) {
        match control {
            PlayerControl::Pause => self.paused = true,
            PlayerControl::Resume => self.paused = false,
            PlayerControl::TogglePause => self.paused = !self.paused,
            PlayerControl::Restart => {
                self.generator.restart();
                self.position = 0;
            }
            PlayerControl::SeekBy(_) => {}
        }
    }

    fn position(&self) -> u64 {
        self.position
    }
}

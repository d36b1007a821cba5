//! Plays another player at a different sample rate.

use super::{Player, PlayerControl, PlayerState};
use crate::rate::{MAX_QUANTUM_SAMPLES, SampleRate};
use crate::resample::Resampler;
use std::time::Instant;

/// `player` at `rate`: itself when that is its rate already, else resampled.
pub fn at_rate(player: Box<dyn Player>, rate: SampleRate) -> Box<dyn Player> {
    let from = player.rate();
    if from == rate {
        return player;
    }
    let resampler = Resampler::new(from, rate);
    Box::new(RatedPlayer {
        player,
        rate,
        resampler,
        input: [0; MAX_QUANTUM_SAMPLES],
    })
}

struct RatedPlayer {
    player: Box<dyn Player>,
    rate: SampleRate,
    resampler: Resampler,
    input: [i16; MAX_QUANTUM_SAMPLES],
}

impl Player for RatedPlayer {
    fn rate(&self) -> SampleRate {
        self.rate
    }

    fn fill(&mut self, now: Instant, out: &mut [i16]) -> PlayerState {
        let mut state = PlayerState::Playing;
        for block in out.chunks_mut(self.rate.quantum_samples()) {
            if state != PlayerState::Playing {
                block.fill(0);
                continue;
            }
            let from = self.player.rate();
            let needed = block.len() as u64 * u64::from(from.hz()) / u64::from(self.rate.hz());
            let input = &mut self.input[..(needed as usize).min(MAX_QUANTUM_SAMPLES)];
            state = self.player.fill(now, input);
            let written = self.resampler.process(input, block);
            block[written..].fill(0);
        }
        state
    }

    fn control(&mut self, control: PlayerControl) {
        self.player.control(control);
    }

    fn position(&self) -> u64 {
        self.player.position() * u64::from(self.rate.hz()) / u64::from(self.player.rate().hz())
    }
}

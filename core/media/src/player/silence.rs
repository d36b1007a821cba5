//! Plays silence, or the faint noise that tells a caller that the line is alive.

use super::{Player, PlayerControl, PlayerState};
use crate::dsp::noise::Noise;
use crate::rate::SampleRate;
use std::time::Instant;

/// Silence of `ms` milliseconds (negative: for ever). With a `divisor` above 0, comfort noise whose loudest
/// sample is full scale divided by it (400 is quite audible, 1400 barely).
pub fn silence_player(ms: i64, divisor: u32, rate: SampleRate) -> Box<dyn Player> {
    let length = u64::try_from(ms)
        .ok()
        .map(|ms| rate.samples_in_ms(ms.min(MAX_MS)));
    let noise = (divisor > 0).then(|| Noise::new(divisor));
    Box::new(SilencePlayer {
        length,
        noise,
        rate,
        paused: false,
        position: 0,
    })
}

/// Longest silence counted: ten years, so that no product overflows.
const MAX_MS: u64 = 10 * 366 * 86_400_000;

struct SilencePlayer {
    /// `None`: endless.
    length: Option<u64>,
    noise: Option<Noise>,
    rate: SampleRate,
    paused: bool,
    position: u64,
}

impl Player for SilencePlayer {
    fn rate(&self) -> SampleRate {
        self.rate
    }

    fn fill(&mut self, _now: Instant, out: &mut [i16]) -> PlayerState {
        out.fill(0);
        if self.paused {
            return PlayerState::Playing;
        }
        let left = self
            .length
            .map_or(u64::MAX, |length| length.saturating_sub(self.position));
        let take = left.min(out.len() as u64) as usize;
        if let Some(noise) = &mut self.noise {
            noise.fill(&mut out[..take]);
        }
        self.position += take as u64;
        if self.length.is_some_and(|length| self.position >= length) {
            return PlayerState::Ended;
        }
        PlayerState::Playing
    }

    fn control(&mut self, control: PlayerControl) {
        match control {
            PlayerControl::Pause => self.paused = true,
            PlayerControl::Resume => self.paused = false,
            PlayerControl::TogglePause => self.paused = !self.paused,
            PlayerControl::Restart => self.position = 0,
            PlayerControl::SeekBy(ms) => {
                let end = self.length.unwrap_or(u64::MAX);
                self.position = super::moved(self.position, ms, self.rate).min(end);
            }
        }
    }

    fn position(&self) -> u64 {
        self.position
    }
}

//! Plays a sound that is wholly in memory.

use super::{Player, PlayerControl, PlayerState};
use crate::file::DecodedSound;
use crate::rate::SampleRate;
use std::sync::Arc;
use std::time::Instant;

/// Plays `sound` from `start_sample` (at the sound's rate; past the end, nothing is heard) to its end,
/// `loops` times (negative: for ever; 0 counts as once). Repetitions begin at the sound's start.
pub fn file_player(sound: Arc<DecodedSound>, start_sample: u64, loops: i32) -> Box<dyn Player> {
    let repeats = u32::try_from(loops).ok().map(|loops| loops.max(1));
    let start = usize::try_from(start_sample)
        .unwrap_or(usize::MAX)
        .min(sound.samples().len());
    Box::new(FilePlayer {
        sound,
        at: start,
        repeats,
        left: repeats,
        paused: false,
    })
}

struct FilePlayer {
    sound: Arc<DecodedSound>,
    at: usize,
    /// `None`: for ever.
    repeats: Option<u32>,
    left: Option<u32>,
    paused: bool,
}

impl FilePlayer {
    /// Goes to the next repetition; whether there is one.
    fn again(&mut self) -> bool {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                return false;
            }
        }
        self.at = 0;
        !self.sound.samples().is_empty()
    }
}

impl Player for FilePlayer {
    fn rate(&self) -> SampleRate {
        self.sound.rate()
    }

    fn fill(&mut self, _now: Instant, out: &mut [i16]) -> PlayerState {
        if self.paused {
            out.fill(0);
            return PlayerState::Playing;
        }
        let mut written = 0;
        loop {
            let rest = &self.sound.samples()[self.at..];
            let take = rest.len().min(out.len() - written);
            out[written..written + take].copy_from_slice(&rest[..take]);
            written += take;
            self.at += take;
            if self.at < self.sound.samples().len() {
                return PlayerState::Playing;
            }
            if self.left == Some(0) || !self.again() {
                out[written..].fill(0);
                return PlayerState::Ended;
            }
            if written == out.len() {
                return PlayerState::Playing;
            }
        }
    }

    fn control(&mut self, control: PlayerControl) {
        match control {
            PlayerControl::Pause => self.paused = true,
            PlayerControl::Resume => self.paused = false,
            PlayerControl::TogglePause => self.paused = !self.paused,
            PlayerControl::Restart => {
                self.at = 0;
                self.left = self.repeats;
            }
            PlayerControl::SeekBy(ms) => {
                let target = super::moved(self.at as u64, ms, self.sound.rate());
                self.at = target.min(self.sound.samples().len() as u64) as usize;
            }
        }
    }

    fn position(&self) -> u64 {
        self.at as u64
    }
}

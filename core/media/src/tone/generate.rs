//! Sounding a tone script, sample by sample.

use super::script::{self, MAX_FREQUENCIES, Step, ToneScript};
use crate::rate::SampleRate;
use std::f64::consts::TAU;

/// Power of the loudest sine that 16-bit telephone audio holds, dBm0 (ITU-T G.711).
#[allow(clippy::approx_constant)] // it is not π, it only looks like it
pub(crate) const FULL_SCALE_DBM0: f64 = 3.14;

/// A script prepared for one rate: lengths in samples, steps without effect left out.
enum Prepared {
    Volume(f32),
    Decay {
        every: u64,
        direction: f32,
    },
    DecayFactor(f32),
    Tone {
        on: u64,
        off: u64,
        times: Option<u32>,
        waves: Box<[Wave; MAX_FREQUENCIES]>,
        count: usize,
    },
}

/// A sine made by recurrence: two multiplications a sample instead of a sine function.
#[derive(Clone, Copy, Default)]
struct Wave {
    twice_cosine: f64,
    sine: f64,
    last: f64,
    before: f64,
}

impl Wave {
    fn new(hz: f64, rate: SampleRate) -> Wave {
        let step = TAU * hz / f64::from(rate.hz());
        Wave {
            twice_cosine: 2.0 * step.cos(),
            sine: step.sin(),
            last: 0.0,
            before: 0.0,
        }
        .restarted()
    }

    fn restarted(mut self) -> Wave {
        self.last = -self.sine;
        self.before = self.twice_cosine * self.last;
        self
    }

    fn next(&mut self) -> f64 {
        let value = self.twice_cosine * self.last - self.before;
        self.before = self.last;
        self.last = value;
        value
    }
}

/// Runs a script. Allocates only in `new`.
pub struct ToneGenerator {
    steps: Vec<Prepared>,
    repeats: Option<u32>,
    // Where the script is.
    step: usize,
    runs_left: Option<u32>,
    times_left: Option<u32>,
    at: u64,
    waves: [Wave; MAX_FREQUENCIES],
    // What it has set.
    volume: f32,
    amplitude: f64,
    decay_every: u64,
    decay_direction: f32,
    decay_factor: f32,
    decay_at: u64,
    ended: bool,
}

impl ToneGenerator {
    /// A generator at the start of `script`, which is played `loops` times (negative: for ever, 0: once).
    pub fn new(script: &ToneScript, rate: SampleRate, loops: i32) -> ToneGenerator {
        let repeats = match (script.repeats, u32::try_from(loops)) {
            (Some(repeats), Ok(loops)) => Some(repeats.saturating_mul(loops.max(1))),
            _ => None,
        };
        let steps: Vec<Prepared> = script
            .steps
            .iter()
            .filter_map(|step| prepare(step, script, rate))
            .collect();
        let ended = !steps
            .iter()
            .any(|step| matches!(step, Prepared::Tone { .. }));
        let mut generator = ToneGenerator {
            steps,
            repeats,
            step: 0,
            runs_left: repeats,
            times_left: None,
            at: 0,
            waves: [Wave::default(); MAX_FREQUENCIES],
            volume: 0.0,
            amplitude: 0.0,
            decay_every: 0,
            decay_direction: 0.0,
            decay_factor: 0.0,
            decay_at: 0,
            ended,
        };
        generator.restart();
        generator
    }

    /// Goes back to the start.
    pub fn restart(&mut self) {
        self.runs_left = self.repeats;
        self.ended = !self
            .steps
            .iter()
            .any(|step| matches!(step, Prepared::Tone { .. }));
        self.begin_run();
    }

    /// Fills `out`, with silence after the end; returns the samples of the script written.
    pub fn fill(&mut self, out: &mut [i16]) -> usize {
        let mut written = 0;
        while written < out.len() && !self.ended {
            let Some((on, off, times, count)) = self.tone() else {
                self.advance();
                continue;
            };
            if self.at == 0 && self.times_left.is_none() {
                self.times_left = times;
            }
            let room = (out.len() - written) as u64;
            if self.at < on {
                let take = (on - self.at).min(room) as usize;
                if self.at == 0 {
                    self.begin_tone();
                }
                self.sound(&mut out[written..written + take], count);
                written += take;
                self.at += take as u64;
            } else {
                let take = (on + off - self.at).min(room) as usize;
                out[written..written + take].fill(0);
                written += take;
                self.at += take as u64;
            }
            if self.at == on + off {
                self.end_of_tone(times);
            }
        }
        out[written..].fill(0);
        written
    }

    /// Whether the last sample has been made.
    pub fn ended(&self) -> bool {
        self.ended
    }

    fn tone(&self) -> Option<(u64, u64, Option<u32>, usize)> {
        match self.steps.get(self.step) {
            Some(Prepared::Tone {
                on,
                off,
                times,
                count,
                ..
            }) => Some((*on, *off, *times, *count)),
            _ => None,
        }
    }

    /// Obeys a setting, or starts over behind the last step.
    fn advance(&mut self) {
        match self.steps.get(self.step) {
            Some(Prepared::Volume(volume)) => self.set_volume(*volume),
            Some(Prepared::Decay { every, direction }) => {
                self.decay_every = *every;
                self.decay_direction = *direction;
            }
            Some(Prepared::DecayFactor(factor)) => self.decay_factor = *factor,
            Some(Prepared::Tone { .. }) => {}
            None => {
                self.end_of_run();
                return;
            }
        }
        self.step += 1;
    }

    fn end_of_tone(&mut self, times: Option<u32>) {
        self.at = 0;
        if times.is_none() {
            return;
        }
        let left = self.times_left.unwrap_or(1).saturating_sub(1);
        if left > 0 {
            self.times_left = Some(left);
            return;
        }
        self.times_left = None;
        self.step += 1;
        // So that the end is known with the last sample, not one block later.
        if !self.steps[self.step..]
            .iter()
            .any(|step| matches!(step, Prepared::Tone { .. }))
        {
            self.end_of_run();
        }
    }

    fn end_of_run(&mut self) {
        if let Some(left) = &mut self.runs_left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.ended = true;
                return;
            }
        }
        self.begin_run();
    }

    fn begin_run(&mut self) {
        self.step = 0;
        self.at = 0;
        self.times_left = None;
        self.decay_every = 0;
        self.decay_direction = 0.0;
        self.decay_factor = 1.0;
        self.decay_at = 0;
        self.set_volume(script::initial_volume());
    }

    fn begin_tone(&mut self) {
        self.decay_at = 0;
        if let Some(Prepared::Tone { waves, .. }) = self.steps.get(self.step) {
            self.waves = **waves;
        }
    }

    fn set_volume(&mut self, volume: f32) {
        self.volume = volume;
        let relative = f64::from(volume) - FULL_SCALE_DBM0;
        self.amplitude = 10f64.powf(relative / 20.0) * f64::from(i16::MAX);
    }

    fn sound(&mut self, out: &mut [i16], count: usize) {
        for sample in out {
            if self.decay_every > 0 {
                self.decay_at += 1;
                if self.decay_at >= self.decay_every {
                    self.decay_at = 0;
                    let volume = self.volume + self.decay_direction * self.decay_factor;
                    if script::volume_range().contains(&volume) {
                        self.set_volume(volume);
                    }
                }
            }
            let sum: f64 = self.waves[..count].iter_mut().map(Wave::next).sum();
            *sample = (sum * self.amplitude) as i16;
        }
    }
}

fn prepare(step: &Step, script: &ToneScript, rate: SampleRate) -> Option<Prepared> {
    Some(match step {
        Step::Volume(volume) => Prepared::Volume(*volume),
        Step::Decay { every, direction } => Prepared::Decay {
            every: every.samples(rate, script.own_rate),
            direction: *direction,
        },
        Step::DecayFactor(factor) => Prepared::DecayFactor(*factor),
        Step::Tone {
            on,
            off,
            hertz,
            times,
        } => {
            let on = on.samples(rate, script.own_rate);
            let off = off.samples(rate, script.own_rate);
            if on + off == 0 {
                return None;
            }
            let mut waves = [Wave::default(); MAX_FREQUENCIES];
            let mut count = 0;
            // What this rate cannot carry would be heard as another frequency.
            let nyquist = rate.hz() as f32 / 2.0;
            for hz in hertz.iter().filter(|hz| **hz > 0.0 && **hz < nyquist) {
                waves[count] = Wave::new(f64::from(*hz), rate);
                count += 1;
            }
            Prepared::Tone {
                on,
                off,
                times: *times,
                waves: Box::new(waves),
                count,
            }
        }
    })
}

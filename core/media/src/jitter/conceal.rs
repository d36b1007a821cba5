//! Loss concealment: the last pitch period, repeated and faded (in the manner of ITU-T G.711 appendix I).

use crate::rate::{MAX_QUANTUM_SAMPLES, SampleRate};

/// Sound invented in a row before there is silence.
const FADE_MS: u32 = 80;
/// Shortest pitch period looked for (400 Hz).
const SHORTEST_PITCH_US: u32 = 2_500;
/// Longest pitch period looked for (66 Hz).
const LONGEST_PITCH_US: u32 = 15_000;
/// Overlap at the seam between real and invented sound.
const SEAM_MS: u32 = 2;

/// Invents sound from what was last heard.
pub struct Concealer {
    rate: SampleRate,
    /// The last quantum that was heard, real or invented.
    history: [i16; MAX_QUANTUM_SAMPLES],
    period: usize,
    /// Place within the repeated period.
    place: usize,
    /// Samples invented in a row.
    invented: usize,
    cycle: [i16; MAX_QUANTUM_SAMPLES],
}

impl Concealer {
    /// Nothing was heard yet.
    pub fn new(rate: SampleRate) -> Concealer {
        Concealer {
            rate,
            history: [0; MAX_QUANTUM_SAMPLES],
            period: 0,
            place: 0,
            invented: 0,
            cycle: [0; MAX_QUANTUM_SAMPLES],
        }
    }

    fn samples(&self, us: u32) -> usize {
        (u64::from(self.rate.hz()) * u64::from(us) / 1_000_000) as usize
    }

    /// Real sound was heard. After a loss its beginning is blended with the invented sound.
    pub fn heard(&mut self, rate: SampleRate, pcm: &mut [i16]) {
        if rate != self.rate {
            *self = Concealer::new(rate);
        }
        if self.invented > 0 {
            let seam = self.samples(SEAM_MS * 1_000).min(pcm.len());
            for (i, sample) in pcm[..seam].iter_mut().enumerate() {
                let invented = i32::from(self.next_invented());
                let real = i32::from(*sample);
                *sample = ((invented * (seam - i) as i32 + real * i as i32) / seam as i32) as i16;
            }
            self.invented = 0;
        }
        self.remember(pcm);
    }

    /// Whether the last sound was invented, so that the next real one is to be blended in.
    pub fn is_inventing(&self) -> bool {
        self.invented > 0
    }

    fn remember(&mut self, pcm: &[i16]) {
        let whole = self.rate.quantum_samples();
        let n = pcm.len().min(whole);
        self.history.copy_within(n..whole, 0);
        self.history[whole - n..whole].copy_from_slice(&pcm[pcm.len() - n..]);
    }

    /// Fills `out` with invented sound; `false` when it has faded out completely and `out` is silent.
    pub fn invent(&mut self, out: &mut [i16]) -> bool {
        if self.invented == 0 {
            self.find_period();
        }
        for sample in out.iter_mut() {
            *sample = self.next_invented();
        }
        self.invented - out.len() < self.samples(FADE_MS * 1_000)
    }

    fn next_invented(&mut self) -> i16 {
        let fade = self.samples(FADE_MS * 1_000);
        let left = fade.saturating_sub(self.invented) as i64;
        let sample = self.cycle.get(self.place).copied().unwrap_or(0);
        self.place = if self.place + 1 >= self.period {
            0
        } else {
            self.place + 1
        };
        self.invented += 1;
        (i64::from(sample) * left / fade.max(1) as i64) as i16
    }

    /// Chooses the lag at which the end of the history is most like itself, and cuts out that cycle.
    fn find_period(&mut self) {
        let whole = self.rate.quantum_samples();
        let history = &self.history[..whole];
        let (shortest, longest) = (
            self.samples(SHORTEST_PITCH_US),
            self.samples(LONGEST_PITCH_US).min(whole * 3 / 4),
        );
        let window = whole - longest;
        // At higher rates every other lag and sample is enough to find the pitch.
        let step = (self.rate.hz() / 8_000) as usize;
        let tail = &history[whole - window..];
        let mut best = (longest, f32::MIN);
        for lag in (shortest..=longest).step_by(step.max(1)) {
            let past = &history[whole - window - lag..whole - lag];
            let (mut cross, mut energy) = (0f32, 1f32);
            for (a, b) in tail.iter().zip(past).step_by(step.max(1)) {
                cross += f32::from(*a) * f32::from(*b);
                energy += f32::from(*b) * f32::from(*b);
            }
            let likeness = cross / energy.sqrt();
            if likeness > best.1 {
                best = (lag, likeness);
            }
        }
        self.period = best.0;
        self.place = 0;
        let cycle = &mut self.cycle[..self.period];
        cycle.copy_from_slice(&history[whole - self.period..]);
        // Blend the cycle's end into what comes before its beginning, so that it repeats without a click.
        let seam = (self.period / 4).min(whole - self.period);
        for i in 0..seam {
            let before = i32::from(history[whole - self.period - seam + i]);
            let place = self.period - seam + i;
            let weight = (i + 1) as i32;
            let own = i32::from(cycle[place]);
            cycle[place] = ((own * (seam as i32 - weight) + before * weight) / seam as i32) as i16;
        }
    }
}

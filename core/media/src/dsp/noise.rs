//! Comfort noise: even, faint, never twice the same, without asking the system for randomness.

/// A source of white noise.
pub struct Noise {
    state: u32,
    divisor: i32,
}

impl Noise {
    /// Noise whose loudest sample is full scale divided by `divisor` (0 counts as 1).
    pub fn new(divisor: u32) -> Noise {
        Noise {
            state: 0x9e37_79b9,
            divisor: i32::try_from(divisor.max(1)).unwrap_or(i32::MAX),
        }
    }

    /// Fills `out`.
    pub fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            // Marsaglia's 32-bit xorshift.
            self.state ^= self.state << 13;
            self.state ^= self.state >> 17;
            self.state ^= self.state << 5;
            let value = i32::from((self.state >> 16) as u16 as i16);
            // Rounded, not cut: cutting would make the faintest levels silent.
            *sample = ((value + value.signum() * (self.divisor / 2)) / self.divisor) as i16;
        }
    }
}

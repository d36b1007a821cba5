//! When reports are sent (RFC 3550 §6.2 and §6.3): every five seconds on average, never in step with others.

use std::time::Duration;

/// The deterministic interval for a session of two.
const INTERVAL: Duration = Duration::from_secs(5);
/// Makes up for the bias of timer reconsideration (RFC 3550 §6.3.1: e − 3/2).
const COMPENSATION: f64 = 1.218_28;

/// Draws the intervals of one leg.
pub struct Intervals {
    state: u64,
    first: bool,
}

impl Intervals {
    /// `seed` makes two legs differ.
    pub fn new(seed: u64) -> Intervals {
        Intervals {
            state: seed | 1,
            first: true,
        }
    }

    /// The time until the next report.
    pub fn draw(&mut self) -> Duration {
        // xorshift64: chance enough for spreading timers.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let factor = 0.5 + (self.state >> 11) as f64 / (1u64 << 53) as f64;
        let base = if std::mem::take(&mut self.first) {
            INTERVAL / 2
        } else {
            INTERVAL
        };
        base.mul_f64(factor / COMPENSATION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_lie_within_rfc3550_6_3_1() {
        let mut intervals = Intervals::new(7);
        assert!(intervals.draw() <= Duration::from_millis(3_100));
        for _ in 0..1_000 {
            let drawn = intervals.draw();
            assert!(
                drawn >= Duration::from_millis(2_050) && drawn <= Duration::from_millis(6_160),
                "{drawn:?}"
            );
        }
    }
}

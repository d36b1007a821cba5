//! How much delay the network's jitter asks for.

use std::time::{Duration, Instant};

/// Width of a histogram bin.
const BIN_MS: u32 = 10;
/// Bins: delays up to 640 ms are told apart.
const BINS: usize = 64;
/// What one packet weighs: the histogram remembers about the last 10 s of 20 ms packets.
const WEIGHT: f32 = 0.002;
/// The share of packets that should arrive in time.
const IN_TIME: f32 = 0.97;
/// The least transit time is the lowest of the current and the last window, so that clock drift is followed.
const BASELINE_WINDOW: Duration = Duration::from_secs(5);

/// Learns the delay distribution of one stream.
pub struct DelayEstimator {
    bins: [f32; BINS],
    /// Media and arrival time of the first packet; transit times are relative to it.
    origin: Option<(Instant, i64)>,
    window_since: Option<Instant>,
    lowest_now_ms: i64,
    lowest_before_ms: i64,
    floor_ms: u32,
    max_ms: u32,
    target_ms: u32,
}

impl DelayEstimator {
    /// Begins with a target of `initial_ms`; never asks for more than `max_ms`.
    pub fn new(initial_ms: u32, max_ms: u32) -> DelayEstimator {
        let max_ms = max_ms.max(20);
        let initial_ms = initial_ms.clamp(20, max_ms);
        let mut bins = [0.0; BINS];
        bins[0] = 1.0;
        DelayEstimator {
            bins,
            origin: None,
            window_since: None,
            lowest_now_ms: 0,
            lowest_before_ms: i64::MAX,
            // One quantum to wait for the packet, one for the phase between its clock and ours.
            floor_ms: initial_ms.min(40),
            max_ms,
            target_ms: initial_ms,
        }
    }

    /// A packet of media time `timestamp` (units of `clock_rate`) arrived at `now`.
    pub fn arrived(&mut self, now: Instant, timestamp: i64, clock_rate: u32) {
        let &mut (since, first) = self.origin.get_or_insert((now, timestamp));
        let media_ms = (timestamp - first) * 1_000 / i64::from(clock_rate.max(1));
        let transit = now.saturating_duration_since(since).as_millis() as i64 - media_ms;
        match self.window_since {
            Some(begin) if now.saturating_duration_since(begin) < BASELINE_WINDOW => {
                self.lowest_now_ms = self.lowest_now_ms.min(transit);
            }
            begin => {
                self.lowest_before_ms = if begin.is_some() {
                    self.lowest_now_ms
                } else {
                    i64::MAX
                };
                self.lowest_now_ms = transit;
                self.window_since = Some(now);
            }
        }
        let delay = transit - self.lowest_now_ms.min(self.lowest_before_ms);
        let bin = (delay.max(0) as usize / BIN_MS as usize).min(BINS - 1);
        self.bins.iter_mut().for_each(|b| *b *= 1.0 - WEIGHT);
        self.bins[bin] += WEIGHT;
        let mut share = 0.0;
        let quantile = self.bins.iter().position(|b| {
            share += b;
            share >= IN_TIME
        });
        let needed = quantile.unwrap_or(BINS - 1) as u32 * BIN_MS + 20;
        self.target_ms = needed.clamp(self.floor_ms, self.max_ms);
    }

    /// The stream's clock began anew; what is known of the jitter stays.
    pub fn restart(&mut self) {
        self.origin = None;
        self.window_since = None;
    }

    /// The delay to aim for, in milliseconds.
    pub fn target_ms(&self) -> u32 {
        self.target_ms
    }
}

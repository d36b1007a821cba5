//! How many calls are admitted: in all, and a second.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Limits and counters of new sessions.
#[derive(Debug)]
pub struct Limits {
    max_sessions: AtomicUsize,
    sessions_per_second: AtomicU32,
    paused_inbound: AtomicBool,
    paused_outbound: AtomicBool,
    window: Mutex<Window>,
    peak_rate: AtomicU32,
    recent_rate: RecentPeak,
}

#[derive(Debug)]
struct Window {
    start: Instant,
    count: u32,
    last: u32,
}

impl Limits {
    /// Limits as configured.
    pub fn new(max_sessions: usize, sessions_per_second: u32) -> Limits {
        Limits {
            max_sessions: AtomicUsize::new(max_sessions),
            sessions_per_second: AtomicU32::new(sessions_per_second),
            paused_inbound: AtomicBool::new(false),
            paused_outbound: AtomicBool::new(false),
            window: Mutex::new(Window {
                start: Instant::now(),
                count: 0,
                last: 0,
            }),
            peak_rate: AtomicU32::new(0),
            recent_rate: RecentPeak::default(),
        }
    }

    /// Most sessions at one time.
    pub fn max_sessions(&self) -> usize {
        self.max_sessions.load(Ordering::Relaxed)
    }

    /// Changes the most sessions at one time.
    pub fn set_max_sessions(&self, max: usize) {
        self.max_sessions.store(max, Ordering::Relaxed);
    }

    /// Most new sessions a second.
    pub fn sessions_per_second(&self) -> u32 {
        self.sessions_per_second.load(Ordering::Relaxed)
    }

    /// Changes the most new sessions a second.
    pub fn set_sessions_per_second(&self, rate: u32) {
        self.sessions_per_second.store(rate, Ordering::Relaxed);
    }

    /// Whether new inbound (outbound) calls are refused.
    pub fn paused(&self, outbound: bool) -> bool {
        let flag = if outbound {
            &self.paused_outbound
        } else {
            &self.paused_inbound
        };
        flag.load(Ordering::Relaxed)
    }

    /// Refuses or takes new calls.
    pub fn pause(&self, inbound: bool, outbound: bool, pause: bool) {
        if inbound {
            self.paused_inbound.store(pause, Ordering::Relaxed);
        }
        if outbound {
            self.paused_outbound.store(pause, Ordering::Relaxed);
        }
    }

    /// Counts a new session; `false` when this second has had its share.
    pub fn admit(&self, now: Instant) -> bool {
        let mut window = self
            .window
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let past = now.saturating_duration_since(window.start);
        if past >= Duration::from_secs(1) {
            window.last = if past < Duration::from_secs(2) {
                window.count
            } else {
                0
            };
            window.start = now;
            window.count = 0;
        }
        if window.count >= self.sessions_per_second() {
            return false;
        }
        window.count += 1;
        self.peak_rate.fetch_max(window.count, Ordering::Relaxed);
        self.recent_rate.note(u64::from(window.count));
        true
    }

    /// New sessions in the last full second.
    pub fn last_rate(&self) -> u32 {
        self.window
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .last
    }

    /// The most new sessions in one second.
    pub fn peak_rate(&self) -> u32 {
        self.peak_rate.load(Ordering::Relaxed)
    }
}

impl Limits {
    /// The most new sessions in one second of the last five minutes.
    pub fn recent_peak_rate(&self) -> u64 {
        self.recent_rate.peak(0)
    }
}

/// Minutes that a recent peak looks back.
const RECENT_MINUTES: usize = 5;

/// The highest value noted in the last five minutes, to the minute.
#[derive(Debug)]
pub(crate) struct RecentPeak {
    start: Instant,
    /// Minute since the start and the highest value noted in it.
    minutes: Mutex<[(u64, u64); RECENT_MINUTES]>,
}

impl Default for RecentPeak {
    fn default() -> RecentPeak {
        RecentPeak {
            start: Instant::now(),
            minutes: Mutex::default(),
        }
    }
}

impl RecentPeak {
    pub(crate) fn note(&self, value: u64) {
        self.note_at(self.minute(), value);
    }

    /// The peak, which is at least `now`.
    pub(crate) fn peak(&self, now: u64) -> u64 {
        self.peak_at(self.minute()).max(now)
    }

    fn minute(&self) -> u64 {
        self.start.elapsed().as_secs() / 60
    }

    fn note_at(&self, minute: u64, value: u64) {
        let mut minutes = self
            .minutes
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let slot = &mut minutes[minute as usize % RECENT_MINUTES];
        if slot.0 != minute {
            *slot = (minute, 0);
        }
        slot.1 = slot.1.max(value);
    }

    fn peak_at(&self, minute: u64) -> u64 {
        let minutes = self
            .minutes
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        minutes
            .iter()
            .filter(|(noted, _)| noted + RECENT_MINUTES as u64 > minute)
            .map(|(_, value)| *value)
            .max()
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_is_forgotten_after_five_minutes() {
        let peak = RecentPeak::default();
        peak.note_at(0, 9);
        peak.note_at(3, 4);
        assert_eq!(peak.peak_at(4), 9);
        assert_eq!(peak.peak_at(5), 4);
        assert_eq!(peak.peak_at(8), 0);
        peak.note_at(8, 2);
        assert_eq!(peak.peak_at(8), 2);
    }

    #[test]
    fn a_second_admits_its_share_and_no_more() {
        let limits = Limits::new(10, 2);
        let start = Instant::now();
        assert!(limits.admit(start));
        assert!(limits.admit(start));
        assert!(!limits.admit(start));
        assert!(limits.admit(start + Duration::from_millis(1_001)));
        assert_eq!(limits.last_rate(), 2);
    }
}

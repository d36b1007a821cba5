//! Who guesses passwords waits.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Wrong passwords from one address before it has to wait.
const TRIES: u32 = 3;
/// How long it waits, and how long failures are remembered.
const PENALTY: Duration = Duration::from_secs(30);
/// Addresses remembered at most; beyond it, whatever is oldest is forgotten.
const REMEMBERED: usize = 1_024;

#[derive(Debug)]
struct Failures {
    count: u32,
    last: Instant,
}

/// Failures by address.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    failures: Mutex<HashMap<IpAddr, Failures>>,
}

impl Guard {
    /// Whether an address has to wait.
    pub(crate) fn refuses(&self, address: IpAddr, now: Instant) -> bool {
        let failures = self.lock();
        failures.get(&address).is_some_and(|failed| {
            failed.count >= TRIES && now.saturating_duration_since(failed.last) < PENALTY
        })
    }

    /// A wrong password came from there.
    pub(crate) fn failed(&self, address: IpAddr, now: Instant) {
        let mut failures = self.lock();
        failures.retain(|_, failed| now.saturating_duration_since(failed.last) < PENALTY);
        if failures.len() >= REMEMBERED
            && let Some(oldest) = failures
                .iter()
                .min_by_key(|(_, failed)| failed.last)
                .map(|(address, _)| *address)
        {
            failures.remove(&oldest);
        }
        let failed = failures.entry(address).or_insert(Failures {
            count: 0,
            last: now,
        });
        failed.count += 1;
        failed.last = now;
    }

    /// The right password came from there.
    pub(crate) fn passed(&self, address: IpAddr) {
        self.lock().remove(&address);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, Failures>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn three_failures_cost_half_a_minute() {
        let guard = Guard::default();
        let start = Instant::now();
        let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        for _ in 0..2 {
            guard.failed(address, start);
        }
        assert!(!guard.refuses(address, start));
        guard.failed(address, start);
        assert!(guard.refuses(address, start + Duration::from_secs(29)));
        assert!(!guard.refuses(address, start + Duration::from_secs(30)));
        assert!(!guard.refuses(IpAddr::V4(Ipv4Addr::LOCALHOST), start));
        guard.passed(address);
        assert!(!guard.refuses(address, start));
    }

    #[test]
    fn memory_is_bounded() {
        let guard = Guard::default();
        let start = Instant::now();
        for number in 0..5_000u32 {
            guard.failed(IpAddr::V4(Ipv4Addr::from_bits(number)), start);
        }
        assert!(guard.lock().len() <= REMEMBERED);
    }
}

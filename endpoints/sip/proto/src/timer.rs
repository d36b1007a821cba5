//! Every timer of the machine: a closed list, the RFC's durations, and one table ordered by time.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use crate::call::CallKey;
use crate::exchange::ExchangeKey;
use crate::transaction::TransactionKey;

/// The round-trip estimate, the start of every retransmission interval (RFC 3261 §17.1.1.1).
pub const T1: Duration = Duration::from_millis(500);
/// The longest interval between retransmissions of non-INVITE requests and INVITE responses.
pub const T2: Duration = Duration::from_secs(4);
/// How long a message may linger in the network.
pub const T4: Duration = Duration::from_secs(5);

/// The three durations everything else follows from; a test or a LAN may choose other ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Durations {
    /// Round-trip estimate.
    pub t1: Duration,
    /// Longest retransmission interval.
    pub t2: Duration,
    /// Longest life of a message in the network.
    pub t4: Duration,
}

impl Default for Durations {
    fn default() -> Self {
        Self {
            t1: T1,
            t2: T2,
            t4: T4,
        }
    }
}

impl Durations {
    /// 64·T1: how long a transaction tries, and how long it remembers (timers B, F, H, J, L, M).
    pub fn transaction(&self) -> Duration {
        self.t1 * 64
    }
}

/// What a deadline means. The letters are those of RFC 3261 appendix A and RFC 6026.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timer {
    /// INVITE request retransmission, unreliable transports.
    A,
    /// INVITE transaction time-out.
    B,
    /// Wait for response retransmissions to an INVITE that failed.
    D,
    /// Non-INVITE request retransmission, unreliable transports.
    E,
    /// Non-INVITE transaction time-out.
    F,
    /// INVITE response retransmission.
    G,
    /// Wait for the ACK of a final response other than 2xx.
    H,
    /// Wait for ACK retransmissions.
    I,
    /// Wait for retransmissions of a non-INVITE request.
    J,
    /// Wait for response retransmissions, non-INVITE.
    K,
    /// Wait for INVITE retransmissions after a 2xx was sent (RFC 6026).
    L,
    /// Wait for retransmissions and forks of a 2xx (RFC 6026).
    M,
    /// Nobody answered a non-INVITE request upward within 64·T1.
    Unanswered,
    /// Repeat a provisional response each minute so that proxies keep waiting (RFC 3261 §13.3.1.1).
    Provisional,
    /// No final answer to our INVITE within the caller's patience (RFC 3261 §16.6 timer C, or shorter by order).
    Ring,
    /// A CANCEL brought no final response within 64·T1 (RFC 3261 §9.1).
    Cancel,
    /// Retransmit a 2xx until its ACK comes (RFC 3261 §13.3.1.4).
    Accept,
    /// No ACK for our 2xx within 64·T1.
    Acknowledge,
    /// Try a re-INVITE again after 491 (RFC 3261 §14.1).
    Glare,
    /// Retransmit a reliable provisional response (RFC 3262 §3).
    Reliable,
    /// No PRACK within 64·T1.
    Prack,
    /// Send a session refresh (RFC 4028 §7.2).
    Refresh,
    /// The peer's session refresh did not come (RFC 4028 §10).
    Expire,
    /// A question about a name was not answered within 64·T1.
    Resolve,
}

/// Whom a deadline wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Owner {
    /// A transaction.
    Transaction(TransactionKey),
    /// A call.
    Call(CallKey),
    /// A request of ours that waits for an address.
    Exchange(ExchangeKey),
}

/// All armed timers, ordered by time; each owner has at most one of each kind.
#[derive(Debug, Default)]
pub(crate) struct TimerTable {
    by_time: BTreeMap<(Instant, u64), (Owner, Timer)>,
    by_owner: HashMap<Owner, Vec<(Timer, Instant, u64)>>,
    serial: u64,
}

impl TimerTable {
    /// Arms a timer, replacing an earlier one of the same owner and kind.
    pub(crate) fn set(&mut self, owner: Owner, timer: Timer, at: Instant) {
        self.cancel(owner, timer);
        self.serial += 1;
        self.by_time.insert((at, self.serial), (owner, timer));
        self.by_owner
            .entry(owner)
            .or_default()
            .push((timer, at, self.serial));
    }

    /// Disarms one timer, if armed.
    pub(crate) fn cancel(&mut self, owner: Owner, timer: Timer) {
        let Some(armed) = self.by_owner.get_mut(&owner) else {
            return;
        };
        if let Some(place) = armed.iter().position(|entry| entry.0 == timer) {
            let (_, at, serial) = armed.swap_remove(place);
            self.by_time.remove(&(at, serial));
        }
        if armed.is_empty() {
            self.by_owner.remove(&owner);
        }
    }

    /// Disarms everything an owner has armed.
    pub(crate) fn cancel_all(&mut self, owner: Owner) {
        for (_, at, serial) in self.by_owner.remove(&owner).unwrap_or_default() {
            self.by_time.remove(&(at, serial));
        }
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.by_time.keys().next().map(|(at, _)| *at)
    }

    /// Takes the earliest timer that is due at `now`.
    pub(crate) fn expired(&mut self, now: Instant) -> Option<(Owner, Timer)> {
        let (&(at, _), &(owner, timer)) = self.by_time.first_key_value()?;
        if at > now {
            return None;
        }
        self.cancel(owner, timer);
        Some((owner, timer))
    }

    /// How many timers are armed.
    pub(crate) fn len(&self) -> usize {
        self.by_time.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_fire_in_order_and_once() {
        let start = Instant::now();
        let one = Owner::Call(CallKey(1));
        let two = Owner::Call(CallKey(2));
        let mut table = TimerTable::default();
        table.set(one, Timer::A, start + T2);
        table.set(two, Timer::B, start + T1);
        table.set(one, Timer::B, start + T4);
        assert_eq!(table.next(), Some(start + T1));
        assert_eq!(table.expired(start), None);
        assert_eq!(table.expired(start + T4), Some((two, Timer::B)));
        assert_eq!(table.expired(start + T4), Some((one, Timer::A)));
        assert_eq!(table.expired(start + T4), Some((one, Timer::B)));
        assert_eq!(table.expired(start + T4), None);
        assert!(table.len() == 0 && table.by_owner.is_empty());
    }

    #[test]
    fn setting_again_replaces_and_cancelling_forgets() {
        let start = Instant::now();
        let owner = Owner::Call(CallKey(1));
        let mut table = TimerTable::default();
        table.set(owner, Timer::G, start + T1);
        table.set(owner, Timer::G, start + T2);
        table.set(owner, Timer::H, start + T4);
        assert_eq!(table.len(), 2);
        assert_eq!(table.next(), Some(start + T2));
        table.cancel_all(owner);
        assert!(table.len() == 0 && table.by_owner.is_empty());
    }
}

//! Who may speak how often: peers that proved themselves, token buckets for strangers, failures, delays and bans.
//!
//! A stranger's datagram only ever lowers the rate of its own address, because a sender can be forged. A ban needs
//! proof that the address is real: a nonce that came back, or a stream.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Requests a second that one stranger may send on average.
const STRANGER_RATE: f64 = 50.0;
/// Requests that one stranger may send at once.
const STRANGER_BURST: f64 = 100.0;
/// Addresses remembered at most in each table; then the oldest half is forgotten. 64 octets each: 4 MB.
const ADDRESSES: usize = 65_536;
/// How long a peer stays known after its last proof.
const KNOWN_FOR: Duration = Duration::from_secs(3_600);
/// Wrong passwords of one account from one address before answers slow down.
const FREE_FAILURES: u32 = 5;
/// The first delay; it doubles with each further failure.
const FIRST_DELAY: Duration = Duration::from_millis(250);
/// The longest delay.
const LONGEST_DELAY: Duration = Duration::from_secs(2);
/// Failures with proof of address that ban it.
const BAN_FAILURES: u32 = 10;
/// Within this time.
const BAN_WINDOW: Duration = Duration::from_secs(60);
/// The first ban; each further one lasts twice as long.
const FIRST_BAN: Duration = Duration::from_secs(600);
/// The longest ban.
const LONGEST_BAN: Duration = Duration::from_secs(86_400);
/// Failures of one account from one address are forgotten after this much quiet.
const FORGET_FAILURES: Duration = Duration::from_secs(300);

/// What to do with a message that has not been read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// From a peer that proved itself.
    Known,
    /// From a stranger within its share.
    Stranger,
    /// Too much, or banned: drop it in silence.
    Drop,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn take(&mut self, rate: f64, burst: f64, now: Instant) -> bool {
        let past = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + past * rate).min(burst);
        self.at = now;
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

struct Record {
    /// Proven failures since `since`.
    failures: u32,
    since: Instant,
    banned_until: Option<Instant>,
    bans: u32,
}

#[derive(Default)]
struct Tables {
    known: HashMap<IpAddr, Instant>,
    buckets: HashMap<IpAddr, Bucket>,
    all: Option<Bucket>,
    records: HashMap<IpAddr, Record>,
    accounts: HashMap<(IpAddr, String), (u32, Instant)>,
    logged: HashMap<(IpAddr, &'static str), Instant>,
}

/// The guard of one profile.
#[derive(Default)]
pub(crate) struct Guard {
    tables: Mutex<Tables>,
}

impl Guard {
    fn lock(&self) -> MutexGuard<'_, Tables> {
        // Each use changes single entries; a panic between them leaves counts, nothing inconsistent.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Judges a message by its source before it is read. `total`: messages a second of all strangers together, 0: any.
    pub(crate) fn admit(&self, source: IpAddr, total: u32, now: Instant) -> Admission {
        let source = network(source);
        let mut tables = self.lock();
        if is_known(&tables, source, now) {
            return Admission::Known;
        }
        if let Some(record) = tables.records.get(&source)
            && record.banned_until.is_some_and(|until| until > now)
        {
            return Admission::Drop;
        }
        shrink(&mut tables.buckets, |bucket| bucket.at);
        let bucket = tables.buckets.entry(source).or_insert(Bucket {
            tokens: STRANGER_BURST,
            at: now,
        });
        if !bucket.take(STRANGER_RATE, STRANGER_BURST, now) {
            return Admission::Drop;
        }
        if total > 0 {
            let total = f64::from(total);
            let all = tables.all.get_or_insert(Bucket {
                tokens: total,
                at: now,
            });
            if !all.take(total, total, now) {
                return Admission::Drop;
            }
        }
        Admission::Stranger
    }

    /// Whether an address has proved itself lately.
    pub(crate) fn is_known(&self, source: IpAddr, now: Instant) -> bool {
        is_known(&self.lock(), network(source), now)
    }

    /// Whether connections of an address are refused.
    pub(crate) fn is_banned(&self, source: IpAddr, now: Instant) -> bool {
        self.lock()
            .records
            .get(&network(source))
            .is_some_and(|record| record.banned_until.is_some_and(|until| until > now))
    }

    /// An address proved to be a user, a trunk, or a peer that we called.
    pub(crate) fn proved(&self, source: IpAddr, now: Instant) {
        let mut tables = self.lock();
        shrink(&mut tables.known, |at| *at);
        tables.known.insert(network(source), now);
    }

    /// A login came right: earlier slips of this account from this address are forgiven.
    pub(crate) fn succeeded(&self, source: IpAddr, account: &str, now: Instant) {
        self.proved(source, now);
        let key = (network(source), account.to_ascii_lowercase());
        self.lock().accounts.remove(&key);
    }

    /// A login failed; `proven` says that the address is surely its own. Gives how long the answer shall wait.
    pub(crate) fn failed(
        &self,
        source: IpAddr,
        account: &str,
        proven: bool,
        now: Instant,
    ) -> Duration {
        let source = network(source);
        let mut tables = self.lock();
        if proven {
            shrink(&mut tables.records, |record| record.since);
            let record = tables.records.entry(source).or_insert(Record {
                failures: 0,
                since: now,
                banned_until: None,
                bans: 0,
            });
            if now.saturating_duration_since(record.since) > BAN_WINDOW {
                record.failures = 0;
                record.since = now;
            }
            record.failures += 1;
            if record.failures >= BAN_FAILURES && !source.is_loopback() {
                let time = (FIRST_BAN * 2u32.saturating_pow(record.bans.min(16))).min(LONGEST_BAN);
                record.bans += 1;
                record.failures = 0;
                record.banned_until = Some(now + time);
                let bans = record.bans;
                tables.known.remove(&source);
                tracing::warn!(%source, seconds = time.as_secs(), bans, "banned after {BAN_FAILURES} failed logins");
            }
        }
        shrink(&mut tables.accounts, |(_, at)| *at);
        let entry = tables
            .accounts
            .entry((source, account.to_ascii_lowercase()))
            .or_insert((0, now));
        if now.saturating_duration_since(entry.1) > FORGET_FAILURES {
            entry.0 = 0;
        }
        entry.0 = entry.0.saturating_add(1);
        entry.1 = now;
        match entry.0.checked_sub(FREE_FAILURES) {
            None | Some(0) => Duration::ZERO,
            Some(more) => {
                (FIRST_DELAY * 2u32.saturating_pow((more - 1).min(16))).min(LONGEST_DELAY)
            }
        }
    }

    /// Whether a line about this source and reason may be logged now: one in ten seconds.
    pub(crate) fn may_log(&self, source: IpAddr, reason: &'static str, now: Instant) -> bool {
        const QUIET: Duration = Duration::from_secs(10);
        let mut tables = self.lock();
        shrink(&mut tables.logged, |at| *at);
        let key = (network(source), reason);
        let recent = tables
            .logged
            .get(&key)
            .is_some_and(|at| now.saturating_duration_since(*at) < QUIET);
        if !recent {
            tables.logged.insert(key, now);
        }
        !recent
    }
}

/// This host speaks to itself without limits: whoever is here needs no SIP to do harm.
fn is_known(tables: &Tables, source: IpAddr, now: Instant) -> bool {
    source.is_loopback()
        || tables
            .known
            .get(&source)
            .is_some_and(|at| now.saturating_duration_since(*at) < KNOWN_FOR)
}

/// Points are given per IPv4 address and per IPv6 network, of which one sender has 2^64 addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
        address => address,
    }
}

/// A full table forgets its older half: constant work per entry on average, and never more memory.
fn shrink<K: std::hash::Hash + Eq + Clone, V>(
    table: &mut HashMap<K, V>,
    age: impl Fn(&V) -> Instant,
) {
    if table.len() < ADDRESSES {
        return;
    }
    let mut ages: Vec<Instant> = table.values().map(&age).collect();
    let middle = ages.len() / 2;
    let (_, median, _) = ages.select_nth_unstable(middle);
    let median = *median;
    table.retain(|_, value| age(value) > median);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_stranger_gets_its_share_and_others_theirs() {
        let guard = Guard::default();
        let now = Instant::now();
        let flood = ip("192.0.2.1");
        let passed = (0..1_000)
            .filter(|_| guard.admit(flood, 0, now) == Admission::Stranger)
            .count();
        assert_eq!(passed, STRANGER_BURST as usize);
        assert_eq!(guard.admit(ip("192.0.2.2"), 0, now), Admission::Stranger);
        guard.proved(flood, now);
        assert_eq!(guard.admit(flood, 0, now), Admission::Known);
    }

    #[test]
    fn strangers_share_a_total() {
        let guard = Guard::default();
        let now = Instant::now();
        let passed = (0..200u8)
            .filter(|n| guard.admit(IpAddr::from([192, 0, 2, *n]), 60, now) == Admission::Stranger)
            .count();
        assert_eq!(passed, 60);
    }

    #[test]
    fn wrong_passwords_slow_down_and_ban_only_with_proof() {
        let guard = Guard::default();
        let now = Instant::now();
        let thief = ip("192.0.2.9");
        let delays: Vec<u128> = (0..9)
            .map(|_| guard.failed(thief, "1000", false, now).as_millis())
            .collect();
        assert_eq!(delays, [0, 0, 0, 0, 0, 250, 500, 1_000, 2_000]);
        assert!(!guard.is_banned(thief, now), "a forged sender bans nobody");
        // Another address, and another account, are untouched.
        assert_eq!(
            guard.failed(ip("192.0.2.10"), "1000", false, now),
            Duration::ZERO
        );
        assert_eq!(guard.failed(thief, "1001", false, now), Duration::ZERO);
        for _ in 0..BAN_FAILURES {
            guard.failed(thief, "1000", true, now);
        }
        assert!(guard.is_banned(thief, now));
        assert_eq!(guard.admit(thief, 0, now), Admission::Drop);
        assert!(!guard.is_banned(thief, now + FIRST_BAN + Duration::from_secs(1)));
    }

    #[test]
    fn tables_stay_bounded() {
        let guard = Guard::default();
        let now = Instant::now();
        for n in 0..70_000u32 {
            guard.admit(
                IpAddr::V4(std::net::Ipv4Addr::from_bits(0x2000_0000 + n)),
                0,
                now,
            );
        }
        assert!(guard.lock().buckets.len() <= ADDRESSES);
    }
}

//! RTP ports: random even ports of a range, each with the odd port above it for RTCP, rested after use.

use crate::pool::MediaError;
use rand::random;
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a port rests after use, so that late packets of the last call do not reach the next.
pub const QUARANTINE: Duration = Duration::from_secs(30);

/// Rest that no port is denied, however few there are: packets on their way to the old call have arrived by then.
const SHORTEST_REST: Duration = Duration::from_secs(3);

/// DSCP EF (RFC 3246) as a TOS octet: routers give voice precedence.
const TOS_EXPEDITED: u32 = 0xb8;

/// Which port pairs are free, in use or resting. Pure: the time is given.
pub(crate) struct PortTable {
    first: u16,
    /// Pair `i` is ports `first + 2i` and `first + 2i + 1`.
    taken: Vec<bool>,
    resting: VecDeque<(Instant, usize)>,
    in_use: usize,
}

impl PortTable {
    /// The pairs within `first..=last`.
    pub(crate) fn new(first: u16, last: u16) -> PortTable {
        let first = first.checked_add(first % 2).unwrap_or(u16::MAX - 1);
        let pairs = (usize::from(last) + 1).saturating_sub(usize::from(first)) / 2;
        PortTable {
            first,
            taken: vec![false; pairs],
            resting: VecDeque::new(),
            in_use: 0,
        }
    }

    /// A free pair's even port; `seed` is a random number that decides which.
    pub(crate) fn take(&mut self, now: Instant, seed: u64) -> Option<u16> {
        while self
            .resting
            .front()
            .is_some_and(|(since, _)| now.saturating_duration_since(*since) >= QUARANTINE)
        {
            if let Some((_, pair)) = self.resting.pop_front() {
                self.taken[pair] = false;
            }
        }
        let pairs = self.taken.len();
        if pairs == 0 {
            return None;
        }
        let start = (seed % pairs as u64) as usize;
        // Probing by a random odd-ish step would not be more random: the start already is.
        let free = (0..pairs)
            .map(|i| (start + i) % pairs)
            .find(|&p| !self.taken[p]);
        let pair = match free {
            Some(pair) => pair,
            None => self.longest_rested(now)?,
        };
        self.taken[pair] = true;
        self.in_use += 1;
        Some(self.first + 2 * pair as u16)
    }

    /// When every other pair is in use: the one that has rested longest, if it has rested at all. A new call is worth
    /// more than the last seconds of a quarantine.
    fn longest_rested(&mut self, now: Instant) -> Option<usize> {
        let (since, pair) = self.resting.front().copied()?;
        if now.saturating_duration_since(since) < SHORTEST_REST {
            return None;
        }
        self.resting.pop_front();
        Some(pair)
    }

    /// The pair of `port` is no longer used; it rests from `now` on.
    pub(crate) fn release(&mut self, port: u16, now: Instant) {
        self.in_use = self.in_use.saturating_sub(1);
        self.resting
            .push_back((now, usize::from(port.saturating_sub(self.first) / 2)));
    }

    pub(crate) fn in_use(&self) -> usize {
        self.in_use
    }

    /// Whether this port belongs to a pair that is in use now.
    pub(crate) fn holds(&self, port: u16) -> bool {
        let pair = usize::from(port.saturating_sub(self.first) / 2);
        port >= self.first
            && self.taken.get(pair) == Some(&true)
            && !self.resting.iter().any(|(_, resting)| *resting == pair)
    }

    fn pairs(&self) -> usize {
        self.taken.len()
    }
}

/// The pool's port table, shared with the sockets that give their ports back.
#[derive(Clone)]
pub(crate) struct Ports(Arc<Mutex<PortTable>>);

impl Ports {
    pub(crate) fn new(first: u16, last: u16) -> Ports {
        Ports(Arc::new(Mutex::new(PortTable::new(first, last))))
    }

    pub(crate) fn holds(&self, port: u16) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .holds(port)
    }

    pub(crate) fn in_use(&self) -> usize {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .in_use()
    }

    /// Binds a pair on `ip`. A pair held by another process rests like a used one and the next is tried.
    pub(crate) fn bind(&self, ip: IpAddr) -> Result<RtpSockets, MediaError> {
        let pairs = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pairs();
        for _ in 0..pairs {
            let taken = self
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(Instant::now(), random());
            let Some(port) = taken else { break };
            let lease = PortLease {
                ports: self.clone(),
                port,
            };
            let pair = bind_one(SocketAddr::new(ip, port))
                .and_then(|rtp| Ok((rtp, bind_one(SocketAddr::new(ip, port + 1))?)));
            match pair {
                Ok((rtp, rtcp)) => {
                    return Ok(RtpSockets {
                        rtp,
                        rtcp,
                        local: SocketAddr::new(ip, port),
                        _lease: lease,
                    });
                }
                Err(e) if e.kind() == std::io::ErrorKind::AddrInUse => {}
                Err(e) => {
                    return Err(MediaError::Bind {
                        address: SocketAddr::new(ip, port),
                        why: e.to_string(),
                    });
                }
            }
        }
        Err(MediaError::NoPorts { pairs })
    }
}

fn bind_one(address: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
        // Precedence is a wish: a kernel that refuses it still carries the call.
        let _ = socket.set_tclass_v6(TOS_EXPEDITED);
    } else {
        let _ = socket.set_tos_v4(TOS_EXPEDITED);
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Gives its port pair back when dropped.
struct PortLease {
    ports: Ports,
    port: u16,
}

impl Drop for PortLease {
    fn drop(&mut self) {
        self.ports
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .release(self.port, Instant::now());
    }
}

/// A bound pair of nonblocking sockets for RTP and RTCP. The ports go back to the pool on drop.
pub struct RtpSockets {
    pub(crate) rtp: UdpSocket,
    pub(crate) rtcp: UdpSocket,
    local: SocketAddr,
    // Last field: the sockets are closed before the ports are free.
    _lease: PortLease,
}

impl RtpSockets {
    /// The RTP address (RTCP is one port above).
    pub fn local(&self) -> SocketAddr {
        self.local
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_even_within_range_random_and_come_back_after_quarantine() {
        let start = Instant::now();
        let mut table = PortTable::new(16_385, 16_393);
        let mut got: Vec<u16> = (0..4u64).map_while(|i| table.take(start, i * 7)).collect();
        assert_eq!(table.take(start, 0), None, "16386..16393 holds four pairs");
        got.sort_unstable();
        assert_eq!(got, [16_386, 16_388, 16_390, 16_392]);
        assert_eq!(table.in_use(), 4);
        let mut table = PortTable::new(16_386, 16_389);
        let first = table.take(start, 0).unwrap();
        table.release(first, start);
        let during = start + QUARANTINE - Duration::from_millis(1);
        assert_ne!(
            table.take(during, 0),
            Some(first),
            "it rests while another is free"
        );
        assert_eq!(table.take(start + QUARANTINE, 0), Some(first));
    }

    #[test]
    fn a_scarce_port_is_used_again_after_a_short_rest() {
        let start = Instant::now();
        let mut table = PortTable::new(10_000, 10_003);
        let first = table.take(start, 0).unwrap();
        table.take(start, 0).unwrap();
        table.release(first, start);
        assert_eq!(table.take(start + Duration::from_secs(2), 0), None);
        assert_eq!(table.take(start + Duration::from_secs(4), 0), Some(first));
    }

    #[test]
    fn ports_held_by_others_are_skipped() {
        let ip: IpAddr = [127, 0, 0, 1].into();
        let ports = Ports::new(0xC000, 0xC00F);
        let held = UdpSocket::bind((ip, 0xC002));
        let sockets: Vec<RtpSockets> = (0..8).map_while(|_| ports.bind(ip).ok()).collect();
        if held.is_ok() {
            assert!(sockets.iter().all(|s| s.local().port() != 0xC002));
        }
        assert!(sockets.len() <= 8);
        drop(sockets);
        assert_eq!(ports.in_use(), 0);
    }
}

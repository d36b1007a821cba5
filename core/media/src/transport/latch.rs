//! Whose packets are accepted and where ours go (against RTP bleed and injection): the negotiated address, unless the
//! peer is behind NAT, sends from elsewhere, and may be learnt.

use crate::leg::config::LearnFrom;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Packets in order from one address and SSRC before it is learnt.
const LEARN_AFTER: u32 = 5;
/// Addresses that may be on probation at a time: several ports of one NAT must not keep one another out.
const CANDIDATES: usize = 4;
/// How long after the learning a packet from the negotiated address still wins.
const WIN_BACK: Duration = Duration::from_secs(5);

/// What to do with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the far end's.
    Accept,
    /// It is the far end's, whose address is now known to be this one.
    Learnt(SocketAddr),
    /// It is somebody else's.
    Drop,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    address: SocketAddr,
    ssrc: u32,
    next: u16,
    count: u32,
}

/// The state of one leg's source address.
#[derive(Clone, Debug, Default)]
pub struct Latch {
    negotiated: Option<SocketAddr>,
    learn: LearnFrom,
    learnt: Option<(SocketAddr, Instant)>,
    /// A packet came from the negotiated address: nothing else is learnt any more.
    confirmed: bool,
    candidates: [Option<Candidate>; CANDIDATES],
}

impl Latch {
    /// Sets the negotiated address and who else may be learnt. What was learnt stays only if neither changes.
    pub fn configure(&mut self, negotiated: Option<SocketAddr>, learn: LearnFrom) {
        if (negotiated, learn) != (self.negotiated, self.learn) {
            *self = Latch {
                negotiated,
                learn,
                ..Latch::default()
            };
        }
    }

    /// Where RTP goes now.
    pub fn destination(&self) -> Option<SocketAddr> {
        self.learnt.map(|(address, _)| address).or(self.negotiated)
    }

    /// The address that was learnt, if it is not the negotiated one.
    pub fn learnt(&self) -> Option<SocketAddr> {
        self.learnt.map(|(address, _)| address)
    }

    /// Whether reports from `from` are the far end's: they come from the host that the media goes to.
    pub fn accepts_report(&self, from: SocketAddr) -> bool {
        self.destination().is_some_and(|d| d.ip() == from.ip())
    }

    /// Judges an RTP packet from `from`; `negotiated_type`: its payload type was negotiated.
    pub fn judge(
        &mut self,
        now: Instant,
        from: SocketAddr,
        ssrc: u32,
        sequence: u16,
        negotiated_type: bool,
    ) -> Verdict {
        if let Some((learnt, since)) = self.learnt {
            if from == learnt {
                return Verdict::Accept;
            }
            if Some(from) == self.negotiated && now.saturating_duration_since(since) < WIN_BACK {
                self.learnt = None;
                self.confirmed = true;
                return Verdict::Learnt(from);
            }
            return Verdict::Drop;
        }
        if Some(from) == self.negotiated {
            self.confirmed = true;
            self.candidates = Default::default();
            return Verdict::Accept;
        }
        let allowed = match self.learn {
            LearnFrom::Nobody => false,
            LearnFrom::SignallingSource(ip) => from.ip() == ip,
            LearnFrom::Anywhere => true,
        };
        // Before anything is negotiated there is no SDP to agree with, so nothing is learnt.
        if !allowed || self.confirmed || !negotiated_type || self.negotiated.is_none() {
            return Verdict::Drop;
        }
        let known = self
            .candidates
            .iter()
            .position(|c| c.is_some_and(|c| c.address == from));
        let place = known.unwrap_or_else(|| {
            // A newcomer takes a free place, or that of whoever is least advanced.
            let advance = |i: &usize| self.candidates[*i].map_or(0, |c| c.count);
            (0..CANDIDATES).min_by_key(advance).unwrap_or(0)
        });
        let count = match self.candidates[place].filter(|_| known.is_some()) {
            Some(c) if c.ssrc == ssrc && c.next == sequence => c.count + 1,
            _ => 1,
        };
        if count >= LEARN_AFTER {
            self.learnt = Some((from, now));
            self.candidates = Default::default();
            return Verdict::Learnt(from);
        }
        self.candidates[place] = Some(Candidate {
            address: from,
            ssrc,
            next: sequence.wrapping_add(1),
            count,
        });
        Verdict::Drop
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    const NAT: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));

    fn at(ip: IpAddr, port: u16) -> SocketAddr {
        SocketAddr::new(ip, port)
    }

    fn latch(learn: LearnFrom) -> (Latch, SocketAddr, Instant) {
        let sdp = at([192, 168, 1, 2].into(), 4_000);
        let mut latch = Latch::default();
        latch.configure(Some(sdp), learn);
        (latch, sdp, Instant::now())
    }

    #[test]
    fn the_negotiated_address_is_accepted_at_once_and_shuts_the_door() {
        let (mut latch, sdp, now) = latch(LearnFrom::Anywhere);
        assert_eq!(latch.destination(), Some(sdp));
        assert_eq!(latch.judge(now, sdp, 1, 1, true), Verdict::Accept);
        for sequence in 0..20 {
            assert_eq!(
                latch.judge(now, at(NAT, 9), 2, sequence, true),
                Verdict::Drop
            );
        }
    }

    #[test]
    fn a_phone_behind_nat_is_learnt_after_five_packets_in_order() {
        let (mut latch, sdp, now) = latch(LearnFrom::SignallingSource(NAT));
        let stranger = at([198, 51, 100, 1].into(), 5);
        for sequence in [1, 2, 3, 7, 8, 9, 10] {
            assert_eq!(latch.judge(now, stranger, 4, sequence, true), Verdict::Drop);
            // Another port of the same host, out of order, does not keep the phone out.
            assert_eq!(
                latch.judge(now, at(NAT, 7_002), 5, sequence * 3, true),
                Verdict::Drop
            );
            assert_eq!(
                latch.judge(now, at(NAT, 7_000), 3, sequence, true),
                Verdict::Drop,
                "{sequence}"
            );
        }
        assert_eq!(
            latch.judge(now, at(NAT, 7_000), 3, 11, true),
            Verdict::Learnt(at(NAT, 7_000))
        );
        assert_eq!(latch.destination(), Some(at(NAT, 7_000)));
        assert_eq!(latch.judge(now, stranger, 4, 11, true), Verdict::Drop);
        let late = now + WIN_BACK;
        assert_eq!(
            latch.clone().judge(late, sdp, 9, 1, true),
            Verdict::Drop,
            "locked"
        );
        assert_eq!(
            latch.judge(now + Duration::from_secs(4), sdp, 9, 1, true),
            Verdict::Learnt(sdp)
        );
        assert_eq!(
            latch.judge(now + Duration::from_secs(4), at(NAT, 7_000), 3, 12, true),
            Verdict::Drop
        );
    }

    #[test]
    fn nobody_is_learnt_with_a_type_that_was_not_negotiated_or_when_learning_is_off() {
        let (mut latch, _, now) = latch(LearnFrom::SignallingSource(NAT));
        assert!((0..20).all(|s| latch.judge(now, at(NAT, 1), 1, s, false) == Verdict::Drop));
        let (mut latch, _, now) = self::latch(LearnFrom::Nobody);
        assert!((0..20).all(|s| latch.judge(now, at(NAT, 1), 1, s, true) == Verdict::Drop));
    }
}

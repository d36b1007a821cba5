//! One received stream: which SSRC it is, its extended sequence numbers and timestamps, loss and jitter
//! (RFC 3550 appendices A.1, A.3 and A.8).

use crate::rtp::packet::Header;
use std::time::{Duration, Instant};

/// A forward gap smaller than this is loss.
const MAX_DROPOUT: u16 = 3_000;
/// A step back smaller than this is reordering.
const MAX_MISORDER: u16 = 100;
/// Packets in order before another SSRC replaces the current one.
const SSRC_PROBATION: u32 = 3;

/// What became of a packet's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It belongs to the stream.
    Accepted {
        /// Extended sequence number.
        sequence: i64,
        /// Extended timestamp.
        timestamp: i64,
        /// The stream began anew with this packet: what is buffered of it no longer fits.
        restarted: bool,
    },
    /// It is of another SSRC, which is not (yet) believed.
    Foreign,
    /// It is far off; believed if the next packet follows it.
    Jump,
}

/// What a report block says (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceptionReport {
    /// The stream reported on.
    pub ssrc: u32,
    /// Share lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the beginning.
    pub lost: i32,
    /// Extended highest sequence number.
    pub highest: u32,
    /// Jitter in units of the clock rate.
    pub jitter: u32,
}

#[derive(Clone, Copy)]
struct Stream {
    ssrc: u32,
    base: i64,
    highest: i64,
    received: u64,
    /// Sequence number that would confirm a jump.
    after_jump: Option<u16>,
    last_timestamp: u32,
    timestamp: i64,
    expected_before: i64,
    received_before: u64,
}

/// See the module.
#[derive(Default)]
pub struct SourceTracker {
    stream: Option<Stream>,
    /// Another SSRC on probation: SSRC, next sequence number, packets in order.
    candidate: Option<(u32, u16, u32)>,
    /// Loss of earlier SSRCs and before jumps.
    lost_before: u64,
    jitter: f64,
    transit: Option<(Instant, i64)>,
}

impl SourceTracker {
    /// The stream's SSRC, once there is one.
    pub fn ssrc(&self) -> Option<u32> {
        self.stream.map(|s| s.ssrc)
    }

    /// Judges the header of a packet that came from the right address.
    pub fn judge(&mut self, header: &Header) -> Judged {
        let Some(stream) = &mut self.stream else {
            return self.begin(header);
        };
        if stream.ssrc != header.ssrc {
            let count = match self.candidate {
                Some((ssrc, next, count)) if ssrc == header.ssrc && next == header.sequence => {
                    count + 1
                }
                _ => 1,
            };
            self.candidate = Some((header.ssrc, header.sequence.wrapping_add(1), count));
            return if count >= SSRC_PROBATION {
                self.begin(header)
            } else {
                Judged::Foreign
            };
        }
        self.candidate = None;
        let ahead = header.sequence.wrapping_sub(stream.highest as u16);
        let sequence = if ahead < MAX_DROPOUT {
            stream.highest + i64::from(ahead)
        } else if ahead > u16::MAX - MAX_MISORDER {
            stream.highest - i64::from(ahead.wrapping_neg())
        } else if stream.after_jump == Some(header.sequence) {
            return self.begin(header);
        } else {
            stream.after_jump = Some(header.sequence.wrapping_add(1));
            return Judged::Jump;
        };
        stream.after_jump = None;
        stream.base = stream.base.min(sequence);
        stream.received += 1;
        let step = header.timestamp.wrapping_sub(stream.last_timestamp) as i32;
        let timestamp = stream.timestamp + i64::from(step);
        if sequence >= stream.highest {
            stream.highest = sequence;
            stream.last_timestamp = header.timestamp;
            stream.timestamp = timestamp;
        }
        Judged::Accepted {
            sequence,
            timestamp,
            restarted: false,
        }
    }

    fn begin(&mut self, header: &Header) -> Judged {
        let restarted = self.stream.is_some();
        self.lost_before = self.lost();
        // Far from 0, so that packets from before the first have positive numbers, too.
        let sequence = 1 << 20 | i64::from(header.sequence);
        let timestamp = 1 << 34 | i64::from(header.timestamp);
        self.stream = Some(Stream {
            ssrc: header.ssrc,
            base: sequence,
            highest: sequence,
            received: 1,
            after_jump: None,
            last_timestamp: header.timestamp,
            timestamp,
            expected_before: 0,
            received_before: 0,
        });
        self.candidate = None;
        self.transit = None;
        Judged::Accepted {
            sequence,
            timestamp,
            restarted,
        }
    }

    /// Packets lost so far (RFC 3550 A.3), not below 0.
    pub fn lost(&self) -> u64 {
        let now = self.stream.map_or(0, |s| {
            (s.highest - s.base + 1)
                .saturating_sub_unsigned(s.received)
                .max(0) as u64
        });
        self.lost_before + now
    }

    /// Takes the arrival of an audio packet into the jitter estimate (RFC 3550 A.8).
    pub fn arrived(&mut self, now: Instant, timestamp: i64, clock_rate: u32) {
        if let Some((before, then)) = self.transit {
            let elapsed =
                now.saturating_duration_since(before).as_secs_f64() * f64::from(clock_rate);
            let difference = (elapsed - (timestamp - then) as f64).abs();
            self.jitter += (difference - self.jitter) / 16.0;
        }
        self.transit = Some((now, timestamp));
    }

    /// Interarrival jitter.
    pub fn jitter(&self, clock_rate: u32) -> Duration {
        Duration::from_secs_f64(self.jitter / f64::from(clock_rate.max(1)))
    }

    /// The report block for the next report; starts a new interval.
    pub fn report(&mut self) -> Option<ReceptionReport> {
        let stream = self.stream.as_mut()?;
        let expected = stream.highest - stream.base + 1;
        let expected_now = expected - stream.expected_before;
        let received_now = stream.received - stream.received_before;
        stream.expected_before = expected;
        stream.received_before = stream.received;
        let lost_now = expected_now.saturating_sub_unsigned(received_now).max(0);
        let fraction_lost = if expected_now > 0 {
            (lost_now * 256 / expected_now).min(255) as u8
        } else {
            0
        };
        let (ssrc, highest) = (stream.ssrc, (stream.highest - (1 << 20)) as u32);
        Some(ReceptionReport {
            ssrc,
            fraction_lost,
            lost: self.lost().min(0x7f_ffff) as i32,
            highest,
            jitter: self.jitter as u32,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(ssrc: u32, sequence: u16, timestamp: u32) -> Header {
        Header {
            marker: false,
            payload_type: 0,
            sequence,
            timestamp,
            ssrc,
        }
    }

    fn accepted(judged: Judged) -> Option<(i64, i64, bool)> {
        match judged {
            Judged::Accepted {
                sequence,
                timestamp,
                restarted,
            } => Some((sequence, timestamp, restarted)),
            _ => None,
        }
    }

    #[test]
    fn numbers_go_on_across_the_wrap_and_reordering() {
        let mut tracker = SourceTracker::default();
        let (first, time, _) = accepted(tracker.judge(&header(1, 65_534, u32::MAX - 159))).unwrap();
        assert_eq!(
            accepted(tracker.judge(&header(1, 0, 160))),
            Some((first + 2, time + 320, false))
        );
        assert_eq!(
            accepted(tracker.judge(&header(1, 65_535, 0))),
            Some((first + 1, time + 160, false))
        );
        assert_eq!(tracker.lost(), 0);
        assert_eq!(
            accepted(tracker.judge(&header(1, 5, 960))),
            Some((first + 7, time + 1_120, false))
        );
        assert_eq!(tracker.lost(), 4);
        assert_eq!(tracker.report().unwrap().fraction_lost, (4 * 256 / 8) as u8);
    }

    #[test]
    fn a_jump_needs_two_in_a_row_rfc3550_a1() {
        let mut tracker = SourceTracker::default();
        tracker.judge(&header(1, 10, 0));
        assert_eq!(tracker.judge(&header(1, 30_010, 160)), Judged::Jump);
        assert!(
            accepted(tracker.judge(&header(1, 11, 160))).is_some_and(|a| !a.2),
            "the stream is undisturbed"
        );
        assert_eq!(tracker.judge(&header(1, 40_000, 9)), Judged::Jump);
        assert!(accepted(tracker.judge(&header(1, 40_001, 169))).is_some_and(|a| a.2));
    }

    #[test]
    fn another_ssrc_needs_three_in_order() {
        let mut tracker = SourceTracker::default();
        tracker.judge(&header(1, 10, 0));
        assert_eq!(tracker.judge(&header(2, 7, 0)), Judged::Foreign);
        assert_eq!(tracker.judge(&header(2, 8, 0)), Judged::Foreign);
        assert!(
            accepted(tracker.judge(&header(1, 11, 160))).is_some(),
            "which the old one resets"
        );
        for sequence in [9, 10] {
            assert_eq!(tracker.judge(&header(2, sequence, 0)), Judged::Foreign);
        }
        assert!(accepted(tracker.judge(&header(2, 11, 0))).is_some_and(|a| a.2));
        assert_eq!(tracker.ssrc(), Some(2));
    }
}

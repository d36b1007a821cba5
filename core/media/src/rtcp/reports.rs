//! One leg's reports: composed on time, and read for loss, jitter and round trip.

use crate::rtcp::interval::Intervals;
use crate::rtcp::packet::{Block, Part, SenderInfo, Writer, blocks, parts};
use crate::rtp::sequence::ReceptionReport;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Seconds from the NTP era (1900) to the Unix era.
const NTP_OFFSET: u64 = 2_208_988_800;
/// A round trip longer than this is a forged or stale report.
const LONGEST_ROUND_TRIP: Duration = Duration::from_secs(30);

/// What a report of the far end says of what we send.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Feedback {
    /// Share of our packets lost, 0–1.
    pub loss: Option<f64>,
    /// Jitter in units of our clock rate.
    pub jitter: Option<u32>,
    /// Round trip.
    pub round_trip: Option<Duration>,
}

/// See the module.
pub struct Reports {
    ssrc: u32,
    name: String,
    /// Wall clock and monotonic clock at one moment, so that no tick asks the system for the time.
    began: (Instant, SystemTime),
    intervals: Intervals,
    next: Option<Instant>,
    heard: Option<(u32, Instant)>,
}

impl Reports {
    /// For the source `ssrc`; `seed` spreads the timers.
    pub fn new(ssrc: u32, seed: u64) -> Reports {
        let name = format!("{seed:016x}@strowger");
        let began = (Instant::now(), SystemTime::now());
        Reports {
            ssrc,
            name,
            began,
            intervals: Intervals::new(seed),
            next: None,
            heard: None,
        }
    }

    /// Whether a report is due; begins the schedule at the first call.
    pub fn is_due(&mut self, now: Instant) -> bool {
        match self.next {
            Some(next) if now < next => false,
            begun => {
                self.next = Some(now + self.intervals.draw());
                begun.is_some()
            }
        }
    }

    /// NTP time at `now`.
    fn ntp(&self, now: Instant) -> u64 {
        let wall = self.began.1.duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = wall + now.saturating_duration_since(self.began.0);
        ((time.as_secs() + NTP_OFFSET) << 32)
            | ((u64::from(time.subsec_nanos()) << 32) / 1_000_000_000)
    }

    /// Writes a compound packet into `out` and returns its length. `sent`: RTP time, packets and octets, when anything was sent.
    pub fn compose(
        &self,
        now: Instant,
        sent: Option<(u32, u64, u64)>,
        received: Option<ReceptionReport>,
        goodbye: bool,
        out: &mut [u8],
    ) -> usize {
        let ntp = self.ntp(now);
        let sender = sent.map(|(rtp, packets, octets)| SenderInfo {
            ntp,
            rtp,
            packets: packets as u32,
            octets: octets as u32,
        });
        let block = received.map(|report| {
            let (last_sender_report, delay) = self.heard.map_or((0, 0), |(middle, at)| {
                (
                    middle,
                    (now.saturating_duration_since(at).as_micros() * 65_536 / 1_000_000) as u32,
                )
            });
            Block {
                report,
                last_sender_report,
                delay,
            }
        });
        let mut writer = Writer::new(out);
        writer.report(self.ssrc, sender, block);
        writer.name(self.ssrc, &self.name);
        if goodbye {
            writer.goodbye(self.ssrc);
        }
        writer.finish()
    }

    /// Reads a compound packet of the far end; `None` when it is not one.
    pub fn read(&mut self, now: Instant, octets: &[u8]) -> Option<Feedback> {
        let mut feedback = None;
        for part in parts(octets) {
            let found = feedback.get_or_insert(Feedback::default());
            let Part::Report {
                sender,
                blocks: octets,
                ..
            } = part
            else {
                continue;
            };
            if let Some(sender) = sender {
                self.heard = Some(((sender.ntp >> 16) as u32, now));
            }
            for block in blocks(octets).filter(|b| b.report.ssrc == self.ssrc) {
                found.loss = Some(f64::from(block.report.fraction_lost) / 256.0);
                found.jitter = Some(block.report.jitter);
                if block.last_sender_report != 0 {
                    let middle = (self.ntp(now) >> 16) as u32;
                    let trip = middle
                        .wrapping_sub(block.last_sender_report)
                        .wrapping_sub(block.delay);
                    let trip = Duration::from_micros(u64::from(trip) * 1_000_000 / 65_536);
                    found.round_trip = (trip < LONGEST_ROUND_TRIP).then_some(trip);
                }
            }
        }
        feedback
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_round_trip_is_measured_by_sender_and_receiver_reports() {
        let (mut a, mut b) = (Reports::new(1, 11), Reports::new(2, 22));
        let start = Instant::now();
        let mut out = [0; 256];
        let len = a.compose(start, Some((0, 10, 1_600)), None, false, &mut out);
        b.read(start + Duration::from_millis(30), &out[..len])
            .unwrap();
        let report = ReceptionReport {
            ssrc: 1,
            fraction_lost: 128,
            lost: 5,
            highest: 10,
            jitter: 80,
        };
        let len = b.compose(
            start + Duration::from_millis(1_030),
            None,
            Some(report),
            false,
            &mut out,
        );
        let heard = a
            .read(start + Duration::from_millis(1_070), &out[..len])
            .unwrap();
        assert_eq!(heard.loss, Some(0.5));
        let trip = heard.round_trip.unwrap().as_millis();
        assert!((68..=72).contains(&trip), "{trip} ms");
        assert_eq!(a.read(start, b"nothing"), None);
    }
}

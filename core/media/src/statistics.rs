//! What a leg counts: plain numbers for readers, atomics shared with the worker.

use std::sync::atomic::{AtomicU64, Ordering};

/// The counters of one leg, as of its last tick. Readable at any time, also after the leg is closed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LegStatistics {
    /// RTP packets accepted from the far end (audio, comfort noise and telephone-events).
    pub packets_in: u64,
    /// Payload octets of the packets accepted.
    pub octets_in: u64,
    /// RTP packets sent.
    pub packets_out: u64,
    /// Payload octets sent.
    pub octets_out: u64,
    /// Packets that never came, by RFC 3550 A.3 (expected − received, not below 0).
    pub lost: u64,
    /// Packets that came after their turn to be played.
    pub late: u64,
    /// Packets that came twice.
    pub duplicate: u64,
    /// Packets dropped because their source address or SSRC is not the far end's.
    pub foreign: u64,
    /// Packets dropped because their payload type was not negotiated.
    pub unknown_payload: u64,
    /// Datagrams dropped because they are not RTP or RTCP, or too long.
    pub malformed: u64,
    /// Packets dropped to bring the playout delay down, or because the buffer was full.
    pub overflow: u64,
    /// Datagrams that the socket refused to send.
    pub send_failures: u64,
    /// Milliseconds of audio that were invented because a packet was missing.
    pub concealed_ms: u64,
    /// Interarrival jitter of what we receive, RFC 3550 A.8, in milliseconds.
    pub jitter_ms: f64,
    /// What the jitter buffer aims to hold, in milliseconds.
    pub target_delay_ms: u64,
    /// Round trip by the far end's receiver reports, in milliseconds; `None` until one said so.
    pub round_trip_ms: Option<f64>,
    /// The share of our packets that the far end says it lost in its last report (0–1).
    pub remote_reported_loss: Option<f64>,
    /// Jitter that the far end reports of what we send, in milliseconds.
    pub remote_jitter_ms: Option<f64>,
    /// RTCP compound packets sent.
    pub rtcp_out: u64,
    /// RTCP compound packets accepted.
    pub rtcp_in: u64,
    /// Telephone-event digits received.
    pub digits_in: u64,
    /// Telephone-event digits sent.
    pub digits_out: u64,
    /// Digits that could not be sent because no telephone-event format is negotiated.
    pub digits_unsent: u64,
    /// Whether the leg is at this moment relayed: what it sends is forwarded on arrival.
    pub relayed: bool,
}

impl LegStatistics {
    /// An estimate of the listening quality of what we receive (1–4.5), by a simplified E-model (ITU-T G.107)
    /// from loss, jitter and delay.
    pub fn mos(&self) -> f64 {
        let expected = self.packets_in + self.lost;
        if expected == 0 {
            return 0.0;
        }
        let loss = (self.lost + self.late) as f64 / expected as f64;
        let delay = self.round_trip_ms.unwrap_or(0.0) / 2.0 + self.target_delay_ms as f64 + 10.0;
        let id = 0.024 * delay
            + if delay > 177.3 {
                0.11 * (delay - 177.3)
            } else {
                0.0
            };
        let ie = 30.0 * (1.0 + 15.0 * loss).ln();
        let r = (93.2 - id - ie).clamp(0.0, 100.0);
        (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).clamp(1.0, 4.5)
    }
}

/// Number of atomics in [`SharedStatistics`].
const FIELDS: usize = 24;
/// Stands for "unknown" in an optional number.
const UNKNOWN: u64 = u64::MAX;

/// The counters as the worker publishes them at the end of each tick.
pub(crate) struct SharedStatistics([AtomicU64; FIELDS]);

impl SharedStatistics {
    pub(crate) fn new() -> SharedStatistics {
        let shared = SharedStatistics(std::array::from_fn(|_| AtomicU64::new(0)));
        shared.publish(&LegStatistics::default());
        shared
    }

    /// Stores `s`; each number is consistent in itself, the set is of one tick or the next.
    pub(crate) fn publish(&self, s: &LegStatistics) {
        let micro = |v: f64| (v * 1_000.0) as u64;
        let optional = |v: Option<f64>| v.map_or(UNKNOWN, |v| (v * 1_000_000.0) as u64);
        let values: [u64; FIELDS] = [
            s.packets_in,
            s.octets_in,
            s.packets_out,
            s.octets_out,
            s.lost,
            s.late,
            s.duplicate,
            s.foreign,
            s.unknown_payload,
            s.malformed,
            s.overflow,
            s.send_failures,
            s.concealed_ms,
            micro(s.jitter_ms),
            s.target_delay_ms,
            optional(s.round_trip_ms),
            optional(s.remote_reported_loss),
            optional(s.remote_jitter_ms),
            s.rtcp_out,
            s.rtcp_in,
            s.digits_in,
            s.digits_out,
            s.digits_unsent,
            u64::from(s.relayed),
        ];
        for (slot, value) in self.0.iter().zip(values) {
            slot.store(value, Ordering::Relaxed);
        }
    }

    /// The numbers last published.
    pub(crate) fn read(&self) -> LegStatistics {
        let v: [u64; FIELDS] = std::array::from_fn(|i| self.0[i].load(Ordering::Relaxed));
        let optional = |v: u64| (v != UNKNOWN).then_some(v as f64 / 1_000_000.0);
        LegStatistics {
            packets_in: v[0],
            octets_in: v[1],
            packets_out: v[2],
            octets_out: v[3],
            lost: v[4],
            late: v[5],
            duplicate: v[6],
            foreign: v[7],
            unknown_payload: v[8],
            malformed: v[9],
            overflow: v[10],
            send_failures: v[11],
            concealed_ms: v[12],
            jitter_ms: v[13] as f64 / 1_000.0,
            target_delay_ms: v[14],
            round_trip_ms: optional(v[15]),
            remote_reported_loss: optional(v[16]),
            remote_jitter_ms: optional(v[17]),
            rtcp_out: v[18],
            rtcp_in: v[19],
            digits_in: v[20],
            digits_out: v[21],
            digits_unsent: v[22],
            relayed: v[23] != 0,
        }
    }
}

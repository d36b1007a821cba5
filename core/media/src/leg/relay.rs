//! Relay: the rule by which a bridge is forwarded on arrival, and the forwarding.
//!
//! Nobody commands it. It is derived every tick from the write lists and from what the phones really send, one
//! direction at a time, and it ends in the tick in which one of its conditions does.

use crate::leg::Leg;
use crate::leg::receive::Passed;
use crate::leg::write::Outlet;
use crate::rtp::packet::Header;
use std::time::{Duration, Instant};

/// A stream that pauses for so long is left to the clock, which keeps the path open with silence.
const QUIET_LIMIT: Duration = Duration::from_millis(500);

/// Whether what arrives at `from` can be forwarded to `to`'s far end as it is.
pub(crate) fn may_relay(now: Instant, from: &Leg, to: &Leg) -> bool {
    let (Some(received), Some(sent)) = (&from.prepared, &to.prepared) else {
        return false;
    };
    let lists = |leg: &Leg| leg.writes.as_ref().and_then(|w| w.list.only_read());
    let format = from
        .last_format
        .and_then(|i| received.config.receive.get(i));
    let linked = from
        .shared
        .link
        .get()
        .is_some_and(|link| link.has_readers());
    lists(from) == Some(to.id())
        && lists(to) == Some(from.id())
        && from.id() != to.id()
        && received.config.receiving
        && sent.config.sending
        && to.destination(now).is_some()
        && format.is_some()
        && format.map(|f| &f.format) == sent.config.send.as_ref().map(|f| &f.format)
        && from.read.packet_ms == sent.config.ptime_ms
        && from
            .read
            .last_audio
            .is_some_and(|at| now.saturating_duration_since(at) < QUIET_LIMIT)
        && from.read.is_aligned()
        && from.bugs.is_empty()
        && to.bugs.is_empty()
        && !from.muted_read
        && !to.muted_write
        && from.hearers == 1
        && !to.is_overheard()
        && !linked
}

impl Leg {
    /// Forwards a packet that arrived at the leg `from` to this leg's far end.
    pub(crate) fn forward(&mut self, now: Instant, from: &Leg, passed: &Passed<'_>) {
        let Some(to) = self.destination(now) else {
            return;
        };
        let units = self.units();
        let Leg {
            prepared: Some(prepared),
            write,
            transport,
            writes,
            ..
        } = self
        else {
            return;
        };
        let config = &prepared.config;
        let outlet = Outlet {
            transport: &mut **transport,
            to,
        };
        match *passed {
            Passed::Skipped => write.skip_relayed(),
            Passed::Audio {
                header,
                format,
                units,
                payload,
                restarted,
            } => {
                let received = from
                    .prepared
                    .as_ref()
                    .and_then(|p| p.config.receive.get(format));
                match &config.send {
                    Some(send) if received.is_some_and(|f| f.format == send.format) => {
                        write.forward(
                            now,
                            &Header {
                                payload_type: send.payload_type,
                                ..header
                            },
                            units,
                            restarted,
                            payload,
                            outlet,
                        );
                    }
                    // Another format than the agreed one: the clock takes over at the next tick.
                    _ => write.skip_relayed(),
                }
            }
            Passed::Event {
                header,
                clock_rate,
                payload,
            } => {
                let passes = writes.as_ref().is_some_and(|w| w.list.passes_digits());
                match config
                    .telephone_event
                    .filter(|t| passes && t.clock_rate == clock_rate)
                {
                    Some(event) => write.forward_event(
                        now,
                        &Header {
                            payload_type: event.payload_type,
                            ..header
                        },
                        units,
                        payload,
                        outlet,
                    ),
                    None => write.skip_relayed(),
                }
            }
        }
    }

    /// The leg is relayed from now on, or no longer; its numbers go on where they are.
    pub(crate) fn set_relayed(&mut self, relayed: bool, now: Instant) {
        let units = self.units();
        self.write.set_relayed(relayed, now, units);
    }

    /// Forwards what waits in this leg's jitter buffer to `to`: relay begins without a hole.
    pub(crate) fn drain_to(&mut self, to: &mut Leg, now: Instant) {
        let Some(mut prepared) = self.prepared.take() else {
            return;
        };
        let ssrc = self.read.tracker.ssrc().unwrap_or_default();
        while let Some((sequence, timestamp, packet)) = prepared.jitter.drain() {
            let same = prepared.config.receive.get(packet.format);
            let send = to.prepared.as_ref().and_then(|p| p.config.send.as_ref());
            let (Some(same), Some(send)) = (same, send) else {
                continue;
            };
            if same.format != send.format {
                continue;
            }
            let header = Header {
                marker: false,
                payload_type: send.payload_type,
                sequence: sequence as u16,
                timestamp: timestamp as u32,
                ssrc,
            };
            let Some(address) = to.destination(now) else {
                continue;
            };
            let outlet = Outlet {
                transport: &mut *to.transport,
                to: address,
            };
            to.write
                .forward(now, &header, packet.units, false, packet.payload, outlet);
            to.write.ran_ahead(packet.units);
        }
        prepared.jitter.reset(prepared.jitter.clock_rate());
        self.prepared = Some(prepared);
    }
}

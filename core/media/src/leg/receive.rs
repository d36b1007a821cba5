//! What arrives at a leg: whose it is, what it is, and where it goes.

use crate::handle::SendDigit;
use crate::jitter::buffer::Inserted;
use crate::leg::Leg;
use crate::leg::event::LegEvent;
use crate::leg::read::units_of;
use crate::rtp::packet::{Header, MAX_DATAGRAM};
use crate::rtp::sequence::Judged;
use crate::rtp::telephone_event::Digit;
use crate::transport::latch::Verdict;
use crate::transport::{Arrival, Channel};
use std::net::SocketAddr;
use std::time::Instant;

/// Comfort noise (RFC 3389): its static payload type.
const COMFORT_NOISE: u8 = 13;

/// What a payload type means on a leg.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Audio(usize),
    Event(u32),
    ComfortNoise,
}

/// An accepted packet of a leg that is relayed, to be forwarded.
pub(crate) enum Passed<'a> {
    /// Nothing that is forwarded, but it has a number.
    Skipped,
    /// Audio in the format of this index.
    Audio {
        header: Header,
        format: usize,
        units: u32,
        payload: &'a [u8],
        restarted: bool,
    },
    /// A telephone-event at this clock rate.
    Event {
        header: Header,
        clock_rate: u32,
        payload: &'a [u8],
    },
}

impl Leg {
    /// Takes in one datagram; returns it when it is to be relayed.
    pub(crate) fn accept<'a>(
        &mut self,
        now: Instant,
        arrival: Arrival,
        octets: &'a [u8],
    ) -> Option<Passed<'a>> {
        if arrival.channel == Channel::Rtcp {
            self.accept_report(now, arrival.from, octets);
            return None;
        }
        let config = &self.prepared.as_ref()?.config;
        let parsed = if arrival.len <= MAX_DATAGRAM {
            Header::parse(octets).ok()
        } else {
            None
        };
        let Some((header, payload)) = parsed else {
            self.stats.malformed += 1;
            return None;
        };
        let audio = config
            .receive
            .iter()
            .position(|f| f.payload_type == header.payload_type);
        let event = config
            .telephone_event
            .filter(|t| t.payload_type == header.payload_type);
        let meaning = match (audio, event) {
            (_, Some(event)) => Some(Meaning::Event(event.clock_rate)),
            (Some(index), None) => Some(Meaning::Audio(index)),
            (None, None) => (header.payload_type == COMFORT_NOISE).then_some(Meaning::ComfortNoise),
        };
        let receiving = config.receiving;
        if let Some(from) = arrival.from {
            let negotiated = matches!(meaning, Some(Meaning::Audio(_) | Meaning::Event(_)));
            match self
                .latch
                .judge(now, from, header.ssrc, header.sequence, negotiated)
            {
                Verdict::Accept => {}
                Verdict::Learnt(address) => {
                    self.reports_from = None;
                    self.tell(LegEvent::RemoteLearnt(address));
                }
                Verdict::Drop => {
                    self.stats.foreign += 1;
                    return None;
                }
            }
        }
        self.last_heard = Some(now);
        let Some(meaning) = meaning else {
            self.stats.unknown_payload += 1;
            return None;
        };
        let Judged::Accepted {
            sequence,
            timestamp,
            restarted,
        } = self.read.tracker.judge(&header)
        else {
            self.stats.foreign += 1;
            return None;
        };
        self.stats.packets_in += 1;
        self.stats.octets_in += payload.len() as u64;
        if !receiving {
            // On hold: numbered, so that it does not look lost afterwards, but not heard.
            return None;
        }
        if !self.started {
            self.started = true;
            self.tell(LegEvent::MediaStarted);
        }
        match meaning {
            Meaning::ComfortNoise => self.relay_to.map(|_| Passed::Skipped),
            Meaning::Event(clock_rate) => {
                for digit in self
                    .read
                    .events
                    .packet(now, header.timestamp, payload, clock_rate)
                    .into_iter()
                    .flatten()
                {
                    self.digit(digit);
                }
                self.relay_to.map(|_| Passed::Event {
                    header,
                    clock_rate,
                    payload,
                })
            }
            Meaning::Audio(format) => {
                let numbers = (sequence, timestamp);
                self.accept_audio(now, header, numbers, format, restarted, payload)
            }
        }
    }

    fn accept_audio<'a>(
        &mut self,
        now: Instant,
        header: Header,
        (sequence, timestamp): (i64, i64),
        format: usize,
        restarted: bool,
        payload: &'a [u8],
    ) -> Option<Passed<'a>> {
        let prepared = self.prepared.as_mut()?;
        let negotiated = prepared.config.receive.get(format)?;
        let units = units_of(
            negotiated,
            prepared.decoders.get(format)?.samples_in(payload),
        );
        let clock_rate = negotiated.format.clock_rate;
        if units == 0 || clock_rate == 0 {
            self.stats.malformed += 1;
            return None;
        }
        self.last_format = Some(format);
        self.read.last_audio = Some(now);
        self.read.packet_ms = (u64::from(units) * 1_000 / u64::from(clock_rate)) as u32;
        self.read.tracker.arrived(now, timestamp, clock_rate);
        if self.relay_to.is_some() {
            return Some(Passed::Audio {
                header,
                format,
                units,
                payload,
                restarted,
            });
        }
        if restarted || prepared.jitter.clock_rate() != clock_rate {
            prepared.jitter.reset(clock_rate);
        }
        if prepared
            .jitter
            .insert(now, sequence, timestamp, units, format, payload)
            == Inserted::TooLong
        {
            self.stats.malformed += 1;
        }
        None
    }

    /// A digit is over.
    pub(crate) fn digit(&mut self, (digit, duration): Digit) {
        self.stats.digits_in += 1;
        self.tell(LegEvent::Digit { digit, duration });
        if self.fresh_digits.len() < self.fresh_digits.capacity() {
            self.fresh_digits.push(SendDigit { digit, duration });
        }
    }

    fn accept_report(&mut self, now: Instant, from: Option<SocketAddr>, octets: &[u8]) {
        if from.is_some_and(|from| !self.latch.accepts_report(from)) {
            self.stats.foreign += 1;
            return;
        }
        let Some(feedback) = self.reports.read(now, octets) else {
            self.stats.malformed += 1;
            return;
        };
        self.stats.rtcp_in += 1;
        self.last_heard = Some(now);
        self.reports_from = from;
        let clock_rate = f64::from(self.clock_rate());
        self.stats.remote_reported_loss = feedback.loss.or(self.stats.remote_reported_loss);
        let jitter = feedback.jitter.map(|j| f64::from(j) * 1_000.0 / clock_rate);
        self.stats.remote_jitter_ms = jitter.or(self.stats.remote_jitter_ms);
        let trip = feedback.round_trip.map(|t| t.as_secs_f64() * 1_000.0);
        self.stats.round_trip_ms = trip.or(self.stats.round_trip_ms);
    }
}

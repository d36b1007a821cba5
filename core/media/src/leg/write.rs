//! Sources to packets: one RTP stream with one SSRC, whose sequence numbers and timestamps never break,
//! whether it is fed by the clock or relayed.

use crate::codec::Encoder;
use crate::leg::config::{LegConfig, NegotiatedFormat};
use crate::rate::{MAX_QUANTUM_SAMPLES, QUANTUM, QUANTUM_MS};
use crate::rtp::packet::{HEADER_LEN, Header, MAX_DATAGRAM, MAX_PAYLOAD};
use crate::rtp::telephone_event::EventSender;
use crate::transport::{Channel, PacketTransport};
use rand::random;
use std::net::SocketAddr;
use std::time::Instant;

/// Room for the longest packet time and one more quantum, at 48 kHz.
const FIFO_SAMPLES: usize = 48 * 60 + MAX_QUANTUM_SAMPLES;

/// What is sent in a quantum.
pub(crate) enum Written<'a> {
    /// Nothing is to be heard.
    Nothing,
    /// A payload as it came in.
    Payload(&'a [u8]),
    /// Samples at the leg's rate.
    Pcm(&'a [i16]),
}

/// Where and whether packets go.
pub(crate) struct Outlet<'a> {
    pub(crate) transport: &'a mut dyn PacketTransport,
    pub(crate) to: SocketAddr,
}

/// The sending half of a leg.
pub(crate) struct WriteSide {
    pub(crate) ssrc: u32,
    pub(crate) events: EventSender,
    pub(crate) packets: u64,
    pub(crate) octets: u64,
    pub(crate) failures: u64,
    pub(crate) digits: u64,
    pub(crate) digits_unsent: u64,
    /// Relayed now: the clock writes no audio.
    pub(crate) relayed: bool,
    sequence: u16,
    /// RTP time of the next sample that comes in.
    clock: u32,
    /// When `clock` was last set by a relayed packet.
    clock_at: Option<Instant>,
    /// The next packet begins a talkspurt.
    marker: bool,
    fifo: Vec<i16>,
    relay: Option<RelayOffsets>,
    /// Units of media time sent ahead of real time when a jitter buffer was forwarded into a beginning relay.
    ahead: u32,
    /// Units of one quantum, while relayed.
    quantum_units: u32,
    packet: Box<[u8; MAX_DATAGRAM]>,
}

/// How a relayed stream's numbers map to ours.
#[derive(Clone, Copy)]
struct RelayOffsets {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
}

impl WriteSide {
    pub(crate) fn new() -> WriteSide {
        WriteSide {
            ssrc: random(),
            events: EventSender::default(),
            packets: 0,
            octets: 0,
            failures: 0,
            digits: 0,
            digits_unsent: 0,
            relayed: false,
            sequence: random(),
            clock: random(),
            clock_at: None,
            marker: true,
            fifo: Vec::with_capacity(FIFO_SAMPLES),
            relay: None,
            ahead: 0,
            quantum_units: 160,
            packet: Box::new([0; MAX_DATAGRAM]),
        }
    }

    /// RTP time now.
    pub(crate) fn time(&self) -> u32 {
        self.clock
    }

    /// The configuration was replaced: samples at the old rate are gone.
    pub(crate) fn reconfigured(&mut self) {
        self.fifo.clear();
    }

    /// Whether a payload can be sent on as it is in this quantum.
    pub(crate) fn takes_payload(&self, ptime_ms: u32) -> bool {
        ptime_ms == QUANTUM_MS && self.fifo.is_empty() && !self.events.in_event()
    }

    /// One quantum by the clock.
    pub(crate) fn step(
        &mut self,
        config: &LegConfig,
        encoder: Option<&mut dyn Encoder>,
        written: Written<'_>,
        outlet: Option<Outlet<'_>>,
    ) {
        let Some(format) = &config.send else { return };
        let units = format.format.clock_rate * QUANTUM_MS / 1_000;
        let outlet = outlet.filter(|_| config.sending);
        let Some(mut outlet) = outlet else {
            return self.pass_over(units);
        };
        if self.step_event(config, &mut outlet) {
            return self.pass_over(units);
        }
        match written {
            Written::Payload(payload) if self.takes_payload(config.ptime_ms) => {
                self.send(
                    format.payload_type,
                    self.clock,
                    payload.len(),
                    |out| out.copy_from_slice(payload),
                    &mut outlet,
                );
                self.clock = self.clock.wrapping_add(units);
            }
            Written::Pcm(pcm) => {
                let room = FIFO_SAMPLES - self.fifo.len();
                self.fifo.extend_from_slice(&pcm[..pcm.len().min(room)]);
                self.clock = self.clock.wrapping_add(units);
                if let Some(encoder) = encoder {
                    self.packetize(format, config.ptime_ms, encoder, &mut outlet);
                }
            }
            _ => self.pass_over(units),
        }
    }

    /// The time passes without sound.
    fn pass_over(&mut self, units: u32) {
        self.clock = self.clock.wrapping_add(units);
        self.fifo.clear();
        self.marker = true;
    }

    fn packetize(
        &mut self,
        format: &NegotiatedFormat,
        ptime_ms: u32,
        encoder: &mut dyn Encoder,
        outlet: &mut Outlet<'_>,
    ) {
        let rate = format.format.sample_rate;
        let samples = rate.samples_in_ms(u64::from(ptime_ms)) as usize;
        while samples > 0 && self.fifo.len() >= samples {
            let waiting =
                self.fifo.len() as u64 * u64::from(format.format.clock_rate) / u64::from(rate.hz());
            let timestamp = self.clock.wrapping_sub(waiting as u32);
            let mut payload = [0u8; MAX_PAYLOAD];
            match encoder.encode(&self.fifo[..samples], &mut payload) {
                Ok(len) => {
                    let len = len.min(MAX_PAYLOAD);
                    self.send(
                        format.payload_type,
                        timestamp,
                        len,
                        |out| out.copy_from_slice(&payload[..len]),
                        outlet,
                    );
                }
                Err(_) => self.failures += 1,
            }
            self.fifo.drain(..samples);
        }
    }

    /// Sends this quantum's telephone-event packet; whether an event takes the place of audio.
    pub(crate) fn step_event(&mut self, config: &LegConfig, outlet: &mut Outlet<'_>) -> bool {
        if self.events.is_idle() {
            return false;
        }
        let Some(format) = config.telephone_event else {
            self.digits_unsent += self.events.clear() as u64;
            return false;
        };
        if let Some(packet) = self.events.step(self.clock, format.clock_rate) {
            self.digits += u64::from(packet.marker);
            self.marker = packet.marker;
            self.send(
                format.payload_type,
                packet.timestamp,
                4,
                |out| out.copy_from_slice(&packet.payload),
                outlet,
            );
            self.marker = true;
        }
        self.events.in_event()
    }

    /// Sends one packet whose payload `fill` writes.
    fn send(
        &mut self,
        payload_type: u8,
        timestamp: u32,
        len: usize,
        fill: impl FnOnce(&mut [u8]),
        outlet: &mut Outlet<'_>,
    ) {
        let header = Header {
            marker: std::mem::take(&mut self.marker),
            payload_type,
            sequence: self.sequence,
            timestamp,
            ssrc: self.ssrc,
        };
        self.sequence = self.sequence.wrapping_add(1);
        self.put(&header, len, fill, outlet);
    }

    fn put(
        &mut self,
        header: &Header,
        len: usize,
        fill: impl FnOnce(&mut [u8]),
        outlet: &mut Outlet<'_>,
    ) {
        let Some(body) = self.packet.get_mut(HEADER_LEN..HEADER_LEN + len) else {
            return;
        };
        fill(body);
        if let Some(head) = self.packet.first_chunk_mut() {
            header.write(head);
        }
        if outlet
            .transport
            .send(Channel::Rtp, &self.packet[..HEADER_LEN + len], outlet.to)
        {
            self.packets += 1;
            self.octets += len as u64;
        } else {
            self.failures += 1;
        }
    }

    /// Forwards a packet of another leg: its numbers are moved into our stream; the payload type is already ours.
    /// `units` is its length; `restarted` says that its stream began anew.
    pub(crate) fn forward(
        &mut self,
        now: Instant,
        header: &Header,
        units: u32,
        restarted: bool,
        payload: &[u8],
        mut outlet: Outlet<'_>,
    ) {
        if self.events.in_event() {
            // Our own digit takes the place of audio; the stream is joined anew after it.
            self.relay = None;
            return;
        }
        let offsets = match self.relay {
            Some(offsets) if offsets.ssrc == header.ssrc && !restarted => offsets,
            _ => {
                self.catch_up(now);
                RelayOffsets {
                    ssrc: header.ssrc,
                    sequence: self.sequence.wrapping_sub(header.sequence),
                    timestamp: self.clock.wrapping_sub(header.timestamp),
                }
            }
        };
        self.relay = Some(offsets);
        let moved = Header {
            marker: header.marker | std::mem::take(&mut self.marker),
            payload_type: header.payload_type,
            sequence: header.sequence.wrapping_add(offsets.sequence),
            timestamp: header.timestamp.wrapping_add(offsets.timestamp),
            ssrc: self.ssrc,
        };
        let ahead = moved.sequence.wrapping_sub(self.sequence) as i16;
        if ahead >= 0 {
            self.sequence = moved.sequence.wrapping_add(1);
            self.clock = moved.timestamp.wrapping_add(units);
            self.clock_at = Some(now);
        }
        self.put(
            &moved,
            payload.len(),
            |out| out.copy_from_slice(payload),
            &mut outlet,
        );
    }

    /// Forwards a telephone-event packet of another leg. Its time is frozen, so the clock does not move by it.
    pub(crate) fn forward_event(
        &mut self,
        now: Instant,
        header: &Header,
        units: u32,
        payload: &[u8],
        outlet: Outlet<'_>,
    ) {
        let before = (self.clock, self.clock_at);
        self.forward(now, header, units, false, payload, outlet);
        // What comes after the event has a later time than it; the clock follows with the next audio packet.
        if self.relay.is_some() && before.1.is_some() {
            (self.clock, self.clock_at) = before;
        }
    }

    /// So much media time was just sent ahead of real time.
    pub(crate) fn ran_ahead(&mut self, units: u32) {
        self.ahead += units;
    }

    /// A quantum without sound may be left out when media time is ahead of real time; whether it is.
    pub(crate) fn falls_back(&mut self, units: u32) -> bool {
        let falls_back =
            self.ahead >= units && units > 0 && self.fifo.is_empty() && self.events.is_idle();
        if falls_back {
            self.ahead -= units;
        }
        falls_back
    }

    /// A packet of the relayed stream is not forwarded: the next one is joined without a gap in our numbers.
    pub(crate) fn skip_relayed(&mut self) {
        self.relay = None;
    }

    /// Goes into relay or out of it; the numbers go on where they are.
    pub(crate) fn set_relayed(&mut self, relayed: bool, now: Instant, units: u32) {
        if self.relayed == relayed {
            return;
        }
        self.relayed = relayed;
        self.quantum_units = units;
        self.fifo.clear();
        if !relayed {
            self.catch_up(now);
            self.clock_at = None;
        } else {
            self.clock_at = Some(now);
        }
        self.relay = None;
    }

    /// One quantum passes while relayed: only digits are written by the clock.
    pub(crate) fn step_relayed(
        &mut self,
        now: Instant,
        config: &LegConfig,
        outlet: Option<Outlet<'_>>,
    ) {
        if self.events.is_idle() {
            return;
        }
        self.catch_up(now);
        self.relay = None;
        if let Some(mut outlet) = outlet {
            self.step_event(config, &mut outlet);
        }
    }

    /// Moves the clock on by the whole quanta that have passed since the last relayed packet was over.
    fn catch_up(&mut self, now: Instant) {
        let Some(at) = self.clock_at else { return };
        let quanta = (now.saturating_duration_since(at).as_nanos() / QUANTUM.as_nanos()) as u32;
        if quanta > 1 {
            self.clock = self
                .clock
                .wrapping_add(self.quantum_units.wrapping_mul(quanta - 1));
            self.marker = true;
            self.clock_at = Some(at + QUANTUM * (quanta - 1));
        }
    }
}

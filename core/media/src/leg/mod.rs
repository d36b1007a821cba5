//! The media half of a call leg: what arrives is judged, ordered and offered to listeners; what is to be heard is
//! packetized.

pub mod bug;
pub mod config;
pub mod event;
pub(crate) mod prepared;
pub(crate) mod read;
pub(crate) mod receive;
pub(crate) mod relay;
pub(crate) mod write;
pub mod write_list;

pub use bug::{Keep, MediaBug, Side};
pub use config::{
    JitterSettings, LearnFrom, LegConfig, NegotiatedFormat, RemoteMedia, RemoteRefused,
    TelephoneEventFormat,
};
pub use event::{LegEvent, LegListener};
pub use write_list::{Source, WriteList};

use crate::frame::PcmBlock;
use crate::handle::{LegId, LegShared, Listener, SendDigit};
use crate::leg::prepared::{Prepared, ResolvedWrites};
use crate::leg::read::ReadSide;
use crate::leg::write::{Outlet, WriteSide, Written};
use crate::pool::TransportSpec;
use crate::rate::{MAX_QUANTUM_SAMPLES, QUANTUM_MS, SampleRate};
use crate::rtcp::reports::Reports;
use crate::statistics::LegStatistics;
use crate::transport::latch::Latch;
use crate::transport::{Channel, PacketTransport};
use crate::worker::command::{BugSlot, Retired};
use rand::random;
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Bugs that one leg may carry; a further one ends at once.
pub(crate) const MAX_BUGS: usize = 16;
/// Digits that one tick can bring.
const MAX_FRESH_DIGITS: usize = 16;
/// Stands for the far end of a transport within the process, which has no address.
const IN_PROCESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// One leg, owned by its worker.
pub(crate) struct Leg {
    pub(crate) shared: Arc<LegShared>,
    pub(crate) listener: Listener,
    pub(crate) transport: Box<dyn PacketTransport>,
    pub(crate) rate: SampleRate,
    pub(crate) prepared: Option<Box<Prepared>>,
    pub(crate) writes: Option<Box<ResolvedWrites>>,
    pub(crate) bugs: Vec<BugSlot>,
    pub(crate) muted_read: bool,
    pub(crate) muted_write: bool,
    pub(crate) read: ReadSide,
    pub(crate) write: WriteSide,
    /// Digits that ended in this tick, for legs whose lists pass them on.
    pub(crate) fresh_digits: Vec<SendDigit>,
    /// How many inputs of legs on this worker name this leg.
    pub(crate) hearers: u32,
    /// How many inputs of legs on this worker name what this leg is sent.
    pub(crate) write_hearers: u32,
    /// What was sent last, while anybody listens; `None`: nothing.
    written: Box<PcmBlock>,
    was_written: bool,
    /// Slot and id of the leg that what arrives here is forwarded to.
    pub(crate) relay_to: Option<(usize, LegId)>,
    /// A listener found the decoder panicking; the leg fails at the end of the tick.
    pub(crate) poisoned: Option<String>,
    latch: Latch,
    reports: Reports,
    reports_from: Option<SocketAddr>,
    stats: LegStatistics,
    /// Index of the format of the last audio packet.
    last_format: Option<usize>,
    started: bool,
    timeout_raised: bool,
    last_heard: Option<Instant>,
    /// When receiving began, for the media timeout.
    listening_since: Option<Instant>,
    first_sent: Option<Instant>,
}

impl Leg {
    pub(crate) fn new(
        shared: Arc<LegShared>,
        listener: Listener,
        transport: TransportSpec,
        rate: SampleRate,
    ) -> Leg {
        let transport: Box<dyn PacketTransport> = match transport {
            TransportSpec::Udp(sockets) => Box::new(sockets),
            TransportSpec::Memory(memory) => Box::new(memory),
        };
        let write = WriteSide::new();
        Leg {
            shared,
            listener,
            transport,
            rate,
            prepared: None,
            writes: None,
            bugs: Vec::with_capacity(MAX_BUGS),
            muted_read: false,
            muted_write: false,
            read: ReadSide::new(rate),
            reports: Reports::new(write.ssrc, random()),
            write,
            fresh_digits: Vec::with_capacity(MAX_FRESH_DIGITS),
            hearers: 0,
            write_hearers: 0,
            written: Box::new(PcmBlock::new(rate)),
            was_written: false,
            relay_to: None,
            poisoned: None,
            latch: Latch::default(),
            reports_from: None,
            stats: LegStatistics::default(),
            last_format: None,
            started: false,
            timeout_raised: false,
            last_heard: None,
            listening_since: None,
            first_sent: None,
        }
    }

    pub(crate) fn id(&self) -> LegId {
        self.shared.id
    }

    pub(crate) fn tell(&self, event: LegEvent) {
        self.listener.leg_event(self.shared.id, event);
    }

    /// Swaps the configuration in; returns what is no longer needed. A jitter buffer that still fits stays.
    pub(crate) fn configure(
        &mut self,
        mut prepared: Box<Prepared>,
        now: Instant,
    ) -> Option<Box<Prepared>> {
        let old_rate = self.rate;
        self.rate = prepared.rate.unwrap_or(self.rate);
        if let Some(old) = &mut self.prepared {
            let same_formats = old.config.receive.len() == prepared.config.receive.len()
                && old
                    .config
                    .receive
                    .iter()
                    .zip(&prepared.config.receive)
                    .all(|(a, b)| a.payload_type == b.payload_type && a.format == b.format);
            if same_formats && old.jitter.settings() == prepared.jitter.settings() {
                std::mem::swap(&mut old.jitter, &mut prepared.jitter);
                std::mem::swap(&mut old.decoders, &mut prepared.decoders);
            } else {
                self.read.reconfigured();
                self.last_format = None;
            }
            if old.config.send.as_ref().map(|f| &f.format)
                == prepared.config.send.as_ref().map(|f| &f.format)
            {
                std::mem::swap(&mut old.encoder, &mut prepared.encoder);
            }
        }
        if self.rate != old_rate {
            self.write.reconfigured();
        }
        let config = &prepared.config;
        let before = self.latch.destination();
        self.latch
            .configure(config.remote.map(|r| r.rtp), config.learn);
        if self.latch.destination() != before {
            self.reports_from = None;
            self.first_sent = None;
            self.last_heard = None;
            self.listening_since = config.receiving.then_some(now);
            self.timeout_raised = false;
        }
        if !config.receiving {
            self.listening_since = None;
            self.read.be_silent();
            prepared.jitter.reset(prepared.jitter.clock_rate());
        } else if self.listening_since.is_none() {
            self.listening_since = Some(now);
            self.timeout_raised = false;
        }
        self.prepared.replace(prepared)
    }

    /// Where RTP goes now; `None`: nowhere.
    pub(crate) fn destination(&self, now: Instant) -> Option<SocketAddr> {
        let Some(own) = self.transport.local() else {
            return Some(IN_PROCESS);
        };
        let config = &self.prepared.as_ref()?.config;
        let to = self.latch.destination().filter(|&to| to != own)?;
        let unheard = self.last_heard.is_none() && config.receiving;
        let too_long = self
            .first_sent
            .zip(config.unheard_limit)
            .is_some_and(|(at, limit)| now.saturating_duration_since(at) > limit);
        (!(unheard && too_long)).then_some(to)
    }

    /// The units of the sent format's clock in one quantum.
    pub(crate) fn units(&self) -> u32 {
        let send = self.prepared.as_ref().and_then(|p| p.config.send.as_ref());
        send.map_or(160, |f| f.format.clock_rate * QUANTUM_MS / 1_000)
    }

    /// Takes this quantum out of the jitter buffer and shows it to the bugs.
    pub(crate) fn read_frame(&mut self, now: Instant, retire: &mut dyn FnMut(Retired)) {
        self.sweep_bugs(retire);
        let Some(prepared) = &mut self.prepared else {
            return;
        };
        let clock_rate = prepared
            .config
            .telephone_event
            .map_or(8_000, |t| t.clock_rate);
        if let Some(digit) = self.read.events.poll(now, clock_rate) {
            self.digit(digit);
        }
        let Some(prepared) = &mut self.prepared else {
            return;
        };
        if self.relay_to.is_some() || !prepared.config.receiving {
            self.read.be_silent();
        } else {
            self.read.read_frame(prepared);
            if self.muted_read {
                self.read.be_silent();
            }
        }
        if self.bugs.iter().any(|b| b.bug.wants(Side::Read)) {
            let silence = [0i16; MAX_QUANTUM_SAMPLES];
            let pcm = self
                .read
                .pcm(prepared, self.rate)
                .map_or(&silence[..self.rate.quantum_samples()], PcmBlock::samples);
            observe(
                &mut self.bugs,
                Side::Read,
                self.rate,
                pcm,
                &self.listener,
                self.shared.id,
                retire,
            );
        }
        self.watch_silence(now);
    }

    /// Raises the media timeout.
    fn watch_silence(&mut self, now: Instant) {
        let Some(limit) = self.prepared.as_ref().and_then(|p| p.config.media_timeout) else {
            return;
        };
        let Some(since) = self.listening_since else {
            return;
        };
        let last = self.last_heard.map_or(since, |heard| heard.max(since));
        let silent = now.saturating_duration_since(last) >= limit;
        if silent && !self.timeout_raised {
            self.tell(LegEvent::MediaTimeout);
        }
        self.timeout_raised = silent;
    }

    fn sweep_bugs(&mut self, retire: &mut dyn FnMut(Retired)) {
        while let Some(gone) = self
            .bugs
            .iter()
            .position(|b| b.detached.load(Ordering::Acquire))
        {
            retire(Retired::Bug(self.bugs.remove(gone)));
        }
    }

    /// The samples of this quantum at the leg's rate; `None` when nothing was said.
    pub(crate) fn pcm(&mut self) -> Option<&PcmBlock> {
        let prepared = self.prepared.as_mut()?;
        self.read.pcm(prepared, self.rate)
    }

    /// Sends one quantum. `payload`: passed on as it is when given; else `pcm` is encoded; else there is silence.
    pub(crate) fn write_frame(
        &mut self,
        now: Instant,
        payload: Option<&[u8]>,
        pcm: Option<&[i16]>,
        retire: &mut dyn FnMut(Retired),
    ) {
        let silence = [0i16; MAX_QUANTUM_SAMPLES];
        let silence = &silence[..self.rate.quantum_samples()];
        let pcm = if self.muted_write { None } else { pcm };
        self.was_written = pcm.is_some() && self.is_overheard();
        if let (true, Some(pcm)) = (self.was_written, pcm) {
            self.written
                .fill_with_silence(self.rate)
                .copy_from_slice(pcm);
        }
        if self.bugs.iter().any(|b| b.bug.wants(Side::Write)) {
            observe(
                &mut self.bugs,
                Side::Write,
                self.rate,
                pcm.unwrap_or(silence),
                &self.listener,
                self.shared.id,
                retire,
            );
        }
        if payload.is_none() && pcm.is_none() && self.write.falls_back(self.units()) {
            return;
        }
        let to = self.destination(now);
        let Some(prepared) = &mut self.prepared else {
            return;
        };
        let written = match (payload, pcm) {
            (Some(payload), _) => Written::Payload(payload),
            (None, Some(pcm)) => Written::Pcm(pcm),
            (None, None) if prepared.config.send_silence => Written::Pcm(silence),
            (None, None) => Written::Nothing,
        };
        let outlet = to.map(|to| Outlet {
            transport: &mut *self.transport,
            to,
        });
        let Prepared {
            config, encoder, ..
        } = &mut **prepared;
        let encoder = encoder
            .as_mut()
            .map(|e| &mut **e as &mut dyn crate::codec::Encoder);
        let waiting = self.write.events.waiting();
        self.write.step(config, encoder, written, outlet);
        self.digits_taken(waiting);
    }

    /// Whether anybody listens to what this leg is sent, so that it must be had as samples.
    pub(crate) fn is_overheard(&self) -> bool {
        self.write_hearers > 0
            || self
                .shared
                .write_link
                .get()
                .is_some_and(|link| link.has_readers())
    }

    /// What this leg was sent last.
    pub(crate) fn written(&self) -> Option<&PcmBlock> {
        self.was_written.then_some(&*self.written)
    }

    /// One quantum passes while relayed.
    pub(crate) fn write_relayed(&mut self, now: Instant) {
        let to = self.destination(now);
        let Some(prepared) = &self.prepared else {
            return;
        };
        let outlet = to.map(|to| Outlet {
            transport: &mut *self.transport,
            to,
        });
        let waiting = self.write.events.waiting();
        self.write.step_relayed(now, &prepared.config, outlet);
        self.digits_taken(waiting);
    }

    fn digits_taken(&mut self, waiting_before: usize) {
        let taken = waiting_before - self.write.events.waiting();
        if taken > 0 {
            self.shared.digits_queued.fetch_sub(taken, Ordering::AcqRel);
        }
    }

    /// Ends the quantum: reports, if they are due, and publishes the counters.
    pub(crate) fn finish_tick(&mut self, now: Instant) {
        if self.write.packets > 0 && self.first_sent.is_none() {
            self.first_sent = Some(now);
        }
        if self.reports.is_due(now) {
            self.report(now, false);
        }
        self.publish();
    }

    /// Sends a report; with a goodbye when the leg ends.
    pub(crate) fn report(&mut self, now: Instant, goodbye: bool) {
        if self.transport.local().is_none() || self.write.packets == 0 && self.last_heard.is_none()
        {
            return;
        }
        let Some(to) = self.destination(now) else {
            return;
        };
        let Some(remote) = self.prepared.as_ref().and_then(|p| p.config.remote) else {
            return;
        };
        let shared_port = remote.rtcp == remote.rtp;
        let reports_to = match (self.latch.learnt(), self.reports_from) {
            _ if shared_port => to,
            (_, Some(from)) => from,
            (Some(learnt), None) if learnt.ip() != remote.rtcp.ip() => {
                crate::leg::config::RemoteMedia::at(learnt).rtcp
            }
            _ => remote.rtcp,
        };
        let sent = (self.write.packets > 0)
            .then(|| (self.write.time(), self.write.packets, self.write.octets));
        let mut out = [0u8; 256];
        let len = self
            .reports
            .compose(now, sent, self.read.tracker.report(), goodbye, &mut out);
        let channel = if shared_port {
            Channel::Rtp
        } else {
            Channel::Rtcp
        };
        self.stats.rtcp_out += u64::from(self.transport.send(channel, &out[..len], reports_to));
    }

    fn publish(&mut self) {
        let clock_rate = self.clock_rate();
        let stats = &mut self.stats;
        if let Some(prepared) = &mut self.prepared {
            let counts = prepared.jitter.take_counts();
            stats.late += counts.late;
            stats.duplicate += counts.duplicate;
            stats.overflow += counts.overflow;
            stats.target_delay_ms = u64::from(prepared.jitter.target_ms());
        }
        stats.lost = self.read.tracker.lost();
        stats.jitter_ms = self.read.tracker.jitter(clock_rate).as_secs_f64() * 1_000.0;
        stats.concealed_ms = self.read.concealed_ms;
        stats.packets_out = self.write.packets;
        stats.octets_out = self.write.octets;
        stats.send_failures = self.write.failures;
        stats.digits_out = self.write.digits;
        stats.digits_unsent = self.write.digits_unsent;
        stats.relayed = self.write.relayed;
        self.shared.statistics.publish(stats);
    }

    /// The clock rate of what is received.
    fn clock_rate(&self) -> u32 {
        let receive = self.prepared.as_ref().map(|p| &p.config.receive);
        let format = receive.and_then(|r| r.get(self.last_format.unwrap_or(0)));
        format.map_or(8_000, |f| f.format.clock_rate)
    }
}

/// Shows a quantum to the bugs that want it; those that are done (or panic) are retired.
fn observe(
    bugs: &mut Vec<BugSlot>,
    side: Side,
    rate: SampleRate,
    pcm: &[i16],
    listener: &Listener,
    leg: LegId,
    retire: &mut dyn FnMut(Retired),
) {
    let mut index = 0;
    while let Some(slot) = bugs.get_mut(index) {
        let keep = catch_unwind(AssertUnwindSafe(|| {
            if slot.bug.wants(side) {
                slot.bug.observe(side, rate, pcm)
            } else {
                Keep::Going
            }
        }));
        if matches!(keep, Ok(Keep::Going)) {
            index += 1;
            continue;
        }
        let slot = bugs.remove(index);
        listener.leg_event(leg, LegEvent::BugEnded { bug: slot.id });
        retire(Retired::Bug(slot));
    }
}

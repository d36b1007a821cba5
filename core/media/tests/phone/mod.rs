//! Phones and an exchange for tests: a worker in virtual time, and far ends that speak RTP in memory.
#![allow(dead_code)] // each test file uses its own part

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use strowger_media::codec::registry::Codecs;
use strowger_media::codec::{Codec, Decoder, Encoder};
use strowger_media::rtp::packet::{Header, MAX_DATAGRAM};
use strowger_media::*;

/// One quantum.
pub const QUANTUM: Duration = Duration::from_millis(20);
/// The payload type of telephone-events here.
pub const EVENTS: u8 = 101;

/// Remembers what legs said.
#[derive(Default)]
pub struct Log(Mutex<Vec<(LegId, LegEvent)>>);

impl LegListener for Log {
    fn leg_event(&self, leg: LegId, event: LegEvent) {
        self.0.lock().unwrap().push((leg, event));
    }
}

impl Log {
    pub fn of(&self, leg: LegId) -> Vec<LegEvent> {
        self.0
            .lock()
            .unwrap()
            .iter()
            .filter(|(l, _)| *l == leg)
            .map(|(_, e)| e.clone())
            .collect()
    }

    pub fn digits(&self, leg: LegId) -> String {
        let digit = |e| {
            if let LegEvent::Digit { digit, .. } = e {
                Some(digit)
            } else {
                None
            }
        };
        self.of(leg).into_iter().filter_map(digit).collect()
    }
}

/// A pool with one worker that is ticked by hand.
pub struct Exchange {
    pub pool: MediaPool,
    pub worker: ManualWorker,
    pub now: Instant,
    pub log: Arc<Log>,
}

impl Exchange {
    pub fn new() -> Exchange {
        let (pool, worker) = MediaPool::manual(MediaConfig::default());
        Exchange {
            pool,
            worker,
            now: Instant::now(),
            log: Arc::default(),
        }
    }

    /// A leg and the phone at its far end, configured for `codec` both ways.
    pub fn call(&mut self, codec: &str) -> (LegHandle, Phone) {
        self.call_with(codec, |_| {})
    }

    pub fn call_with(
        &mut self,
        codec: &str,
        change: impl FnOnce(&mut LegConfig),
    ) -> (LegHandle, Phone) {
        let (ours, theirs) = memory_pair();
        let spec = LegSpec {
            transport: TransportSpec::Memory(ours),
            rate: SampleRate::NARROW,
            near: None,
        };
        let leg = self.pool.open(spec, self.log.clone()).unwrap();
        let mut config = config(codec);
        change(&mut config);
        leg.configure(config).unwrap();
        (leg, Phone::new(theirs, codec))
    }

    pub fn tick(&mut self) {
        self.worker.tick(self.now);
        self.now += QUANTUM;
    }

    /// Ticks `count` times; before each, all phones speak; after each, all hear.
    pub fn run(&mut self, count: usize, phones: &mut [&mut Phone]) {
        for _ in 0..count {
            phones.iter_mut().for_each(|p| p.speak());
            self.tick();
            phones.iter_mut().for_each(|p| p.hear());
        }
    }
}

pub fn bridge(a: &LegHandle, b: &LegHandle) {
    a.write(WriteList::one(Source::Read(b.id()))).unwrap();
    b.write(WriteList::one(Source::Read(a.id()))).unwrap();
}

pub fn codec(name: &str) -> Arc<dyn Codec> {
    Codecs::builtin().named(name).unwrap()
}

pub fn negotiated(name: &str) -> NegotiatedFormat {
    NegotiatedFormat::of(codec(name), 97)
}

pub fn config(name: &str) -> LegConfig {
    LegConfig {
        send: Some(negotiated(name)),
        receive: vec![negotiated(name)],
        telephone_event: Some(TelephoneEventFormat {
            payload_type: EVENTS,
            clock_rate: negotiated(name).format.clock_rate,
        }),
        ..LegConfig::default()
    }
}

/// A far end.
pub struct Phone {
    pub end: MemoryTransport,
    pub format: NegotiatedFormat,
    pub ssrc: u32,
    pub sequence: u16,
    pub timestamp: u32,
    pub ptime_ms: u32,
    /// What it says: a tone of so many hertz, or silence at 0; `None`: it sends nothing.
    pub tone: Option<f64>,
    phase: u64,
    due_ms: u32,
    encoder: Box<dyn Encoder>,
    decoder: Box<dyn Decoder>,
    /// Packets received.
    pub received: Vec<(Header, Vec<u8>)>,
    /// Samples decoded from them, at the format's rate.
    pub heard: Vec<i16>,
    /// Packets sent so far.
    pub sent: Vec<Vec<u8>>,
}

impl Phone {
    pub fn new(end: MemoryTransport, name: &str) -> Phone {
        let format = negotiated(name);
        let (encoder, decoder) = (
            format.codec.encoder(&format.format),
            format.codec.decoder(&format.format),
        );
        Phone {
            end,
            format,
            ssrc: 0x1000_0000 | name.len() as u32,
            sequence: 65_500,
            timestamp: u32::MAX - 1_000,
            ptime_ms: 20,
            tone: Some(0.0),
            phase: 0,
            due_ms: 0,
            encoder,
            decoder,
            received: Vec::new(),
            heard: Vec::new(),
            sent: Vec::new(),
        }
    }

    pub fn rate(&self) -> SampleRate {
        self.format.format.sample_rate
    }

    /// The next packet's payload.
    pub fn payload(&mut self) -> Vec<u8> {
        let rate = self.rate();
        let hz = self.tone.unwrap_or(0.0);
        let samples: Vec<i16> = (0..rate.samples_in_ms(u64::from(self.ptime_ms)))
            .map(|i| {
                let t = (self.phase + i) as f64 / f64::from(rate.hz());
                if hz == 0.0 {
                    0
                } else {
                    ((t * hz * std::f64::consts::TAU).sin() * 8_000.0) as i16
                }
            })
            .collect();
        self.phase += samples.len() as u64;
        let mut out = [0; 2_000];
        let len = self.encoder.encode(&samples, &mut out).unwrap();
        out[..len].to_vec()
    }

    /// The next packet, numbered.
    pub fn packet(&mut self) -> Vec<u8> {
        let payload = self.payload();
        let header = Header {
            marker: false,
            payload_type: self.format.payload_type,
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
        };
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(self.units());
        octets(&header, &payload)
    }

    pub fn units(&self) -> u32 {
        self.format.format.clock_rate * self.ptime_ms / 1_000
    }

    /// 20 ms pass: sends what is due.
    pub fn speak(&mut self) {
        if self.tone.is_none() {
            self.timestamp = self
                .timestamp
                .wrapping_add(self.format.format.clock_rate / 50);
            return;
        }
        self.due_ms += 20;
        while self.due_ms >= self.ptime_ms {
            self.due_ms -= self.ptime_ms;
            let packet = self.packet();
            assert!(self.end.try_send(&packet));
            self.sent.push(packet);
        }
    }

    /// Takes in all that has arrived.
    pub fn hear(&mut self) {
        let mut buffer = [0; MAX_DATAGRAM];
        while let Some(len) = self.end.try_receive(&mut buffer) {
            let (header, payload) = Header::parse(&buffer[..len]).unwrap();
            self.received.push((header, payload.to_vec()));
            if header.payload_type == self.format.payload_type {
                let mut out = [0; 6_000];
                let count = self.decoder.decode(payload, &mut out).unwrap();
                self.heard.extend(&out[..count]);
            }
        }
    }

    /// Forgets what was heard.
    pub fn forget(&mut self) {
        self.received.clear();
        self.heard.clear();
    }

    /// How much of what was heard in the last `ms` is a tone of `hz`, 0–1.
    pub fn hears(&self, hz: f32, ms: u64) -> f32 {
        let count = self.rate().samples_in_ms(ms) as usize;
        let from = self.heard.len().saturating_sub(count);
        strowger_media::dsp::goertzel::tone_power(&self.heard[from..], self.rate(), hz)
    }

    /// The audio packets received.
    pub fn audio(&self) -> impl Iterator<Item = &(Header, Vec<u8>)> {
        self.received
            .iter()
            .filter(|(h, _)| h.payload_type == self.format.payload_type)
    }

    /// Panics unless sequence numbers go up by one and audio timestamps by what was sent.
    pub fn assert_unbroken(&self) {
        for pair in self.received.windows(2) {
            assert_eq!(pair[1].0.ssrc, pair[0].0.ssrc);
            assert_eq!(
                pair[1].0.sequence,
                pair[0].0.sequence.wrapping_add(1),
                "sequence numbers go up by one"
            );
        }
        let audio: Vec<_> = self.audio().collect();
        for pair in audio.windows(2) {
            let step = pair[1].0.timestamp.wrapping_sub(pair[0].0.timestamp);
            assert!(
                step >= self.units() && step < self.units() * 1_000,
                "timestamps go forward, not by {step}"
            );
        }
    }
}

/// A packet's octets.
pub fn octets(header: &Header, payload: &[u8]) -> Vec<u8> {
    let mut out = [0; MAX_DATAGRAM];
    let len = header.packet(payload, &mut out);
    out[..len].to_vec()
}

//! Two cores, a network between them with latency, loss, duplication and reordering, and a clock that only moves when told.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use strowger_sip_proto::message::{Message, Request, Response, ResponseBuilder, parse_datagram};
use strowger_sip_proto::{
    CallKey, CoreConfig, Destination, Entropy, Flow, FlowId, Input, OutgoingInvite, Output,
    SipCore, Transport, UaEvent,
};

/// A seeded source of numbers (SplitMix64).
#[derive(Clone)]
pub struct Seeded(pub u64);

impl Seeded {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, into: &mut [u8]) {
        for octet in into {
            *octet = self.next() as u8;
        }
    }
}

/// How bad the network is.
#[derive(Clone, Copy)]
pub struct Weather {
    pub latency: Duration,
    pub jitter: Duration,
    pub loss_percent: u64,
    pub duplicate_percent: u64,
}

pub const CALM: Weather = Weather {
    latency: Duration::from_millis(10),
    jitter: Duration::ZERO,
    loss_percent: 0,
    duplicate_percent: 0,
};

/// One message as it was put on the wire.
#[derive(Clone)]
pub struct Sent {
    pub at: Instant,
    /// Who sent it: 0, 1, or 2 for a raw peer.
    pub by: usize,
    pub to: SocketAddr,
    pub octets: Vec<u8>,
}

impl Sent {
    pub fn message(&self) -> Message {
        parse_datagram(&self.octets).expect("what we send can be read")
    }

    /// `INVITE` for a request, `200 INVITE` for a response.
    pub fn kind(&self) -> String {
        match self.message() {
            Message::Request(request) => request.method().as_str().to_owned(),
            Message::Response(response) => {
                format!(
                    "{} {}",
                    response.status(),
                    response.cseq().expect("CSeq").method
                )
            }
        }
    }

    pub fn request(&self) -> Request {
        match self.message() {
            Message::Request(request) => request,
            Message::Response(_) => panic!("a response"),
        }
    }
}

struct Packet {
    to: usize,
    flow: Flow,
    octets: Vec<u8>,
}

pub const ADDRESSES: [&str; 2] = ["192.0.2.1:5060", "192.0.2.2:5060"];
/// A peer made of bytes: what is sent there is only recorded.
pub const RAW: &str = "198.51.100.7:5060";

pub struct Pair {
    pub now: Instant,
    pub start: Instant,
    pub cores: [SipCore; 2],
    pub events: [VecDeque<UaEvent>; 2],
    pub sent: Vec<Sent>,
    pub weather: Weather,
    pub random: Seeded,
    pub questions: Vec<(usize, strowger_sip_proto::QueryId, String)>,
    /// Drops the next messages whose kind is this.
    pub drop_next: Vec<String>,
    wire: BTreeMap<(Instant, u64), Packet>,
    serial: u64,
    last_on_stream: [Instant; 2],
}

pub fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

pub fn config(me: &str) -> CoreConfig {
    let mut config = CoreConfig::default();
    for transport in [Transport::Udp, Transport::Tcp] {
        config.sent_by.insert(transport, me.to_owned());
    }
    config
}

pub fn sdp(text: &str) -> Option<(String, Vec<u8>)> {
    Some(("application/sdp".to_owned(), text.as_bytes().to_vec()))
}

impl Pair {
    pub fn new(seed: u64) -> Self {
        Self::with(seed, config(ADDRESSES[0]), config(ADDRESSES[1]))
    }

    pub fn with(seed: u64, one: CoreConfig, other: CoreConfig) -> Self {
        let now = Instant::now();
        Self {
            now,
            start: now,
            cores: [
                SipCore::new(one, Box::new(Seeded(seed))),
                SipCore::new(other, Box::new(Seeded(seed ^ 0xabcd_ef01))),
            ],
            events: [VecDeque::new(), VecDeque::new()],
            sent: Vec::new(),
            weather: CALM,
            random: Seeded(seed ^ 0x5555),
            questions: Vec::new(),
            drop_next: Vec::new(),
            wire: BTreeMap::new(),
            serial: 0,
            last_on_stream: [now; 2],
        }
    }

    /// An order to one core; its outputs go on the wire.
    pub fn order<T>(&mut self, who: usize, order: impl FnOnce(&mut SipCore, Instant) -> T) -> T {
        let result = order(&mut self.cores[who], self.now);
        self.drain(who);
        result
    }

    fn drain(&mut self, who: usize) {
        while let Some(output) = self.cores[who].poll_output() {
            match output {
                Output::Event(event) => self.events[who].push_back(event),
                Output::Resolve { query, host, .. } => self.questions.push((who, query, host)),
                Output::Send { to, octets } => self.send(who, &to, octets),
            }
        }
    }

    fn send(&mut self, by: usize, to: &Destination, octets: Vec<u8>) {
        let sent = Sent {
            at: self.now,
            by,
            to: to.peer(),
            octets: octets.clone(),
        };
        if !self.drop_next.is_empty() {
            let kind = sent.kind();
            if let Some(place) = self.drop_next.iter().position(|dropped| *dropped == kind) {
                self.drop_next.remove(place);
                self.sent.push(sent);
                return;
            }
        }
        self.sent.push(sent);
        let Some(receiver) = ADDRESSES
            .iter()
            .position(|known| address(known) == to.peer())
        else {
            return;
        };
        let transport = to.transport();
        // One connection between the two, known to both by the same number.
        let id = FlowId(if transport == Transport::Udp { 1 } else { 7 });
        let flow = Flow {
            id,
            transport,
            peer: address(ADDRESSES[by]),
        };
        let copies = if transport == Transport::Udp {
            if self.random.chance(self.weather.loss_percent) {
                return;
            }
            1 + usize::from(self.random.chance(self.weather.duplicate_percent))
        } else {
            1
        };
        for _ in 0..copies {
            let jitter = self
                .random
                .below(self.weather.jitter.as_micros() as u64 + 1);
            let mut at = self.now + self.weather.latency + Duration::from_micros(jitter);
            if transport != Transport::Udp {
                at = at.max(self.last_on_stream[receiver]);
                self.last_on_stream[receiver] = at;
            }
            self.serial += 1;
            self.wire.insert(
                (at, self.serial),
                Packet {
                    to: receiver,
                    flow,
                    octets: octets.clone(),
                },
            );
        }
    }

    /// Octets from anywhere, at once.
    pub fn inject(&mut self, to: usize, from: &str, octets: &[u8]) {
        let flow = Flow {
            id: FlowId(1),
            transport: Transport::Udp,
            peer: address(from),
        };
        self.cores[to].handle_input(self.now, Input::Message { flow, octets });
        self.drain(to);
    }

    pub fn input(&mut self, to: usize, input: Input<'_>) {
        self.cores[to].handle_input(self.now, input);
        self.drain(to);
    }

    /// Lets time pass.
    pub fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(next) = self.next_moment().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.step();
        }
        self.now = end;
    }

    pub fn next_moment(&self) -> Option<Instant> {
        let wire = self.wire.keys().next().map(|(at, _)| *at);
        let cores = self.cores.iter().filter_map(SipCore::poll_timeout);
        cores.chain(wire).min()
    }

    /// Does one thing that is due now.
    fn step(&mut self) {
        if let Some(entry) = self.wire.first_entry()
            && entry.key().0 <= self.now
        {
            let packet = entry.remove();
            let input = Input::Message {
                flow: packet.flow,
                octets: &packet.octets,
            };
            self.cores[packet.to].handle_input(self.now, input);
            self.drain(packet.to);
            return;
        }
        for who in 0..2 {
            self.cores[who].handle_timeout(self.now);
            self.drain(who);
        }
    }

    /// Runs until everything has calmed down: no timer, nothing on the wire.
    pub fn settle(&mut self) {
        for _ in 0..200_000 {
            let Some(next) = self.next_moment() else {
                return;
            };
            self.now = self.now.max(next);
            self.step();
        }
        panic!("never calms down");
    }

    pub fn run_ms(&mut self, milliseconds: u64) {
        self.run(Duration::from_millis(milliseconds));
    }

    /// The kinds of messages that one side put on the wire so far, in order.
    pub fn kinds(&self, by: usize) -> Vec<String> {
        self.sent
            .iter()
            .filter(|sent| sent.by == by)
            .map(Sent::kind)
            .collect()
    }

    pub fn count(&self, by: usize, kind: &str) -> usize {
        self.sent
            .iter()
            .filter(|sent| sent.by == by && sent.kind() == kind)
            .count()
    }

    /// The last message of a kind.
    pub fn last(&self, by: usize, kind: &str) -> Sent {
        self.sent
            .iter()
            .rev()
            .find(|sent| sent.by == by && sent.kind() == kind)
            .unwrap_or_else(|| panic!("{by} never sent {kind}: {:?}", self.kinds(by)))
            .clone()
    }

    /// When messages of a kind were sent, milliseconds since the start.
    pub fn times(&self, by: usize, kind: &str) -> Vec<u128> {
        self.sent
            .iter()
            .filter(|sent| sent.by == by && sent.kind() == kind)
            .map(|sent| (sent.at - self.start).as_millis())
            .collect()
    }

    /// The next event of a core, which there must be.
    pub fn event(&mut self, who: usize) -> UaEvent {
        self.events[who]
            .pop_front()
            .unwrap_or_else(|| panic!("no event at {who}"))
    }

    pub fn no_event(&self, who: usize) {
        assert!(
            self.events[who].is_empty(),
            "unexpected: {:?}",
            self.events[who]
        );
    }

    pub fn is_empty(&self) -> bool {
        self.cores.iter().all(|core| core.footprint() == 0)
    }

    /// Core 0 calls core 1.
    pub fn dial(&mut self) -> CallKey {
        let order = OutgoingInvite {
            request_uri: format!("sip:bob@{}", ADDRESSES[1]),
            from: "\"Alice\" <sip:alice@example.com>".to_owned(),
            body: sdp("v=0 offer"),
            ..OutgoingInvite::default()
        };
        self.order(0, |core, now| core.invite(now, order))
            .expect("a good order")
    }

    /// The call that came in at core 1.
    pub fn incoming(&mut self) -> (CallKey, Request) {
        match self.event(1) {
            UaEvent::Invite { call, request, .. } => (call, request),
            other => panic!("no INVITE but {other:?}"),
        }
    }

    /// A call that is up on both sides: the keys of 0 and of 1. Events so far are taken.
    pub fn connect(&mut self) -> (CallKey, CallKey) {
        let out = self.dial();
        self.run_ms(100);
        let (inc, _) = self.incoming();
        self.order(1, |core, now| {
            core.accept(now, inc, Vec::new(), sdp("v=0 answer"))
        })
        .expect("accept");
        self.run_ms(100);
        assert!(matches!(self.event(0), UaEvent::Answered { call, .. } if call == out));
        self.order(0, |core, now| core.ack(now, out, None))
            .expect("ack");
        self.run_ms(100);
        assert!(matches!(self.event(1), UaEvent::Ack { call, .. } if call == inc));
        self.no_event(0);
        self.no_event(1);
        (out, inc)
    }

    pub fn hang_up(&mut self, who: usize, call: CallKey) {
        self.order(who, |core, now| core.hangup(now, call, Vec::new(), 480))
            .expect("hangup");
    }
}

/// A response of a raw peer to a request.
pub fn reply(request: &Request, status: u16, tag: &str, extra: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = ResponseBuilder::reply(request, status, "");
    builder.to_tag(tag);
    for (name, value) in extra {
        builder.header(name, value).expect("a header");
    }
    builder.finish()
}

pub fn response(event: UaEvent) -> Response {
    match event {
        UaEvent::Answered { response, .. }
        | UaEvent::Provisional { response, .. }
        | UaEvent::ReinviteAnswered { response, .. } => response,
        UaEvent::Rejected {
            response: Some(response),
            ..
        }
        | UaEvent::ReinviteRejected {
            response: Some(response),
            ..
        } => response,
        UaEvent::Response {
            response: Ok(response),
            ..
        } => response,
        other => panic!("no response: {other:?}"),
    }
}

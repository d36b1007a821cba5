//! The whole SIP machine: messages come in, a user reacts, time passes, and nothing may remain.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use strowger_sip_proto::message::parse_datagram;
use strowger_sip_proto::{
    CallKey, CoreConfig, Entropy, Flow, FlowId, Input, Output, SipCore, Transport, UaEvent,
};

/// Between two messages of one input.
const BETWEEN: &[u8] = b"\0\0";
/// Messages of one input that are looked at.
const MESSAGES: usize = 16;
/// Timers that may run out before the machine must be empty; a call of the longest kind needs some hundred.
const TIMERS: usize = 20_000;

/// Numbers that only look random.
struct Counted(u8);

impl Entropy for Counted {
    fn fill(&mut self, into: &mut [u8]) {
        for octet in into {
            self.0 = self.0.wrapping_mul(29).wrapping_add(71);
            *octet = self.0;
        }
    }
}

/// A machine and its user.
struct User {
    core: SipCore,
    now: Instant,
    /// What the user does with calls that come in.
    mood: u8,
    calls: Vec<CallKey>,
}

impl User {
    fn receive(&mut self, flow: Flow, octets: &[u8]) {
        self.core
            .handle_input(self.now, Input::Message { flow, octets });
        self.react();
    }

    fn react(&mut self) {
        while let Some(output) = self.core.poll_output() {
            match output {
                Output::Send { octets, .. } => {
                    // What is refused for its faults is answered with as much of it as could be read.
                    let refusal =
                        octets.starts_with(b"SIP/2.0 4") || octets.starts_with(b"SIP/2.0 5");
                    assert!(
                        refusal || parse_datagram(&octets).is_ok(),
                        "we send what nobody can read: {}",
                        octets.escape_ascii()
                    );
                }
                Output::Resolve { query, .. } => {
                    let targets = Vec::new();
                    self.core
                        .handle_input(self.now, Input::Resolved { query, targets });
                }
                Output::Event(event) => self.hear(event),
            }
        }
    }

    /// It may be too late for any of this, which is no fault of the machine.
    fn hear(&mut self, event: UaEvent) {
        let (core, now) = (&mut self.core, self.now);
        match event {
            UaEvent::Invite { call, .. } => {
                self.calls.push(call);
                let _ = match self.mood & 3 {
                    0 => core.accept(now, call, Vec::new(), None),
                    1 => core.reject(now, call, 486, "", Vec::new()),
                    2 => core.provisional(now, call, 180, "", Vec::new(), None),
                    _ => Ok(()),
                };
            }
            UaEvent::Reinvite { call, .. } => {
                let _ = core.answer_reinvite(now, call, 200, None);
            }
            UaEvent::Info { key, .. }
            | UaEvent::InDialog { key, .. }
            | UaEvent::Request { key, .. }
            | UaEvent::Update { key: Some(key), .. }
            | UaEvent::Prack { key: Some(key), .. } => {
                let _ = core.respond(now, key, 200, "", Vec::new(), None);
            }
            UaEvent::Terminated { call } => self.calls.retain(|known| *known != call),
            _ => {}
        }
    }
}

/// Messages with two zeros between them; the last octet says how the user behaves and how messages travel.
pub fn sip_core(data: &[u8]) {
    let Some(mood) = data.last() else {
        return;
    };
    let transport = match mood & 4 {
        0 => Transport::Udp,
        _ => Transport::Tcp,
    };
    let flow = Flow {
        id: FlowId(1),
        transport,
        peer: SocketAddr::from(([192, 0, 2, 99], 5060)),
    };
    let config = CoreConfig {
        sent_by: BTreeMap::from([
            (Transport::Udp, "192.0.2.1:5060".to_owned()),
            (Transport::Tcp, "192.0.2.1:5060".to_owned()),
        ]),
        ..CoreConfig::default()
    };
    let mut user = User {
        core: SipCore::new(config, Box::new(Counted(*mood))),
        now: Instant::now(),
        mood: *mood,
        calls: Vec::new(),
    };
    let mut rest = data;
    for _ in 0..MESSAGES {
        let end = rest.windows(BETWEEN.len()).position(|two| two == BETWEEN);
        user.receive(flow, &rest[..end.unwrap_or(rest.len())]);
        user.now += Duration::from_millis(u64::from(*mood));
        match end {
            Some(end) => rest = &rest[end + BETWEEN.len()..],
            None => break,
        }
    }
    for call in user.calls.clone() {
        // Those that ended by themselves meanwhile need no goodbye.
        let _ = user.core.hangup(user.now, call, Vec::new(), 480);
    }
    user.react();
    for _ in 0..TIMERS {
        let Some(at) = user.core.poll_timeout() else {
            break;
        };
        user.now = user.now.max(at);
        user.core.handle_timeout(user.now);
        user.react();
    }
    assert_eq!(user.core.footprint(), 0, "something remains for ever");
}

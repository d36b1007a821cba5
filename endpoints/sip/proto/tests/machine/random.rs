//! Random schedules over bad networks: whatever both users do, every INVITE has one outcome and nothing remains.

use std::collections::HashMap;
use std::time::Duration;

use strowger_sip_proto::message::Method;
use strowger_sip_proto::{CallKey, OutgoingInvite, OutgoingRequest, UaEvent};

use crate::pair::{ADDRESSES, CALM, Pair, Weather, config, sdp};

#[derive(Default)]
struct Fate {
    outgoing: bool,
    answered: usize,
    rejected: usize,
    cancelled: usize,
    byes: usize,
    terminated: usize,
}

/// What one side did and heard of each call.
#[derive(Default)]
struct User {
    calls: HashMap<CallKey, Fate>,
    asked: usize,
    heard: usize,
}

impl User {
    fn live(&self) -> Vec<CallKey> {
        let mut live: Vec<CallKey> = self
            .calls
            .iter()
            .filter(|(_, fate)| fate.terminated == 0)
            .map(|(call, _)| *call)
            .collect();
        live.sort();
        live
    }

    fn fate(&mut self, call: CallKey) -> &mut Fate {
        let fate = self.calls.entry(call).or_default();
        assert_eq!(fate.terminated, 0, "an event after Terminated");
        fate
    }
}

/// Takes the events of one side and reacts as a user would, or not.
fn react(pair: &mut Pair, who: usize, user: &mut User) {
    while let Some(event) = pair.events[who].pop_front() {
        match event {
            UaEvent::Invite { call, .. } => {
                user.fate(call);
            }
            UaEvent::Cancelled { call, .. } => user.fate(call).cancelled += 1,
            UaEvent::Bye { call, .. } => user.fate(call).byes += 1,
            UaEvent::Answered { call, .. } => {
                user.fate(call).answered += 1;
                if !pair.random.chance(5) {
                    // The user is slow: the call may be over already, here and below.
                    let _ = pair.order(who, |core, now| core.ack(now, call, None));
                }
            }
            UaEvent::Rejected { call, .. } => user.fate(call).rejected += 1,
            UaEvent::Terminated { call } => user.fate(call).terminated += 1,
            UaEvent::Reinvite { call, .. } => {
                user.fate(call);
                let status = [200, 200, 488][pair.random.below(3) as usize];
                if pair.random.chance(90) {
                    let _ = pair.order(who, |core, now| {
                        core.answer_reinvite(now, call, status, sdp("x"))
                    });
                }
            }
            UaEvent::ReinviteAnswered { call, .. } => {
                user.fate(call);
                let _ = pair.order(who, |core, now| core.ack(now, call, None));
            }
            UaEvent::Info { key, .. }
            | UaEvent::InDialog { key, .. }
            | UaEvent::Request { key, .. } => {
                if pair.random.chance(90) {
                    // It may be too late for an answer; that is not an error of the machine.
                    let _ = pair.order(who, |core, now| {
                        core.respond(now, key, 200, "", Vec::new(), None)
                    });
                }
            }
            UaEvent::Update { key: Some(key), .. } | UaEvent::Prack { key: Some(key), .. } => {
                let _ = pair.order(who, |core, now| {
                    core.respond(now, key, 200, "", Vec::new(), None)
                });
            }
            UaEvent::Response { .. } => user.heard += 1,
            UaEvent::Provisional { call, .. }
            | UaEvent::Ack { call, .. }
            | UaEvent::AckTimeout { call }
            | UaEvent::ReinviteRejected { call, .. }
            | UaEvent::ReinviteCancelled { call }
            | UaEvent::SessionExpired { call }
            | UaEvent::Prack {
                call, key: None, ..
            }
            | UaEvent::Update {
                call, key: None, ..
            } => {
                user.fate(call);
            }
        }
    }
}

/// One thing that a user may think of doing.
fn act(pair: &mut Pair, who: usize, user: &mut User) {
    let live = user.live();
    let call = (!live.is_empty()).then(|| live[pair.random.below(live.len() as u64) as usize]);
    match (pair.random.below(11), call) {
        (0, _) => {
            let transport = if pair.random.chance(20) {
                ";transport=tcp"
            } else {
                ""
            };
            let order = OutgoingInvite {
                request_uri: format!("sip:bob@{}{transport}", ADDRESSES[1 - who]),
                from: "<sip:alice@example.com>".to_owned(),
                patience: pair.random.chance(30).then_some(Duration::from_secs(7)),
                ..OutgoingInvite::default()
            };
            let call = pair
                .order(who, |core, now| core.invite(now, order))
                .unwrap();
            user.calls.entry(call).or_default().outgoing = true;
        }
        (1, _) => {
            let uri = format!("sip:{}", ADDRESSES[1 - who]);
            let order = OutgoingRequest::new(Method::OPTIONS, uri, "<sip:ping@example.com>");
            pair.order(who, |core, now| core.request(now, order))
                .unwrap();
            user.asked += 1;
        }
        // Each order may come at the wrong moment; then it is refused and changes nothing.
        (2 | 3, Some(call)) => {
            let _ = pair.order(who, |core, now| {
                core.provisional(now, call, 180, "", Vec::new(), None)
            });
        }
        (4 | 5, Some(call)) => {
            let _ = pair.order(who, |core, now| {
                core.accept(now, call, Vec::new(), sdp("answer"))
            });
        }
        (6, Some(call)) => {
            let _ = pair.order(who, |core, now| core.reject(now, call, 486, "", Vec::new()));
        }
        (7, Some(call)) => {
            let _ = pair.order(who, |core, now| core.reinvite(now, call, sdp("offer")));
        }
        (8, Some(call)) => {
            let sent = pair.order(who, |core, now| {
                core.info(now, call, "text/plain", b"hello".to_vec())
            });
            user.asked += usize::from(sent.is_ok());
        }
        (9, Some(call)) => {
            let method = if pair.random.chance(50) {
                Method::UPDATE
            } else {
                Method::MESSAGE
            };
            let sent = pair.order(who, |core, now| {
                core.request_in_dialog(now, call, method, Vec::new(), sdp("x"))
            });
            user.asked += usize::from(sent.is_ok());
        }
        (10, Some(call)) => {
            let _ = pair.order(who, |core, now| core.hangup(now, call, Vec::new(), 480));
        }
        _ => {}
    }
}

/// An attacker who saw some messages sends one again, from anywhere, with a few octets changed or parts swapped.
fn meddle(pair: &mut Pair) {
    if pair.sent.is_empty() {
        return;
    }
    let place = pair.random.below(pair.sent.len() as u64) as usize;
    let mut octets = pair.sent[place].octets.clone();
    for _ in 0..pair.random.below(4) {
        if octets.is_empty() {
            break;
        }
        let at = pair.random.below(octets.len() as u64) as usize;
        match pair.random.below(4) {
            0 => octets[at] = pair.random.next() as u8,
            1 => octets[at] = b"0123456789;=<>\r\n"[pair.random.below(16) as usize],
            2 => {
                octets.remove(at);
            }
            _ => octets.truncate(at + 1),
        }
    }
    if pair.random.chance(40) {
        // The same request by another way, or as another method.
        let text = String::from_utf8_lossy(&octets).into_owned();
        let swaps = [
            ("branch=z9hG4bK", "branch=z9hG4bKz"),
            ("INVITE", "BYE"),
            ("BYE", "INVITE"),
            ("INVITE", "CANCEL"),
            ("ACK", "PRACK"),
            ("INVITE", "UPDATE"),
            ("SIP/2.0 1", "SIP/2.0 2"),
            ("SIP/2.0 200", "SIP/2.0 491"),
            ("SIP/2.0 2", "SIP/2.0 1"),
            (";tag=", ";tag=x"),
        ];
        let (from, to) = swaps[pair.random.below(swaps.len() as u64) as usize];
        octets = text.replace(from, to).into_bytes();
    }
    let to = pair.random.below(2) as usize;
    let source =
        [ADDRESSES[1 - to], ADDRESSES[to], crate::pair::RAW][pair.random.below(3) as usize];
    pair.inject(to, source, &octets);
}

fn schedule(seed: u64, weather: Weather, attacked: bool) {
    let mut one = config(ADDRESSES[0]);
    let mut other = config(ADDRESSES[1]);
    if seed % 2 == 1 {
        one.enable_100rel();
        other.enable_100rel();
    }
    let mut pair = Pair::with(seed, one, other);
    pair.weather = weather;
    let mut users = [User::default(), User::default()];
    for _ in 0..60 {
        for (who, user) in users.iter_mut().enumerate() {
            react(&mut pair, who, user);
            act(&mut pair, who, user);
        }
        if attacked {
            meddle(&mut pair);
            meddle(&mut pair);
        }
        let pause = pair.random.below(4) * pair.random.below(900);
        pair.run_ms(pause);
    }
    // The users go home: everything ends within its timers.
    for _ in 0..8 {
        for (who, user) in users.iter_mut().enumerate() {
            react(&mut pair, who, user);
            for call in user.live() {
                let _ = pair.order(who, |core, now| core.hangup(now, call, Vec::new(), 480));
            }
            react(&mut pair, who, user);
        }
        pair.run_ms(33_000);
    }
    for (who, user) in users.iter_mut().enumerate() {
        react(&mut pair, who, user);
        assert_eq!(
            pair.cores[who].footprint(),
            0,
            "seed {seed}: something remains at {who}"
        );
        assert_eq!(
            user.asked, user.heard,
            "seed {seed}: a request without an outcome at {who}"
        );
        for (call, fate) in &user.calls {
            assert_eq!(
                fate.terminated, 1,
                "seed {seed}: {call:?} at {who} never ended"
            );
            if fate.outgoing {
                assert_eq!(
                    fate.answered + fate.rejected,
                    1,
                    "seed {seed}: outcomes of {call:?} at {who}"
                );
            } else {
                assert!(
                    fate.cancelled + fate.byes <= 1,
                    "seed {seed}: ends of {call:?} at {who}"
                );
            }
        }
    }
}

#[test]
fn random_schedules_on_a_calm_network() {
    for seed in 0..40 {
        schedule(seed, CALM, false);
    }
}

#[test]
fn random_schedules_with_loss_duplication_and_reordering() {
    let weather = Weather {
        latency: Duration::from_millis(40),
        jitter: Duration::from_millis(700),
        loss_percent: 20,
        duplicate_percent: 20,
    };
    for seed in 1000..1060 {
        schedule(seed, weather, false);
    }
}

#[test]
fn random_schedules_with_nearly_no_network() {
    let weather = Weather {
        loss_percent: 80,
        jitter: Duration::from_secs(3),
        duplicate_percent: 50,
        ..CALM
    };
    for seed in 2000..2020 {
        schedule(seed, weather, false);
    }
}

#[test]
fn random_schedules_with_an_attacker_on_the_path() {
    let weather = Weather {
        jitter: Duration::from_millis(300),
        loss_percent: 10,
        duplicate_percent: 10,
        ..CALM
    };
    for seed in 3000..3060 {
        schedule(seed, weather, true);
    }
}

#[test]
fn exh15_memory_returns_after_ten_thousand_calls() {
    let mut pair = Pair::with(77, config(ADDRESSES[0]), config(ADDRESSES[1]));
    for round in 0..10_000 {
        let out = pair.dial();
        pair.run_ms(25);
        let (inc, _) = pair.incoming();
        match round % 3 {
            0 => pair.hang_up(0, out),
            1 => pair
                .order(1, |core, now| core.reject(now, inc, 486, "", Vec::new()))
                .unwrap(),
            _ => {
                pair.order(1, |core, now| {
                    core.accept(now, inc, Vec::new(), sdp("answer"))
                })
                .unwrap();
                pair.run_ms(15);
                pair.order(0, |core, now| core.ack(now, out, None)).unwrap();
                pair.run_ms(15);
                pair.hang_up((round % 2) as usize, if round % 2 == 0 { out } else { inc });
            }
        }
        pair.run_ms(25);
        pair.events[0].clear();
        pair.events[1].clear();
        pair.sent.clear();
    }
    assert_eq!(pair.cores[0].calls() + pair.cores[1].calls(), 0);
    // Only transactions that still wait for repetitions are left, and those go by themselves.
    pair.run_ms(33_000);
    assert!(pair.is_empty());
}

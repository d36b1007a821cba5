//! The torture messages (RFC 4475, RFC 5118) and other odd ones, answered by a whole machine.

use strowger_sip_proto::UaEvent;
use strowger_sip_proto::message::Method;

use crate::pair::{Pair, RAW};

#[path = "../fixtures/mod.rs"]
mod fixtures;

/// These are refused for what they carry or by whom, which is for the machine's user to judge.
const FOR_THE_USER: [&str; 2] = ["invut", "sdp01"];

/// A user who knows nobody: REGISTER meets 401, all else 404.
fn refuse_everything(pair: &mut Pair) {
    while let Some(event) = pair.events[0].pop_front() {
        match event {
            UaEvent::Invite { call, .. } => {
                pair.order(0, |core, now| core.reject(now, call, 404, "", Vec::new()))
                    .unwrap();
            }
            UaEvent::Request { key, request, .. } => {
                let status = if request.method() == &Method::REGISTER {
                    401
                } else {
                    404
                };
                pair.order(0, |core, now| {
                    core.respond(now, key, status, "", Vec::new(), None)
                })
                .unwrap();
            }
            UaEvent::Terminated { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

/// `400|4xx`, `[1-6]xx!400,416`, `none`.
fn matches(expected: &str, status: Option<u16>) -> bool {
    let (allowed, except) = expected.split_once('!').unwrap_or((expected, ""));
    let Some(status) = status else {
        return allowed.split('|').any(|one| one == "none");
    };
    let text = status.to_string();
    if except.split(',').any(|one| one == text) {
        return false;
    }
    allowed.split('|').any(|one| match one.strip_suffix("xx") {
        Some("[1-6]") => true,
        Some(class) => text.starts_with(class),
        None => one == text,
    })
}

#[test]
fn rfc4475_and_rfc5118_messages_get_the_answers_they_deserve() {
    let Some(root) = fixtures::fixtures() else {
        return;
    };
    let mut wrong = Vec::new();
    for suite in ["rfc4475", "rfc5118"] {
        let folder = root.join("torture").join(suite);
        let table = std::fs::read_to_string(folder.join("EXPECT.tsv")).unwrap();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<&str> = line.split('\t').collect();
            let (name, expected) = (columns[0], columns[4]);
            if FOR_THE_USER.contains(&name) {
                continue;
            }
            let octets = std::fs::read(folder.join(format!("{name}.dat"))).unwrap();
            let mut pair = Pair::new(1);
            pair.inject(0, RAW, &octets);
            refuse_everything(&mut pair);
            let status = pair.sent.iter().rev().find_map(|sent| {
                let text = String::from_utf8_lossy(&sent.octets).into_owned();
                text.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
            });
            if !matches(expected, status) {
                wrong.push(format!("{suite}/{name}: {status:?}, not {expected}"));
            }
            assert!(pair.sent.iter().all(|sent| sent.to.to_string() == RAW));
            pair.settle();
            assert!(pair.is_empty(), "{name} leaves something behind");
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn odd_messages_of_the_field_leave_nothing_behind() {
    let Some(root) = fixtures::fixtures() else {
        return;
    };
    let mut pair = Pair::new(2);
    for entry in std::fs::read_dir(root.join("seeds/sip-odd")).unwrap() {
        let octets = std::fs::read(entry.unwrap().path()).unwrap();
        let flow = strowger_sip_proto::Flow {
            id: strowger_sip_proto::FlowId(1),
            transport: strowger_sip_proto::Transport::Udp,
            peer: RAW.parse().unwrap(),
        };
        let input = strowger_sip_proto::Input::Message {
            flow,
            octets: &octets,
        };
        pair.input(0, input);
        refuse_everything(&mut pair);
        pair.sent.clear();
    }
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn the_pattern_language_of_the_table_is_understood() {
    assert!(matches("[1-6]xx!400,416", Some(404)) && !matches("[1-6]xx!400,416", Some(416)));
    assert!(
        matches("400|none", None) && matches("2xx|483", Some(200)) && !matches("2xx", Some(404))
    );
}

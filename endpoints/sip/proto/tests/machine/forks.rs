//! One INVITE, several answers: early dialogs and forked 2xx (RFC 3261 §13.2.2.4).

use strowger_sip_proto::message::Request;
use strowger_sip_proto::{CallKey, OutgoingInvite, UaEvent};

use crate::pair::{Pair, RAW, reply};

const CONTACTS: [(&str, &str); 3] = [
    ("one", "<sip:b@198.51.100.11>"),
    ("two", "<sip:b@198.51.100.12>"),
    ("three", "<sip:b@198.51.100.13>"),
];

fn dial(pair: &mut Pair) -> (CallKey, Request) {
    let order = OutgoingInvite {
        request_uri: format!("sip:bob@{RAW}"),
        from: "<sip:alice@example.com>".to_owned(),
        ..OutgoingInvite::default()
    };
    let call = pair.order(0, |core, now| core.invite(now, order)).unwrap();
    let invite = pair.last(0, "INVITE").request();
    (call, invite)
}

fn answer(pair: &mut Pair, invite: &Request, status: u16, fork: usize) {
    let (tag, contact) = CONTACTS[fork];
    pair.inject(0, RAW, &reply(invite, status, tag, &[("Contact", contact)]));
}

#[test]
fn rfc3261_13_2_2_1_each_fork_that_rings_is_an_early_dialog() {
    let mut pair = Pair::new(1);
    let (_, invite) = dial(&mut pair);
    for fork in 0..3 {
        answer(&mut pair, &invite, 180, fork);
        answer(&mut pair, &invite, 183, fork);
    }
    let tags: Vec<String> = pair.events[0]
        .iter()
        .map(|event| match event {
            UaEvent::Provisional { early, .. } => early.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(tags, ["one", "one", "two", "two", "three", "three"]);
}

#[test]
fn rfc3261_13_2_2_4_a_second_2xx_is_acknowledged_and_ended() {
    let mut pair = Pair::new(2);
    let (call, invite) = dial(&mut pair);
    answer(&mut pair, &invite, 180, 0);
    answer(&mut pair, &invite, 180, 1);
    answer(&mut pair, &invite, 200, 1);
    pair.order(0, |core, now| core.ack(now, call, None))
        .unwrap();
    assert_eq!(pair.last(0, "ACK").to.to_string(), "198.51.100.12:5060");
    answer(&mut pair, &invite, 200, 0);
    assert_eq!(pair.kinds(0), ["INVITE", "ACK", "ACK", "BYE"]);
    let bye = pair.last(0, "BYE");
    assert_eq!(bye.to.to_string(), "198.51.100.11:5060");
    assert_eq!(bye.request().to_tag().as_deref(), Some("one"));
    let answers = pair.events[0]
        .iter()
        .filter(|event| matches!(event, UaEvent::Answered { .. }))
        .count();
    assert_eq!(answers, 1);
    // Both 2xx again: both ACKs again, no second BYE.
    answer(&mut pair, &invite, 200, 0);
    answer(&mut pair, &invite, 200, 1);
    assert_eq!(pair.kinds(0), ["INVITE", "ACK", "ACK", "BYE", "ACK", "ACK"]);
    pair.hang_up(0, call);
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn a_fork_that_answers_after_the_call_is_over_is_ended_too() {
    let mut pair = Pair::new(3);
    let (call, invite) = dial(&mut pair);
    answer(&mut pair, &invite, 200, 0);
    pair.order(0, |core, now| core.ack(now, call, None))
        .unwrap();
    pair.hang_up(0, call);
    let bye = pair.last(0, "BYE").request();
    pair.inject(0, RAW, &reply(&bye, 200, "one", &[]));
    answer(&mut pair, &invite, 200, 2);
    assert_eq!(pair.count(0, "BYE"), 2);
    assert_eq!(
        pair.last(0, "BYE").request().to_tag().as_deref(),
        Some("three")
    );
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn more_forks_than_can_be_believed_are_not_remembered() {
    let mut pair = Pair::new(4);
    let (call, invite) = dial(&mut pair);
    for fork in 0..1000 {
        pair.inject(
            0,
            RAW,
            &reply(
                &invite,
                180,
                &format!("t{fork}"),
                &[("Contact", CONTACTS[0].1)],
            ),
        );
    }
    assert!(pair.cores[0].footprint() < 40);
    pair.hang_up(0, call);
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn rfc3261_17_1_1_2_a_late_failure_of_another_kind_is_only_acknowledged() {
    let mut pair = Pair::new(5);
    let (_, invite) = dial(&mut pair);
    answer(&mut pair, &invite, 486, 0);
    answer(&mut pair, &invite, 486, 0);
    assert_eq!(pair.kinds(0), ["INVITE", "ACK", "ACK"]);
    let rejected = pair.events[0]
        .iter()
        .filter(|event| matches!(event, UaEvent::Rejected { .. }))
        .count();
    assert_eq!(rejected, 1);
    // A 2xx after a failure breaks the rules; it changes nothing.
    answer(&mut pair, &invite, 200, 1);
    assert_eq!(pair.count(0, "BYE"), 0);
    pair.settle();
    assert!(pair.is_empty());
}

//! Calls over connections: everything on the flow it came by, and what happens when that closes (RFC 5923).

use strowger_sip_proto::{Destination, FlowId, Input, OutgoingInvite, Transport, UaEvent};

use crate::pair::{ADDRESSES, Pair};

fn dial(pair: &mut Pair) -> strowger_sip_proto::CallKey {
    let order = OutgoingInvite {
        request_uri: format!("sip:bob@{};transport=tcp", ADDRESSES[1]),
        from: "<sip:alice@example.com>".to_owned(),
        ..OutgoingInvite::default()
    };
    pair.order(0, |core, now| core.invite(now, order)).unwrap()
}

#[test]
fn rfc3261_18_a_call_over_tcp_stays_on_its_connection() {
    let mut pair = Pair::new(1);
    let out = dial(&mut pair);
    pair.run_ms(50);
    let UaEvent::Invite {
        call: inc,
        flow,
        request,
    } = pair.event(1)
    else {
        panic!("no INVITE")
    };
    assert_eq!((flow.transport, flow.id), (Transport::Tcp, FlowId(7)));
    assert!(request.get("Via").unwrap().starts_with("SIP/2.0/TCP"));
    assert!(request.get("Contact").unwrap().contains("transport=tcp"));
    pair.order(1, |core, now| core.accept(now, inc, Vec::new(), None))
        .unwrap();
    pair.run_ms(50);
    pair.order(0, |core, now| core.ack(now, out, None)).unwrap();
    pair.run_ms(50);
    pair.hang_up(1, inc);
    pair.run_ms(50);
    assert!(
        pair.last(1, "BYE")
            .request()
            .get("Via")
            .unwrap()
            .starts_with("SIP/2.0/TCP")
    );
    pair.settle();
    assert!(pair.is_empty());
    // No retransmission on a stream but that of a 2xx, and there the ACK was quick.
    assert_eq!(pair.kinds(0), ["INVITE", "ACK", "200 BYE"]);
    assert_eq!(pair.kinds(1), ["100 INVITE", "200 INVITE", "BYE"]);
}

#[test]
fn rel21_a_request_on_a_connection_that_closes_is_sent_once_more_elsewhere() {
    let mut pair = Pair::new(2);
    let out = dial(&mut pair);
    pair.run_ms(50);
    let UaEvent::Invite { call: inc, .. } = pair.event(1) else {
        panic!("no INVITE")
    };
    pair.order(1, |core, now| core.accept(now, inc, Vec::new(), None))
        .unwrap();
    pair.run_ms(50);
    pair.order(0, |core, now| core.ack(now, out, None)).unwrap();
    pair.run_ms(50);
    pair.drop_next = vec!["BYE".to_owned()];
    pair.hang_up(0, out);
    let first = pair.last(0, "BYE");
    pair.input(0, Input::FlowClosed(FlowId(7)));
    let again = pair.last(0, "BYE");
    assert_eq!(pair.count(0, "BYE"), 2);
    assert_eq!(first.octets, again.octets);
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn after_its_connection_is_lost_a_call_goes_on_to_the_contact() {
    let mut pair = Pair::new(3);
    let out = dial(&mut pair);
    pair.run_ms(50);
    let UaEvent::Invite { call: inc, .. } = pair.event(1) else {
        panic!("no INVITE")
    };
    pair.order(1, |core, now| core.accept(now, inc, Vec::new(), None))
        .unwrap();
    pair.run_ms(50);
    pair.order(0, |core, now| core.ack(now, out, None)).unwrap();
    pair.run_ms(50);
    pair.input(1, Input::FlowClosed(FlowId(7)));
    pair.hang_up(1, inc);
    assert_eq!(pair.last(1, "BYE").to.to_string(), ADDRESSES[0]);
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn sip25_a_caller_who_disconnects_before_the_answer_leaves_nothing() {
    let mut pair = Pair::new(4);
    dial(&mut pair);
    pair.run_ms(50);
    let UaEvent::Invite { call, .. } = pair.event(1) else {
        panic!("no INVITE")
    };
    pair.input(1, Input::FlowClosed(FlowId(7)));
    pair.drop_next = ["200 INVITE", "BYE"]
        .iter()
        .flat_map(|kind| vec![(*kind).to_owned(); 100])
        .collect();
    pair.order(1, |core, now| core.accept(now, call, Vec::new(), None))
        .unwrap();
    pair.run_ms(100_000);
    assert_eq!(pair.cores[1].footprint(), 0);
    assert!(
        pair.events[1]
            .iter()
            .any(|event| matches!(event, UaEvent::AckTimeout { .. }))
    );
}

#[test]
fn a_pinned_call_ignores_the_contact() {
    let mut pair = Pair::new(5);
    let (out, inc) = pair.connect();
    let behind_nat = "203.0.113.4:40000".parse().unwrap();
    let there = Destination::New {
        transport: Transport::Udp,
        peer: behind_nat,
        host: None,
    };
    pair.order(1, |core, _| core.pin(inc, Some(there))).unwrap();
    pair.hang_up(1, inc);
    assert_eq!(pair.last(1, "BYE").to, behind_nat);
    pair.hang_up(0, out);
    pair.settle();
    assert!(pair.is_empty());
}

//! CANCEL at every moment, and its races (RFC 3261 §9, RFC 5407).

use strowger_sip_proto::{Failure, UaEvent};

use crate::pair::{Pair, RAW, reply};

/// Whatever crosses whatever, the caller hears exactly one outcome and both ends come to rest.
fn settle_and_count(pair: &mut Pair) -> (usize, usize) {
    pair.settle();
    assert!(pair.is_empty());
    let rejected = pair.events[0]
        .iter()
        .filter(|event| matches!(event, UaEvent::Rejected { .. }))
        .count();
    let answered = pair.events[0]
        .iter()
        .filter(|event| matches!(event, UaEvent::Answered { .. }))
        .count();
    let ended = pair.events[0]
        .iter()
        .filter(|event| matches!(event, UaEvent::Terminated { .. }))
        .count();
    assert_eq!(ended, 1);
    (rejected, answered)
}

#[test]
fn rfc3261_9_1_cancel_waits_for_a_provisional_response() {
    let mut pair = Pair::new(1);
    let out = pair.dial();
    pair.hang_up(0, out);
    assert_eq!(pair.kinds(0), ["INVITE"]);
    assert!(matches!(
        pair.event(0),
        UaEvent::Rejected {
            cause: Failure::Cancelled,
            ..
        }
    ));
    assert!(matches!(pair.event(0), UaEvent::Terminated { .. }));
    pair.run_ms(100);
    assert_eq!(pair.kinds(0), ["INVITE", "CANCEL", "ACK"]);
    assert_eq!(pair.kinds(1), ["100 INVITE", "200 CANCEL", "487 INVITE"]);
    let (inc, _) = pair.incoming();
    assert!(matches!(pair.event(1), UaEvent::Cancelled { call, .. } if call == inc));
    assert!(matches!(pair.event(1), UaEvent::Terminated { .. }));
    pair.settle();
    assert!(pair.is_empty());
    pair.no_event(0);
}

#[test]
fn rfc3261_9_1_cancel_copies_what_identifies_the_invite() {
    let mut pair = Pair::new(2);
    let out = pair.dial();
    pair.run_ms(50);
    let reason = vec![(
        "Reason".to_owned(),
        "SIP;cause=200;text=\"Call completed elsewhere\"".to_owned(),
    )];
    pair.order(0, |core, now| core.hangup(now, out, reason, 480))
        .unwrap();
    let invite = pair.last(0, "INVITE").request();
    let cancel = pair.last(0, "CANCEL").request();
    assert_eq!(cancel.uri(), invite.uri());
    assert_eq!(cancel.via_top().unwrap(), invite.via_top().unwrap());
    assert_eq!(cancel.cseq().unwrap().number, invite.cseq().unwrap().number);
    assert_eq!(
        (cancel.call_id(), cancel.get("From"), cancel.get("To")),
        (invite.call_id(), invite.get("From"), invite.get("To"))
    );
    pair.run_ms(50);
    pair.incoming();
    match pair.event(1) {
        UaEvent::Cancelled { request, .. } => {
            assert!(request.get("Reason").unwrap().contains("elsewhere"))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn rfc3261_9_cancel_at_every_moment_of_a_call() {
    // The called side rings after 30 ms and answers after 60 ms; the caller gives up at each millisecond in between.
    for moment in 0..120 {
        let mut pair = Pair::new(100 + moment);
        let out = pair.dial();
        let mut incoming = None;
        let mut gone = false;
        for millisecond in 0..200 {
            if millisecond == moment {
                gone = pair
                    .order(0, |core, now| core.hangup(now, out, Vec::new(), 480))
                    .is_ok();
            }
            if let Some(UaEvent::Invite { call, .. }) = pair.events[1].front() {
                incoming = Some(*call);
                pair.events[1].pop_front();
            }
            if let Some(call) = incoming {
                if millisecond == 30 {
                    let _ = pair.order(1, |core, now| {
                        core.provisional(now, call, 180, "", Vec::new(), None)
                    });
                }
                if millisecond == 60 {
                    let _ = pair.order(1, |core, now| core.accept(now, call, Vec::new(), None));
                }
            }
            pair.run_ms(1);
            if matches!(pair.events[0].back(), Some(UaEvent::Answered { .. })) {
                let _ = pair.order(0, |core, now| core.ack(now, out, None));
            }
        }
        assert!(gone);
        let (rejected, answered) = settle_and_count(&mut pair);
        assert_eq!(rejected + answered, 1, "hung up at {moment} ms");
        let ends = pair.events[1]
            .iter()
            .filter(|event| matches!(event, UaEvent::Terminated { .. }))
            .count();
        assert_eq!(ends, 1, "hung up at {moment} ms: {:?}", pair.events[1]);
    }
}

#[test]
fn rfc5407_3_1_2_a_200_that_crosses_the_cancel_is_acknowledged_and_ended() {
    let mut pair = Pair::new(4);
    let out = pair.dial();
    pair.run_ms(50);
    let (inc, _) = pair.incoming();
    pair.order(1, |core, now| core.accept(now, inc, Vec::new(), None))
        .unwrap();
    pair.hang_up(0, out);
    pair.run_ms(100);
    assert_eq!(pair.kinds(0), ["INVITE", "CANCEL", "ACK", "BYE"]);
    assert!(matches!(
        pair.event(0),
        UaEvent::Rejected {
            cause: Failure::Cancelled,
            ..
        }
    ));
    assert!(matches!(pair.event(0), UaEvent::Terminated { .. }));
    pair.no_event(0);
    assert!(matches!(pair.event(1), UaEvent::Ack { .. }));
    assert!(matches!(pair.event(1), UaEvent::Bye { .. }));
    assert!(matches!(pair.event(1), UaEvent::Terminated { .. }));
    pair.no_event(1);
    // The CANCEL came too late: 200 for itself, nothing else (§9.2).
    assert_eq!(pair.count(1, "200 CANCEL"), 1);
    assert_eq!(pair.count(1, "487 INVITE"), 0);
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn rfc3261_9_1_a_cancel_that_brings_no_end_is_forgotten_after_64_t1() {
    let mut pair = Pair::new(5);
    let order = strowger_sip_proto::OutgoingInvite {
        request_uri: format!("sip:bob@{RAW}"),
        from: "<sip:alice@example.com>".to_owned(),
        ..Default::default()
    };
    let out = pair.order(0, |core, now| core.invite(now, order)).unwrap();
    let invite = pair.last(0, "INVITE").request();
    pair.inject(0, RAW, &reply(&invite, 180, "b", &[]));
    pair.hang_up(0, out);
    let cancel = pair.last(0, "CANCEL").request();
    pair.inject(0, RAW, &reply(&cancel, 200, "b", &[]));
    pair.settle();
    assert!(pair.is_empty());
    assert_eq!((pair.now - pair.start).as_millis(), 32_000);
}

#[test]
fn rfc3261_9_2_a_cancel_for_nothing_meets_481() {
    let mut pair = Pair::new(6);
    let cancel = format!(
        "CANCEL sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP {RAW};branch=z9hG4bKnone\r\n\
         From: <sip:a@b>;tag=1\r\nTo: <sip:bob@192.0.2.1>\r\nCall-ID: c\r\nCSeq: 7 CANCEL\r\n\r\n"
    );
    pair.inject(0, RAW, cancel.as_bytes());
    assert_eq!(pair.kinds(0), ["481 CANCEL"]);
    pair.no_event(0);
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn a_lost_cancel_is_sent_again() {
    let mut pair = Pair::new(7);
    let out = pair.dial();
    pair.run_ms(50);
    pair.drop_next = vec!["CANCEL".to_owned(), "487 INVITE".to_owned()];
    pair.hang_up(0, out);
    pair.run_ms(3000);
    assert_eq!(pair.count(0, "CANCEL"), 2);
    assert_eq!(pair.count(1, "487 INVITE"), 2);
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn sip24_a_cancel_from_a_stranger_is_ignored() {
    let mut pair = Pair::new(8);
    pair.dial();
    pair.run_ms(50);
    let (inc, request) = pair.incoming();
    let via = request.via_top().unwrap();
    let cancel = format!(
        "CANCEL {} SIP/2.0\r\nVia: {via}\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: 1 CANCEL\r\n\r\n",
        request.uri(),
        request.get("From").unwrap(),
        request.get("To").unwrap(),
        request.call_id().unwrap()
    );
    pair.inject(1, RAW, cancel.as_bytes());
    pair.no_event(1);
    assert_eq!(pair.count(1, "487 INVITE"), 0);
    pair.order(1, |core, now| core.accept(now, inc, Vec::new(), None))
        .unwrap();
}

//! Transaction timers (RFC 3261 §17, RFC 6026) and the 2xx with its ACK (§13.3.1.4), as a peer meets them.

use strowger_sip_proto::message::Method;
use strowger_sip_proto::{Failure, OutgoingInvite, OutgoingRequest, Transport, UaEvent};

use crate::pair::{ADDRESSES, Pair, RAW, response};

/// An INVITE to a peer that never answers, over UDP.
fn call_nobody(pair: &mut Pair, transport: &str) {
    let order = OutgoingInvite {
        request_uri: format!("sip:nobody@{RAW}{transport}"),
        from: "<sip:alice@example.com>".to_owned(),
        ..OutgoingInvite::default()
    };
    pair.order(0, |core, now| core.invite(now, order)).unwrap();
}

#[test]
fn rfc3261_17_1_1_2_timer_a_doubles_until_timer_b() {
    let mut pair = Pair::new(1);
    call_nobody(&mut pair, "");
    pair.settle();
    assert_eq!(
        pair.times(0, "INVITE"),
        [0, 500, 1500, 3500, 7500, 15500, 31500]
    );
    assert!(matches!(
        pair.event(0),
        UaEvent::Rejected {
            cause: Failure::Timeout,
            response: None,
            ..
        }
    ));
    assert!(matches!(pair.event(0), UaEvent::Terminated { .. }));
    pair.no_event(0);
    assert_eq!((pair.now - pair.start).as_millis(), 32_000);
    assert!(pair.is_empty());
    assert_eq!(pair.cores[0].counters().timeouts, 1);
}

#[test]
fn rfc3261_17_1_1_2_no_timer_a_on_streams_but_timer_b() {
    let mut pair = Pair::new(2);
    call_nobody(&mut pair, ";transport=tcp");
    pair.settle();
    assert_eq!(pair.times(0, "INVITE"), [0]);
    assert!(matches!(
        pair.event(0),
        UaEvent::Rejected {
            cause: Failure::Timeout,
            ..
        }
    ));
    assert!(pair.is_empty());
}

#[test]
fn rfc3261_17_1_2_2_timer_e_doubles_up_to_t2_until_timer_f() {
    let mut pair = Pair::new(3);
    let order = OutgoingRequest::new(
        Method::OPTIONS,
        format!("sip:{RAW}"),
        "<sip:ping@example.com>",
    );
    let key = pair.order(0, |core, now| core.request(now, order)).unwrap();
    pair.settle();
    let times = pair.times(0, "OPTIONS");
    assert_eq!(
        times,
        [
            0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500
        ]
    );
    match pair.event(0) {
        UaEvent::Response { key: of, response } => {
            assert_eq!((of, response.unwrap_err()), (key, Failure::Timeout));
        }
        other => panic!("{other:?}"),
    }
    assert!(pair.is_empty());
}

#[test]
fn rfc3261_17_2_1_timer_g_repeats_a_failure_until_timer_h() {
    let mut pair = Pair::new(4);
    pair.dial();
    pair.run_ms(50);
    let (inc, _) = pair.incoming();
    pair.drop_next = vec!["ACK".to_owned(); 100];
    let begun = (pair.now - pair.start).as_millis();
    pair.order(1, |core, now| core.reject(now, inc, 486, "", Vec::new()))
        .unwrap();
    pair.settle();
    let times: Vec<u128> = pair
        .times(1, "486 INVITE")
        .iter()
        .map(|at| at - begun)
        .collect();
    assert_eq!(
        times,
        [
            0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500
        ]
    );
    assert_eq!(pair.count(0, "ACK"), times.len());
    assert!(pair.is_empty());
}

#[test]
fn rfc3261_17_2_1_an_ack_ends_the_repetition() {
    let mut pair = Pair::new(5);
    pair.dial();
    pair.run_ms(50);
    let (inc, _) = pair.incoming();
    pair.order(1, |core, now| core.reject(now, inc, 603, "", Vec::new()))
        .unwrap();
    pair.settle();
    assert_eq!(pair.count(1, "603 INVITE"), 1);
    assert_eq!(pair.count(0, "ACK"), 1);
    assert!(pair.is_empty());
}

#[test]
fn rfc3261_17_2_2_a_lost_answer_is_repeated_when_the_request_is() {
    let mut pair = Pair::new(6);
    let uri = format!("sip:{}", ADDRESSES[1]);
    let order = OutgoingRequest::new(Method::OPTIONS, uri, "<sip:ping@example.com>");
    pair.order(0, |core, now| core.request(now, order)).unwrap();
    pair.run_ms(50);
    let UaEvent::Request { key, .. } = pair.event(1) else {
        panic!("no OPTIONS")
    };
    pair.drop_next = vec!["200 OPTIONS".to_owned()];
    pair.order(1, |core, now| {
        core.respond(now, key, 200, "", Vec::new(), None)
    })
    .unwrap();
    pair.run_ms(1000);
    assert_eq!(pair.count(1, "200 OPTIONS"), 2);
    assert_eq!(response(pair.event(0)).status(), 200);
    pair.no_event(1);
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn rfc4320_a_request_that_nobody_answers_is_forgotten_in_silence() {
    let mut pair = Pair::new(7);
    let uri = format!("sip:{}", ADDRESSES[1]);
    let order = OutgoingRequest::new(Method::MESSAGE, uri, "<sip:a@example.com>");
    pair.order(0, |core, now| core.request(now, order)).unwrap();
    pair.run_ms(50);
    let UaEvent::Request { key, .. } = pair.event(1) else {
        panic!("no MESSAGE")
    };
    pair.settle();
    assert!(pair.kinds(1).is_empty());
    let late = pair.order(1, |core, now| {
        core.respond(now, key, 200, "", Vec::new(), None)
    });
    assert!(late.is_err());
    assert!(pair.is_empty());
}

#[test]
fn rfc3261_13_3_1_4_a_2xx_without_ack_is_repeated_for_64_t1_and_then_bye() {
    let mut pair = Pair::new(8);
    let out = pair.dial();
    pair.run_ms(50);
    let (inc, _) = pair.incoming();
    pair.drop_next = vec!["ACK".to_owned(); 100];
    let begun = (pair.now - pair.start).as_millis();
    pair.order(1, |core, now| core.accept(now, inc, Vec::new(), None))
        .unwrap();
    pair.run_ms(50);
    assert!(matches!(pair.event(0), UaEvent::Answered { .. }));
    pair.order(0, |core, now| core.ack(now, out, None)).unwrap();
    pair.settle();
    let times: Vec<u128> = pair
        .times(1, "200 INVITE")
        .iter()
        .map(|at| at - begun)
        .collect();
    assert_eq!(
        times,
        [
            0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500
        ]
    );
    // Each repetition was acknowledged anew, by the machine itself.
    assert_eq!(pair.count(0, "ACK"), times.len());
    assert!(matches!(pair.event(1), UaEvent::AckTimeout { call } if call == inc));
    assert_eq!(pair.times(1, "BYE")[0] - begun, 32_000);
    assert!(matches!(pair.event(1), UaEvent::Terminated { .. }));
    assert!(matches!(pair.event(0), UaEvent::Bye { .. }));
    assert!(matches!(pair.event(0), UaEvent::Terminated { .. }));
    assert!(pair.is_empty());
}

#[test]
fn rfc3261_13_2_2_4_one_lost_ack_is_healed_by_the_repeated_2xx() {
    let mut pair = Pair::new(9);
    let out = pair.dial();
    pair.run_ms(50);
    let (inc, _) = pair.incoming();
    pair.drop_next = vec!["ACK".to_owned()];
    pair.order(1, |core, now| core.accept(now, inc, Vec::new(), None))
        .unwrap();
    pair.run_ms(50);
    assert!(matches!(pair.event(0), UaEvent::Answered { .. }));
    pair.order(0, |core, now| core.ack(now, out, None)).unwrap();
    pair.run_ms(2000);
    assert_eq!((pair.count(1, "200 INVITE"), pair.count(0, "ACK")), (2, 2));
    assert!(matches!(pair.event(1), UaEvent::Ack { .. }));
    pair.no_event(0);
    pair.no_event(1);
}

#[test]
fn rfc3261_15_the_called_side_waits_for_the_ack_before_bye() {
    let mut pair = Pair::new(10);
    let out = pair.dial();
    pair.run_ms(50);
    let (inc, _) = pair.incoming();
    pair.order(1, |core, now| core.accept(now, inc, Vec::new(), None))
        .unwrap();
    pair.hang_up(1, inc);
    pair.run_ms(50);
    assert_eq!(pair.count(1, "BYE"), 0);
    assert!(matches!(pair.event(0), UaEvent::Answered { .. }));
    pair.order(0, |core, now| core.ack(now, out, None)).unwrap();
    pair.run_ms(50);
    assert_eq!(pair.count(1, "BYE"), 1);
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn a_caller_who_hangs_up_before_the_ack_acknowledges_first() {
    let mut pair = Pair::new(11);
    let out = pair.dial();
    pair.run_ms(50);
    let (inc, _) = pair.incoming();
    pair.order(1, |core, now| core.accept(now, inc, Vec::new(), None))
        .unwrap();
    pair.run_ms(50);
    pair.hang_up(0, out);
    assert_eq!(pair.kinds(0), ["INVITE", "ACK", "BYE"]);
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn rfc3261_13_3_1_1_a_long_ringing_is_repeated_each_minute() {
    let mut pair = Pair::new(12);
    pair.dial();
    pair.run_ms(50);
    let (inc, _) = pair.incoming();
    pair.order(1, |core, now| {
        core.provisional(now, inc, 180, "", Vec::new(), None)
    })
    .unwrap();
    pair.run_ms(600_000);
    assert_eq!(pair.count(1, "180 INVITE"), 11);
    // Ten minutes of ringing outlast any patience that counts from the last sign of life.
    assert_eq!(pair.count(0, "CANCEL"), 0);
}

#[test]
fn a_peer_that_falls_silent_after_100_is_given_up() {
    let mut pair = Pair::new(13);
    let out = pair.dial();
    pair.run_ms(50);
    pair.incoming();
    pair.run_ms(190_000);
    match pair.event(0) {
        UaEvent::Rejected { call, cause, .. } => assert_eq!((call, cause), (out, Failure::Timeout)),
        other => panic!("{other:?}"),
    }
    assert!(matches!(pair.event(0), UaEvent::Terminated { .. }));
    assert!(matches!(pair.event(1), UaEvent::Cancelled { .. }));
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn the_patience_of_the_caller_counts() {
    let mut pair = Pair::new(14);
    let order = OutgoingInvite {
        request_uri: format!("sip:bob@{}", ADDRESSES[1]),
        from: "<sip:alice@example.com>".to_owned(),
        patience: Some(std::time::Duration::from_secs(20)),
        ..OutgoingInvite::default()
    };
    pair.order(0, |core, now| core.invite(now, order)).unwrap();
    pair.run_ms(50);
    let (inc, _) = pair.incoming();
    pair.order(1, |core, now| {
        core.provisional(now, inc, 180, "", Vec::new(), None)
    })
    .unwrap();
    pair.run_ms(19_900);
    assert_eq!(pair.count(0, "CANCEL"), 0);
    pair.run_ms(200);
    assert_eq!(pair.count(0, "CANCEL"), 1);
    assert_eq!(pair.count(1, "487 INVITE"), 1);
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn a_connection_that_cannot_be_made_fails_the_call() {
    use strowger_sip_proto::{Destination, Input};
    let mut pair = Pair::new(15);
    call_nobody(&mut pair, ";transport=tcp");
    let peer = RAW.parse().unwrap();
    let to = Destination::New {
        transport: Transport::Tcp,
        peer,
        host: None,
    };
    pair.input(0, Input::SendFailed { to });
    assert!(matches!(
        pair.event(0),
        UaEvent::Rejected {
            cause: Failure::Transport,
            ..
        }
    ));
    assert!(matches!(pair.event(0), UaEvent::Terminated { .. }));
    assert!(pair.is_empty());
}
